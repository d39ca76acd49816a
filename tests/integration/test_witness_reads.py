"""What a sweep of the GPS witness reads and takes: what came in, in portions, and nothing of the years behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.arrival import Arrival, detect_arrival
from dispatch.service import arrivals
from dispatch.service.arrivals import sweep_arrivals
from dispatch.service.bus import Bus
from dispatch.service.desk import Desk, utc_now
from dispatch.service.streets import Streets
from dispatch.settings import read_settings
from dispatch.store import witness
from dispatch.store.database import create_engine
from dispatch.store.tables import units
from gateway.store import late_fixes
from tests.support.plans import Statement, rows_read, statements_of

UNITS, ORDERS_EACH = 20, 150
PAST = [
    """
    INSERT INTO incidents (incident_id, number, category, priority, lat, lon, received_at, created_at, state, ended_at)
    SELECT gen_random_uuid(), 'past-' || n, 'service', 2, 23.48, 120.45, at, at, 'closed', at + interval '30 min'
    FROM (SELECT n, now() - n * interval '20 min' - interval '2 hours' AS at FROM generate_series(1, 3000) AS n)
    """,
    """
    INSERT INTO assignments (assignment_id, incident_id, unit_id, state, dispatched_at, on_scene_at, cleared_at,
                             ended_at)
    SELECT gen_random_uuid(), i.incident_id, u.unit_id, 'cleared', i.received_at, i.received_at + interval '5 min',
           i.ended_at, i.ended_at
    FROM (SELECT *, row_number() OVER (ORDER BY received_at) AS n FROM incidents) i
    JOIN (SELECT unit_id, row_number() OVER (ORDER BY unit_id) AS n FROM units) u ON u.n = i.n % 20 + 1
    """,
    """
    INSERT INTO events (recorded_at, kind, incident_id, assignment_id, unit_id, happened_at, said_by)
    SELECT a.ended_at, kind, a.incident_id, a.assignment_id, a.unit_id, a.on_scene_at, 'button'
    FROM assignments a, unnest('{unit_acknowledged,unit_en_route,unit_on_scene,unit_cleared}'::text[]) AS kind
    """,
    """
    INSERT INTO fixes (unit_id, fixed_at, boot, seq, received_at, lat, lon, speed_mps)
    SELECT a.unit_id, a.dispatched_at + n * interval '20 s', a.assignment_id, n, a.dispatched_at + n * interval '20 s',
           23.48, 120.45, 0
    FROM assignments a, generate_series(1, 60) AS n
    """,
    "UPDATE witness_progress SET swept_at = now(), event_id = (SELECT max(event_id) FROM events)",
]


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """3,000 orders of the past weeks, 12,000 presses and 180,000 fixes, all looked at."""
    engine = create_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(insert(units), [{"unit_id": uuid4(), "name": f"U{n}"} for n in range(UNITS)])
        for statement in PAST:
            await connection.execute(text(statement))
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    yield engine
    await engine.dispose()


def desk_on(engine: AsyncEngine, database_url: str, nats_url: str) -> Desk:
    """Of a server that does nothing else."""
    settings = read_settings(DATABASE_URL=database_url, NATS_URL=nats_url)
    return Desk(settings, engine, Bus(settings.nats_url, settings.bureau), Streets())


def asked(sent: list[Statement]) -> list[Statement]:
    """What was read, without what was written."""
    return [one for one in sent if one[0].lstrip().startswith("SELECT")]


async def test_a_sweep_without_news_reads_next_to_nothing(
    engine: AsyncEngine, database_url: str, nats_url: str
) -> None:
    """No note, no event, no order of the last quarter of an hour: not a track is read."""
    with statements_of(engine) as sent:
        assert not await sweep_arrivals(desk_on(engine, database_url, nats_url))
    reads = [await rows_read(database_url, one) for one in asked(sent)]
    assert len(reads) == 4
    assert sum(reads) < 20, reads


async def test_a_late_note_reads_its_own_order(engine: AsyncEngine, database_url: str, nats_url: str) -> None:
    """One late stretch and one late press: two orders, their log and their tracks, however many there are. Once."""
    async with engine.begin() as connection:
        order = (await connection.execute(text("SELECT * FROM assignments ORDER BY ended_at LIMIT 1"))).one()
        pressed = (await connection.execute(text("SELECT * FROM assignments ORDER BY ended_at DESC LIMIT 1"))).one()
        at = order.dispatched_at + timedelta(minutes=3)
        note = {"unit_id": order.unit_id, "first_fixed_at": at, "last_fixed_at": at + timedelta(minutes=1)}
        await connection.execute(insert(late_fixes).values(**note))
        await connection.execute(
            text(
                "INSERT INTO events (recorded_at, kind, incident_id, assignment_id, unit_id, happened_at, said_by) "
                "VALUES (:now, 'unit_cleared', :incident, :assignment, :unit, :now, 'button')"
            ),
            {
                "now": utc_now(),
                "incident": pressed.incident_id,
                "assignment": pressed.assignment_id,
                "unit": pressed.unit_id,
            },
        )
    desk = desk_on(engine, database_url, nats_url)
    with statements_of(engine) as sent:
        assert not await sweep_arrivals(desk)
    tracks = [one for one in asked(sent) if "ORDER BY fixes.fixed_at" in one[0]]
    assert {UUID(str(one[1][0])) for one in tracks} == {order.unit_id, pressed.unit_id}
    assert sum([await rows_read(database_url, one) for one in asked(sent)]) < 1000
    async with engine.connect() as connection:
        told = await connection.execute(text("SELECT assignment_id FROM events WHERE said_by = 'gps'"))
        assert set(told.scalars()) == {order.assignment_id, pressed.assignment_id}
        assert await connection.scalar(text("SELECT count(*) FROM late_fixes")) == 0
    with statements_of(engine) as sent:
        assert not await sweep_arrivals(desk)
    assert not [one for one in asked(sent) if "ORDER BY fixes.fixed_at" in one[0]]


async def note_the_oldest(engine: AsyncEngine, count: int) -> None:
    """A late stretch in each of so many orders."""
    query = (
        "INSERT INTO late_fixes (unit_id, first_fixed_at, last_fixed_at) "
        "SELECT unit_id, dispatched_at + interval '3 min', dispatched_at + interval '4 min' "
        "FROM assignments ORDER BY ended_at LIMIT :count"
    )
    async with engine.begin() as connection:
        await connection.execute(text(query), {"count": count})


async def left_and_told(engine: AsyncEngine) -> tuple[int | None, int | None]:
    """Notes that wait, arrivals that GPS told."""
    async with engine.connect() as connection:
        notes = await connection.scalar(text("SELECT count(*) FROM late_fixes"))
        return notes, await connection.scalar(text("SELECT count(*) FROM events WHERE said_by = 'gps'"))


async def test_much_late_news_is_taken_in_portions(
    engine: AsyncEngine, database_url: str, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest first; the sweep says that more waits until nothing does."""
    monkeypatch.setattr(witness, "NOTES_AT_ONCE", 2)
    await note_the_oldest(engine, 5)
    desk = desk_on(engine, database_url, nats_url)
    for more, left, told in ((True, 3, 2), (True, 1, 4), (False, 0, 5)):
        assert await sweep_arrivals(desk) is more
        assert await left_and_told(engine) == (left, told)


async def test_an_order_that_breaks_the_look_holds_up_no_other(
    engine: AsyncEngine, database_url: str, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told in the log of the server, with its id; the others are looked at, and the witness goes on."""
    await note_the_oldest(engine, 3)
    broken: list[datetime] = []

    def breaks_once(track: Any, scene: Any, *, since: datetime) -> Arrival | None:
        if not broken:
            broken.append(since)
            raise ValueError("a bug")
        return detect_arrival(track, scene, since=since)

    monkeypatch.setattr(arrivals, "detect_arrival", breaks_once)
    with structlog.testing.capture_logs() as logged:
        assert not await sweep_arrivals(desk_on(engine, database_url, nats_url))
    assert await left_and_told(engine) == (0, 2)
    async with engine.connect() as connection:
        query = text("SELECT assignment_id FROM assignments WHERE dispatched_at = :at")
        (order,) = (await connection.execute(query, {"at": broken[0]})).scalars()
    assert [one["assignment_id"] for one in logged if one["event"] == "arrival_not_looked_at"] == [str(order)]
