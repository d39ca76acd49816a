"""The days of `fixes`: partitions made ahead of time, and dropped whole when their time is over.

A day is a UTC date of the receiver's time; its partition is `fixes_YYYYMMDD`. Far-off times (a receiver that lost its
date) go to `fixes_default`. Any number of processes may call this at once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import asyncpg

_LOCK: Final = 0x7061_7472_6F6C_6678  # "patrolfx": one caller at a time changes partitions
_PREFIX: Final = "fixes_"


async def ensure_partitions(connection: asyncpg.Connection, today: date, days_ahead: int = 7) -> list[str]:
    """Makes the missing partitions from yesterday to `today + days_ahead`, and `fixes_default`; returns the new ones.

    Fixes of such a day that already stand in the default partition move into it.
    """
    made: list[str] = []
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute("CREATE TABLE IF NOT EXISTS fixes_default PARTITION OF fixes DEFAULT")
    for offset in range(-1, days_ahead + 1):
        day = today + timedelta(days=offset)
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            if await connection.fetchval("SELECT to_regclass($1) IS NULL", partition_name(day)):
                await _make(connection, day)
                made.append(partition_name(day))
    return made


async def drop_old_partitions(connection: asyncpg.Connection, today: date, retention_days: int) -> list[str]:
    """Drops the days before `today - retention_days` and returns their partitions' names.

    From the default partition goes what was received before that day.
    """
    first_kept = today - timedelta(days=retention_days)
    dropped: list[str] = []
    for name in await _partitions(connection):
        day = partition_day(name)
        if day is not None and day < first_kept:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                await connection.execute("SET LOCAL lock_timeout = '5s'")
                await connection.execute(f"DROP TABLE IF EXISTS {name}")
            dropped.append(name)
    await connection.execute("DELETE FROM fixes_default WHERE received_at < $1", _midnight(first_kept))
    return dropped


def partition_name(day: date) -> str:
    """The table that holds the fixes of this UTC date."""
    return f"{_PREFIX}{day:%Y%m%d}"


def partition_day(name: str) -> date | None:
    """The UTC date that a partition holds; None for another table's name."""
    digits = name.removeprefix(_PREFIX)
    if len(digits) != 8 or not digits.isdecimal() or name == digits:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


async def _make(connection: asyncpg.Connection, day: date) -> None:
    """Builds the partition beside the table, moves what belongs to it, and attaches it.

    Inserts wait for these milliseconds: one that had already chosen the default partition would fail on its new limit.
    Readers go on but for the default partition.
    """
    name = partition_name(day)
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    await connection.execute("SET LOCAL lock_timeout = '5s'")
    await connection.execute("LOCK TABLE ONLY fixes IN SHARE ROW EXCLUSIVE MODE")
    await connection.execute("LOCK TABLE fixes_default IN ACCESS EXCLUSIVE MODE")
    await connection.execute(f"CREATE TABLE {name} (LIKE fixes INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    await connection.execute(
        f"WITH moved AS (DELETE FROM fixes_default WHERE fixed_at >= $1 AND fixed_at < $2 RETURNING *) "  # noqa: S608
        f"INSERT INTO {name} SELECT * FROM moved",
        start,
        end,
    )
    await connection.execute(
        f"ALTER TABLE fixes ATTACH PARTITION {name} FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
    )


async def _partitions(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'fixes'::regclass ORDER BY c.relname"
    )
    return [row["relname"] for row in rows]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
