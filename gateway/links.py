"""Whose link is up: the table `car_links`, true even after a gateway was killed.

Each run of a gateway holds an advisory lock on a number of its own, and that number is the first half of the ids of
all its connections. When the process dies, its lock falls, and any other gateway (or the next run of this one) sees
which open rows are nobody's any more. The order of two connections of one car is the database's clock at their
handshakes, so it does not matter which gateway writes first.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from gateway.database import connect
from gateway.dead_links import END_DEAD_LINKS


@dataclass(frozen=True, slots=True)
class Link:
    """One connection of one car."""

    connection_id: UUID
    device_id: UUID
    unit_id: UUID
    unit_name: str
    token_sha256: str
    connected_at: datetime


class Links:
    """Reads and writes `car_links` for one run of one gateway."""

    def __init__(self, pool: asyncpg.Pool, database_url: str) -> None:
        self._pool = pool
        self._database_url = database_url
        self._run = secrets.randbits(63)
        self._next = 0
        self._keeper: asyncpg.Connection | None = None

    def new_id(self) -> UUID:
        """An id for a connection: this run's number, then a count."""
        self._next += 1
        return UUID(int=self._run << 64 | self._next)

    async def find(self, token_sha256: str) -> Link | None:
        """The device that this token (SHA-256, hex) speaks for, and the database's time of asking; None if none.

        A fresh token takes the place of the one before with this, its first use.
        """
        row = (
            await self._pool.fetchrow(_FIND, token_sha256)
            or await self._pool.fetchrow(_PROMOTE, token_sha256)
            # Another connection with the same fresh token was a moment faster.
            or await self._pool.fetchrow(_FIND, token_sha256)
        )
        if row is None:
            return None
        return Link(self.new_id(), row["device_id"], row["unit_id"], row["unit_name"], token_sha256, row["now"])

    async def up(self, link: Link) -> bool:
        """Records the link as up; False where a later connection of the same car already is."""
        return await self._pool.fetchval(_UP, link.unit_id, link.connected_at, link.connection_id) is not None

    async def down(self, link: Link, close_code: int) -> bool:
        """Records the end of the link; False where another connection holds it by now."""
        return await self._pool.fetchval(_DOWN, link.connection_id, link.unit_id, close_code) is not None

    async def stale(self, links: Sequence[Link]) -> tuple[set[UUID], set[UUID]]:
        """Of these connections of ours: those whose token is not valid any more, those that another one took over."""
        ids = [link.connection_id for link in links]
        devices = [link.device_id for link in links]
        tokens = [link.token_sha256 for link in links]
        units = [link.unit_id for link in links]
        rows = await self._pool.fetch(_STALE, ids, devices, tokens, units)
        return {r["id"] for r in rows if r["revoked"]}, {r["id"] for r in rows if r["overtaken"]}

    async def sweep(self, links: Sequence[Link]) -> list[UUID]:
        """Proves this run alive, ends the rows of dead runs and repairs our own; returns the units found down.

        Of `links` that end while this goes on the row may be open afterwards: it has to be ended once more.
        """
        if self._keeper is None or self._keeper.is_closed():
            self._keeper = await connect(self._database_url)
            await self._keeper.execute("SELECT pg_advisory_lock($1)", self._run)
        else:
            await self._keeper.execute("SELECT 1")
        await self._pool.execute(_REPAIR, [link.connection_id for link in links])
        return [row["unit_id"] for row in await self._pool.fetch(END_DEAD_LINKS)]

    async def aclose(self) -> None:
        """Lets the lock fall; rows that are still open are for the next sweep."""
        if self._keeper is not None:
            await self._keeper.close()


_FIND: Final = """
SELECT device_id, unit_id, unit_name, clock_timestamp() AS now FROM devices
WHERE token_sha256 = $1 AND revoked_at IS NULL"""

_PROMOTE: Final = """
UPDATE devices SET token_sha256 = next_token_sha256, next_token_sha256 = NULL, enrolled_at = now(), revoked_at = NULL
WHERE next_token_sha256 = $1
RETURNING device_id, unit_id, unit_name, clock_timestamp() AS now"""

_UP: Final = """
INSERT INTO car_links AS l (unit_id, connected_at, connection_id) VALUES ($1, $2, $3)
ON CONFLICT (unit_id) DO UPDATE SET
    connected_at = excluded.connected_at, connection_id = excluded.connection_id, disconnected_at = NULL,
    close_code = NULL
WHERE l.connected_at <= excluded.connected_at OR l.disconnected_at IS NOT NULL
RETURNING unit_id"""

_DOWN: Final = """
UPDATE car_links SET disconnected_at = now(), close_code = $3
WHERE unit_id = $2 AND connection_id = $1 AND disconnected_at IS NULL
RETURNING unit_id"""

_STALE: Final = """
SELECT c.id,
       NOT EXISTS (SELECT FROM devices d WHERE d.device_id = c.device_id AND d.token_sha256 = c.token
                   AND d.unit_id = c.unit_id AND d.revoked_at IS NULL) AS revoked,
       EXISTS (SELECT FROM car_links l WHERE l.unit_id = c.unit_id AND l.connection_id <> c.id) AS overtaken
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS c(id, device_id, token, unit_id)"""

# A sweep by another gateway, while our lock was lost with the database, may have ended rows of living connections.
_REPAIR: Final = """
UPDATE car_links SET disconnected_at = NULL, close_code = NULL
WHERE connection_id = ANY($1::uuid[]) AND disconnected_at IS NOT NULL"""
