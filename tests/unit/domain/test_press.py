"""The button beside the track: what is shown for review, and what isn't."""

from __future__ import annotations

from datetime import datetime

import pytest

from dispatch.domain.arrival import DEFAULT_RULES, Arrival, detect_arrival
from dispatch.domain.fix import Fix
from dispatch.domain.geometry import offset
from dispatch.domain.press import ReviewReason, marks, review_press
from tests.unit.domain.drive import SCENE, Stop, at, drive, seen

FAR, EARLY, GAP = ReviewReason.FAR_FROM_SCENE, ReviewReason.BEFORE_GPS_ARRIVAL, ReviewReason.GPS_GAP

TRUTH = drive(-2000, 100, 10, [Stop(-150, 90), Stop(0, 100)])
STOPPED_S = TRUTH.reached_s[1]


def _review(pressed_s: float, track: list[Fix]) -> tuple[ReviewReason, ...]:
    arrival = detect_arrival(track, SCENE, since=at(0))
    return review_press(at(pressed_s), arrival, track, SCENE)


def _without(track: list[Fix], first_s: float, last_s: float) -> list[Fix]:
    return [fix for fix in track if not at(first_s) < fix.fixed_at < at(last_s)]


def test_two_witnesses_that_agree() -> None:
    """A press from a minute before the GPS arrival on, near the scene, with the car in sight, needs no review."""
    track = seen(TRUTH)
    arrival = detect_arrival(track, SCENE, since=at(0))
    assert arrival is not None
    arrived_s = (arrival.arrived_at - at(0)).total_seconds()
    assert _review(arrived_s, track) == ()
    assert _review(arrived_s + 80, track) == ()
    assert _review(arrived_s - 59, track) == ()
    assert _review(arrived_s - 60, track) == (EARLY,)


def test_a_press_far_from_the_scene() -> None:
    """More than 300 m from the scene, and long before the arrival: both are said."""
    assert _review(20, seen(TRUTH)) == (FAR, EARLY)


@pytest.mark.parametrize(("east_m", "reasons"), [(299, ()), (302, (FAR,))])
def test_far_is_300_m(east_m: float, reasons: tuple[ReviewReason, ...]) -> None:
    """The distance that counts is that of the press, and without any GPS arrival it is still said."""
    track = [Fix(at(second), offset(SCENE, 0, east_m), speed_mps=0.0) for second in range(30)]
    assert _review(10, track) == reasons
    campus = DEFAULT_RULES.within(100)
    assert review_press(at(10), None, track, SCENE, campus) == ()


def test_the_place_of_a_press_lies_between_two_fixes() -> None:
    """Half-way between a fix 100 m off and one 420 m off the car was 260 m off; a bit later it was beyond 300."""
    track = [Fix(at(0), offset(SCENE, 0, 100)), Fix(at(60), offset(SCENE, 0, 420))]
    assert _review(30, track) == ()
    assert _review(45, track) == (FAR,)


def test_a_press_in_a_gap() -> None:
    """Where the fixes round a press lie more than a minute apart, or there are none, a gap is said and no distance."""
    far = [Fix(at(second), offset(SCENE, 0, 5000)) for second in (0, 61)]
    assert _review(30, far) == (GAP,)
    assert _review(0, far) == (FAR,)
    assert _review(30, []) == (GAP,)


@pytest.mark.parametrize(("pressed_s", "reasons"), [(-30, ()), (-31, (GAP,)), (40, ()), (41, (GAP,))])
def test_a_press_beyond_the_ends_of_the_track(pressed_s: float, reasons: tuple[ReviewReason, ...]) -> None:
    """Before the first fix and after the last one, these speak for 30 s."""
    track = [Fix(at(second), SCENE) for second in range(11)]
    assert _review(pressed_s, track) == reasons


def test_wild_fixes_fill_no_gap() -> None:
    """Fixes that admit 300 m say nothing of the place: a press among them alone is in a gap."""
    track = [Fix(at(second), offset(SCENE, 0, 900), accuracy_m=300) for second in range(100)]
    assert _review(50, track) == (GAP,)


def test_nobody_is_early_whom_nobody_saw() -> None:
    """A press in a gap that ends with the car at the scene isn't early; if the car drove in between, it is."""
    hidden_till_there = _without(seen(TRUTH), STOPPED_S - 200, STOPPED_S + 1)
    assert _review(STOPPED_S - 100, hidden_till_there) == (GAP,)
    hidden_for_a_while = _without(seen(TRUTH), STOPPED_S - 200, STOPPED_S - 70)
    assert _review(STOPPED_S - 100, hidden_for_a_while) == (EARLY, GAP)


def test_only_utc() -> None:
    """The time of a press is aware and in UTC, or refused."""
    arrival = Arrival(at(0), at(15), 3.0, None)
    with pytest.raises(ValueError, match="pressed_at must be in UTC"):
        review_press(datetime(2026, 11, 23, 12, 0), arrival, [], SCENE)  # noqa: DTZ001


def test_marks_follow_the_track_while_it_is_whole() -> None:
    """Each reason once, in order; what the fixes that came in since have settled is taken off."""
    assert marks([GAP, FAR, GAP], (), track_is_whole=True) == ("far_from_scene", "gps_gap")
    assert marks([], ("gps_gap",), track_is_whole=True) == ()


def test_marks_outlive_their_track() -> None:
    """Where fixes are gone a press can't be checked any more: that is added to what they proved."""
    assert marks([GAP], ("before_gps_arrival", "far_from_scene"), track_is_whole=False) == (
        "before_gps_arrival",
        "far_from_scene",
        "gps_gap",
    )
