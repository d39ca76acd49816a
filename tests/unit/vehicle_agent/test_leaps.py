"""Leaps are kept out until they are confirmed."""

from __future__ import annotations

from itertools import pairwise, takewhile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vehicle_agent.leaps import CONFIRMED_BY, LEAP_MPS, Leaps, distance_m
from vehicle_agent.receiver import Position

START_MS = 1_795_395_723_000
M_PER_DEG = 111_195.08


def at(second: float, north_m: float, accuracy_m: float | None = None) -> Position:
    """A fix so far north of the start."""
    return Position(
        time_ms=START_MS + round(second * 1000), lat=23.48 + north_m / M_PER_DEG, lon=120.45, accuracy_m=accuracy_m
    )


def told(leaps: Leaps, *places: Position) -> list[float]:
    """The seconds of the fixes that are told."""
    return [(one.time_ms - START_MS) / 1000 for place in places for one in leaps.feed(place)]


def test_distance_is_the_great_circles() -> None:
    """One degree of a meridian on the mean sphere."""
    assert distance_m(at(0, 0), at(0, M_PER_DEG)) == pytest.approx(M_PER_DEG, rel=1e-6)


def test_an_outlier_is_forgotten_when_the_car_is_back() -> None:
    """One fix 200 m away within a second: kept out, and all the others told."""
    leaps = Leaps()
    assert told(leaps, at(0, 0), at(1, 10)) == [0, 1]
    assert told(leaps, at(2, 220)) == []
    assert leaps.leaping
    assert told(leaps, at(3, 30), at(4, 40)) == [3, 4]
    assert not leaps.leaping


def test_a_leap_that_the_next_fixes_confirm_is_told_whole_and_late() -> None:
    """The receiver was wrong before, or the car came by ferry: nothing of the new track is lost."""
    leaps = Leaps()
    told(leaps, at(0, 0))
    away = [at(second, 5000 + 10 * second) for second in range(1, 7)]
    assert told(leaps, *away[: CONFIRMED_BY - 1]) == []
    assert told(leaps, *away[CONFIRMED_BY - 1 :]) == [1, 2, 3, 4, 5, 6]


def test_a_short_leap_loses_nothing() -> None:
    """340 m in a second are too much and in three are not: by then the fixes that were held go on, and are told."""
    leaps = Leaps()
    told(leaps, at(0, 0))
    assert told(leaps, at(1, 340), at(2, 342)) == []
    assert told(leaps, at(3, 345), at(4, 350)) == [1, 2, 3, 4]
    assert not leaps.leaping


def test_leaps_to_everywhere_confirm_nothing() -> None:
    """Fixes that contradict one another are no track."""
    leaps = Leaps()
    told(leaps, at(0, 0))
    assert told(leaps, *(at(second, (-1) ** second * 5000) for second in range(1, 20))) == []
    assert told(leaps, at(20, 10)) == [20]


def test_what_a_receiver_says_of_its_accuracy_is_allowed_for_within_reason() -> None:
    """20 m of stated error on both sides are no leap; a stated error of kilometres permits none of kilometres."""
    assert told(Leaps(), at(0, 0, 20), at(1, LEAP_MPS + 35, 20)) == [0, 1]
    assert told(Leaps(), at(0, 0, 20), at(1, LEAP_MPS + 45, 20)) == [0]
    assert told(Leaps(), at(0, 0, 9000), at(1, 5000, 9000)) == [0]


def test_after_a_tunnel_the_car_may_be_elsewhere() -> None:
    """What counts is the speed that the way would have taken."""
    assert told(Leaps(), at(0, 0), at(60, 1500)) == [0, 60]


def test_a_clock_that_is_set_back_is_believed_when_it_stays() -> None:
    """The leap seconds that a cold receiver learns late: a few fixes wait until they are confirmed."""
    leaps = Leaps()
    told(leaps, at(100, 0))
    assert told(leaps, *(at(second, 10) for second in range(82, 90))) == [82, 83, 84, 85, 86, 87, 88, 89]


def test_the_same_moment_twice_is_told_once() -> None:
    """A second receiver's fix of the same second, some metres beside, is neither told nor a leap."""
    leaps = Leaps()
    assert told(leaps, at(0, 0), at(0, 8), at(0.5, 8)) == [0]
    assert not leaps.leaping


def can_follow(before: Position, after: Position) -> bool:
    gap_s = (after.time_ms - before.time_ms) / 1000
    return gap_s > 0 and distance_m(before, after) <= LEAP_MPS * gap_s + 0.01


@given(st.lists(st.tuples(st.floats(-2, 3), st.sampled_from([0.0, 5.0, 900.0, 905.0, 1e6])), max_size=60))
@example([(0.0, 900.0), (2.0, 0.0), (3.0, 0.0), (3.0, 0.0)])
def test_whatever_comes_each_leap_that_is_told_begins_a_run_that_confirms_it(steps: list[tuple[float, float]]) -> None:
    """In any order of times and places: after a leap come fixes that follow one another, CONFIRMED_BY of them at least,
    or up to one that the car can have made by then from where it was before."""
    leaps, second, all_told = Leaps(), 0.0, []
    for step_s, north_m in steps:
        second += step_s
        all_told += leaps.feed(at(second, north_m))
    follows = [can_follow(before, after) for before, after in pairwise(all_told)]
    for index, follow in enumerate(follows):
        if follow:
            continue
        run = list(takewhile(bool, follows[index + 1 :]))
        by_then = all_told[index + 2 : index + 2 + len(run)]
        assert len(run) >= CONFIRMED_BY - 1 or any(can_follow(all_told[index], one) for one in by_then)
