"""The gateway's connections to PostgreSQL, and what its errors mean for who waits."""

from __future__ import annotations

from typing import Final

import asyncpg

POISON: Final = (asyncpg.DataError, asyncpg.exceptions.ProgramLimitExceededError)
"""What the database says of a message that it will never take (SQLSTATE classes 22 and 54). All else is its state, not
the message's fault: a full disk, a failover, a lost connection, a deadlock. That passes, and is tried again."""

TRANSIENT: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What passes, while the database is away or unwell."""

CONNECT_TIMEOUT_S: Final = 3.0
COMMAND_TIMEOUT_S: Final = 20.0


_SESSION: Final = {
    "application_name": "patrol gateway",
    # An acknowledgement promises what a server default of `off` would not keep.
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    # The lock of a gateway whose machine vanished (links.py) must fall within half a minute.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


async def open_pool(database_url: str, size: int) -> asyncpg.Pool:
    """A pool of connections whose commits are on disk when they return; it connects when first asked."""
    return await asyncpg.create_pool(
        _plain(database_url),
        min_size=0,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        reset=_keep,
        server_settings=_SESSION,
    )


async def connect(database_url: str) -> asyncpg.Connection:
    """One connection of its own. Raises one of TRANSIENT, or ValueError where the address makes no sense."""
    return await asyncpg.connect(
        _plain(database_url),
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings=_SESSION,
    )


def _plain(database_url: str) -> str:
    """The address without the driver that SQLAlchemy likes to have named."""
    return database_url.replace("+asyncpg", "", 1)


async def _keep(connection: asyncpg.Connection) -> None:
    """Nothing here changes a connection's state, so giving one back costs no round trip."""
