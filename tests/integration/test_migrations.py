"""The schema's history: up, down, agreement with the models, and what only the database can enforce."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.migrations import FOLDER, differences, downgrade, revisions, upgrade
from dispatch.store.database import create_engine
from dispatch.store.tables import events
from gateway.store import fixes, metadata


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[AsyncEngine]:
    """A pool on a database without any table."""
    engine = create_engine(empty_database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def migrated(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A pool on a migrated database."""
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


async def tables(engine: AsyncEngine) -> set[str]:
    """Names of the tables there, without partitions and alembic's own."""
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda held: sa.inspect(held).get_table_names())
    return {name for name in names if name != "alembic_version" and not name.startswith("fixes_")}


async def test_up_down_and_up_again(empty: AsyncEngine) -> None:
    """Down takes away all that up brought, functions too, so that up works a second time."""
    await upgrade(empty)
    assert await tables(empty) == set(metadata.tables)
    await downgrade(empty, "base")
    assert await tables(empty) == set()
    async with empty.connect() as connection:
        left = await connection.scalar(
            sa.text("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        )
    assert left == 0
    await upgrade(empty)
    assert await tables(empty) == set(metadata.tables)


async def test_models_and_migrations_agree(migrated: AsyncEngine) -> None:
    """What the code believes and what migrations build is the same, to the type, default, index and comment."""
    assert await differences(migrated) == []


CATALOGUE = """
SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
WHERE conparentid = 0 AND connamespace = 'public'::regnamespace AND conrelid NOT IN (SELECT inhrelid FROM pg_inherits)
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
"""


async def catalogue(engine: AsyncEngine) -> set[str]:
    """Every constraint and index in PostgreSQL's own words, without partitions and alembic's table."""
    async with engine.connect() as connection:
        found = await connection.scalars(sa.text(CATALOGUE))
        return {line for line in found if "fixes_default" not in line and "alembic_version" not in line}


async def test_constraints_and_indexes_agree_to_the_word(empty: AsyncEngine, migrated: AsyncEngine) -> None:
    """Alembic compares no CHECKs, no predicates, no actions of foreign keys; PostgreSQL's catalogue tells them all."""
    async with empty.begin() as connection:
        await connection.run_sync(metadata.create_all)
    assert await catalogue(migrated) == await catalogue(empty)


async def test_a_difference_is_seen(migrated: AsyncEngine) -> None:
    """The comparison is not blind: a dropped index and a dropped column are both reported."""
    async with migrated.begin() as connection:
        await connection.execute(sa.text("DROP INDEX ix_events_unit"))
        await connection.execute(sa.text("ALTER TABLE units DROP COLUMN unavailable_reason"))
    kinds = {difference[0] for difference in await differences(migrated)}
    assert kinds == {"add_index", "add_column"}


async def test_many_processes_may_migrate_at_once(empty_database_url: str) -> None:
    """Servers that start together do not trip over each other's migration."""
    pools = [create_engine(empty_database_url) for _ in range(4)]
    await asyncio.gather(*(upgrade(pool) for pool in pools))
    current, newest = await revisions(pools[0])
    assert current == newest is not None
    for pool in pools:
        await pool.dispose()


async def record(connection: AsyncConnection) -> None:
    """One event, as any."""
    await connection.execute(events.insert().values(recorded_at=sa.func.now(), kind="tested", said_by="server"))


@pytest.mark.parametrize("change", ["UPDATE events SET kind = 'x'", "DELETE FROM events", "TRUNCATE events"])
async def test_the_event_log_only_grows(migrated: AsyncEngine, change: str) -> None:
    """Nobody rewrites what happened, not even a program with full rights on its tables."""
    async with migrated.begin() as connection:
        await record(connection)
    with pytest.raises(IntegrityError, match="append-only"):
        async with migrated.begin() as connection:
            await connection.execute(sa.text(change))
    async with migrated.connect() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(events)) == 1


async def test_a_fix_of_any_day_finds_a_place(migrated: AsyncEngine) -> None:
    """A fix of a day without a partition is kept in the default one: no position is lost for want of a table."""
    values = {
        "unit_id": "00000000-0000-0000-0000-000000000001",
        "boot": "00000000-0000-0000-0000-000000000002",
        "seq": 1,
        "fixed_at": sa.text("'2001-01-01T00:00:00Z'::timestamptz"),
        "received_at": sa.func.now(),
        "lat": 23.48,
        "lon": 120.45,
    }
    async with migrated.begin() as connection:
        await connection.execute(fixes.insert().values(**values))
        place = await connection.scalar(sa.text("SELECT tableoid::regclass::text FROM fixes"))
    assert place == "fixes_default"


BEFORE_0022 = """
INSERT INTO units (unit_id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'U1');
CREATE TABLE fixes_20260301 PARTITION OF fixes FOR VALUES FROM ('2026-03-01 00:00Z') TO ('2026-03-02 00:00Z');
INSERT INTO incidents (incident_id, number, category, priority, lat, lon, received_at, created_at, state)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, n, 'service', 2, 1, 2, at, at, 'closed'
FROM unnest('{1,2,3,4,5}'::int[],
            '{2026-03-01,2026-03-02,2026-03-03,2026-03-04,2026-02-01}'::timestamptz[]) AS i(n, at);
INSERT INTO assignments (assignment_id, incident_id, unit_id, state, dispatched_at, on_scene_at, ended_at, review)
SELECT incident_id, incident_id, '00000000-0000-0000-0000-000000000001',
       CASE number WHEN '1' THEN 'cleared' ELSE 'closed' END,
       received_at, CASE number WHEN '1' THEN NULL ELSE received_at END, received_at + interval '1 hour',
       CASE number WHEN '4' THEN '{gps_gap}' ELSE '{}' END::text[]
FROM incidents;
INSERT INTO events (recorded_at, kind, incident_id, assignment_id, happened_at, said_by)
SELECT ended_at, 'unit_on_scene', incident_id, assignment_id, on_scene_at,
       CASE incident_id WHEN '00000000-0000-0000-0000-000000000003' THEN 'gps' ELSE 'button' END
FROM assignments ORDER BY assignment_id;
"""


async def test_what_nobody_looked_at_is_noted_when_the_notes_come(empty: AsyncEngine) -> None:
    """Of the days whose fixes are kept: an end that was pressed alone, a press without a word of GPS or a mark. The
    witness begins where the log ends, and with the fixes since the last that was said.
    """
    await upgrade(empty, "0021")
    async with empty.begin() as connection:
        for statement in BEFORE_0022.split(";")[:-1]:
            await connection.execute(sa.text(statement.replace(":00Z", "\\:00Z")))
    await upgrade(empty, "0022")
    async with empty.connect() as connection:
        noted = await connection.scalars(sa.text("SELECT first_fixed_at::date::text FROM late_fixes ORDER BY note_id"))
        assert list(noted) == ["2026-03-01", "2026-03-02"]
        [progress] = await connection.execute(sa.text("SELECT event_id, swept_at::text FROM witness_progress"))
        assert tuple(progress) == (5, "2026-03-04 01:00:00+00")


BY_HAND = """
INSERT INTO imports (import_id, file, sha256, size_bytes, imported_at, imported_by, reading, file_rows, calls, units)
    VALUES ('00000000-0000-0000-0000-000000000001', 'calls.csv', '', 1, now(), 'adam', '{}', 1, 1, 1);
INSERT INTO units (unit_id, name) VALUES ('00000000-0000-0000-0000-000000000002', 'E1');
INSERT INTO incidents (incident_id, number, category, priority, received_at, state, ended_at, import_id, import_line)
    SELECT import_id, 'A', 'other', 3, '2020-01-01T20:00:00Z', 'closed', '2020-01-01T21:00:00Z', import_id, 2
    FROM imports;
INSERT INTO assignments (assignment_id, incident_id, unit_id, state, unit_type, ended_at, import_line)
    SELECT incident_id, incident_id, '00000000-0000-0000-0000-000000000002', 'closed', 'car', ended_at, 2
    FROM incidents;
"""
RULED = """
UPDATE incidents SET exclusion = 'cancelled';
INSERT INTO reviews (review_id, incident_id, ruling, exclusion, reason, decided_at, decided_by)
    SELECT incident_id, incident_id, 'excluded', 'cancelled', 'nobody had to go', now(), 'sue' FROM incidents;
DELETE FROM kpi_stale_days;
"""


async def test_made_up_kinds_of_unit_are_taken_back(empty: AsyncEngine) -> None:
    """Of imported orders alone, and the figures of their days are made again; so are they on the way down."""
    [path] = (FOLDER / "versions").glob("*_exclusions_of_imported_calls.py")
    own = int(path.name[:4])
    days = "SELECT day::text FROM kpi_stale_days"

    async def run(script: str) -> None:
        async with empty.begin() as connection:
            for statement in script.split(";\n"):
                if statement.strip():
                    await connection.exec_driver_sql(statement)

    async def value(query: str) -> object:
        async with empty.connect() as connection:
            return await connection.scalar(sa.text(query))

    await upgrade(empty, f"{own - 1:04}")
    await run(BY_HAND)
    await upgrade(empty, f"{own:04}")
    assert await value("SELECT count(unit_type) FROM assignments") == 0
    assert await value(days) == "2020-01-02"
    await run(RULED)
    await downgrade(empty, f"{own - 1:04}")
    assert await value("SELECT count(exclusion) + (SELECT count(*) FROM reviews) FROM incidents") == 0
    assert await value(days) == "2020-01-02"
