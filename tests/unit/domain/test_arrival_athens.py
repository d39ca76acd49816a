"""GPS arrival on real traffic: 50 vehicles in central Athens at about one fix a second (pNEUMA), speeds in km/h."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random

import pytest

from dispatch.domain.arrival import detect_arrival
from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position
from tests.support.data import shared

Tracks = dict[str, list[Fix]]
SLOW_MPS = 5 / 3.6


@pytest.fixture(scope="module")
def tracks() -> Tracks:
    """Each vehicle's track."""
    found: Tracks = defaultdict(list)
    with shared("gps/pneuma-athens.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["track_id"]].append(
                Fix(
                    datetime.fromisoformat(row["time"]).replace(tzinfo=UTC),
                    Position(float(row["lat"]), float(row["lon"])),
                    speed_mps=float(row["speed"]) / 3.6,
                )
            )
    return found


def _flat_m(a: Position, b: Position) -> float:
    """Metres on a plane laid at Athens: independent of the code under test, good to 1 % here."""
    return math.hypot((a.lat - b.lat) * 110_996, (a.lon - b.lon) * 87_920)


def _seconds(a: Fix, b: Fix) -> float:
    return (b.fixed_at - a.fixed_at).total_seconds()


def _stops(track: Sequence[Fix]) -> Iterator[tuple[int, int]]:
    """First and last index of each run of slow fixes."""
    start = None
    for index, fix in enumerate(track):
        slow = fix.speed_mps is not None and fix.speed_mps < SLOW_MPS
        if slow and start is None:
            start = index
        if not slow and start is not None:
            yield start, index - 1
            start = None
    if start is not None:
        yield start, len(track) - 1


def _long_stops(tracks: Tracks) -> list[tuple[list[Fix], int]]:
    """Each stop of a minute or more: its vehicle's track and the index of its first slow fix."""
    return [
        (track, first)
        for track in tracks.values()
        for first, last in _stops(track)
        if _seconds(track[first], track[last]) >= 60
    ]


def _driven_to(tracks: Tracks) -> list[tuple[list[Fix], int]]:
    """Those of them before which the vehicle was driving for 6 s on end: their beginning is beyond dispute."""
    return [
        (track, first)
        for track, first in _long_stops(tracks)
        if first >= 6 and all((fix.speed_mps or 0) >= SLOW_MPS for fix in track[first - 6 : first])
    ]


def _by_hand(track: Sequence[Fix], scene: Position) -> Fix:
    """The rule for clean tracks at one fix a second, computed apart: the first of 15 s of slow, near fixes."""
    first = None
    for fix in track:
        if (fix.speed_mps or 0) < SLOW_MPS and _flat_m(fix.position, scene) <= 60:
            first = first or fix
            if _seconds(first, fix) >= 15:
                return first
        else:
            first = None
    raise AssertionError("no stop of 15 s near the scene")


def test_lamps_on_the_way_are_no_arrivals(tracks: Tracks) -> None:
    """For a scene beyond 60 m of every halt of a vehicle, its queues at red lights, passed by or ahead, are none."""
    scenes = lamps = 0
    for track in tracks.values():
        halts = [fix.position for first, last in _stops(track) for fix in track[first : last + 1]]
        ahead = Position(track[-1].position.lat + 0.004, track[-1].position.lon)
        for place in [ahead, *(fix.position for fix in track[::10])]:
            if all(_flat_m(place, halt) > 62 for halt in halts):
                scenes += 1
                lamps += sum(_seconds(track[first], track[last]) >= 15 for first, last in _stops(track))
                assert detect_arrival(track, place, since=track[0].fixed_at) is None
    assert scenes >= 100
    assert lamps >= 300


def test_where_a_vehicle_stops_it_arrived_when_it_stopped(tracks: Tracks) -> None:
    """For a scene at each long stop, over the whole track: the moment counted by hand, less what is forgiven."""
    stops = _long_stops(tracks)
    early_s = []
    for track, first in stops:
        scene = track[first].position
        expected = _by_hand(track, scene)
        arrival = detect_arrival(track, scene, since=track[0].fixed_at)
        assert arrival is not None
        early_s.append((expected.fixed_at - arrival.arrived_at).total_seconds())
        if early_s[-1] == 0:
            assert arrival.distance_m == pytest.approx(_flat_m(expected.position, scene), abs=1)
    assert len(stops) >= 50
    assert all(0 <= early <= 5 for early in early_s)
    assert sum(early == 0 for early in early_s) >= len(stops) - 3


def test_a_vehicle_that_parks_has_not_left(tracks: Tracks) -> None:
    """Of the vehicles that stand at the end of the recording none has left; of the others nearly all have."""
    stayed = left = 0
    for track, first in _driven_to(tracks):
        arrival = detect_arrival(track, track[first].position, since=track[first - 6].fixed_at)
        assert arrival is not None
        assert arrival.arrived_at == track[first].fixed_at
        if list(_stops(track))[-1] == (first, len(track) - 1):
            assert arrival.left_at is None
            stayed += 1
        elif arrival.left_at is not None:
            gone = next(fix for fix in track if fix.fixed_at == arrival.left_at)
            assert _flat_m(gone.position, track[first].position) >= 149
            left += 1
    assert stayed >= 3
    assert left >= 20


def test_a_lamp_beside_the_scene_is_an_arrival_and_a_leave(tracks: Tracks) -> None:
    """The known limit of the rule, on real queues: a scene right at a lamp gets an arrival there, and a leave."""
    arrivals = leaves = 0
    for track in tracks.values():
        for first, last in _stops(track):
            if _seconds(track[first], track[last]) >= 15:
                arrival = detect_arrival(track, track[first].position, since=track[first].fixed_at)
                assert arrival is not None
                assert arrival.arrived_at == track[first].fixed_at
                arrivals += 1
                leaves += arrival.left_at is not None and arrival.left_at > track[last].fixed_at
    assert arrivals >= 200
    assert leaves >= 50


@pytest.mark.parametrize("every", [5, 10, 15])
def test_thinned_tracks_agree(tracks: Tracks, every: int) -> None:
    """With only every 5th, 10th or 15th fix left, an arrival moves by no more than one such interval."""
    for track, stopped in _driven_to(tracks):
        arrival = detect_arrival(track[::every], track[stopped].position, since=track[stopped - 6].fixed_at)
        assert arrival is not None
        assert 0 <= (arrival.arrived_at - track[stopped].fixed_at).total_seconds() <= every


def test_tracks_without_speeds_agree(tracks: Tracks) -> None:
    """With the speeds struck out, and derived from positions, an arrival moves by no more than 10 s."""
    for track, stopped in _driven_to(tracks):
        mute = [Fix(fix.fixed_at, fix.position) for fix in track]
        arrival = detect_arrival(mute, track[stopped].position, since=track[stopped - 6].fixed_at)
        assert arrival is not None
        assert abs((arrival.arrived_at - track[stopped].fixed_at).total_seconds()) <= 10


def test_backlogs_and_repeats_change_nothing(tracks: Tracks) -> None:
    """The same fixes, shuffled and every third sent twice, give the same arrival."""
    for track, first in _long_stops(tracks):
        mixed = [*track, *track[::3]]
        Random(5).shuffle(mixed)
        scene, since = track[first].position, track[0].fixed_at
        assert detect_arrival(mixed, scene, since=since) == detect_arrival(track, scene, since=since)
