"""`patrol calibrate` on real tables: what it learns, that nothing changes before it is applied, and the way back."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.geometry import Position
from dispatch.domain.kpi import TAIPEI
from dispatch.embedded import EngineUrls
from dispatch.roads.speed_factors import SHAPE, SpeedFactors
from dispatch.service.calibrating import held_out_days, not_learned_by
from dispatch.simulator.replay import replay
from dispatch.store.drives import SHORTEST, drives_between
from dispatch.store.policy_tables import decision_rounds
from dispatch.store.rows import AnyRow
from dispatch.store.speed_tables import speed_versions
from dispatch.store.speed_versions import version_in_force
from dispatch.store.tables import access_log, assignments
from tests.support.command import patrol
from tests.support.drives import Seen, drive, true_speeds
from tests.support.fleet_past import store_drives
from tests.support.server import Server, assigned, enter, eventually, fix_at, running_server
from tests.unit.roads.generated import city, city_places, streets
from tests.unit.roads.towns import Town, place

FIRST = date(2026, 10, 1)
TRUTH = true_speeds(primary=1.4, secondary=1.4, tertiary=1.4, residential=1.4)
HOURS = ((1, 3, 5), (10, 12, 14), (7, 8, 17))
"""At night, by day, in the peak."""


def scene() -> Position:
    return city_places(31, 2, spread_m=3.0)[0]


def near() -> Position:
    return city_places(31, 2, spread_m=3.0)[1]


def past_drives(number: int, days: int, seed: int = 8) -> list[Seen]:
    """Drives over so many days from FIRST on, in turn at night, by day and in the peak; one ends before the next."""
    rng, places = np.random.default_rng(seed), city_places(seed, 2 * number)
    drives = []
    for n in range(number):
        day, of_day = FIRST + timedelta(days=n % days), n // days
        hour = HOURS[of_day % 3][of_day // 3]
        began_at = datetime(day.year, day.month, day.day, hour, 5, tzinfo=TAIPEI)
        how = {"hour": hour, "begins_s": began_at.timestamp(), "error_m": 4.0, "lights": n % 4 != 0}
        drives.append(drive(city(), places[2 * n], places[2 * n + 1], rng, TRUTH, **how))  # type: ignore[arg-type]
    in_turn = sorted(drives, key=lambda one: float(one.at_s[0]))
    assert all(one.at_s[-1] < after.at_s[0] for one, after in pairwise(in_turn))
    return drives


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """The generated city and one car near the scene; its clock stands still, so that digits can be compared."""
    async with running_server(database_url, nats_url) as running:
        await running.load(streets())
        moment = datetime(2026, 11, 20, 10, 30, tzinfo=TAIPEI).astimezone(UTC)
        running.desk.clock = lambda: moment
        await unit_at(running, "near", near())
        yield running


async def unit_at(server: Server, name: str, at: Position) -> UUID:
    """A new unit with a fix there, which a replay finds again."""
    unit_id = await server.add_unit(name)
    await server.drives(unit_id, [fix_at(server.desk.clock(), at)])
    return unit_id


@pytest.fixture
def outside(engines: EngineUrls, database_url: str) -> dict[str, str]:
    """An environment that names engines which are not embedded."""
    return {"DATABASE_URL": database_url, "NATS_URL": engines.nats_url}


async def calibrate(around: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`patrol calibrate …`."""
    return await asyncio.to_thread(patrol, "calibrate", *arguments, around=around)


async def fill(server: Server, number: int = 70, days: int = 10) -> None:
    """The past of one car."""
    await store_drives(server.engine, await server.add_unit("past"), past_drives(number, days))


PERIOD = ("--from", str(FIRST), "--to", str(FIRST + timedelta(days=30)))


async def candidate(client: httpx.AsyncClient, unit: str = "near") -> dict[str, Any]:
    """The unit as a call at the scene sees it."""
    answer = await client.get("/candidates", params={"lat": scene().lat, "lon": scene().lon, "priority": 2})
    return next(one for one in answer.json()["items"] if one["name"] == unit)


async def assignment_row(engine: AsyncEngine, assignment_id: str) -> AnyRow:
    async with engine.connect() as connection:
        query = select(assignments).where(assignments.c.assignment_id == UUID(assignment_id))
        return (await connection.execute(query)).one()


async def test_learned_shown_applied_and_put_back(server: Server, outside: dict[str, str], tmp_path: Path) -> None:
    """From the tracks to the next order: not before it is applied, with its version on it, without a restart of the
    server; an order of before keeps its own version, a replay decides with that of its time, and putting the priors
    back gives their ETAs to the digit."""
    around = outside | {"PATROL_BUREAU": server.bureau}
    client = await server.client()
    long_enough = sum(one.at_s[-1] - one.at_s[0] >= SHORTEST.total_seconds() for one in past_drives(70, 10))
    assert long_enough == 69
    await fill(server)
    before = await candidate(client)
    assert before["eta_version"] == 0
    old = await assigned(client, (await enter(client, scene().lat, scene().lon))["id"])

    done = await calibrate(around, *PERIOD, "--json", tmp_path / "out.json", "--by", "王科長")
    assert done.returncode == 0, done.stderr
    assert "not in force" in done.stdout
    told = json.loads((tmp_path / "out.json").read_text())
    assert told["version"] == 1
    assert told["learned_drives"] + told["after"]["drives"] + told["unmatched"] == long_enough
    assert set(told["held_out_days"]) == {"2026-10-10", "2026-10-05"}
    assert told["before"]["median_log_ratio"] == pytest.approx(np.log(1.4), abs=0.15)
    assert abs(told["after"]["median_log_ratio"]) < 0.15
    assert told["after"]["mae_s"] < 0.7 * told["before"]["mae_s"]
    await server.desk.streets.refresh(server.desk.engine)
    assert server.desk.streets.travel.speeds.version == 0
    async with server.engine.connect() as connection:
        read = (await connection.execute(select(access_log).where(access_log.c.what == "track"))).one()
    assert (read.username, read.detail["drives"]) == ("王科長", long_enough)

    assert (await calibrate(around, "apply", "1", "--by", "李主任")).returncode == 0
    second = await unit_at(server, "second", near())
    after = await eventually(lambda: candidate(client, "second"), lambda one: one["eta_version"] == 1)
    assert after["eta_s"] > 1.15 * before["eta_s"]
    incident = await enter(client, scene().lat, scene().lon)
    new = await assigned(client, incident["id"], second)
    row = await assignment_row(server.engine, new["id"])
    assert (row.eta_version, row.eta_s) == (1, after["eta_s"])
    assert row.eta_street_class in {"primary", "secondary", "tertiary", "residential"}
    assert (await assignment_row(server.engine, old["id"])).eta_version == 0
    decision = (await client.get(f"/incidents/{incident['id']}")).json()["decisions"][-1]
    assert {one["eta_version"] for one in decision["candidates"]} == {1}
    async with server.engine.connect() as connection:
        kept = await connection.scalars(select(decision_rounds.c.seen["speeds"]).order_by(decision_rounds.c.decided_at))
        assert set(kept) == {0, 1}

    assert (await calibrate(around, "apply", "0", "--by", "李主任")).returncode == 0
    await unit_at(server, "third", near())
    back = await eventually(lambda: candidate(client, "third"), lambda one: one["eta_version"] == 0)
    assert (back["eta_s"], back["distance_m"]) == (before["eta_s"], before["distance_m"])
    listed = (await calibrate(around, "versions")).stdout.splitlines()
    assert "李主任" in listed[0]
    assert listed[1].endswith("by 李主任; in force")
    now = server.desk.clock()
    again = await replay(server.engine, server.desk.streets.travel, now - timedelta(hours=1), now + timedelta(hours=1))
    assert (again.rounds, again.differences) == (2, [])
    with pytest.raises(IntegrityError, match="append-only"):
        async with server.engine.begin() as connection:
            await connection.execute(text("UPDATE speed_versions SET factors = '[]' WHERE version = 1"))


async def test_a_replay_decides_with_the_speeds_of_its_time(server: Server, outside: dict[str, str]) -> None:
    """Two cars, the nearer one on streets that turned out slow: it was not sent, and a replay under the priors, which
    are in force again, does not send it either."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 1000), street_class="tertiary")
    town.street(1, 2, (0, 1000), (0, 2200), street_class="residential")
    town.street(2, 0, (0, 2200), (900, 1100), (0, 0), street_class="primary")
    await server.load(town.street_map())
    client = await server.client()
    fast, slow = await unit_at(server, "fast", place(0, 2100)), await unit_at(server, "slow", place(0, 50))
    scene = place(0, 1000)
    where = {"lat": scene.lat, "lon": scene.lon, "priority": 2}

    async def first() -> tuple[str, int]:
        one = (await client.get("/candidates", params=where)).json()["items"][0]
        return one["unit_id"], one["eta_version"]

    assert await first() == (str(slow), 0)
    cell = {"vehicle": "car", "lights": True, "band": "day", "street_class": "tertiary", "factor": 2.0, "drives": 99}
    async with server.engine.begin() as connection:
        await connection.execute(speed_versions.insert().values(version=1, made_by="test", factors=[cell]))
    around = outside | {"PATROL_BUREAU": server.bureau}
    assert (await calibrate(around, "apply", "1", "--by", "test")).returncode == 0
    assert await eventually(first, lambda found: found[1] == 1) == (str(fast), 1)
    await assigned(client, (await enter(client, scene.lat, scene.lon))["id"], fast)
    assert (await calibrate(around, "apply", "0", "--by", "test")).returncode == 0
    await eventually(first, lambda found: found[1] == 0)
    now = server.desk.clock()
    span = now - timedelta(hours=1), now + timedelta(hours=1)
    again = await replay(server.engine, server.desk.streets.travel, *span)
    assert (again.rounds, again.differences) == (1, [])
    without = server.desk.streets.travel.with_speeds(SpeedFactors(1, np.ones(SHAPE)))
    assert len((await replay(server.engine, without, *span)).differences) == 1


async def test_coverage_and_isochrones_know_the_speeds(server: Server, outside: dict[str, str]) -> None:
    """Everything that is half as fast again as thought shrinks what is within reach, on the page and on the map."""
    client = await server.client("sue", "supervisor")
    before = (await client.get("/coverage")).json()
    drawn = (await client.get("/coverage/areas")).content
    cells = [
        {"vehicle": "car", "lights": False, "band": "day", "street_class": name, "factor": 1.5, "drives": 99}
        for name in ("primary", "secondary", "tertiary", "residential", "trunk")
    ]
    async with server.engine.begin() as connection:
        await connection.execute(speed_versions.insert().values(version=1, made_by="test", factors=cells))
    around = outside | {"PATROL_BUREAU": server.bureau}
    assert (await calibrate(around, "apply", "1", "--by", "test")).returncode == 0
    await eventually(lambda: candidate(client), lambda one: one["eta_version"] == 1)
    after = (await client.get("/coverage")).json()
    assert after["response_s"] == pytest.approx(1.5 * before["response_s"], rel=0.02)
    assert after["share"] < before["share"]
    moment = server.desk.clock() + timedelta(seconds=20)
    server.desk.clock = lambda: moment
    assert (await client.get("/coverage/areas")).content != drawn


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("--from", "2026-11-02", "--to", "2026-11-01"), 2, "before it begins"),
        (
            (
                "--from",
                "2026-13-02",
            ),
            2,
            "--from",
        ),
        ((*PERIOD, "--apply"), 2, "--by"),
        ((*PERIOD, "--force"), 2, "--force"),
        (("apply", "7", "--by", "ann"), 1, "no version 7"),
        (("apply", "0"), 2, "--by"),
        (PERIOD, 1, "no street map"),
        ((*PERIOD, "--json", "/nowhere/figures.json"), 2, "--json"),
        ((*PERIOD, "--json", "/"), 2, "--json"),
    ],
)
async def test_what_is_refused(outside: dict[str, str], arguments: tuple[str, ...], status: int, says: str) -> None:
    """A clear sentence, and nothing written."""
    done = await calibrate(outside, *arguments)
    assert done.returncode == status, done.stderr
    assert says.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


async def test_a_version_is_not_praised_on_days_that_it_learned_from(
    server: Server, outside: dict[str, str], tmp_path: Path
) -> None:
    """The one in force learned from all days held out now: that is said, and no verdict is given. From one of them it
    did not: on that day alone the two are compared.
    """
    await fill(server, number=96, days=12)
    around = outside | {"PATROL_BUREAU": server.bureau}
    first = ("--from", str(FIRST), "--to", str(FIRST + timedelta(days=9)))
    assert (await calibrate(around, *first, "--apply", "--by", "王科長")).returncode == 0

    async def again(last: int) -> tuple[str, dict[str, Any]]:
        path = tmp_path / f"{last}.json"
        done = await calibrate(around, "--from", str(FIRST), "--to", f"2026-10-{last:02d}", "--json", path)
        assert done.returncode == 0, done.stderr
        return done.stdout, json.loads(path.read_text())

    said, told = await again(9)
    assert told["before_version"] == 1
    assert told["held_out_days"] == told["checked_days"] == told["overlap_days"] == ["2026-10-04", "2026-10-09"]
    assert "version 1 learned from 2 of these 2 days" in said
    assert "no reason to apply" not in said
    said, told = await again(12)
    assert told["held_out_days"] == ["2026-10-02", "2026-10-07", "2026-10-12"]
    assert (told["checked_days"], told["overlap_days"]) == (["2026-10-12"], [])
    assert told["before"]["drives"] == told["after"]["drives"] <= 8
    assert "of days that neither version learned from: 2026-10-12" in said
    async with server.engine.connect() as connection:
        kept = (await connection.execute(select(speed_versions).where(speed_versions.c.version == 3))).one()
    assert kept.errors["checked_days"] == ["2026-10-12"]


async def test_what_is_no_better_is_not_applied(server: Server, outside: dict[str, str], tmp_path: Path) -> None:
    """Learned from the same drives again, with `--apply`: shown, kept, refused; in force by its number, or forced."""
    await fill(server)
    around = outside | {"PATROL_BUREAU": server.bureau}
    learn = (*PERIOD, "--apply", "--by", "王科長")

    async def in_force() -> int:
        async with server.engine.connect() as connection:
            return await version_in_force(connection)

    first = await calibrate(around, *learn)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1] == "in force"
    again = await calibrate(around, *learn, "--json", tmp_path / "out.json")
    assert again.returncode == 1
    assert "after" in again.stdout
    assert "not in force; `patrol calibrate apply 2 --by NAME` does that" in again.stdout
    assert "Version 2 was not put in force: it is not shown to be better than version 1" in again.stderr
    told = json.loads((tmp_path / "out.json").read_text())
    assert (told["version"], told["applied"], await in_force()) == (2, False, 1)
    assert told["after"]["mae_s"] >= told["before"]["mae_s"]
    assert (await calibrate(around, "apply", "2", "--by", "王科長")).returncode == 0
    assert await in_force() == 2
    forced = await calibrate(around, *learn, "--force")
    assert forced.returncode == 0, forced.stderr
    assert await in_force() == 3


YEARS = """
INSERT INTO units (unit_id, name) SELECT gen_random_uuid(), 'year-' || n FROM generate_series(1, 20) AS n;
INSERT INTO incidents (incident_id, number, category, priority, lat, lon, received_at, created_at, state)
    SELECT gen_random_uuid(), 'year-' || n, 'service', 2, 1, 2, at, at, 'closed'
    FROM (SELECT n, '2022-01-01 00:00Z'::timestamptz + n * interval '4 hours' AS at
          FROM generate_series(1, 10950) AS n);
INSERT INTO assignments (assignment_id, incident_id, unit_id, state, dispatched_at, en_route_at, on_scene_at, ended_at)
    SELECT gen_random_uuid(), incident_id, (ARRAY(SELECT unit_id FROM units))[1 + floor(random() * 20)], 'cleared',
        received_at, received_at, received_at + interval '5 minutes', received_at + interval '1 hour'
    FROM incidents;
ANALYZE units, incidents, assignments
"""


async def test_a_period_is_found_by_an_index(server: Server) -> None:
    """Among millions of assignments those of a few weeks are not looked for in all of them; a drive that began days
    after its order is no drive.
    """
    start, end = (datetime(2026, 10, day, tzinfo=TAIPEI) for day in (1, 29))
    query = drives_between(start, end, 100).compile(
        dialect=server.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    async with server.engine.connect() as connection:
        for statement in YEARS.split(";\n"):  # not kept
            await connection.execute(text(statement.replace(":00Z", "\\:00Z")))
        plan = "\n".join(await connection.scalars(text(f"EXPLAIN {query}".replace(":", "\\:"))))
    assert "ix_assignments_dispatched_at" in plan


async def test_too_few_tracks_are_refused_with_the_figures(server: Server, outside: dict[str, str]) -> None:
    """Few drives, and as many as one likes on one day, which leaves none to check by: no version is made."""
    await fill(server, number=6, days=3)
    done = await calibrate(outside, *PERIOD)
    assert done.returncode == 1
    assert "6 drives under way to incidents" in done.stderr
    assert "3 days" in done.stderr
    async with server.engine.connect() as connection:
        assert list(await connection.scalars(select(speed_versions.c.version))) == [0]


def test_days_held_out_are_every_fifth_and_the_newest() -> None:
    """Of the days that have drives, whatever lies between them."""
    days = [date(2026, 1, 1) + timedelta(days=7 * n) for n in range(11)]
    held = held_out_days(days)
    assert held == {days[10], days[5], days[0]}
    assert held_out_days(days[:1]) == {days[0]}
    assert held_out_days([]) == frozenset()


def test_which_days_a_version_did_not_learn_from() -> None:
    """Those outside its period and those that it held out; of the priors, all."""
    days = {date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 5), date(2026, 10, 10), date(2026, 10, 11)}
    learned_from = {"start": "2026-10-01", "end": "2026-10-10", "held_out_days": ["2026-10-05"], "drives": 40}
    assert days - not_learned_by(days, learned_from) == {date(2026, 10, 1), date(2026, 10, 10)}
    assert not_learned_by(days, {}) == days
