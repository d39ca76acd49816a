"""From units' recent tracks to how much slower than expected each piece of street was driven. Pure.

Way points every _STEP_M carry the reading: the time between two of them is driving and waiting together, and a unit
that parks makes no more of them, so that standing before or after the drive never counts.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatch.domain.geometry import Position, distances_m
from dispatch.roads.metric import Floats, ground_scale, plane_m
from dispatch.roads.snapping import MOVING_MPS, Heading, StreetIndex
from dispatch.roads.street_map import NO_ARC, StreetMap

_STEP_M: Final = 20.0
"""More than a parked receiver wanders as a rule, less than a block."""
LEG_MAX_M: Final = 120.0
"""Farther between two fixes, which way it went is not known."""
STOP_MAX_S: Final = 240.0
"""Who makes no way for longer was parked, or not received: no reading goes across that."""
SCENE_M: Final = 100.0
"""Near its own scene a unit looks for the door; that is no jam."""
PIECE_M: Final = 80.0
"""A reading takes at least this much of a street."""
RATIO_MIN: Final = 1.8
CRAWLED_MIN_S: Final = 20.0
"""Below either, a piece was driven freely: signals and bends do as much."""
RATIO_MAX: Final = 6.0
TURNED_DEG: Final = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The last minutes of one unit on the move: arrays of equal length, in order of time."""

    unit_id: Hashable
    at_s: Floats
    """Epoch seconds."""
    lat: Floats
    lon: Floats
    scene: Position | None = None
    """Where the unit is sent to, if anywhere."""
    motorcycle: bool = False
    """A motorcycle passes queues: its track says nothing about cars and is left out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one unit got on along an arc."""

    unit_id: Hashable
    arc: int
    ratio: float
    """Of the expected time; 1 where it drove freely, RATIO_MAX at most."""
    at_s: float


@dataclass(frozen=True, slots=True)
class _Leg:
    """From one way point of a track to the next."""

    track: Track
    middle: Position
    course_deg: float
    metres: float
    seconds: float
    end_s: float


_Placed = tuple[_Leg, int]
"""A leg and its arc."""


def readings(street_map: StreetMap, index: StreetIndex, arc_time_s: Floats, tracks: Iterable[Track]) -> list[Reading]:
    """What the tracks say, arc by arc, against the expected times of a car without lights."""
    arcs = street_map.arcs
    legs = [leg for track in tracks if not track.motorcycle for leg in _legs(track)]
    # the middle of a leg: its wait was on the way, not behind the next corner
    snaps = index.snap([leg.middle for leg in legs], [Heading(leg.course_deg, MOVING_MPS) for leg in legs])
    on = np.select([snaps.along > 0, snaps.along < 0], [snaps.edge, arcs.back_of_edge[snaps.edge]], NO_ARC)
    s_per_m = np.divide(arc_time_s, arcs.length_m, out=np.zeros_like(arc_time_s), where=arcs.length_m > 0)
    found: list[Reading] = []
    for piece in _pieces(list(zip(legs, on.tolist(), strict=True))):
        expected_s = [leg.metres * float(s_per_m[arc]) for leg, arc in piece]
        lost_s = [leg.seconds - usual_s for (leg, _), usual_s in zip(piece, expected_s, strict=True)]
        # one stop may be a red light, or a word with somebody: it is taken out, however long
        crawled_s = sum(lost_s) - max(*lost_s, 0.0)
        ratio = 1 + crawled_s / max(sum(expected_s), 1.0)
        jam = ratio >= RATIO_MIN and crawled_s >= CRAWLED_MIN_S
        last = piece[-1][0]
        found.extend(
            Reading(last.track.unit_id, arc, min(ratio, RATIO_MAX) if jam else 1.0, last.end_s)
            for arc in dict.fromkeys(arc for _, arc in piece)
        )
    return found


def _legs(track: Track) -> list[_Leg]:
    """A leg ends as soon as the unit is _STEP_M from where it began."""
    lat, lon, at_s = (np.asarray(column, dtype=np.float64) for column in (track.lat, track.lon, track.at_s))
    if track.scene is not None and len(lat):
        away = distances_m(track.scene.lat, track.scene.lon, lat, lon) > SCENE_M
        lat, lon, at_s = lat[away], lon[away], at_s[away]
    if not len(lat):
        return []
    x, y = (plane_m(lat, lon) * ground_scale(lat[:1])).T.tolist()
    legs, begin = [], 0
    for here in range(1, len(x)):
        east, north = x[here] - x[begin], y[here] - y[begin]
        metres = math.hypot(east, north)
        if metres < _STEP_M:
            continue
        seconds = float(at_s[here] - at_s[begin])
        if 0 < seconds <= STOP_MAX_S and metres <= LEG_MAX_M:
            middle = Position(float(lat[here] + lat[begin]) / 2, float(lon[here] + lon[begin]) / 2)
            course_deg = math.degrees(math.atan2(east, north)) % 360
            legs.append(_Leg(track, middle, course_deg, metres, seconds, float(at_s[here])))
        begin = here
    return legs


def _pieces(placed: list[_Placed]) -> Iterator[list[_Placed]]:
    """Unbroken runs of legs straight on, cut at the ends of arcs into pieces of PIECE_M or more."""
    piece: list[_Placed] = []
    for leg, arc in placed:
        before = piece[-1] if piece else None
        if before is not None and not _goes_on(before, leg, arc):
            if _long_enough(piece):
                yield piece
            piece = []
        elif before is not None and before[1] != arc and _long_enough(piece):
            yield piece
            piece = []
        if arc != NO_ARC:
            piece.append((leg, arc))
    if _long_enough(piece):
        yield piece


def _goes_on(before: _Placed, leg: _Leg, arc: int) -> bool:
    """Whether a leg follows the one before at once and without a turn."""
    turn = abs((leg.course_deg - before[0].course_deg + 180) % 360 - 180)
    at_once = leg.track is before[0].track and leg.end_s - leg.seconds == before[0].end_s
    return arc != NO_ARC and at_once and turn <= TURNED_DEG


def _long_enough(piece: Sequence[_Placed]) -> bool:
    return sum(leg.metres for leg, _ in piece) >= PIECE_M
