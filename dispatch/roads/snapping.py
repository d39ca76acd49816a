"""Where on the streets a position is: the nearest point of the nearest edge, by a spatial index, for many at once.

Of a vehicle on the move the course counts too: beside the other carriageway of a divided street, or beneath a bridge,
the edge that can be driven that way is its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.domain.geometry import Position
from dispatch.roads.metric import Floats, ground_scale, plane_m
from dispatch.roads.street_map import Ints, StreetMap

SNAP_LIMIT_M: Final = 300.0
"""Farther from every street than this, a position is not on the streets."""
MOVING_MPS: Final = 3.0
"""From this speed on the course of a receiver says which way the vehicle drives; below, it wanders."""
REACH_M: Final = 35.0
"""Edges within this distance may be the one driven: half a divided street, and the error of a fix between houses."""
REACH_BEYOND_M: Final = 25.0
"""Or as much farther than the nearest, for a vehicle whose fix is off by more."""
MISFIT_DEG: Final = 60.0
"""A course that differs by more from the direction of an edge does not follow it."""
MISFIT_M: Final = 60.0
"""What an edge that cannot be driven along the course is taken to be farther away: more than any reach."""
_BEARING_STEP_M: Final = 2.0

NOWHERE: Final = -1


@dataclass(frozen=True, slots=True)
class Heading:
    """How a vehicle moves, as its receiver says."""

    course_deg: float
    """Clockwise from north."""
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Snaps:
    """One entry per position asked for. On a one-way edge a car may only go on towards its end (`edge_to`)."""

    edge: Ints
    """The edge it is on; NOWHERE where none is within SNAP_LIMIT_M."""
    offset_m: Floats
    """How far along the edge from its first junction the nearest point lies."""
    distance_m: Floats
    """From the position to that point; infinite where there is none."""
    along: NDArray[np.int8]
    """1: it is driving towards the edge's end, -1: back, 0: it stands, or which way is not known."""

    @property
    def found(self) -> NDArray[np.bool_]:
        return np.asarray(self.edge != NOWHERE)

    def take(self, which: NDArray[np.intp]) -> Snaps:
        """Some of them."""
        return Snaps(self.edge[which], self.offset_m[which], self.distance_m[which], self.along[which])

    @classmethod
    def joined(cls, parts: Sequence[Snaps]) -> Snaps:
        """One after the other."""
        return cls(
            np.concatenate([part.edge for part in parts]),
            np.concatenate([part.offset_m for part in parts]),
            np.concatenate([part.distance_m for part in parts]),
            np.concatenate([part.along for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Near:
    """Edges near to positions, one entry for each pair."""

    asked: NDArray[np.intp]
    """Which of the positions."""
    edge: Ints
    offset_m: Floats
    distance_m: Floats


class StreetIndex:
    """Finds the nearest points on a map's edges. Built once per map; safe to share between threads."""

    def __init__(self, street_map: StreetMap) -> None:
        owner = np.repeat(np.arange(street_map.edges), np.diff(street_map.shape_start))
        self._lines = shapely.linestrings(plane_m(street_map.shape_lat, street_map.shape_lon), indices=owner)
        self._length_m = street_map.edge_length_m
        self._two_way = np.isfinite(street_map.edge_back_s)
        self._tree = shapely.STRtree(self._lines)

    def snap(self, positions: Sequence[Position], headings: Sequence[Heading | None] | None = None) -> Snaps:
        """The nearest point for each position. Of edges equally near, as at a junction, the first of the map.

        Where a heading is given and fast enough, an edge that can be driven that way goes before a nearer one that
        cannot. Raises ValueError for too few or too many headings.
        """
        count = len(positions)
        if headings is not None and len(headings) != count:
            raise ValueError(f"{count} positions need as many headings, not {len(headings)}")
        snaps = Snaps(
            np.full(count, NOWHERE, dtype=np.int32),
            np.zeros(count),
            np.full(count, np.inf),
            np.zeros(count, dtype=np.int8),
        )
        if count:
            lats = np.array([position.lat for position in positions])
            lons = np.array([position.lon for position in positions])
            points = shapely.points(plane_m(lats, lons))
            scale = ground_scale(lats)
            self._take_nearest(snaps, points, scale)
            if headings is not None:
                self._follow(snaps, points, scale, headings)
            on = snaps.found
            share = shapely.line_locate_point(self._lines[snaps.edge[on]], points[on], normalized=True)
            # an edge without length has no shares: everything on it is at its beginning
            snaps.offset_m[on] = np.nan_to_num(share) * self._length_m[snaps.edge[on]]
        return snaps

    def near(self, lats: Floats, lons: Floats, reach_m: float) -> Near:
        """Every edge within `reach_m` of each position, by position and then by distance."""
        points, scale = shapely.points(plane_m(lats, lons)), ground_scale(lats)
        asked, edge = self._tree.query(points, predicate="dwithin", distance=reach_m / scale)
        distance_m = shapely.distance(self._lines[edge], points[asked]) * scale[asked]
        order = np.lexsort((edge, distance_m, asked))
        asked, edge, distance_m = asked[order], edge[order], distance_m[order]
        share = shapely.line_locate_point(self._lines[edge], points[asked], normalized=True)
        return Near(asked, edge.astype(np.int32), np.nan_to_num(share) * self._length_m[edge], distance_m)

    def _take_nearest(self, snaps: Snaps, points: NDArray[np.object_], scale: Floats) -> None:
        (asked, near), away = self._tree.query_nearest(
            points, max_distance=SNAP_LIMIT_M / scale.min(), return_distance=True
        )
        away *= scale[asked]
        order = np.lexsort((near, asked))
        order = order[away[order] <= SNAP_LIMIT_M]
        asked, first = np.unique(asked[order], return_index=True)
        chosen = order[first]
        snaps.edge[asked], snaps.distance_m[asked] = near[chosen], away[chosen]

    def _follow(
        self, snaps: Snaps, points: NDArray[np.object_], scale: Floats, headings: Sequence[Heading | None]
    ) -> None:
        """Takes the edge that the course follows, for those that move."""
        course = np.array(
            [heading.course_deg if heading and heading.speed_mps >= MOVING_MPS else np.nan for heading in headings]
        )
        moving = np.flatnonzero(np.isfinite(course) & snaps.found)
        if not len(moving):
            return
        reach_m = np.maximum(REACH_M, snaps.distance_m[moving] + REACH_BEYOND_M)
        asked, near = self._tree.query(points[moving], predicate="dwithin", distance=reach_m / scale[moving])
        unit = moving[asked]
        lines, here = self._lines[near], points[unit]
        away = shapely.distance(lines, here) * scale[unit]
        turn = np.abs((course[unit] - _bearing_deg(lines, here) + 180) % 360 - 180)
        along = np.where(turn <= MISFIT_DEG, 1, np.where((180 - turn <= MISFIT_DEG) & self._two_way[near], -1, 0))
        order = np.lexsort((near, away + np.where(along == 0, MISFIT_M, 0), unit))
        chosen_unit, first = np.unique(unit[order], return_index=True)
        chosen = order[first]
        snaps.edge[chosen_unit], snaps.distance_m[chosen_unit] = near[chosen], away[chosen]
        snaps.along[chosen_unit] = along[chosen]


def _bearing_deg(lines: NDArray[np.object_], points: NDArray[np.object_]) -> Floats:
    """The direction of each line where it passes its point, degrees clockwise from north; nan on one without length."""
    at = shapely.line_locate_point(lines, points)
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, at + _BEARING_STEP_M))
    behind = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.maximum(at - _BEARING_STEP_M, 0)))
    step = ahead - behind
    bearing = np.degrees(np.arctan2(step[:, 0], step[:, 1]))
    return np.asarray(np.where(np.any(step != 0, axis=1), bearing, np.nan))
