"""Laws of the reasons for being late, for any incident that can be on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.stretches import Stretch
from dispatch.domain.why_late import DEFAULT_NORMS, LateCase, LateReason, Step, from_dispatch, promised_s, why_late

CALLED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
STEPS = ("created_at", "dispatched_at", "acknowledged_at", "en_route_at", "on_scene_at")
LOST = (Step.WAITING, Step.UNTAKEN, Step.STANDING)


def at(seconds: float) -> datetime:
    """So long after the call."""
    return CALLED + timedelta(seconds=seconds)


moments = st.integers(-100, 3000).map(at)
stretches: st.SearchStrategy[list[Stretch]] = st.lists(st.tuples(moments, moments), max_size=4)
any_case = st.builds(
    LateCase,
    received_at=st.just(CALLED),
    created_at=st.none() | moments,
    dispatched_at=st.none() | moments,
    acknowledged_at=st.none() | moments,
    en_route_at=st.none() | moments,
    on_scene_at=st.none() | moments,
    eta_s=st.none() | st.integers(0, 2000).map(float),
    ever_sent=st.booleans(),
    nobody_free=stretches,
    untaken=stretches,
    stood=stretches,
    place_moved_m=st.sampled_from([0.0, 50.0, 500.0]),
    free_eta_s=st.none() | st.integers(0, 2000).map(float),
    candidates_kept=st.booleans(),
    first_sent_at=st.none() | moments,
)
late = any_case.filter(lambda case: case.on_scene_at is not None and case.on_scene_at > at(600))
in_order = st.builds(
    lambda steps, case: replace(
        case,
        created_at=at(sum(steps[:1])),
        dispatched_at=at(sum(steps[:2])),
        acknowledged_at=at(sum(steps[:3])),
        en_route_at=at(sum(steps[:4])),
        on_scene_at=at(601 + sum(steps)),
        eta_s=case.eta_s or 300.0,
    ),
    st.lists(st.integers(0, 600), min_size=5, max_size=5),
    any_case,
)


@given(any_case)
def test_parts_add_up_to_the_response(case: LateCase) -> None:
    """Each second belongs to one part, none is negative, and each step is named at most once."""
    parts = why_late(case).parts
    if case.on_scene_at is None:
        assert parts == ()
        return
    response_s = max(0.0, (case.on_scene_at - CALLED).total_seconds())
    assert sum(part.seconds for part in parts) == pytest.approx(response_s, abs=1e-6)
    assert all(part.seconds >= 0 for part in parts)
    named = [step for part in parts for step in part.steps]
    assert len(named) == len(set(named))
    assert {step for step in named if step not in LOST} == set(Step) - set(LOST)


@given(late)
def test_all_excesses_together_are_how_late_it_was(case: LateCase) -> None:
    """So that the largest of them is over nought: every late incident has a reason, and the reason a size."""
    why = why_late(case)
    assert case.on_scene_at is not None
    beyond_s = promised_s(case) - DEFAULT_NORMS.way_s
    too_late_s = (case.on_scene_at - CALLED).total_seconds() - DEFAULT_NORMS.target_s
    assert sum(part.excess_s for part in why.parts) + beyond_s == pytest.approx(too_late_s, abs=1e-6)
    assert why.excess_s is not None
    assert why.excess_s == pytest.approx(max(beyond_s, *(part.excess_s for part in why.parts)), abs=1e-6)
    assert why.reason is not LateReason.NOBODY_CAME


@given(any_case, st.integers(601, 3000))
def test_from_dispatch_all_excesses_together_are_how_late_it_was_too(case: LateCase, took_s: int) -> None:
    """Over the seconds from the first order on; what was before it is never the reason."""
    begin = case.first_sent_at or CALLED
    case = replace(case, on_scene_at=begin + timedelta(seconds=took_s))
    why, norms = why_late(case, "dispatched"), replace(DEFAULT_NORMS, entry_s=0, dispatch_s=0)
    beyond_s = promised_s(from_dispatch(case), norms) - norms.way_s
    assert sum(part.seconds for part in why.parts) == pytest.approx(took_s, abs=1e-6)
    assert sum(part.excess_s for part in why.parts) + beyond_s == pytest.approx(took_s - 600, abs=1e-6)
    assert why.excess_s is not None
    assert why.reason not in {LateReason.LATE_ENTRY, LateReason.NOBODY_CAME}
    if why.nearest_free_s is not None:
        assert why.nearest_free_s == case.free_eta_s


@given(in_order)
def test_from_dispatch_a_single_order_leaves_nothing_to_dispatch(case: LateCase) -> None:
    """Nor does anybody wait, nor lie an order with another crew; what is not recorded aside."""
    reason = why_late(replace(case, first_sent_at=case.dispatched_at), "dispatched").reason
    assert reason not in {LateReason.LATE_ENTRY, LateReason.LATE_DISPATCH, LateReason.NO_UNIT_FREE, LateReason.UNKNOWN}


@given(in_order, st.floats(0, 10_000))
def test_no_way_within_its_norm_was_too_far(case: LateCase, eta_s: float) -> None:
    """However wrong its ETA was: a unit that was there seven minutes after it set off was near enough."""
    assert case.en_route_at is not None
    for way_s in (0, 200, DEFAULT_NORMS.way_s):
        there = replace(case, eta_s=eta_s, on_scene_at=case.en_route_at + timedelta(seconds=way_s), place_moved_m=0.0)
        assert why_late(there).reason is not LateReason.TOO_FAR


@given(in_order, st.floats(0, 10_000))
def test_an_eta_that_was_too_long_hides_nothing(case: LateCase, more_s: float) -> None:
    """Longer than what the way took or still longer: the same reason, with the same excess."""
    assert case.en_route_at is not None and case.on_scene_at is not None  # noqa: PT018 - for the types
    took_s = (case.on_scene_at - case.en_route_at).total_seconds()
    plain = replace(case, place_moved_m=0.0, eta_s=took_s)
    assert why_late(replace(plain, eta_s=took_s + more_s)) == why_late(plain)


@given(in_order)
def test_with_every_step_on_record_the_reason_is_known(case: LateCase) -> None:
    """Unknown is said of nothing but what was not recorded."""
    assert why_late(case).reason not in {LateReason.UNKNOWN, LateReason.NOBODY_CAME}


@given(any_case, st.integers(0, 2**32).map(Random))
def test_the_order_of_what_was_lost_means_nothing(case: LateCase, dice: Random) -> None:
    """Nor does it matter in how many pieces, or how often, a stretch was told."""

    def told_otherwise(given: list[Stretch]) -> list[Stretch]:
        pieces = [*given, *given[:1]]
        for begin, end in given:
            middle = begin + (end - begin) / 2
            pieces += [(begin, middle), (middle, end)]
        dice.shuffle(pieces)
        return pieces

    other = replace(
        case,
        nobody_free=told_otherwise(list(case.nobody_free)),
        untaken=told_otherwise(list(case.untaken)),
        stood=told_otherwise(list(case.stood)),
    )
    assert why_late(other) == why_late(case)


@given(any_case, st.integers(1, 10**6))
def test_the_hour_means_nothing(case: LateCase, seconds: int) -> None:
    """The same course at another hour has the same reason and the same parts."""
    by = timedelta(seconds=seconds)

    def moved(of: datetime | None) -> datetime | None:
        return None if of is None else of + by

    members: dict[str, Any] = {"received_at": case.received_at + by}
    members |= {name: moved(getattr(case, name)) for name in STEPS}
    members["first_sent_at"] = moved(case.first_sent_at)
    for name in ("nobody_free", "untaken", "stood"):
        members[name] = [(begin + by, end + by) for begin, end in getattr(case, name)]
    assert why_late(replace(case, **members)) == why_late(case)
    assert why_late(replace(case, **members), "dispatched") == why_late(case, "dispatched")


@given(in_order, st.integers(0, 4), st.integers(0, 1000))
def test_what_is_the_reason_stays_it_when_it_grows(case: LateCase, step: int, seconds: int) -> None:
    """More of the same, everything after it later: the same reason with so much more excess; others never take over."""
    plain = replace(case, nobody_free=(), untaken=(), stood=(), place_moved_m=0.0)
    by = timedelta(seconds=seconds)
    longer = replace(plain, **{name: getattr(plain, name) + by for name in STEPS[step:]})
    of_step = (
        LateReason.LATE_ENTRY,
        LateReason.LATE_DISPATCH,
        LateReason.LATE_ACKNOWLEDGEMENT,
        LateReason.TURNOUT,
        LateReason.TRAVEL_LONGER_THAN_ETA,
    )[step]
    before, after = why_late(plain), why_late(longer)
    # A longer way may also have been too far: its ETA counts at most as what it took.
    assert after.reason in {before.reason, of_step} | ({LateReason.TOO_FAR} if step == 4 else set())
    if before.reason is of_step:
        assert before.excess_s is not None
        assert after.excess_s == pytest.approx(before.excess_s + seconds)
