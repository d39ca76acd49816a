"""Laws of the ten-minute clock, for any set of incidents."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.kpi import Clock, Exclusion, GroupBy, IncidentRecord, kpi

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
GIVEN = [e for e in Exclusion if e not in {Exclusion.PENDING, Exclusion.NO_START}]


def _after(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


records = st.builds(
    IncidentRecord,
    incident_id=st.uuids(),
    number=st.just("20261123-0001"),
    category=st.sampled_from(Category),
    priority=st.sampled_from(Priority),
    received_at=st.integers(0, 3 * 86_400).map(_after),
    precinct=st.none() | st.sampled_from(["第一分局", "第二分局"]),
    station=st.none() | st.sampled_from(["北興", "後湖"]),
    dispatched_at=st.none() | st.integers(0, 3 * 86_400).map(_after),
    on_scene_at=st.none() | st.integers(0, 3 * 86_400).map(_after),
    state=st.sampled_from(IncidentState),
    exclusion=st.sampled_from([None, None, None, *GIVEN]),
)
days = st.lists(records, max_size=40)
moments = st.integers(0, 4 * 86_400).map(_after)
clocks: st.SearchStrategy[Clock] = st.sampled_from(["received", "dispatched"])
nouns: st.SearchStrategy[GroupBy] = st.sampled_from(
    ["day", "month", "hour", "weekday", "precinct", "station", "priority", "category"]
)


@given(days, moments, clocks, st.none() | nouns)
def test_nothing_falls_out_of_sight(
    day: list[IncidentRecord], now: datetime, clock: Clock, group_by: GroupBy | None
) -> None:
    """In every group measured and excluded make up the incidents, and figures agree with each other."""
    for group in kpi(day, now=now, clock=clock, group_by=group_by):
        assert group.measured + sum(group.excluded.values()) == group.incidents
        assert group.reached + group.unreached == group.measured
        assert 0 <= group.within_target <= group.reached
        assert all(count > 0 for count in group.excluded.values())
        assert (group.share is None) == (group.share_low is None) == (group.share_high is None) == (group.measured == 0)
        if group.share is not None and group.share_low is not None and group.share_high is not None:
            assert 0 <= group.share_low <= group.share <= group.share_high <= 1
        if group.p90_s is not None:
            assert group.p50_s is not None
            assert 0 <= group.p50_s <= group.p90_s


@given(days, moments, clocks, nouns)
def test_groups_add_up_to_the_whole(day: list[IncidentRecord], now: datetime, clock: Clock, group_by: GroupBy) -> None:
    """Every count of the whole is the sum over its groups, whatever they are grouped by; keys come once, in order."""
    (whole,) = kpi(day, now=now, clock=clock)
    groups = kpi(day, now=now, clock=clock, group_by=group_by)
    for count in ("incidents", "measured", "within_target", "reached", "unreached"):
        assert sum(getattr(group, count) for group in groups) == getattr(whole, count)
    assert sum((Counter(group.excluded) for group in groups), Counter()) == whole.excluded
    keys = [group.group for group in groups if group.group != "unknown"]
    assert keys == sorted(set(keys))


@given(days, moments, clocks, st.integers(0, 2**32).map(Random))
def test_the_order_of_incidents_means_nothing(
    day: list[IncidentRecord], now: datetime, clock: Clock, dice: Random
) -> None:
    """The same incidents in another order give the same report, to the last digit."""
    shuffled = list(day)
    dice.shuffle(shuffled)
    assert kpi(shuffled, now=now, clock=clock) == kpi(day, now=now, clock=clock)


@given(days, moments, moments, clocks)
def test_waiting_only_ever_makes_late(day: list[IncidentRecord], now: datetime, then: datetime, clock: Clock) -> None:
    """As time goes by with nothing done, pending incidents become late ones, and nothing else changes."""
    (early,), (later,) = (kpi(day, now=moment, clock=clock) for moment in sorted((now, then)))
    was, will_be = early.excluded.get("pending", 0), later.excluded.get("pending", 0)
    assert later.unreached - early.unreached == was - will_be >= 0
    assert (later.reached, later.within_target, later.mean_s) == (early.reached, early.within_target, early.mean_s)


@given(st.lists(st.integers(0, 2000), max_size=60), st.integers(0, 30))
def test_percentiles_with_unreached_ones(times_s: list[int], unreached: int) -> None:
    """Numpy's percentiles, with 30 years for each unreached one, are ours, or ours is None."""
    far_s = 1e9
    day = [_reached(seconds) for seconds in times_s] + [_reached(None)] * unreached
    (group,) = kpi(day, now=_after(4 * 86_400))
    for percent, ours in ((50, group.p50_s), (90, group.p90_s)):
        values = [*times_s, *[far_s] * unreached]
        reference = float(np.percentile(values, percent)) if values else math.inf
        if reference > far_s / 1000:
            assert ours is None
        else:
            assert ours == pytest.approx(reference, abs=1e-3)


def _reached(seconds: int | None) -> IncidentRecord:
    return IncidentRecord(
        incident_id=UUID(int=1),
        number="20261123-0001",
        category=Category.OTHER,
        priority=Priority.LOW,
        received_at=MIDNIGHT,
        dispatched_at=MIDNIGHT,
        on_scene_at=None if seconds is None else _after(seconds),
    )
