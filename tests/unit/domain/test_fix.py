"""Position reports: forward only, ageing, and a track in order whatever order it came in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.fix import Fix, Staleness, age_s, in_order, is_newer, staleness
from dispatch.domain.geometry import Position

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HERE = Position(23.48, 120.45)


def _at(second: float, **members: float) -> Fix:
    return Fix(NOON + timedelta(seconds=second), HERE, **members)


@pytest.mark.parametrize("at", [datetime(2026, 11, 23, 12, 0), NOON.astimezone(timezone(timedelta(hours=8)))])  # noqa: DTZ001
def test_only_utc(at: datetime) -> None:
    """A time without a zone, or in another one, is refused with the member's name."""
    with pytest.raises(ValueError, match="fixed_at must be in UTC"):
        Fix(at, HERE)


def test_the_live_position_moves_forward_only() -> None:
    """The first fix is live, a later one replaces it, a late or repeated one doesn't."""
    assert is_newer(_at(0), None)
    assert is_newer(_at(1), _at(0))
    assert not is_newer(_at(0), _at(0))
    assert not is_newer(_at(-1), _at(0))


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (-2, Staleness.FRESH),
        (0, Staleness.FRESH),
        (30, Staleness.FRESH),
        (30.1, Staleness.STALE),
        (300, Staleness.STALE),
        (300.1, Staleness.LOST),
    ],
)
def test_staleness(age: float, expected: Staleness) -> None:
    """A position is stale past 30 s and lost past 300 s; one from a clock slightly ahead is fresh, never of age < 0."""
    fix = _at(0)
    now = NOON + timedelta(seconds=age)
    assert staleness(fix, now) is expected
    assert age_s(fix, now) == max(0, age)


def test_of_two_fixes_of_one_instant_the_better_stays() -> None:
    """At one instant a stated accuracy beats none, and a better one a worse one."""
    vague, coarse, fine = _at(0), _at(0, accuracy_m=20), _at(0, accuracy_m=5)
    assert in_order([vague, coarse, fine, coarse]) == [fine]
    assert in_order([coarse, vague]) == [coarse]


optional = st.none() | st.sampled_from([0.0, 1.0, 40.0])
fixes = st.builds(
    Fix,
    fixed_at=st.integers(0, 6).map(lambda second: NOON + timedelta(seconds=second)),
    position=st.sampled_from([HERE, Position(23.481, 120.45), Position(23.48, 120.451)]),
    accuracy_m=optional,
    speed_mps=optional,
    course_deg=optional,
)


@given(st.lists(fixes), st.randoms(use_true_random=False))
def test_a_track_is_the_same_in_whatever_order_it_came(track: list[Fix], dice: object) -> None:
    """Shuffled and repeated fixes make the same track: strictly forward, each one of those that came."""
    shuffled = [*track, *track[::2]]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    ordered = in_order(track)
    assert in_order(shuffled) == ordered
    assert {fix.fixed_at for fix in ordered} == {fix.fixed_at for fix in track}
    assert all(a.fixed_at < b.fixed_at for a, b in pairwise(ordered))
    assert all(fix in track for fix in ordered)


def test_a_fix_is_a_value() -> None:
    """Two reports of the same are equal, so that a repeated one can be recognised."""
    assert _at(0, speed_mps=3) == replace(_at(0), speed_mps=3)
