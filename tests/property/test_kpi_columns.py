"""What is computed from columns equals what is computed from the incidents: any history, any question."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import fmean
from typing import Any, get_args
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.kpi import (
    SHIFT_HOURS,
    SHIFTS,
    TAIPEI,
    Clock,
    Exclusion,
    GroupBy,
    IncidentRecord,
    kpi,
    outcome,
    verdict,
)
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_columns import LAYOUT, NAMED, Names, Sheet, amended, incident_ids, sheet_of
from dispatch.domain.kpi_filter import KpiFilter, Place
from dispatch.domain.kpi_line import Course, Figures, LedgerLine, Mark
from dispatch.domain.kpi_sums import changed_by_review, groups, outcomes, parts, parts_by, responses_s
from dispatch.domain.parts import PARTS
from dispatch.domain.percentile import percentile
from dispatch.domain.review_state import ReviewState
from dispatch.service.kpi_ledger import Pick, count_reviews, every, late, page

MIDNIGHT = datetime(2026, 10, 30, 16, tzinfo=UTC)
GIVEN = [e for e in Exclusion if e not in {Exclusion.PENDING, Exclusion.NO_START}]
PLACES = {"a": Place("北興", "第一分局"), "b": Place("後湖", "第二分局"), "c": Place("長榮", "第一分局")}


def _after(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


moments = st.floats(0, 4 * 86_400).map(_after)


# Made once: hypothesis checks each strategy anew that is made for a draw, which takes longer than the draw.
MAYBE_MOMENTS = st.none() | moments
EXCLUSIONS = st.sampled_from([None, *GIVEN])
UNIT_TYPES = st.sampled_from([None, "car", "motorcycle"])
LATE_REASONS = st.sampled_from([None, "turnout", "unknown"])
SECONDS = st.none() | st.integers(0, 900_000_000).map(lambda us: us / 1_000_000)
COURSES = st.builds(
    Course,
    parts=st.fixed_dictionaries(dict.fromkeys(PARTS, SECONDS)),
    nearest_free_s_received=SECONDS,
    nearest_free_s_dispatched=SECONDS,
)
MARKS = st.lists(st.sampled_from(Mark), max_size=3).map(frozenset)
RECORDS = st.tuples(
    st.sampled_from([None, *PLACES]),
    st.builds(
        IncidentRecord,
        incident_id=st.uuids(),
        number=st.just("20261123-0001"),
        category=st.sampled_from(Category),
        priority=st.sampled_from(Priority),
        received_at=moments,
        precinct=st.none(),
        station=st.none(),
        dispatched_at=MAYBE_MOMENTS,
        on_scene_at=MAYBE_MOMENTS,
        state=st.sampled_from(IncidentState),
        exclusion=st.sampled_from([None, None, None, *GIVEN]),
        unit_type=UNIT_TYPES,
        cell=st.sampled_from([None, "884ba0", "884ba1"]),
        late_reason_received=LATE_REASONS,
        late_reason_dispatched=LATE_REASONS,
    ),
)
RULINGS: st.SearchStrategy[dict[str, Any] | None] = st.none() | st.fixed_dictionaries(
    {
        "on_scene_at": MAYBE_MOMENTS,
        "exclusion": EXCLUSIONS,
        "unit_type": UNIT_TYPES,
        "late_reason_received": LATE_REASONS,
        "late_reason_dispatched": LATE_REASONS,
    }
)


@st.composite
def lines(draw: st.DrawFn) -> tuple[LedgerLine, str | None]:
    place, record = draw(RECORDS)
    where = PLACES.get(place or "", Place())
    recorded = replace(record, precinct=where.precinct, station=where.station)
    line = LedgerLine(
        recorded=recorded,
        reviewed=replace(recorded, **draw(RULINGS) or {}),
        recorded_course=draw(COURSES),
        reviewed_course=draw(COURSES),
        marks=draw(MARKS),
        review=draw(st.sampled_from([None, "open", "done"])),
    )
    return line, place


histories = st.lists(lines(), max_size=25)
GROUPS: tuple[GroupBy, ...] = get_args(GroupBy)
KEYS = {group: st.none() | st.frozensets(st.sampled_from(values)) for group, values in {
    "precinct": ["第一分局", "第二分局", "unknown"],
    "station": ["北興", "長榮", "unknown", "nowhere"],
    "priority": ["1", "2", "4", "9"],
    "category": ["criminal", "traffic", "service", "unheard"],
    "unit_type": ["car", "unknown"],
    "shift": [*SHIFTS, "late"],
    "hour": ["00", "07", "16", "23", "24"],
    "weekday": ["1", "5", "6", "7"],
    "cell": ["884ba0", "unknown"],
    "late_reason": ["turnout", "unknown", "none"],
}.items()}  # fmt: skip
filters = st.builds(KpiFilter, start=st.none() | moments, end=st.none() | moments, **KEYS)
questions = st.builds(
    Asked,
    now=moments,
    wanted=st.just(KpiFilter()) | filters,
    clock=st.sampled_from(get_args(Clock)),
    figures=st.sampled_from(get_args(Figures)),
)


def _books(history: Sequence[tuple[LedgerLine, str | None]], cuts: Sequence[int]) -> Books:
    """In the order of time, cut into chunks of some sheets each."""
    ordered = sorted(history, key=lambda entry: entry[0].recorded.received_at)
    bounds = sorted([0, len(ordered), *(cut % (len(ordered) + 1) for cut in cuts)])
    names, chunks = Names(), []
    for begin, end in pairwise(bounds):
        some, half = ordered[begin:end], (begin + end) // 2
        pieces = [some[: half - begin], some[half - begin :]]
        sheets = [sheet_of([line for line, _ in piece], [place for _, place in piece]) for piece in pieces]
        chunks.append(names.joined(sheets))
    return Books(chunks, names.known(), PLACES)


def _admits(asked: Asked, record: IncidentRecord) -> bool:
    """The filter in plain words, written a second time."""
    wanted, is_from_call = asked.wanted, asked.clock == "received"
    local = record.received_at.astimezone(TAIPEI)
    has = {
        "precinct": record.precinct or "unknown",
        "station": record.station or "unknown",
        "priority": str(int(record.priority)),
        "category": str(record.category),
        "unit_type": record.unit_type or "unknown",
        "shift": SHIFTS[local.hour // SHIFT_HOURS],
        "hour": f"{local.hour:02}",
        "weekday": str(local.isoweekday()),
        "cell": record.cell or "unknown",
        "late_reason": (record.late_reason_received if is_from_call else record.late_reason_dispatched) or "none",
    }
    return (
        (wanted.start is None or record.received_at >= wanted.start)
        and (wanted.end is None or record.received_at < wanted.end)
        and all(getattr(wanted, member) is None or name in getattr(wanted, member) for member, name in has.items())
    )


def _meant(history: Sequence[tuple[LedgerLine, str | None]], asked: Asked) -> list[LedgerLine]:
    ordered = sorted((line for line, _ in history), key=lambda line: line.recorded.received_at)
    return [line for line in ordered if _admits(asked, _of(line, asked))]


def _of(line: LedgerLine, asked: Asked) -> IncidentRecord:
    return line.of(asked.figures)[0]


def _plain(report: Sequence[Any]) -> list[dict[str, Any]]:
    """Sums of floats depend on their order in the last digit; everything else must be the same."""
    return [asdict(line) | {"mean_s": line.mean_s and pytest.approx(line.mean_s)} for line in report]


@pytest.mark.parametrize("group_by", [None, *GROUPS])
@settings(max_examples=40)
@given(history=histories, cuts=st.lists(st.integers(0, 30), max_size=3), asked=questions)
def test_the_report_is_the_same(
    history: list[tuple[LedgerLine, str | None]], cuts: list[int], asked: Asked, group_by: GroupBy | None
) -> None:
    """However the history is cut into sheets and chunks, whatever is asked."""
    raw = kpi(
        [_of(line, asked) for line in _meant(history, asked)], now=asked.now, clock=asked.clock, group_by=group_by
    )
    found = groups(_books(history, cuts), asked, group_by)
    assert [asdict(line) for line in found] == _plain(raw)
    if group_by is not None:
        assert sum(line.incidents for line in found) == len(_meant(history, asked))


def test_who_was_sent_after_the_moment_of_asking_was_not_sent_yet() -> None:
    """On the dispatched clock a call that waited is late then, as the incidents themselves say."""
    record = IncidentRecord(
        incident_id=UUID(int=1),
        number="1",
        category=Category.SERVICE,
        priority=Priority.URGENT,
        received_at=MIDNIGHT,
        dispatched_at=_after(86_400),
    )
    history: list[tuple[LedgerLine, str | None]] = [(LedgerLine(recorded=record, reviewed=record), None)]
    for now_s, unreached in ((600, 0), (601, 1), (86_399, 1), (86_400, 0), (87_001, 1)):
        asked = Asked(_after(now_s), clock="dispatched")
        (line,) = groups(_books(history, []), asked)
        assert line.unreached == unreached
        assert kpi([record], now=asked.now, clock="dispatched") == [line]


@given(histories, st.lists(st.integers(0, 30), max_size=3), questions)
def test_each_row_tells_its_incident(
    history: list[tuple[LedgerLine, str | None]], cuts: list[int], asked: Asked
) -> None:
    """Which incidents are meant, their outcomes and where the time went: as from the lines themselves."""
    books, meant = _books(history, cuts), _meant(history, asked)
    ids = []
    for columns in books.chunks:
        rows = books.rows(columns, asked)
        every = columns["received_us"] >= columns["received_us"] if rows is None else rows
        ids += incident_ids(columns, every.nonzero()[0])
        assert len(outcomes(columns, asked, rows)) == every.sum()
    assert ids == [line.recorded.incident_id for line in meant]
    outcomes_s = [outcome(_of(line, asked), asked.now, asked.clock) for line in meant]
    reached = sorted(one for one in outcomes_s if isinstance(one, float) and one < math.inf)
    found_s, unreached = responses_s(books, asked)
    assert sorted(found_s) == reached
    assert unreached == outcomes_s.count(math.inf)
    spread = parts(books, asked)
    for part in PARTS:
        known = sorted(
            seconds
            for line, one in zip(meant, outcomes_s, strict=True)
            if isinstance(one, float) and one < math.inf
            if (seconds := line.of(asked.figures)[1].parts[part]) is not None
        )
        assert (spread[part].n, spread[part].p50_s, spread[part].p90_s) == (
            len(known),
            percentile(known, len(known), 50),
            percentile(known, len(known), 90),
        )
        assert spread[part].mean_s == (pytest.approx(fmean(known)) if known else None)


@given(
    histories,
    st.lists(st.integers(0, 30), max_size=3),
    questions,
    st.sampled_from(get_args(ReviewState)),
    st.integers(1, 5),
)
def test_the_list_of_reviews_is_the_same_page_by_page(
    history: list[tuple[LedgerLine, str | None]], cuts: list[int], asked: Asked, state: ReviewState, limit: int
) -> None:
    """The newest first, each once, whatever is asked; and as many are open as the list has."""
    books, pages, last = _books(history, cuts), [], None
    while True:
        rows, more = page(books, asked, Pick(review=state), limit, last)
        pages.append([row.incident_id for row in rows])
        if not more:
            break
        last = rows[-1]
    meant = [line.recorded for line in _meant(history, asked) if line.review == state]
    meant.sort(key=lambda record: (record.received_at, record.incident_id), reverse=True)
    assert [one for some in pages for one in some] == [record.incident_id for record in meant]
    assert {len(some) for some in pages[:-1]} <= {limit}
    assert count_reviews(books, asked, state) == len(meant)


@given(histories, questions)
def test_a_review_is_counted_where_it_changes_a_figure(
    history: list[tuple[LedgerLine, str | None]], asked: Asked
) -> None:
    """Not where it confirms it; on the clock that is asked for."""
    changed = [
        line
        for line in _meant(history, asked)
        if verdict(line.recorded, asked.clock) != verdict(line.reviewed, asked.clock)
    ]
    books = _books(history, [])
    assert changed_by_review(books, asked) == len(changed)
    found = {is_changed: every(books, asked, Pick(changed=is_changed)) for is_changed in (True, False)}
    assert set(found[True]) == {line.recorded.incident_id for line in changed}
    assert len(found[True]) + len(found[False]) == len(_meant(history, asked))


@given(histories, questions)
def test_why_they_were_late_is_told_of_the_clock_that_is_asked(
    history: list[tuple[LedgerLine, str | None]], asked: Asked
) -> None:
    """Reasons with how many they are, whom the nearest free unit would have been in time for, and their rows."""
    late_ones = [
        line
        for line in _meant(history, asked)
        if isinstance(said := outcome(_of(line, asked), asked.now, asked.clock), float) and said > asked.target_s
    ]
    reason_of, free_of = f"late_reason_{asked.clock}", f"nearest_free_s_{asked.clock}"
    reasons = [getattr(_of(line, asked), reason_of) or "none" for line in late_ones]
    free_s = [getattr(line.of(asked.figures)[1], free_of) for line in late_ones]
    books = _books(history, [])
    found = late(books, asked)
    assert {one.reason: one.n for one in found} == Counter(reasons)
    assert sum(one.unknown for one in found) == free_s.count(None)
    # Columns hold four bytes of it: a thousandth of a second beside the line is nobody's.
    in_time = [one is not None and np.float32(one) <= asked.target_s for one in free_s]
    assert sum(one.in_time for one in found) == sum(in_time)
    rows = every(books, asked, Pick(outcome="late", nearest="in_time"))
    ids = [line.recorded.incident_id for line in late_ones]
    assert rows == [incident_id for incident_id, one in zip(ids, in_time, strict=True) if one]


@pytest.mark.parametrize("group_by", GROUPS)
@settings(max_examples=20)
@given(history=histories, cuts=st.lists(st.integers(0, 30), max_size=3), asked=questions)
def test_parts_by_group_are_the_parts_of_each_group(
    history: list[tuple[LedgerLine, str | None]], cuts: list[int], asked: Asked, group_by: GroupBy
) -> None:
    """In the order of the report; a group in which nobody was reached has none."""
    books = _books(history, cuts)
    report = groups(books, asked, group_by)
    found = dict(parts_by(books, asked, group_by))
    assert list(found) == [line.group for line in report if line.reached]
    whole = parts(books, asked)
    for part in PARTS:
        assert sum(spreads[part].n for spreads in found.values()) == whole[part].n
    if group_by in ("day", "month"):
        return  # these are periods, no filters
    for group, spreads in found.items():
        keys = {"weekday": group[0], "hour": group[2:]} if group_by == "weekday_hour" else {group_by: group}
        narrowed: dict[str, Any] = {member: frozenset([key]) for member, key in keys.items()}
        alone = parts(books, replace(asked, wanted=replace(asked.wanted, **narrowed)))
        for part in PARTS:
            mine, its = asdict(spreads[part]), asdict(alone[part])
            assert mine == its | {"mean_s": its["mean_s"] and pytest.approx(its["mean_s"])}


@given(histories, histories, st.data())
def test_an_amended_sheet_is_that_of_what_it_holds_now(
    history: list[tuple[LedgerLine, str | None]], news: list[tuple[LedgerLine, str | None]], data: st.DataObject
) -> None:
    """Some incidents taken out, some put in, with names that it had and names that it had not."""
    gone = {line.recorded.incident_id for line, _ in news}
    gone |= {line.recorded.incident_id for line, _ in history if data.draw(st.booleans())}
    left = [entry for entry in history if entry[0].recorded.incident_id not in gone]
    now = sorted(left + news, key=_place_in_sheet)
    found, whole = Names(), Names()
    got = found.joined([amended(_sheet(sorted(history, key=_place_in_sheet)), gone, _sheet(news))])
    expected = whole.joined([_sheet(now)])
    for name in LAYOUT.names or ():
        kind = next((kind for kind, columns in NAMED.items() if name in columns), None)
        told, meant = got[name], expected[name]
        if kind is None:
            np.testing.assert_array_equal(told, meant)
        else:
            assert [found.known()[kind][one] for one in told] == [whole.known()[kind][one] for one in meant]


def _place_in_sheet(entry: tuple[LedgerLine, str | None]) -> tuple[datetime, bytes]:
    return entry[0].recorded.received_at, entry[0].recorded.incident_id.bytes


def _sheet(entries: Sequence[tuple[LedgerLine, str | None]]) -> Sheet:
    return sheet_of([line for line, _ in entries], [place for _, place in entries])
