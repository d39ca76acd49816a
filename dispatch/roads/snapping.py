"""Where on the streets a position is: the nearest point of the nearest edge, by a spatial index, for many at once."""

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

NOWHERE: Final = -1


@dataclass(frozen=True, slots=True)
class Snaps:
    """One entry per position asked for. On a one-way edge a car may only go on towards its end (`edge_to`)."""

    edge: Ints
    """The nearest edge; NOWHERE where none is within SNAP_LIMIT_M."""
    offset_m: Floats
    """How far along the edge from its first junction the nearest point lies."""
    distance_m: Floats
    """From the position to that point; infinite where there is none."""

    @property
    def found(self) -> NDArray[np.bool_]:
        return np.asarray(self.edge != NOWHERE)


class StreetIndex:
    """Finds the nearest points on a map's edges. Built once per map; safe to share between threads."""

    def __init__(self, street_map: StreetMap) -> None:
        owner = np.repeat(np.arange(street_map.edges), np.diff(street_map.shape_start))
        self._lines = shapely.linestrings(plane_m(street_map.shape_lat, street_map.shape_lon), indices=owner)
        self._length_m = street_map.edge_length_m
        self._tree = shapely.STRtree(self._lines)

    def snap(self, positions: Sequence[Position]) -> Snaps:
        """The nearest point for each position. Of edges equally near, as at a junction, the first of the map."""
        count = len(positions)
        edge = np.full(count, NOWHERE, dtype=np.int32)
        offset, distance = np.zeros(count), np.full(count, np.inf)
        if count:
            lats = np.array([position.lat for position in positions])
            lons = np.array([position.lon for position in positions])
            points = shapely.points(plane_m(lats, lons))
            scale = ground_scale(lats)
            (asked, near), away = self._tree.query_nearest(
                points, max_distance=SNAP_LIMIT_M / scale.min(), return_distance=True
            )
            away *= scale[asked]
            order = np.lexsort((near, asked))
            order = order[away[order] <= SNAP_LIMIT_M]
            asked, first = np.unique(asked[order], return_index=True)
            chosen = order[first]
            edge[asked], distance[asked] = near[chosen], away[chosen]
            share = shapely.line_locate_point(self._lines[edge[asked]], points[asked], normalized=True)
            # an edge without length has no shares: everything on it is at its beginning
            offset[asked] = np.nan_to_num(share) * self._length_m[edge[asked]]
        return Snaps(edge, offset, distance)
