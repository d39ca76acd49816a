"""One row of a file of past calls: what is taken, and every way in which it can be wrong, with line and column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.domain.incident import Category, Priority
from dispatch.domain.kpi import Exclusion
from dispatch.domain.past_call import EXCLUDED_AS, FIELDS, NOT_EXCLUDED, PastRow, RowError, RowRules, Words
from dispatch.domain.past_time import NoZone

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WORDS = Words({"車禍": Category.TRAFFIC_ACCIDENT}, {"E": Priority.IMMEDIATE}, exclusions={"撤銷": Exclusion.CANCELLED})
ROW = {
    "incident": "A-1",
    "unit": "101",
    "unit_type": "motorcycle",
    "category": "車禍",
    "priority": "E",
    "received_at": "2026-11-20 10:00:00",
    "created_at": "2026-11-20 10:00:20",
    "dispatched_at": "2026-11-20 10:00:30",
    "acknowledged_at": "2026-11-20 10:00:40",
    "en_route_at": "2026-11-20 10:01:00",
    "on_scene_at": "2026-11-20 10:06:00",
    "cleared_at": "2026-11-20 10:30:00",
    "lat": "23.48",
    "lon": "120.45",
    "address": "中山路 1 號\n 2 樓",
    "disposition": "已處理",
    "exclusion": "撤銷",
}


def rules(words: Words = WORDS, zone: str | None = "Asia/Taipei") -> RowRules:
    """Of a file whose columns are called like the fields, in capitals."""
    return RowRules({name: name.upper() for name in FIELDS}, words, ZoneInfo(zone) if zone else None, NOW)


def read(words: Words = WORDS, /, **cells: str) -> PastRow:
    """A row that is taken."""
    found = rules(words).read(7, ROW | cells)
    assert isinstance(found, PastRow), found
    return found


def errors(words: Words = WORDS, /, **cells: str) -> list[tuple[str, str]]:
    """Field and sentence of what is wrong; all in line 7."""
    found = rules(words).read(7, ROW | cells)
    assert isinstance(found, list)
    assert {error.line for error in found} == {7}
    return [(error.field, str(error)) for error in found]


def test_a_whole_row() -> None:
    """Every field, words as they were declared, times in UTC, blanks of an address in one line."""
    assert read() == PastRow(
        7,
        "A-1",
        "101",
        "motorcycle",
        "traffic_accident",
        1,
        None,
        datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
        datetime(2026, 11, 20, 2, 0, 20, tzinfo=UTC),
        datetime(2026, 11, 20, 2, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 20, 2, 0, 40, tzinfo=UTC),
        datetime(2026, 11, 20, 2, 1, tzinfo=UTC),
        datetime(2026, 11, 20, 2, 6, tzinfo=UTC),
        datetime(2026, 11, 20, 2, 30, tzinfo=UTC),
        23.48,
        120.45,
        "中山路 1 號 2 樓",
        "已處理",
        "cancelled",
    )


def test_what_a_file_needs_is_little() -> None:
    """Incident and receipt; all else stays unknown."""
    found = rules().read(2, {"incident": "A-1", "received_at": "2026-11-20T10:00:00+08:00"})
    assert isinstance(found, PastRow)
    assert found[8:] == (None,) * 11
    assert found[2:7] == (None,) * 5
    for missing in ("incident", "received_at"):
        [(field, said)] = errors(**{missing: ""})
        assert field == missing
        assert said == f"line 7, column {missing.upper()} ({missing}): is empty; every row needs it"


def test_words_of_the_file() -> None:
    """Our own names stand for themselves; another word is the default one and is kept; or it is refused."""
    assert read(category="Criminal").category == "criminal"
    other = read(category="Alarms")
    assert (other.category, other.description) == ("other", "Alarms")
    assert read(Words(other_category=Category.SERVICE), category="x", priority="2").category == "service"
    strict = Words(priorities=WORDS.priorities, other_category=None)
    [(field, said)] = errors(strict)
    assert field == "category"
    assert "--category '車禍=…'" in said
    assert errors(strict, category="") == [("category", "line 7, column CATEGORY (category): is empty")]
    assert read(priority="4").priority == 4
    assert read(Words(priorities={"1": Priority.LOW}), priority="1").priority == 4
    for word in ("0", "5", "P1", "2.0"):
        [(field, said)] = errors(priority=word)
        assert field == "priority"
        assert f"--priority '{word}=…'" in said


def test_kinds_of_unit() -> None:
    """Ours in any case, or unknown; another word is an error, since nothing may be made up."""
    assert [read(unit_type=word).unit_type for word in ("car", "Motorcycle", "OTHER", "")] == [
        "car",
        "motorcycle",
        "other",
        None,
    ]
    assert errors(unit_type="ENGINE") == [
        ("unit_type", "line 7, column UNIT_TYPE (unit_type): 'ENGINE' is none of car, motorcycle, other")
    ]


def test_words_for_what_is_left_out() -> None:
    """Those that were declared and no others, blanks apart; of another word it is known that it excludes nothing."""
    words = Words(WORDS.categories, WORDS.priorities, exclusions={"no need": Exclusion.CANCELLED, "x": Exclusion.TEST})
    said = {"no need": "cancelled", "no\n need": "cancelled", "x": "test", "X": NOT_EXCLUDED, "test": NOT_EXCLUDED}
    for word, exclusion in said.items():
        assert read(words, exclusion=word).exclusion == exclusion
    assert read(words, exclusion="").exclusion is None
    assert read(words, exclusion="a\x07" * 500).exclusion == NOT_EXCLUDED
    assert NOT_EXCLUDED not in set(Exclusion)


def test_reasons_that_a_file_may_give() -> None:
    """Those of the clock; that a call is still open, or without a start, is found and never given."""
    assert set(EXCLUDED_AS) == set(Exclusion) - {Exclusion.PENDING, Exclusion.NO_START}


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"created_at": "2026-11-20 09:59:59"}, ["created_at"]),
        ({"dispatched_at": "2026-11-20 09:59:59"}, ["dispatched_at"]),
        ({"acknowledged_at": "2026-11-20 10:00:29"}, ["acknowledged_at"]),
        ({"en_route_at": "2026-11-20 10:00:39"}, ["en_route_at"]),
        ({"on_scene_at": "2026-11-20 09:58:00"}, ["on_scene_at"]),
        ({"on_scene_at": "2026-11-20 09:58:00", "dispatched_at": "", "acknowledged_at": ""}, ["on_scene_at"]),
        ({"cleared_at": "2026-11-20 10:00:29"}, ["cleared_at"]),
        ({"cleared_at": "2026-11-20 09:00:00", "dispatched_at": ""}, ["cleared_at"]),
        ({"cleared_at": "2026-11-23 20:00:01"}, ["cleared_at"]),
        ({"received_at": "2026-11-23 21:00"}, ["created_at", "dispatched_at", "acknowledged_at", "en_route_at"]),
        ({"received_at": "yesterday"}, ["received_at"]),
        ({"on_scene_at": "soon", "en_route_at": "now"}, ["en_route_at", "on_scene_at"]),
    ],
)
def test_impossible_times(cells: dict[str, str], wrong: list[str]) -> None:
    """A step before the call, or before the one that it follows; the future; what is no time: each in its column."""
    assert [field for field, _ in errors(**cells)][: len(wrong)] == wrong


def test_what_a_time_lies_before_is_named() -> None:
    """With both texts, as the file has them."""
    [(_, said)] = errors(on_scene_at="2026-11-20 10:00:59")
    assert said == (
        "line 7, column ON_SCENE_AT (on_scene_at): 2026-11-20 10:00:59 lies before en_route_at 2026-11-20 10:01:00"
    )


def test_the_same_second_is_possible() -> None:
    """An entry after the dispatch as well: some dispatchers send first and write then."""
    at = ROW["received_at"]
    times = dict.fromkeys(("created_at", "dispatched_at", "acknowledged_at", "en_route_at", "on_scene_at"), at)
    assert not read(**times, cleared_at=at).cleared_early
    assert read(created_at="2026-11-20 10:05:00").created_at is not None


def test_cleared_before_a_step_on_the_way_is_kept() -> None:
    """Two presses that crossed: no response rests on the clearing."""
    assert read(cleared_at="2026-11-20 10:05:59").cleared_early
    assert not read(cleared_at="").cleared_early


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"lat": "91"}, "lat"),
        ({"lon": "180.5"}, "lon"),
        ({"lat": "23,48"}, "lat"),
        ({"lat": "nan"}, "lat"),
        ({"lat": ""}, "lat"),
        ({"lon": ""}, "lon"),
        ({"incident": "A\x07"}, "incident"),
        ({"incident": "A-\u200b1"}, "incident"),
        ({"incident": "A-1\ufe0f"}, "incident"),
        ({"incident": "A\u3164-1"}, "incident"),
        ({"unit": "1\n2"}, "unit"),
        ({"address": "x" * 4001}, "address"),
        ({"incident": "x" * 65}, "incident"),
    ],
)
def test_places_and_texts_that_are_none(cells: dict[str, str], wrong: str) -> None:
    """Outside the world, no number, half a position; signs that nobody can read; too long."""
    assert [field for field, _ in errors(**cells)] == [wrong]


def test_a_row_without_a_place() -> None:
    """Both empty, or both 0, as some programs write it."""
    for nowhere in ("", "0", "0.0"):
        found = read(lat=nowhere, lon=nowhere)
        assert (found.lat, found.lon) == (None, None)
    assert read(lat="0", lon="120").lat == 0


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Not one error a run."""
    found = errors(received_at="x", priority="y", lat="z")
    assert {field for field, _ in found} == {"received_at", "priority", "lat"}


def test_a_missing_zone_ends_it() -> None:
    """It is the same in every row; the sentence names where it was met first."""
    with pytest.raises(NoZone, match=r"line 7, column RECEIVED_AT \(received_at\): .* --zone"):
        rules(zone=None).read(7, ROW)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RowError(3, "", "", "has 2 cells"), "line 3: has 2 cells"),
        (RowError(3, "lat", "lat", "x"), "line 3, column lat: x"),
        (RowError(3, "lat", "緯度", "x"), "line 3, column 緯度 (lat): x"),
    ],
)
def test_how_errors_read(error: RowError, said: str) -> None:
    """The file's own name of a column first."""
    assert str(error) == said


def test_fields_without_a_column_are_named_by_themselves() -> None:
    """A rule of the whole file may concern one."""
    some: dict[str, Any] = {"incident": "no"}
    assert RowRules(some, WORDS, None, NOW).error(2, "unit", "x") == RowError(2, "unit", "unit", "x")
