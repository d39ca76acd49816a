"""The schema's history, and the one way to bring a database to its newest state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

import dispatch.store.tables  # noqa: F401  (registers every table on the one metadata)
from gateway.store import metadata

FOLDER: Final = Path(__file__).parent
LOCK: Final = 0x70617472  # "patr": one migration at a time on a database


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the schema up; several processes may do so at once, one does the work and the others wait."""
    await _run(engine, lambda held: command.upgrade(_configuration(held), revision))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Take the schema back to `revision` ("base": nothing at all)."""
    await _run(engine, lambda held: command.downgrade(_configuration(held), revision))


async def revisions(engine: AsyncEngine) -> tuple[str | None, str | None]:
    """The database's revision (None: not ours yet), and the newest that this program knows."""
    async with engine.connect() as connection:
        current = await connection.run_sync(lambda held: MigrationContext.configure(held).get_current_revision())
    return current, ScriptDirectory(str(FOLDER)).get_current_head()


async def differences(engine: AsyncEngine) -> list[Any]:
    """What the models say and the database does not have, or the other way round, as alembic's operations."""
    async with engine.connect() as connection:
        return await connection.run_sync(_compare)


def part_of_models(obj: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:  # noqa: ARG001, FBT001, RUF100
    """Partitions of `fixes` come and go with the days; they belong to no migration."""
    return not (kind == "table" and reflected and name is not None and name.startswith("fixes_"))


async def _run(engine: AsyncEngine, step: Callable[[Connection], None]) -> None:
    """All steps in one transaction, behind a lock that ends with it: whoever waited finds the work done.

    The lock is taken before alembic is entered, because alembic keeps its state in globals.
    """
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        await connection.run_sync(step)


def _compare(held: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True, "include_object": part_of_models}
    return list(compare_metadata(MigrationContext.configure(held, opts=options), metadata))


def _configuration(held: Connection) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    configuration.attributes["connection"] = held
    return configuration
