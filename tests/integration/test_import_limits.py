"""Imports that disagree with everything: told right, and never held whole by the program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.past_call import RowRules, Words
from dispatch.service import importing
from dispatch.service.importing import Reading, RowsRefused, Taken, import_calls
from dispatch.service.street_maps import load_map
from dispatch.store.database import create_engine
from dispatch.store.import_staging import begin_staging, contradictions, gather_calls, stage
from dispatch.store.imports import clashes
from dispatch.up import bring_up_to_date
from tests.unit.roads.generated import streets

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMES = ("incident", "unit", "category", "received_at", "dispatched_at", "on_scene_at")
CALLS, KEPT = 60, 7


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An up-to-date database."""
    await bring_up_to_date(database_url)
    made = create_engine(database_url)
    yield made
    await made.dispose()


def file_of(folder: Path, *rows: str, name: str = "calls.csv") -> Path:
    """A file with a header and these rows."""
    path = folder / name
    path.write_text("\n".join([",".join(NAMES), *rows]) + "\n")
    return path


def row(call: int, unit: str = "E1", minute: int = 0, category: str = "other") -> str:
    """Received at ten, sent so many minutes and one later, and there nine after that."""
    times = (f"2020-01-01T10:{at:02d}:00" for at in (0, minute + 1, minute + 10))
    return f"C{call:03d},{unit},{category},{','.join(times)}"


def reading(zone: str = "Asia/Taipei") -> Reading:
    """Columns called like the fields."""
    return Reading(columns={name: name for name in NAMES}, words=Words(), zone=ZoneInfo(zone))


async def taken(engine: AsyncEngine, path: Path, how: Reading | None = None) -> Taken:
    """The import of a file."""
    return await import_calls(engine, path, how or reading(), by="test", now=NOW)


async def refused(engine: AsyncEngine, path: Path, how: Reading | None = None) -> RowsRefused:
    """The refusal of a file."""
    with pytest.raises(RowsRefused) as caught:
        await taken(engine, path, how)
    return caught.value


async def test_a_wrong_zone_the_second_time(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each known call disagrees in receipt and unit: all are counted, the first are kept, nothing changes."""
    monkeypatch.setattr(importing, "KEPT_ERRORS", KEPT)
    path = file_of(tmp_path, *(row(n) for n in reversed(range(CALLS))))
    await taken(engine, path)
    refusal = await refused(engine, path, reading("Asia/Tokyo"))
    assert refusal.count == 2 * CALLS
    assert [(error.line, error.field) for error in refusal.errors] == [
        (2 + n // 2, ("received_at", "unit")[n % 2]) for n in range(KEPT)
    ]
    assert str(refusal) == f"calls.csv: {2 * CALLS} errors; nothing was imported"
    assert (await taken(engine, path)).known == CALLS


async def test_rows_of_one_call_that_disagree_without_end(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other categories and the same row again, far more than are kept: the number is the true one."""
    monkeypatch.setattr(importing, "KEPT_ERRORS", KEPT)
    rows = [row(n // 3, category=("other", "other", "traffic")[n % 3]) for n in range(3 * CALLS)]
    refusal = await refused(engine, file_of(tmp_path, *rows))
    assert refusal.count == 3 * CALLS  # the second and the third row are the same unit again, the third of another kind
    assert [error.line for error in refusal.errors] == [3, 4, 4, 6, 7, 7, 9]


async def test_no_more_than_the_limit_leaves_the_database(engine: AsyncEngine, tmp_path: Path) -> None:
    """Whatever the file holds: the two comparisons themselves give so many errors and the number of all."""
    await taken(engine, file_of(tmp_path, *(row(n) for n in range(CALLS))))
    rules = RowRules({name: name for name in NAMES}, Words(), ZoneInfo("Asia/Tokyo"), NOW)
    cells = [dict(zip(NAMES, row(n // 2).split(","), strict=True)) for n in range(2 * CALLS)]
    rows = [rules.read(2 + n, one) for n, one in enumerate(cells)]
    async with engine.connect() as connection:
        await begin_staging(connection)
        await stage(connection, [one for one in rows if not isinstance(one, list)])
        await gather_calls(connection, "other", 3)
        twice = await contradictions(connection, rules, KEPT)
        other = await clashes(connection, rules, KEPT)
    assert (len(twice.errors), twice.in_all) == (KEPT, CALLS)
    assert (len(other.errors), other.in_all) == (KEPT, 3 * CALLS)  # a receipt a call, and each row's unit


async def test_free_text_for_a_category_is_counted_by_the_database(engine: AsyncEngine, tmp_path: Path) -> None:
    """A word of its own in each row: the commonest are named, the rest is a number."""
    words = ["alarm"] * 5 + ["smoke"] * 3 + [f"caller said {n}" for n in range(CALLS - 8)]
    done = await taken(engine, file_of(tmp_path, *(row(n, category=word) for n, word in enumerate(words))))
    assert list(done.other_words.items())[:2] == [("alarm", 5), ("smoke", 3)]
    assert len(done.other_words) == importing.OTHER_WORDS
    assert done.other_words_in_all == CALLS - 6


async def test_a_unit_that_was_sent_twice(engine: AsyncEngine, tmp_path: Path) -> None:
    """Sent again: a later file with one of the two says other things, and so does one with a third."""
    twice = [row(1), row(1, minute=20)]
    assert (await taken(engine, file_of(tmp_path, *twice))).units == 2
    for rows, field, said in (
        (twice[:1], "incident", "was imported before with E1 as well: 2 times; this file has 1"),
        ([twice[0], row(1, "E2", 20)], "unit", "was imported before without E2"),
        ([*twice, row(1, minute=40)], "unit", "was imported before without E1, or with other times of it"),
    ):
        refusal = await refused(engine, file_of(tmp_path, *rows, name="later.csv"))
        assert any(error.field == field and said in error.said for error in refusal.errors), refusal.errors
    assert (await taken(engine, file_of(tmp_path, *reversed(twice), name="turned.csv"))).known == 1


async def test_places_far_outside_the_streets_are_counted(engine: AsyncEngine, tmp_path: Path) -> None:
    """Another city's calls are taken, and told of; one within two kilometres of the box is no such call."""
    async with engine.begin() as connection:
        await load_map(connection, streets())
    box = streets().extent
    lat, lon = (box.south + box.north) / 2, (box.west + box.east) / 2
    places = [(lat, lon), (box.north + 0.017, lon), (lat, box.east + 0.019), (25.03, 121.56), (box.south - 0.019, lon)]
    path = tmp_path / "calls.csv"
    rows = [f"C{n},2020-01-0{n + 1}T10:00:00,{where[0]},{where[1]}" for n, where in enumerate(places)]
    path.write_text("\n".join(["incident,received_at,lat,lon", *rows, "C9,2020-01-01T10:00:00,,"]))
    how = replace(reading(), columns={name: name for name in ("incident", "received_at", "lat", "lon")})
    done = await taken(engine, path, how)
    assert (done.calls, done.without_place, done.far_outside, done.days) == (6, 1, 2, 5)
