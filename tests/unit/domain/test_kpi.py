"""The ten-minute clock, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.kpi import (
    Clock,
    Exclusion,
    GroupBy,
    IncidentRecord,
    KpiGroup,
    cancelled_late,
    kpi,
    left_out,
    local_day,
)
from dispatch.domain.kpi_line import Course
from dispatch.domain.wilson import wilson

CALLED = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # a Monday, noon in Taipei
OPEN, CLOSED, CANCELLED, MERGED = IncidentState


def _record(
    arrived_s: float | None = None,
    dispatched_s: float | None = 60,
    called: datetime = CALLED,
    **members: Any,
) -> IncidentRecord:
    given: dict[str, Any] = {
        "incident_id": UUID(int=1),
        "number": "20261123-0001",
        "category": Category.TRAFFIC,
        "priority": Priority.URGENT,
        "received_at": called,
        "dispatched_at": None if dispatched_s is None else called + timedelta(seconds=dispatched_s),
        "on_scene_at": None if arrived_s is None else called + timedelta(seconds=arrived_s),
        **members,
    }
    return IncidentRecord(**given)


def _one(*records: IncidentRecord, asked_s: float = 3600, clock: Clock = "received") -> KpiGroup:
    (group,) = kpi(records, now=CALLED + timedelta(seconds=asked_s), clock=clock)
    return group


def _says(group: KpiGroup) -> tuple[int, int, int, dict[str, int]]:
    return group.measured, group.within_target, group.unreached, dict(group.excluded)


def test_nothing_yet() -> None:
    """Without incidents there is one group of zeros, and no group at all where groups were asked for."""
    assert kpi([], now=CALLED) == [
        KpiGroup("all", 0, 0, 0, None, None, None, None, None, None, reached=0, unreached=0, excluded={})
    ]
    assert kpi([], now=CALLED, group_by="day") == []


@pytest.mark.parametrize(("arrived_s", "within"), [(0, 1), (599.999, 1), (600, 1), (600.001, 0), (5000, 0)])
def test_the_target_is_600_s_to_the_end(arrived_s: float, within: int) -> None:
    """An arrival exactly 600 s after the call is in time, a millisecond later it isn't."""
    assert _says(_one(_record(arrived_s), asked_s=9000)) == (1, within, 0, {})


def test_the_two_clocks() -> None:
    """From dispatch the same arrival took less: late from the call, in time from the dispatch."""
    record = _record(650, dispatched_s=100)
    received, dispatched = _one(record), _one(record, clock="dispatched")
    assert (received.mean_s, received.within_target) == (650, 0)
    assert (dispatched.mean_s, dispatched.within_target) == (550, 1)


@pytest.mark.parametrize("clock", ["received", "dispatched"])
def test_who_was_there_before_took_no_time(clock: Clock) -> None:
    """An officer who was there before the call, or before being sent, took 0 s, never less."""
    group = _one(_record(-20, dispatched_s=10), clock=clock)
    assert (group.mean_s, group.p50_s, group.within_target) == (0, 0, 1)


@pytest.mark.parametrize(
    ("asked_s", "says"), [(0, (0, 0, 0, {"pending": 1})), (600, (0, 0, 0, {"pending": 1})), (600.001, (1, 0, 1, {}))]
)
def test_unreached_is_pending_and_then_late(asked_s: float, says: tuple[int, int, int, dict[str, int]]) -> None:
    """An open incident that nobody reached can't be judged up to its 600th second, and is late after it."""
    assert _says(_one(_record(None), asked_s=asked_s)) == says


def test_unreached_and_closed_is_late_at_once() -> None:
    """Closed without anybody there is late, however early it was closed."""
    assert _says(_one(_record(None, state=CLOSED), asked_s=30)) == (1, 0, 1, {})


def test_unreached_on_the_dispatched_clock() -> None:
    """Pending up to 600 s from the dispatch; where nobody was sent, up to 600 s from the call, then late."""
    assert _says(_one(_record(None, dispatched_s=100), asked_s=700, clock="dispatched"))[3] == {"pending": 1}
    assert _says(_one(_record(None, dispatched_s=100), asked_s=701, clock="dispatched")) == (1, 0, 1, {})
    assert _says(_one(_record(None, dispatched_s=None), asked_s=600, clock="dispatched"))[3] == {"pending": 1}
    assert _says(_one(_record(None, dispatched_s=None), asked_s=601, clock="dispatched")) == (1, 0, 1, {})
    assert _says(_one(_record(None, dispatched_s=None, state=CLOSED), asked_s=9, clock="dispatched")) == (1, 0, 1, {})


@pytest.mark.parametrize(("asked_s", "says"), [(600, (0, 0, 0, {"pending": 1})), (601, (1, 0, 1, {}))])
def test_who_was_sent_after_the_moment_of_asking_was_not_sent_yet(
    asked_s: float, says: tuple[int, int, int, dict[str, int]]
) -> None:
    """As of a moment before the first order, an open call is judged from its receipt: a report may look weeks back."""
    record = _record(None, dispatched_s=86_400)
    assert _says(_one(record, asked_s=asked_s, clock="dispatched")) == says
    assert _says(_one(record, asked_s=asked_s)) == says
    assert _says(_one(_record(None, dispatched_s=asked_s), asked_s=asked_s, clock="dispatched"))[3] == {"pending": 1}


def test_reached_without_a_known_dispatch() -> None:
    """Reached, but no dispatch on record: measured from the call, excluded by name from the dispatched clock."""
    record = _record(300, dispatched_s=None)
    assert _says(_one(record)) == (1, 1, 0, {})
    assert _says(_one(record, clock="dispatched")) == (0, 0, 0, {"no_start": 1})


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"state": CANCELLED}, (0, 0, 0, {"cancelled": 1})),
        ({"exclusion": Exclusion.CANCELLED, "state": CLOSED}, (0, 0, 0, {"cancelled": 1})),
        ({"arrived_s": 200, "state": CANCELLED}, (1, 1, 0, {})),
        ({"arrived_s": 700, "state": CANCELLED, "exclusion": Exclusion.CANCELLED}, (1, 0, 0, {})),
    ],
)
def test_cancelled(members: dict[str, Any], says: tuple[int, int, int, dict[str, int]]) -> None:
    """Cancelled before anybody arrived is excluded; cancelled after the arrival is measured, in time or late."""
    assert _says(_one(_record(**members))) == says


@pytest.mark.parametrize(
    ("ended_s", "members", "is_so"),
    [
        (2400, {}, True),
        (600.001, {}, True),
        (600, {}, False),
        (None, {}, False),
        (2400, {"arrived_s": 700}, False),
        (2400, {"state": CLOSED}, False),
        (2400, {"state": CLOSED, "exclusion": Exclusion.CANCELLED}, False),
        (2400, {"state": MERGED}, False),
        (2400, {"exclusion": Exclusion.TEST}, False),
        (2400, {"exclusion": Exclusion.CANCELLED}, True),
    ],
)
def test_cancelled_when_it_was_late_already(ended_s: float | None, members: dict[str, Any], is_so: bool) -> None:
    """By its receipt, to the last instant of the tenth minute; only what a cancellation alone leaves out."""
    ended_at = None if ended_s is None else CALLED + timedelta(seconds=ended_s)
    record = _record(**{"state": CANCELLED, "ended_at": ended_at, **members})
    assert cancelled_late(record) == is_so
    assert left_out(record) == (Exclusion.CANCELLED if is_so else record.exclusion)


@pytest.mark.parametrize("exclusion", ["duplicate", "officer_initiated", "scheduled", "test"])
@pytest.mark.parametrize("arrived_s", [None, 200])
def test_excluded_by_reason(exclusion: str, arrived_s: float | None) -> None:
    """The other reasons exclude an incident, reached or not, and count it under their name."""
    assert _says(_one(_record(arrived_s, exclusion=Exclusion(exclusion)))) == (0, 0, 0, {exclusion: 1})


def test_merged_is_a_duplicate() -> None:
    """An incident merged into another counts as a duplicate, even where a unit had reached it."""
    assert _says(_one(_record(200, state=MERGED))) == (0, 0, 0, {"duplicate": 1})


def test_percentiles_against_numpy() -> None:
    """Over reached incidents p50 and p90 are numpy's linear percentiles, for every n up to 60."""
    dice = np.random.default_rng(4)
    for n in range(1, 61):
        times_s = dice.uniform(30, 1500, n).round(3)
        group = _one(*[_record(float(seconds)) for seconds in times_s])
        assert group.p50_s == pytest.approx(np.percentile(times_s, 50), abs=1e-5)
        assert group.p90_s == pytest.approx(np.percentile(times_s, 90), abs=1e-5)
        assert group.mean_s == pytest.approx(times_s.mean(), abs=1e-5)


def test_unreached_ranks_last() -> None:
    """An unreached incident is infinitely late: a percentile that falls on one, or towards one, has no number."""
    reached = [_record(float(seconds)) for seconds in range(100, 1000, 100)]
    nobody = _record(None)
    ten = _one(*reached, nobody)
    assert (ten.p50_s, ten.p90_s) == (550, None)
    eleven = _one(*reached, _record(1000.0), nobody)
    assert (eleven.p50_s, eleven.p90_s, eleven.mean_s) == (600, 1000, 550)
    mostly = _one(_record(100.0), nobody, nobody)
    assert (mostly.p50_s, mostly.p90_s, mostly.mean_s) == (None, None, 100)
    none_at_all = _one(nobody)
    assert (none_at_all.share, none_at_all.p50_s, none_at_all.mean_s) == (0, None, None)


def test_exact_ranks_need_no_neighbour() -> None:
    """Where 90 % falls on a reached incident exactly, an unreached one next to it changes nothing, for any n."""
    for tens in range(1, 40):
        n = 10 * tens + 1
        last = 9 * tens
        group = _one(*[_record(float(rank)) for rank in range(last + 1)], *[_record(None)] * (n - last - 1))
        assert group.p90_s == last


def test_share_with_its_interval() -> None:
    """The share is of the measured ones, unreached included, beside its Wilson interval and counts."""
    group = _one(*[_record(300.0)] * 7, *[_record(700.0)] * 2, _record(None), _record(None, state=CANCELLED))
    assert (group.incidents, group.measured, group.within_target) == (11, 10, 7)
    assert (group.reached, group.unreached) == (9, 1)
    assert group.share == 0.7
    assert (group.share_low, group.share_high) == wilson(7, 10)


@pytest.mark.parametrize(
    ("group_by", "keys"),
    [
        ("day", ["2026-11-23", "2026-11-24", "2026-12-01"]),
        ("month", ["2026-11", "2026-12"]),
        ("hour", ["00", "12", "23"]),
        ("weekday", ["1", "2"]),
        ("precinct", ["第一分局", "第二分局", "unknown"]),
        ("station", ["北鎮", "unknown"]),
        ("priority", ["1", "2"]),
        ("category", ["criminal", "traffic"]),
    ],
)
def test_groups(group_by: GroupBy, keys: list[str]) -> None:
    """Groups go by Taipei's wall clock or by the member, in order, those without a key last; none is lost."""
    records = [
        _record(100.0, precinct="第二分局", station="北鎮"),
        _record(100.0, called=datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC), precinct="第一分局"),
        _record(100.0, called=datetime(2026, 11, 23, 16, 0, tzinfo=UTC), category=Category.CRIMINAL),
        _record(None, called=datetime(2026, 11, 30, 16, 0, tzinfo=UTC), priority=Priority.IMMEDIATE),
    ]
    groups = kpi(records, now=datetime(2026, 12, 31, tzinfo=UTC), group_by=group_by)
    assert [group.group for group in groups] == keys
    assert sum(group.incidents for group in groups) == 4


def test_each_clock_has_its_own_reasons() -> None:
    """What is late from receipt alone has no reason from dispatch."""
    record = _record(650, dispatched_s=100, late_reason_received="late_dispatch")
    both = replace(record, late_reason_dispatched="too_far")
    clocks: tuple[Clock, ...] = ("received", "dispatched")
    found = {clock: kpi([record, both], now=CALLED, clock=clock, group_by="late_reason") for clock in clocks}
    assert {clock: [group.group for group in groups] for clock, groups in found.items()} == {
        "received": ["late_dispatch"],
        "dispatched": ["none", "too_far"],
    }
    assert [both.late_reason(clock) for clock in clocks] == ["late_dispatch", "too_far"]
    course = Course(nearest_free_s_received=650.0, nearest_free_s_dispatched=350.0)
    assert [course.nearest_free_s(clock) for clock in clocks] == [650, 350]


def test_another_zone_another_day() -> None:
    """The same call belongs to the day that the wall clock of the given zone shows."""
    (group,) = kpi([_record(9.0)], now=CALLED, group_by="day", zone=ZoneInfo("America/Los_Angeles"))
    assert group.group == "2026-11-22"


def test_another_target() -> None:
    """The target is a parameter: eight minutes make a nine-minute response late, and an open one judged earlier."""
    (group,) = kpi([_record(540.0), _record(None)], now=CALLED + timedelta(seconds=481), target_s=480)
    assert _says(group) == (2, 0, 1, {})


@pytest.mark.parametrize("member", ["received_at", "dispatched_at", "on_scene_at", "ended_at"])
def test_only_utc(member: str) -> None:
    """A time without a zone, or a moment of asking without one, is refused by name."""
    naive = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001
    changed: dict[str, Any] = {member: naive}
    with pytest.raises(ValueError, match=f"{member} must be in UTC"):
        replace(_record(100.0), **changed)
    with pytest.raises(ValueError, match="now must be in UTC"):
        kpi([], now=naive)


def test_a_call_is_of_the_day_in_taipei() -> None:
    """Midnight there is 16:00 UTC."""
    midnight = datetime(2026, 11, 25, 16, tzinfo=UTC)
    assert (local_day(midnight - timedelta(seconds=1)), local_day(midnight)) == (date(2026, 11, 25), date(2026, 11, 26))
