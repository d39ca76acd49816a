"""GPS arrival, rule by rule, on drives whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest

from dispatch.domain.arrival import DEFAULT_RULES, Arrival, detect_arrival, is_news
from dispatch.domain.fix import Fix
from dispatch.domain.geometry import offset
from tests.unit.domain.drive import SCENE, START, Drive, Stop, at, drive, seen


def _detect(track: list[Fix], since: datetime = START) -> Arrival | None:
    return detect_arrival(track, SCENE, since=since)


def _standing(seconds: range | list[int], east_m: float = 10, **members: float | None) -> list[Fix]:
    members = {"speed_mps": 0.0, **members}
    return [Fix(at(second), offset(SCENE, 0, east_m), **members) for second in seconds]


def _moving(seconds: range | list[int], east_m: float = 10) -> list[Fix]:
    return _standing(seconds, east_m, speed_mps=8.0)


def test_an_arrival_is_dated_back_to_the_first_fix_of_the_dwell() -> None:
    """A car that drives up and stays has arrived when it stopped, known 15 s later, so far from the scene."""
    truth = drive(-800, 20, 12, [Stop(20, 120)])
    stopped_s = truth.reached_s[0]
    arrival = _detect(seen(truth))
    assert arrival is not None
    assert abs((arrival.arrived_at - at(stopped_s)).total_seconds()) <= 1
    assert (arrival.confirmed_at - arrival.arrived_at).total_seconds() == 15
    assert arrival.distance_m == pytest.approx(20, abs=1.5)
    assert arrival.left_at is None


def test_a_red_light_on_the_way_is_no_arrival() -> None:
    """Two minutes at a lamp 61 m before the scene and two behind it, and no stop between: the car never arrived."""
    truth = drive(-800, 800, 12, [Stop(-61, 120), Stop(61, 120)])
    assert _detect(seen(truth)) is None


def test_a_queue_right_at_the_scene_is_an_arrival_by_this_rule() -> None:
    """What the rule cannot tell apart, and says so: 20 s in a queue 40 m from the scene count, and leaving is seen."""
    truth = drive(-800, 1500, 12, [Stop(-40, 20)])
    arrival = _detect(seen(truth))
    assert arrival is not None
    assert abs((arrival.arrived_at - at(truth.reached_s[0])).total_seconds()) <= 1
    assert arrival.left_at is not None


@pytest.mark.parametrize(("stand_s", "arrives"), [(2, False), (10, False), (13, False), (17, True)])
def test_a_short_halt_in_front_of_the_scene_is_no_arrival(stand_s: int, arrives: bool) -> None:
    """At one fix a second a halt counts from 15 s on, however many fixes it has."""
    truth = drive(-400, 400, 12, [Stop(0, stand_s)])
    assert (_detect(seen(truth)) is not None) is arrives


@pytest.mark.parametrize("every_s", [10, 15])
@pytest.mark.parametrize(("looks", "arrives"), [(1, False), (2, False), (3, True)])
def test_at_slow_rates_three_fixes_decide(every_s: int, looks: int, arrives: bool) -> None:
    """Two looks at a standing car, even 15 s apart, are no arrival; the third makes one, dated to the first."""
    track = _moving([0]) + _standing([every_s * (1 + i) for i in range(looks)]) + _moving([every_s * (1 + looks)])
    arrival = _detect(track)
    assert (arrival is not None) is arrives
    if arrival is not None:
        assert arrival.arrived_at == at(every_s)
        assert arrival.confirmed_at == at(3 * every_s)


@pytest.mark.parametrize(("every_s", "after_s"), [(1, 15), (3, 15), (4, 8), (5, 10), (7, 14), (10, 20)])
def test_a_dwell_takes_15_s_or_three_rare_fixes(every_s: int, after_s: int) -> None:
    """How soon an arrival is known, from one fix a second to one in ten."""
    arrival = _detect(_moving([0]) + _standing(range(20, 81, every_s)))
    assert arrival is not None
    assert (arrival.arrived_at, arrival.confirmed_at) == (at(20), at(20 + after_s))


def test_crawling_is_not_standing() -> None:
    """At 5 km/h a car doesn't stand; just below it does."""
    assert _detect(_standing(range(60), speed_mps=5 / 3.6)) is None
    assert _detect(_standing(range(60), speed_mps=5 / 3.6 - 0.01)) is not None


def test_the_radius_is_a_parameter() -> None:
    """A car 90 m off has arrived on a campus of 100 m, not in a street; leaving then takes 190 m."""
    track = _standing(range(30), 90) + _moving(range(30, 70), 185)
    assert _detect(track) is None
    campus = DEFAULT_RULES.within(100)
    arrival = detect_arrival(track, SCENE, since=at(0), rules=campus)
    assert arrival is not None
    assert arrival.left_at is None
    further = [*track, *_moving(range(70, 110), 195)]
    gone = detect_arrival(further, SCENE, since=at(0), rules=campus)
    assert gone is not None
    assert gone.left_at == at(70)


def test_only_since_the_dispatch() -> None:
    """A unit that was there before it was dispatched arrives with the dispatch, not before."""
    track = _standing(range(100))
    arrival = _detect(track, since=at(50))
    assert arrival is not None
    assert arrival.arrived_at == at(50)
    assert _detect(track, since=at(90)) is None
    with pytest.raises(ValueError, match="since must be in UTC"):
        detect_arrival(track, SCENE, since=datetime(2026, 11, 23, 12, 0))  # noqa: DTZ001


def test_no_track_no_arrival() -> None:
    """Without any fix there is no arrival, and no error."""
    assert _detect([]) is None


@pytest.mark.parametrize(
    ("accuracy_m", "arrives"), [(None, True), (0.0, True), (30.0, True), (30.1, False), (500.0, False)]
)
def test_accuracy(accuracy_m: float | None, arrives: bool) -> None:
    """Fixes worse than 30 m are no witness; those that state no accuracy are."""
    assert (_detect(_standing(range(60), accuracy_m=accuracy_m)) is not None) is arrives


def test_inaccurate_fixes_do_not_break_a_dwell() -> None:
    """Wild fixes that admit how wild they are, in the midst of a dwell, are as if they had not come."""
    track = _standing(range(5)) + _standing(range(5, 12), 700, accuracy_m=300, speed_mps=9) + _standing(range(12, 16))
    arrival = _detect(track)
    assert arrival is not None
    assert arrival.arrived_at == at(0)
    assert arrival.confirmed_at == at(15)


def test_an_inaccurate_fix_does_not_hide_one_of_the_same_instant() -> None:
    """Of two fixes of one instant the one that admits 500 m yields to the one that admits nothing."""
    track = _standing(range(30)) + _standing(range(30), 900, accuracy_m=500)
    assert _detect(track) is not None


def test_a_jump_does_not_break_a_dwell() -> None:
    """Four seconds of reflected signals, even with a speed, leave the arrival where it was; five break it."""
    for jumped, arrived_s in [(4, 0), (5, 11)]:
        jump = range(6, 6 + jumped)
        track = _standing(range(6)) + _moving(jump, 300) + _standing(range(jump.stop, 60))
        arrival = _detect(track)
        assert arrival is not None
        assert arrival.arrived_at == at(arrived_s)


def test_at_slow_rates_one_jump_is_forgiven_and_two_are_not() -> None:
    """A lone fix that jumps away between two that stand is noise; two in a row, or one that reports driving, is not."""
    stands = _standing([0]) + _standing(range(30, 100, 10))
    lone = [*_standing([10], 200), *_standing([20])]
    twice = _standing([10, 20], 200)
    drove = [*_moving([10], 200), *_standing([20])]
    starts = []
    for odd in (lone, twice, drove):
        arrival = _detect([*stands, *odd])
        assert arrival is not None
        starts.append((arrival.arrived_at - at(0)).total_seconds())
    assert starts == [0, 30, 20]


def test_jumps_alone_make_no_arrival() -> None:
    """A car at a lamp 100 m off, every other fix of which jumps to the scene, hasn't arrived there."""
    track = _standing(range(0, 300, 20), 100) + _standing(range(10, 300, 20), 0)
    assert _detect(track) is None


def test_a_gap_ends_a_dwell() -> None:
    """A car unseen for more than a minute may have been anywhere: the dwell begins anew; up to a minute it goes on."""
    for gap_s, arrived_s in [(60, 0), (61, 66)]:
        track = _standing(range(6)) + _standing(range(5 + gap_s, 120))
        arrival = _detect(track)
        assert arrival is not None
        assert arrival.arrived_at == at(arrived_s)


def test_leaving_takes_half_a_minute_beyond_150_m() -> None:
    """29 s beyond 150 m is not leaving, nor is 151 m for a moment now and then; 30 s on end is, from its first fix."""
    there = _standing(range(30))
    brief = _moving(range(30, 59), 200) + _standing(range(59, 80))
    flicker = _standing([*range(80, 100)], 151) + _standing([100], 149) + _standing([*range(101, 120)], 151)
    stayed = _detect(there + brief + flicker)
    assert stayed is not None
    assert stayed.left_at is None
    left = _detect(there + brief + flicker + _moving(range(120, 132), 400))
    assert left is not None
    assert left.left_at == at(101)


@pytest.mark.parametrize("every_s", [1, 5, 10, 15])
def test_speed_from_positions(every_s: int) -> None:
    """A receiver that reports no speed gets the same arrival, within 5 s and one fix."""
    truth = drive(-800, 800, 12, [Stop(-100, 60), Stop(20, 120)])
    arrival = _detect(seen(truth, every_s=every_s, reports_speed=False))
    assert arrival is not None
    assert -5 <= (arrival.arrived_at - at(truth.reached_s[1])).total_seconds() <= every_s
    assert arrival.left_at is not None


def test_no_speed_from_a_drive_by() -> None:
    """Without reported speeds, driving by at 12 km/h, or halting for 10 s, is no arrival."""
    for truth in (drive(-400, 400, 12 / 3.6), drive(-400, 400, 12, [Stop(0, 10)])):
        assert _detect(seen(truth, reports_speed=False)) is None


def test_no_speed_across_a_gap() -> None:
    """Where the next look comes after more than a minute, no speed is derived: three such looks are no arrival."""
    assert _detect(_standing(range(0, 700, 61), speed_mps=None)) is None
    assert _detect(_standing(range(0, 700, 60), speed_mps=None)) is not None
    assert _detect(_standing([0, 10, 20, 320], speed_mps=None)) is None


def test_one_jump_does_not_make_a_car_without_speeds_move() -> None:
    """A jump, right when the speed of an earlier fix is judged by it, leaves the arrival at the first fix."""
    for every_s, jumps in [(1, 12), (10, 1)]:
        track = _standing(range(0, 40 * every_s, every_s), speed_mps=None)
        track[jumps] = replace(track[jumps], position=offset(SCENE, 200, 0))
        arrival = _detect(track)
        assert arrival is not None
        assert arrival.arrived_at == at(0)


def test_speeds_on_and_off() -> None:
    """A receiver that reports a speed now and then is judged by both, and nothing is known before it can be."""
    track = [replace(fix, speed_mps=None if index % 3 else 0.0) for index, fix in enumerate(_standing(range(60)))]
    arrival = _detect(track)
    assert arrival is not None
    assert arrival.arrived_at == at(0)
    assert _detect([fix for fix in track if fix.fixed_at < arrival.confirmed_at]) is None


def test_a_speed_known_late_confirms_late() -> None:
    """A fix without speed is judged by the next one 10 s on; what rests on it is confirmed no earlier."""
    track = _standing([0, 16, 30]) + _standing([8], speed_mps=None)
    arrival = _detect(track)
    assert arrival is not None
    assert (arrival.arrived_at, arrival.confirmed_at) == (at(0), at(30))


def test_only_an_earlier_arrival_is_one_more_word() -> None:
    """The car came twice and the fixes of its first stop come last: they add a word, once."""
    first, again = _standing(range(0, 40)), _standing(range(300, 340))
    told = _detect(again)
    assert told is not None
    assert is_news(told, None)
    assert not is_news(told, told.arrived_at)
    earlier = _detect(first + again)
    assert earlier is not None
    assert (earlier.arrived_at, is_news(earlier, told.arrived_at)) == (at(0), True)
    assert not is_news(told, earlier.arrived_at)
    assert not is_news(None, None)


def test_the_drive_of_these_tests_is_a_drive() -> None:
    """The simulated car keeps its speed limit and its brakes, and stands where and as long as it should."""
    truth: Drive = drive(-500, 500, 10, [Stop(0, 30)])
    speeds = [speed for _, speed in truth.states]
    assert max(speeds) <= 10
    assert speeds.count(0.0) == 30
    assert all(-5 <= b - a <= 2 for a, b in pairwise(speeds))
