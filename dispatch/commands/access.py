"""How a command reaches the server's data: the option --data, the engines behind it, the schema on them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.embedded import Announcement, EngineUrls, borrowed_engines
from dispatch.engines.folder import checked_folder, default_folder
from dispatch.service.bus import announce_once
from dispatch.settings import Settings, read_settings
from dispatch.store.database import create_engine
from dispatch.up import bring_up_to_date

BUS_WITHIN_S: Final = 4.0
Result = TypeVar("Result")

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Data folder. [default: $PATROL_DATA, else ./data; root: /var/lib/patrol]"
    ),
]


def data_folder(chosen: Path | None) -> Path:
    """The folder to work on. Raises FolderRefused where root would keep data below a home folder."""
    uid = os.geteuid()
    return checked_folder(chosen or default_folder(os.environ, uid), os.environ, uid)


def given_engines() -> EngineUrls:
    """Engines that the environment names; an empty address is to be embedded."""
    return EngineUrls(os.environ.get("DATABASE_URL", ""), os.environ.get("NATS_URL", ""))


class Access:
    """An up-to-date database, and a way to tell running servers."""

    def __init__(self, engine: AsyncEngine, settings: Settings, engines: Announcement) -> None:
        self.engine = engine
        self.settings = settings
        self.engines = engines

    async def announce(self, subject: str, payload: Any) -> None:
        """A hint to servers that run; nobody hears it where none does."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BUS_WITHIN_S):
                await announce_once(self.settings.nats_url, self.settings.bureau, subject, payload)


def with_data(chosen: Path | None, work: Callable[[Access], Awaitable[Result]]) -> Result:
    """Run `work` on the data, with embedded engines for the while where nothing runs on the folder."""

    async def run(engines: Announcement) -> Result:
        settings = read_settings(database_url=engines.database_url, nats_url=engines.nats_url)
        await bring_up_to_date(engines.database_url)
        engine = create_engine(engines.database_url, application="patrol-command", pool_size=2)
        try:
            return await work(Access(engine, settings, engines))
        finally:
            await engine.dispose()

    with borrowed_engines(data_folder(chosen), given_engines()) as engines:
        return asyncio.run(run(engines))
