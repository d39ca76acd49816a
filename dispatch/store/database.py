"""The connection pool to PostgreSQL, made from a plain postgresql:// address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

POOL_SIZE: Final = 10
POOL_OVERFLOW: Final = 20
POOL_WAIT_S: Final = 10
STATEMENT_TIMEOUT_MS: Final = 30_000
CONNECT_TIMEOUT_S: Final = 10


def create_engine(url: str, *, application: str = "patrol-dispatch", pool_size: int = POOL_SIZE) -> AsyncEngine:
    """A pool of asyncpg connections; sessions run in UTC, without JIT (our queries are short).

    A statement that waits longer than 30 s is ended, so that no lock is held for ever.
    """
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=True,  # the server may have been restarted meanwhile
        pool_recycle=3600,
        hide_parameters=True,  # an error names its statement, and not whom it was about
        json_serializer=_to_json,
        json_deserializer=_from_json,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "server_settings": {
                "application_name": application,
                "timezone": "UTC",
                "jit": "off",
                "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                "idle_in_transaction_session_timeout": str(STATEMENT_TIMEOUT_MS * 2),
            },
        },
    )
    event.listen(engine.sync_engine, "handle_error", _forget_values)
    return engine


@asynccontextmanager
async def one_moment(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction whose every query sees the database as it was at the first; for whatever is read by several.

    What is written in it (the line of a look) is committed with the end of the block.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            yield connection


def _forget_values(context: ExceptionContext) -> None:
    """PostgreSQL's DETAIL holds the row that failed, callers and all: what an error says may end in a log."""
    for error in (context.sqlalchemy_exception, context.original_exception, context.original_exception.__cause__):
        if error is not None:
            error.args = tuple(str(part).partition("\nDETAIL:")[0] for part in error.args)
            if isinstance(error, asyncpg.PostgresError):
                error.detail = None


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_from_json: Callable[[str | bytes], Any] = msgspec.json.decode
