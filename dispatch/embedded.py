"""The engines of one data folder: PostgreSQL and NATS from their wheels, unless addresses of others are given.

Not here: what runs on them (dispatch.up), how each is run (dispatch.engines).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from dispatch.engines.account import service_account
from dispatch.engines.binaries import for_account, installed
from dispatch.engines.errors import EngineError, FolderBusy, FolderRefused
from dispatch.engines.folder import Announcement, DataFolder, EngineUrls
from dispatch.engines.nats import Nats
from dispatch.engines.postgres import Postgres

__all__ = [
    "Announcement",
    "DataFolder",
    "EmbeddedEngines",
    "EngineError",
    "EngineUrls",
    "FolderBusy",
    "FolderRefused",
    "borrowed_engines",
    "engines_of_holder",
]

WAIT_FOR_FOLDER_S: Final = 120.0
RETRY_S: Final = 0.1


class EmbeddedEngines:
    """Both engines on a folder whose lock the caller holds; an address given replaces that engine."""

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str = "",
        nats_url: str = "",
        postgres_settings: Mapping[str, str] | None = None,
    ) -> None:
        self._given = (database_url, nats_url)
        self.postgres: Postgres | None = None
        self.nats: Nats | None = None
        if database_url and nats_url:
            return
        account = service_account()
        binaries = for_account(installed(), account)
        if not database_url:
            self.postgres = Postgres(folder / "postgres", binaries, account, postgres_settings or {})
        if not nats_url:
            self.nats = Nats(folder / "nats", binaries, account)

    @property
    def urls(self) -> EngineUrls:
        """Where they listen."""
        database_url, nats_url = self._given
        return EngineUrls(
            database_url or (self.postgres.url if self.postgres else ""),
            nats_url or (self.nats.url if self.nats else ""),
        )

    @property
    def _engines(self) -> list[Nats | Postgres]:
        return [engine for engine in (self.nats, self.postgres) if engine is not None]

    def start(self) -> EngineUrls:
        """Start both side by side and wait until both answer. Raises EngineError, with nothing left running."""
        try:
            for engine in self._engines:
                engine.prepare()
                engine.start()
            for engine in self._engines:
                engine.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self.urls

    def dead(self) -> list[Nats | Postgres]:
        """Engines that ended without being asked; `start` and `wait_ready` bring one back where it was."""
        return [engine for engine in self._engines if not engine.running()]

    def stop(self) -> None:
        """Stop both; returns when they are gone."""
        for engine in self._engines:
            engine.stop()


@contextlib.contextmanager
def borrowed_engines(folder: Path, given: EngineUrls) -> Iterator[Announcement]:
    """Engines for one command: those of a running `patrol up`, else embedded ones for the while.

    Two such commands at once on one folder wait for each other. Raises FolderBusy where the wait is too long.
    """
    if given.database_url and given.nats_url:
        yield Announcement(given.database_url, given.nats_url)
        return
    data = DataFolder(folder)
    holder = engines_of_holder(data)
    if holder is not None:
        yield replace(
            holder,
            database_url=given.database_url or holder.database_url,
            nats_url=given.nats_url or holder.nats_url,
        )
        return
    try:
        engines = EmbeddedEngines(data.path, database_url=given.database_url, nats_url=given.nats_url)
        try:
            urls = engines.start()
            yield Announcement(urls.database_url, urls.nats_url)
        finally:
            engines.stop()
    finally:
        data.release()


def engines_of_holder(data: DataFolder) -> Announcement | None:
    """Where the engines of the folder's holder listen; None where the lock was free: it is ours from now on.

    Waits for a holder that shares nothing (another command, or `up` while it starts or stops). Raises FolderBusy.
    """
    deadline = time.monotonic() + WAIT_FOR_FOLDER_S
    while not data.try_hold():
        if announced := data.announced():
            return announced
        if time.monotonic() > deadline:
            raise FolderBusy(f"another patrol process has held {data.path} for {WAIT_FOR_FOLDER_S:.0f} s")
        time.sleep(RETRY_S)
    return None
