"""Days of `fixes`: made ahead, taken over from the default partition, dropped when old, by any number of callers."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg

from gateway.partitions import drop_old_partitions, ensure_partitions, partition_day, partition_name

TODAY = date(2025, 3, 1)


async def insert(database: asyncpg.Connection, fixed_at: datetime, received_at: datetime | None = None) -> None:
    await database.execute(
        "INSERT INTO fixes (unit_id, fixed_at, boot, seq, received_at, lat, lon) VALUES ($1, $2, $3, 1, $4, 1, 2)",
        uuid4(),
        fixed_at,
        uuid4(),
        received_at or fixed_at,
    )


async def places(database: asyncpg.Connection) -> list[str]:
    rows = await database.fetch("SELECT tableoid::regclass::text AS name FROM fixes ORDER BY fixed_at")
    return [row["name"] for row in rows]


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def test_names_of_days() -> None:
    """A partition's name says its day, and other tables' names say none."""
    assert partition_name(TODAY) == "fixes_20250301"
    assert partition_day("fixes_20250301") == TODAY
    assert [partition_day(name) for name in ("fixes_default", "fixes_20251301", "20250301", "fixes_2025030")] == [
        None
    ] * 4


async def test_days_are_made_ahead_once(database: asyncpg.Connection) -> None:
    """From yesterday to a week ahead, over a month's end; a second call makes nothing."""
    made = await ensure_partitions(database, TODAY)
    assert made == [partition_name(TODAY + timedelta(days=offset)) for offset in range(-1, 8)]
    assert await ensure_partitions(database, TODAY) == []


async def test_a_day_ends_at_midnight_utc(database: asyncpg.Connection) -> None:
    """The last millisecond of a day and the first of the next stand in their own partitions."""
    await ensure_partitions(database, TODAY)
    midnight = datetime(2025, 3, 2, tzinfo=UTC)
    await insert(database, midnight - timedelta(milliseconds=1))
    await insert(database, midnight)
    assert await places(database) == ["fixes_20250301", "fixes_20250302"]


async def test_rows_of_the_default_partition_move_into_their_day(database: asyncpg.Connection) -> None:
    """What came before its day had a partition is found in it afterwards; far-off times stay in the default one."""
    for day in (TODAY, TODAY + timedelta(days=3), date(1980, 1, 6)):
        await insert(database, noon(day))
    assert await places(database) == ["fixes_default"] * 3
    await ensure_partitions(database, TODAY)
    assert await places(database) == ["fixes_default", "fixes_20250301", "fixes_20250304"]


async def test_old_days_go_whole(database: asyncpg.Connection) -> None:
    """Retention drops the days before its bound, keeps the day on it, and empties the default by time of arrival."""
    await ensure_partitions(database, TODAY, days_ahead=0)
    await ensure_partitions(database, TODAY + timedelta(days=90), days_ahead=0)
    later = TODAY + timedelta(days=90)
    await insert(database, noon(date(1980, 1, 6)), received_at=noon(TODAY - timedelta(days=1)))
    await insert(database, noon(date(1980, 1, 7)), received_at=noon(TODAY))
    assert await drop_old_partitions(database, later, retention_days=90) == ["fixes_20250228"]
    left = await database.fetch("SELECT fixed_at FROM fixes")
    assert [row["fixed_at"] for row in left] == [noon(date(1980, 1, 7))]
    assert await database.fetchval("SELECT to_regclass('fixes_20250301') IS NOT NULL")


async def test_callers_at_once_and_writers_meanwhile(database_url: str) -> None:
    """Several gateways may start together while fixes of just those days come in: no error, no row lost."""
    connections = [await asyncpg.connect(database_url) for _ in range(4)]
    writer = connections.pop()

    async def write() -> None:
        for number in range(100):
            await insert(writer, noon(TODAY + timedelta(days=number % 5)))

    made, *_ = await asyncio.gather(write(), *(ensure_partitions(connection, TODAY) for connection in connections))
    assert made is None
    assert await writer.fetchval("SELECT count(*) FROM fixes") == 100
    assert await writer.fetchval("SELECT count(*) FROM fixes_default") == 0
    for connection in (*connections, writer):
        await connection.close()
