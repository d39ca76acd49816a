"""Runs migrations for dispatch.migrations, and for the `alembic` command on the database of $DATABASE_URL."""

from __future__ import annotations

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from dispatch.migrations import part_of_models
from dispatch.store.database import create_engine
from gateway.store import metadata


def run(connection: Connection) -> None:
    """All steps in one transaction: the caller's, if it holds one."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        include_object=part_of_models,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_on_own_connection() -> None:
    """For the `alembic` command of a developer."""
    if "DATABASE_URL" not in os.environ:
        raise SystemExit("set DATABASE_URL to a database (postgresql://…); `patrol up` migrates by itself")
    engine = create_engine(os.environ["DATABASE_URL"])
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif given is not None:
    run(given)
else:
    asyncio.run(run_on_own_connection())
