"""GPS arrival on noisy drives whose truth is known, and its laws on any track at all."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.domain.arrival import DEFAULT_RULES, detect_arrival
from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position, distance_m, offset
from dispatch.domain.press import review_press
from tests.unit.domain.drive import SCENE, Stop, at, drive, seen

rates_s = st.sampled_from([1, 2, 3, 5, 10, 15])
dice = st.integers(0, 2**32).map(Random)


@given(
    every_s=rates_s,
    speed_mps=st.floats(5, 25),
    stop_m=st.floats(-35, 35),
    north_m=st.floats(-15, 15),
    stand_s=st.integers(60, 200),
    lamp=st.none() | st.builds(Stop, st.floats(-900, -150), st.integers(5, 120)),
    noise_m=st.floats(0, 3),
    noise_mps=st.floats(0, 0.25),
    jump_every=st.none() | st.integers(7, 20),
    reports_speed=st.booleans(),
    dice=dice,
)
def test_a_noisy_arrival_is_found_near_the_truth(
    every_s: int,
    speed_mps: float,
    stop_m: float,
    north_m: float,
    stand_s: int,
    lamp: Stop | None,
    noise_m: float,
    noise_mps: float,
    jump_every: int | None,
    reports_speed: bool,
    dice: Random,
) -> None:
    """A car that stands at the scene for a minute or more arrives within 8 s or two fixes of the truth."""
    truth = drive(-1000, stop_m, speed_mps, [*([lamp] if lamp else []), Stop(stop_m, stand_s)])
    phase = dice.randrange(7)
    track = seen(
        truth,
        every_s=every_s,
        north_m=north_m,
        noise_m=noise_m,
        noise_mps=noise_mps,
        jumps=lambda index: jump_every is not None and (index + phase) % jump_every == 0,
        reports_speed=reports_speed,
        dice=dice,
    )
    assume(reports_speed or stand_s >= 30 + 6 * every_s)
    assume(stand_s >= 5 * every_s)
    arrival = detect_arrival(track, SCENE, since=at(0))
    assert arrival is not None
    late_s = (arrival.arrived_at - at(truth.reached_s[-1])).total_seconds()
    assert -max(8, every_s) <= late_s <= max(8, 2 * every_s)
    assert arrival.left_at is None
    assert arrival.distance_m <= DEFAULT_RULES.radius_m


@given(
    every_s=rates_s,
    speed_mps=st.floats(3.5, 25),
    north_m=st.floats(-60, 60),
    halt=st.none() | st.builds(Stop, st.floats(-60, 60), st.integers(1, 9)),
    lamps=st.tuples(st.integers(0, 90), st.integers(0, 90)),
    noise_m=st.floats(0, 3),
    noise_mps=st.floats(0, 0.25),
    jump_every=st.none() | st.integers(7, 20),
    reports_speed=st.booleans(),
    dice=dice,
)
def test_a_drive_by_is_never_an_arrival(
    every_s: int,
    speed_mps: float,
    north_m: float,
    halt: Stop | None,
    lamps: tuple[int, int],
    noise_m: float,
    noise_mps: float,
    jump_every: int | None,
    reports_speed: bool,
    dice: Random,
) -> None:
    """A car that passes at 13 km/h or more, with lamps before and behind and a halt below 10 s, never arrives."""
    stops = [Stop(-120, lamps[0]), *([halt] if halt else []), Stop(120, lamps[1])]
    truth = drive(-500, 500, speed_mps, stops)
    track = seen(
        truth,
        every_s=every_s,
        north_m=north_m,
        noise_m=noise_m,
        noise_mps=noise_mps,
        jumps=lambda index: jump_every is not None and index % jump_every == 0,
        reports_speed=reports_speed,
        dice=dice,
    )
    assert detect_arrival(track, SCENE, since=at(0)) is None


steps = st.tuples(
    st.sampled_from([0, 1, 1, 2, 5, 10, 15, 61]),
    st.sampled_from([0.0, 10.0, 25.0, 61.0, 155.0, 400.0]),
    st.sampled_from([None, 0.0, 0.5, 1.4, 9.0]),
    st.sampled_from([None, 3.0, 31.0]),
)


@st.composite
def any_tracks(draw: st.DrawFn) -> list[Fix]:
    """Tracks of stands, crawls, jumps, gaps and repeated instants, in no relation to any real drive."""
    track: list[Fix] = []
    now_s = 0
    for _ in range(draw(st.integers(0, 6))):
        step_s, away_m, speed_mps, accuracy_m = draw(steps)
        for _ in range(draw(st.integers(1, 12))):
            now_s += step_s
            track.append(Fix(at(now_s), offset(SCENE, away_m, 0), accuracy_m, speed_mps))
    return track


@st.composite
def arriving_tracks(draw: st.DrawFn) -> list[Fix]:
    """Any track, with 40 s at the scene at its end, and perhaps something after that."""
    before = draw(any_tracks())
    there_s = round((before[-1].fixed_at - at(0)).total_seconds()) if before else 0
    there = [Fix(at(there_s + second), SCENE, speed_mps=0.0) for second in range(1, 41)]
    after = [Fix(fix.fixed_at + timedelta(seconds=there_s + 40), fix.position) for fix in draw(any_tracks())]
    return before + there + after


@given(track=any_tracks() | arriving_tracks(), cuts=st.lists(st.integers(0, 60), max_size=4), dice=dice)
def test_late_and_repeated_fixes_converge(track: list[Fix], cuts: list[int], dice: Random) -> None:
    """Whatever order the fixes come in and however often each comes, arrival and review come out the same."""
    mixed = track + [fix for cut in cuts for fix in track[cut:]]
    dice.shuffle(mixed)
    arrival = detect_arrival(track, SCENE, since=at(0))
    assert detect_arrival(mixed, SCENE, since=at(0)) == arrival
    pressed_at = at(30)
    assert review_press(pressed_at, arrival, mixed, SCENE) == review_press(pressed_at, arrival, track, SCENE)


@given(track=arriving_tracks())
def test_what_is_known_at_a_moment_needs_nothing_later(track: list[Fix]) -> None:
    """Cut where an arrival was confirmed, the track gives the same arrival; cut before, it gives none."""
    arrival = detect_arrival(track, SCENE, since=at(0))
    assert arrival is not None
    known = [fix for fix in track if fix.fixed_at <= arrival.confirmed_at]
    then = detect_arrival(known, SCENE, since=at(0))
    assert then is not None
    assert (then.arrived_at, then.confirmed_at) == (arrival.arrived_at, arrival.confirmed_at)
    assert detect_arrival([fix for fix in track if fix.fixed_at < arrival.confirmed_at], SCENE, since=at(0)) is None


@given(track=arriving_tracks(), since_s=st.integers(0, 20))
def test_an_arrival_rests_on_what_was_seen(track: list[Fix], since_s: int) -> None:
    """Each arrival is dated to a fix near the scene since the dispatch, with 3 near fixes up to the proof, over 15 s
    or, where fixes come 4 s apart or rarer, over those 3."""
    arrival = detect_arrival(track, SCENE, since=at(since_s))
    assert arrival is not None
    assert arrival.arrived_at >= at(since_s)
    near = {fix.fixed_at for fix in track if _near(fix.position) and (fix.accuracy_m is None or fix.accuracy_m <= 30)}
    looked = {fix.fixed_at for fix in track if arrival.arrived_at <= fix.fixed_at <= arrival.confirmed_at}
    rare = arrival.confirmed_at - arrival.arrived_at >= timedelta(seconds=4) * (
        sum(instant in near for instant in looked) - 1
    )
    assert rare or arrival.confirmed_at - arrival.arrived_at >= timedelta(seconds=15)
    assert arrival.arrived_at in near
    assert sum(arrival.arrived_at <= instant <= arrival.confirmed_at for instant in near) >= 3
    assert arrival.left_at is None or arrival.left_at > arrival.arrived_at


def _near(position: Position) -> bool:
    return distance_m(position, SCENE) <= DEFAULT_RULES.radius_m
