"""What an import makes of a file's own words: what rows may not contradict, kinds of unit, and what is left out."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.incident import Category
from dispatch.domain.kpi import Exclusion
from dispatch.domain.kpi_books import Asked
from dispatch.domain.kpi_sums import groups
from dispatch.domain.past_call import Words
from dispatch.service.desk import Desk, utc_now
from dispatch.service.importing import Reading, RowsRefused, Taken, import_calls
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.store.database import create_engine
from dispatch.store.past_calls import past_calls
from dispatch.store.standby_calls import call_columns
from dispatch.store.tables import units, vehicles
from dispatch.up import bring_up_to_date
from gateway.store import devices
from tests.support.data import shared
from tests.support.past_calls import FILE, MAP

NAMES = ("incident", "unit", "unit_type", "category", "exclusion", "received_at", "on_scene_at", "lat", "lon")
CANCELLED, TEST, DUPLICATE = Exclusion.CANCELLED, Exclusion.TEST, Exclusion.DUPLICATE
LEFT_OUT = {"No need": CANCELLED, "Drill": TEST, "Twice": DUPLICATE}


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An up-to-date database that no server looks after."""
    await bring_up_to_date(database_url)
    made = create_engine(database_url)
    yield made
    await made.dispose()


def row(incident: str, unit: str = "E1", *, arrived: bool = True, **cells: str) -> str:
    """Received at ten, reached five minutes later."""
    at = {"received_at": "2020-01-01T10:00:00Z", "on_scene_at": "2020-01-01T10:05:00Z" if arrived else ""}
    place = {"lat": "23.48", "lon": "120.45"}
    return ",".join(({"incident": incident, "unit": unit} | at | place | cells).get(name, "") for name in NAMES)


def write(path: Path, rows: Sequence[str]) -> None:
    """A file with a header and these rows."""
    path.write_text("\n".join([",".join(NAMES), *rows]) + "\n")


async def taken(
    engine: AsyncEngine, path: Path, *rows: str, dry_run: bool = False, columns: Any = NAMES, **words: Any
) -> Taken:
    """The import of a file of these rows."""
    write(path, rows)
    reading = Reading(columns={name: name for name in columns}, words=Words(**words), zone=None)
    return await import_calls(engine, path, reading, by="test", now=utc_now(), dry_run=dry_run)


async def refused(engine: AsyncEngine, path: Path, *rows: str, **words: Any) -> list[str]:
    """What is said of a file that is not taken."""
    with pytest.raises(RowsRefused) as caught:
        await taken(engine, path, *rows, **words)
    assert caught.value.count == len(caught.value.errors)
    return [str(error) for error in caught.value.errors]


async def fetch(engine: AsyncEngine, query: str) -> list[Any]:
    """Rows as tuples."""
    async with engine.connect() as connection:
        return [tuple(found) for found in await connection.execute(text(query))]


# ---- the word for the category


async def test_two_words_for_one_call_contradict_each_other(engine: AsyncEngine, tmp_path: Path) -> None:
    """Both stand for no category of ours: the second would be lost. So would one beside a word of ours for the same."""
    path = tmp_path / "calls.csv"
    said = "line {}, column category: says otherwise than line 2, which is of the same incident"
    flood, fire = row("A", "E1", category="FLOOD"), row("A", "E2", category="FIRE")
    assert await refused(engine, path, flood, fire, row("A", "E3", category="FLOOD")) == [said.format(3)]
    assert await refused(engine, path, row("A", category="other"), fire) == [said.format(3)]
    assert await refused(engine, path, flood, row("A", "E2", category="other")) == [said.format(3)]
    assert await refused(engine, path, flood, row("A", "E2", category="traffic")) == [said.format(3)]
    assert (await taken(engine, path, row("A", "E1", category=""), row("A", "E2", category="FLOOD"))).calls == 1
    assert await fetch(engine, "SELECT category, description FROM incidents") == [("other", "FLOOD")]


async def test_words_that_were_declared_the_same_are_the_same(engine: AsyncEngine, tmp_path: Path) -> None:
    """Who says that both stand for one category of ours has said that they mean one thing."""
    words = {"FLOOD": Category.DISASTER, "FIRE": Category.DISASTER}
    rows = row("A", "E1", category="FLOOD"), row("A", "E2", category="FIRE")
    assert (await taken(engine, tmp_path / "calls.csv", *rows, categories=words)).calls == 1


async def test_another_word_for_a_known_call_is_refused(engine: AsyncEngine, tmp_path: Path) -> None:
    """Told once, with the word that stands here; the same word again is known."""
    path, came = tmp_path / "calls.csv", f"from calls.csv on {utc_now():%Y-%m-%d}; what was imported is corrected by"
    assert (await taken(engine, path, row("A", category="FLOOD"), row("B", category="service"))).calls == 2
    for word, here in (("FIRE", "FLOOD"), ("other", "FLOOD"), ("traffic", "other"), ("", "FLOOD")):
        [said] = await refused(engine, path, row("A", category=word))
        assert said.startswith(f"line 2, column category: incident A came with {here} {came}"), said
    [said] = await refused(engine, path, row("B", category="FIRE"))
    assert f"came with service {came}" in said
    assert (await taken(engine, path, row("A", category="FLOOD"))).known == 1


# ---- kinds of unit


async def test_the_kind_of_a_unit_is_the_files_or_unknown(engine: AsyncEngine, tmp_path: Path) -> None:
    """Whatever vehicle the call sign has today: it may have had another one then."""
    async with engine.begin() as connection:
        unit_id, device_id = uuid4(), uuid4()
        await connection.execute(insert(units).values(unit_id=unit_id, name="E1"))
        await connection.execute(insert(devices).values(device_id=device_id, unit_id=unit_id, unit_name="E1"))
        bike = {"vehicle_id": uuid4(), "plate": "P-1", "type": "motorcycle", "unit_id": unit_id}
        await connection.execute(insert(vehicles).values(**bike, device_id=device_id))
    path = tmp_path / "calls.csv"
    rows = row("A", "E1"), row("A", "E2", unit_type="car"), row("B", "E1", unit_type="Other")
    assert (await taken(engine, path, *rows)).calls == 2
    query = "SELECT u.name, a.unit_type FROM assignments AS a JOIN units AS u USING (unit_id) ORDER BY import_line"
    assert await fetch(engine, query) == [("E1", None), ("E2", "car"), ("E1", "other")]
    assert (await taken(engine, path, *rows)).known == 2
    [said] = await refused(engine, path, rows[0], row("A", "E2", unit_type="motorcycle"))
    assert said.startswith("line 3, column unit: incident A was imported before without E2, or with")
    assert "unit_type" in said
    [said] = await refused(engine, path, row("C", unit_type="ENGINE"))
    assert said == "line 2, column unit_type: 'ENGINE' is none of car, motorcycle, other"


# ---- what is left out


async def test_what_makes_a_call_left_out(engine: AsyncEngine, tmp_path: Path) -> None:
    """Cancelled: all of its rows say so, and nobody arrived. Any other reason: a row says so, whoever arrived."""
    rows = [
        row("A", "E1", arrived=False, exclusion="No need"),
        row("A", "E2", arrived=False, exclusion="No  need"),
        row("B", "E1", arrived=False, exclusion="No need"),
        row("B", "E2", arrived=True, exclusion="No need"),
        row("C", "E1", arrived=False, exclusion="No need"),
        row("C", "E2", arrived=False, exclusion="Fire"),
        row("D", "E1", arrived=False, exclusion="No need"),
        row("D", "E2", arrived=False),
        row("E", "E1", exclusion="Drill"),
        row("E", "E2"),
        row("E", "E3", arrived=False, exclusion="No need"),
        row("F", "E1", exclusion="Fire"),
        row("G", "E1", arrived=False),
    ]
    path = tmp_path / "calls.csv"
    dry = await taken(engine, path, *rows, dry_run=True, exclusions=LEFT_OUT)
    done = await taken(engine, path, *rows, exclusions=LEFT_OUT)
    assert dry.import_id is None
    for one in (dry, done):
        assert one.excluded == {CANCELLED: (1, 2), TEST: (1, 3)}
        assert one.cancelled_and_measured == 3
        assert (one.calls, one.reached, one.unreached) == (7, 3, 3)
        assert one.words_nowhere == ["Twice"]
    query = "SELECT number, state, exclusion FROM incidents ORDER BY 1"
    left_out = {"A": "cancelled", "E": "test"}
    assert await fetch(engine, query) == [(number, "closed", left_out.get(number)) for number in "ABCDEFG"]
    [(reading,)] = await fetch(engine, "SELECT reading FROM imports")
    assert reading["exclusions"] == {"No need": "cancelled", "Drill": "test", "Twice": "duplicate"}
    books = await KpiKeeper(cast(Desk, SimpleNamespace(engine=engine, clock=utc_now))).books(None)
    [line] = groups(books, Asked(utc_now()))
    assert (line.measured, line.unreached, line.excluded) == (5, 3, {"cancelled": 1, "test": 1})
    again = await taken(engine, path, *rows, exclusions=LEFT_OUT)
    assert (again.calls, again.known, again.excluded) == (0, 7, {})


@pytest.mark.parametrize(
    "words", [("Drill", "Fire"), ("Fire", "Drill"), ("Drill", "Twice"), ("", "Twice", "No need", "Drill")]
)
async def test_reasons_that_contradict_each_other(engine: AsyncEngine, tmp_path: Path, words: tuple[str, ...]) -> None:
    """A call is a test or it is none, for all of its rows; refused as all that rows of one call have in common."""
    rows = [row("A", f"E{n}", exclusion=word) for n, word in enumerate(words)]
    said = await refused(engine, tmp_path / "calls.csv", *rows, exclusions=LEFT_OUT)
    first = next(n for n, word in enumerate(words) if word) + 2
    of = f"says otherwise than line {first}, which is of the same incident"
    assert said == [f"line {len(words) + 1}, column exclusion: {of}"]


async def test_another_exclusion_of_a_known_call_is_refused(engine: AsyncEngine, tmp_path: Path) -> None:
    """The same file read otherwise says other things of calls that stand here: nothing changes."""
    path, rows = tmp_path / "calls.csv", [row("A", exclusion="Drill"), row("B", arrived=False, exclusion="No need")]
    without = tuple(name for name in NAMES if name != "exclusion")
    assert (await taken(engine, path, *rows, exclusions=LEFT_OUT)).calls == 2
    said = await refused(engine, path, *rows, exclusions={"No need": DUPLICATE})
    assert [one.partition(" from calls.csv")[0] for one in said] == [
        "line 2, column exclusion: incident A came with test",
        "line 3, column exclusion: incident B came with cancelled",
    ]
    assert len(await refused(engine, path, *rows, columns=without)) == 2
    assert (await taken(engine, path, row("C", arrived=False), columns=without)).calls == 1
    [late] = await refused(engine, path, row("C", arrived=False, exclusion="No need"), exclusions=LEFT_OUT)
    assert "incident C came with nothing from calls.csv" in late
    query = "SELECT number, exclusion FROM incidents ORDER BY 1"
    assert await fetch(engine, query) == [("A", "test"), ("B", "cancelled"), ("C", None)]


async def test_a_cancelled_call_was_a_call(engine: AsyncEngine, tmp_path: Path) -> None:
    """As one of ours it is part of the expected demand; a test is not. One of ours is cancelled by its state alone."""
    rows = row("A", arrived=False, exclusion="No need"), row("B", exclusion="Drill"), row("C")
    await taken(engine, tmp_path / "calls.csv", *rows, exclusions=LEFT_OUT)
    begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
    async with engine.connect() as connection:
        assert len(await past_calls(connection, begin, end)) == 2
        assert len(await call_columns(connection, begin, end)) == 2
    with pytest.raises(IntegrityError, match="ck_incidents_cancelled"):
        async with engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO incidents (incident_id, number, category, priority, lat, lon, received_at, created_at,"
                    " exclusion) VALUES (gen_random_uuid(), 'X', 'other', 2, 23.48, 120.45, now(), now(), 'cancelled')"
                )
            )


# ---- San Francisco


def measured_in_the_file() -> dict[str, tuple[int, int, int]]:
    """By priority: calls that count, those reached within 600 s, those cancelled before anybody arrived."""
    calls: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
    with shared(FILE).open(newline="") as file:
        for one in csv.DictReader(file):
            calls[one["call_number"]].append(one)
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for rows in calls.values():
        arrivals = [datetime.fromisoformat(one["on_scene_at"]) for one in rows if one["on_scene_at"]]
        of = found[rows[0]["final_priority"]]
        if not arrivals and all(one["disposition"] == "Cancelled" for one in rows):
            of[2] += 1
            continue
        of[0] += 1
        received = datetime.fromisoformat(rows[0]["received_at"])
        of[1] += bool(arrivals) and (min(arrivals) - received).total_seconds() <= 600
    return {priority: (of[0], of[1], of[2]) for priority, of in found.items()}


async def test_shares_without_the_cancelled_calls_are_the_files(engine: AsyncEngine) -> None:
    """98 of San Francisco's 174 unreached calls were cancelled; 78 cancelled ones had somebody there and stay."""
    columns = dict(part.split("=") for part in MAP if part != "--map") | {"exclusion": "disposition"}
    words = Words({"Medical Incident": Category.SERVICE}, exclusions={"Cancelled": CANCELLED})
    reading = Reading(columns=columns, words=words, zone=ZoneInfo("America/Los_Angeles"))
    done = await import_calls(engine, shared(FILE), reading, by="test", now=utc_now())
    assert (done.calls, done.unreached, done.cancelled_and_measured) == (5292, 76, 78)
    assert [(reason, calls) for reason, (calls, _) in done.excluded.items()] == [(CANCELLED, 98)]
    books = await KpiKeeper(cast(Desk, SimpleNamespace(engine=engine, clock=utc_now))).books(None)
    lines = groups(books, Asked(utc_now()), "priority")
    figures = {one.group: (one.measured, one.within_target, one.excluded.get("cancelled", 0)) for one in lines}
    assert figures == measured_in_the_file()
    assert sum(cancelled for _, _, cancelled in figures.values()) == 98
