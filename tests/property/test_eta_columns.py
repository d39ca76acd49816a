"""What ETA figures say from columns is what the journeys themselves say: any history, any question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.domain.eta_columns import ETA_GROUPS, EtaGroupBy, EtaNames, Journeys
from dispatch.domain.eta_sums import EtaBooks, EtaFigure, eta_groups, journey_ids
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_columns import NEVER, to_us
from dispatch.domain.kpi_filter import KpiFilter
from dispatch.domain.kpi_line import LedgerLine
from tests.property.test_kpi_columns import _admits, _books, histories, questions

MIDNIGHT = datetime(2026, 10, 30, 16, tzinfo=UTC)
US = timedelta(microseconds=1)
Placed = tuple[LedgerLine, str | None]


@dataclass(frozen=True)
class Journey:
    """An assignment that arrived and had an ETA."""

    assignment_id: UUID
    incident_id: UUID
    sent_at: datetime
    began_at: datetime | None
    there_at: datetime
    eta_s: float
    groups: dict[EtaGroupBy, str]

    @property
    def way_us(self) -> int | None:
        """The way alone; None where nobody said when it began, or said it after the arrival."""
        if self.began_at is None or self.began_at > self.there_at:
            return None
        return (self.there_at - self.began_at) // US


BEGINNINGS = st.sampled_from([timedelta(0), timedelta(hours=7)]) | st.timedeltas(timedelta(0), timedelta(days=4))
TURNOUTS = st.none() | st.integers(-60, 5_000).map(lambda s: timedelta(seconds=s)) | st.just(timedelta(hours=9))
ARRIVALS = (st.integers(0, 2_000_000_000) | st.just(0)).map(lambda us: timedelta(microseconds=us))
FORETOLD_S = st.integers(0, 900).map(float) | st.integers(0, 10**9).map(lambda us: us / 10**6) | st.just(0.001)
IN_GROUPS = st.fixed_dictionaries(dict.fromkeys(ETA_GROUPS, st.sampled_from(["a", "b", "c"])))
UUIDS = st.uuids()
TENTHS = st.integers(0, 9)


@st.composite
def journeys(draw: st.DrawFn, of: st.SearchStrategy[UUID]) -> Journey:
    """Of one of these incidents or of another; a few are ordered at one moment."""
    sent_at, turnout = MIDNIGHT + draw(BEGINNINGS), draw(TURNOUTS)
    return Journey(
        draw(UUIDS),
        draw(of) if draw(TENTHS) else UUID(int=0),
        sent_at,
        None if turnout is None else sent_at + turnout,
        sent_at + draw(ARRIVALS),
        draw(FORETOLD_S),
        draw(IN_GROUPS),
    )


pasts = histories.flatmap(
    lambda history: st.tuples(
        st.just(history),
        st.lists(
            journeys(st.sampled_from([line.recorded.incident_id for line, _ in history]) if history else UUIDS),
            max_size=30,
            unique_by=lambda j: j.assignment_id,
        ),
    )
)
cuts = st.lists(st.integers(0, 30), max_size=3)


def _sixteen(ids: Sequence[UUID]) -> Any:
    return np.array([list(one.bytes) for one in ids], np.uint8).reshape(-1, 16)


def packed(some: Sequence[Journey]) -> Journeys:
    """As they come from the tables."""
    return Journeys(
        assignment_id=_sixteen([one.assignment_id for one in some]),
        incident_id=_sixteen([one.incident_id for one in some]),
        sent_us=np.array([to_us(one.sent_at) for one in some], np.int64),
        began_us=np.array([NEVER if one.began_at is None else to_us(one.began_at) for one in some], np.int64),
        there_us=np.array([to_us(one.there_at) for one in some], np.int64),
        eta_s=np.array([one.eta_s for one in some], np.float64),
        groups={group: [one.groups[group] for one in some] for group in ETA_GROUPS},
    )


def books_of(history: Sequence[Placed], some: Sequence[Journey], cut_at: Sequence[int]) -> EtaBooks:
    """Each chunk is told all journeys, and takes those of its own incidents."""
    books, names = _books(history, cut_at), EtaNames()
    chunks = [names.joined(packed(some), one) for one in books.chunks]
    return EtaBooks(books, chunks, names.known())


def meant(history: Sequence[Placed], some: Sequence[Journey], asked: Asked) -> list[Journey]:
    """By the filter in plain words."""
    ids = {line.recorded.incident_id for line, _ in history if _admits(asked, line.of(asked.figures)[0])}
    return [one for one in some if one.incident_id in ids]


def by_hand(group: str, mine: Sequence[Journey]) -> EtaFigure:
    """By numpy, over all values sorted."""

    def of(values: Sequence[float], percent: int = 50) -> Any:
        return pytest.approx(np.percentile(values, percent), abs=2e-6, rel=1e-6) if values else None

    def mean_of(values: Sequence[float]) -> Any:
        return pytest.approx(np.mean(values), abs=2e-6) if values else None

    ways = [(one.way_us / 1e6, one.eta_s) for one in mine if one.way_us is not None]
    ratios = [way / eta_s for way, eta_s in ways if eta_s > 0]
    return EtaFigure(
        group=group,
        n=len(ways),
        bias_s=of([way - eta_s for way, eta_s in ways]),
        ratio_p10=of(ratios, 10),
        ratio_p50=of(ratios, 50),
        ratio_p90=of(ratios, 90),
        mae_s=mean_of([abs(way - eta_s) for way, eta_s in ways]),
        turnout_p50_s=of([(one.began_at - one.sent_at) / US / 1e6 for one in mine if one.began_at is not None]),
        from_order_n=len(mine),
        from_order_bias_s=of([(one.there_at - one.sent_at) / US / 1e6 - one.eta_s for one in mine]),
    )


@pytest.mark.parametrize("group_by", [None, *ETA_GROUPS])
@settings(max_examples=30)
@given(past=pasts, cut_at=cuts, asked=questions)
def test_the_figures_are_those_of_the_journeys(
    past: tuple[list[Placed], list[Journey]], cut_at: list[int], asked: Asked, group_by: EtaGroupBy | None
) -> None:
    """However it is cut into chunks, whatever is asked; and the lists have exactly the journeys that are counted."""
    history, some = past
    found = eta_groups(books_of(history, some, cut_at), asked, group_by)
    of: Callable[[Journey], str] = (lambda one: one.groups[group_by]) if group_by else (lambda _: "all")
    groups: dict[str, list[Journey]] = {}
    for one in meant(history, some, asked):
        groups.setdefault(of(one), []).append(one)
    assert sorted(found, key=lambda one: one.group) == [by_hand(name, groups[name]) for name in sorted(groups)]


@settings(max_examples=50)
@given(
    pasts, cuts, questions, st.none() | st.tuples(st.sampled_from(ETA_GROUPS), st.sampled_from("abx")), st.booleans()
)
def test_pages_hold_the_journeys_behind_a_figure(
    past: tuple[list[Placed], list[Journey]],
    cut_at: list[int],
    asked: Asked,
    group: tuple[EtaGroupBy, str] | None,
    with_way: bool,
) -> None:
    """In pages of any size: each once, the newest order first, of one moment by id."""
    history, some = past
    expected = sorted(
        (
            (to_us(one.sent_at), one.assignment_id)
            for one in meant(history, some, asked)
            if group is None or one.groups[group[0]] == group[1]
            if one.way_us is not None or not with_way
        ),
        reverse=True,
    )
    books, sent = books_of(history, some, cut_at), {one.assignment_id: to_us(one.sent_at) for one in some}
    for limit in (1, 3, 50):
        listed: list[tuple[int, UUID]] = []
        while len(listed) <= len(expected):
            last = listed[-1] if listed else None
            ids = journey_ids(books, asked, group, with_way=with_way, before=last, limit=limit)
            listed += [(sent[one], one) for one in ids]
            if len(ids) < limit:
                break
        assert listed == expected


def test_many_journeys_over_many_months() -> None:
    """Thousands, some ordered at one moment, and orders of one month among those of another: lists and figures."""
    rng, start = np.random.default_rng(6), to_us(MIDNIGHT)
    counts, chunks, names = (700, 900, 1_100), [], EtaNames()
    every: list[tuple[int, UUID]] = []
    columns_of: list[dict[str, Any]] = []
    off_us: list[int] = []
    of_hour_a: list[UUID] = []
    for number, n in enumerate(counts):
        incident_id = rng.integers(0, 256, (n, 16), np.uint8)
        incident_id[:, -3:] = 0
        columns_of.append({"incident_id": incident_id, "received_us": start + number * n + np.arange(n)})
        assignment_id = rng.integers(0, 256, (n, 16), np.uint8)
        sent_us = start + number * 40 + rng.integers(0, 100, n)
        began_us = sent_us + 10_000_000
        there_us, eta_s = began_us + rng.integers(0, 1800 * 10**6, n), rng.integers(0, 1800, n).astype(np.float64)
        if number == 0:
            eta_s[:3] = 0
        groups: dict[EtaGroupBy, list[str]] = {group: rng.choice(["a", "b"], n).tolist() for group in ETA_GROUPS}
        groups["unit_type"] = [f"of month {number}"] * n
        journeys_ = Journeys(
            assignment_id=assignment_id,
            incident_id=rng.permutation(incident_id),
            sent_us=sent_us,
            began_us=began_us,
            there_us=there_us,
            eta_s=eta_s,
            groups=groups,
        )
        chunks.append(names.joined(journeys_, columns_of[-1]))
        of_hour_a += [
            UUID(bytes=bytes(one)) for one, hour in zip(assignment_id, groups["hour"], strict=True) if hour == "a"
        ]
        every += [(at, UUID(bytes=bytes(one))) for at, one in zip(sent_us.tolist(), assignment_id, strict=True)]
        off_us += (there_us - began_us - (eta_s * 1e6).astype(np.int64)).tolist()
        assert sorted(chunks[-1]["row"]) == list(range(n))
    books, asked = EtaBooks(Books(columns_of, {}, {}), chunks, names.known()), Asked(MIDNIGHT)
    listed: list[tuple[int, UUID]] = []
    sent = {one: at for at, one in every}
    while ids := journey_ids(books, asked, None, with_way=False, before=listed[-1] if listed else None, limit=97):
        listed += [(sent[one], one) for one in ids]
    assert listed == sorted(every, reverse=True)
    assert journey_ids(books, asked, ("hour", "x"), with_way=True, before=None, limit=97) == []
    assert set(journey_ids(books, asked, ("hour", "a"), with_way=True, before=None, limit=9_999)) == set(of_hour_a)
    assert sum(one.n for one in eta_groups(books, asked, "hour")) == sum(counts)
    first = replace(asked, wanted=KpiFilter(end=MIDNIGHT + counts[0] * US))
    assert [(one.group, one.n) for one in eta_groups(books, first, "unit_type")] == [("of month 0", counts[0])]
    (found,) = eta_groups(books, asked)
    assert found.bias_s == pytest.approx(np.median(off_us) / 1e6, abs=1e-6)
    assert found.mae_s == pytest.approx(np.abs(off_us).mean() / 1e6)


def test_a_way_of_which_nobody_knows_the_begin() -> None:
    """It counts from the order alone; so does one whose begin was said after the arrival."""
    incident, names = UUID(int=7), EtaNames()
    columns: Any = {"incident_id": _sixteen([incident]), "received_us": np.array([to_us(MIDNIGHT)])}

    def told(number: int, began_s: int | None) -> Journey:
        began_at = None if began_s is None else MIDNIGHT + timedelta(seconds=began_s)
        there_at = MIDNIGHT + timedelta(seconds=300)
        return Journey(UUID(int=number), incident, MIDNIGHT, began_at, there_at, 200.0, dict.fromkeys(ETA_GROUPS, "a"))

    some = [told(1, 60), told(2, None), told(3, 400)]
    books = EtaBooks(Books([columns], {}, {}), [names.joined(packed(some), columns)], names.known())
    assert eta_groups(books, Asked(MIDNIGHT)) == [by_hand("all", some)]
    assert eta_groups(books, Asked(MIDNIGHT))[0].n == 1
