"""A route as a line for the map in the car: drawn along the streets, thinned until it fits an order's frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely

from dispatch.roads.metric import ground_scale, plane_m, steps_m
from dispatch.roads.street_map import StreetMap

Leg = tuple[int, float, float]
"""Edge, and where on it the leg begins and ends, in metres from its first junction; a falling pair drives back."""

POINTS_MAX: Final = 500
"""About 10 KB as JSON: several orders fit the frame of 64 KiB that the vehicle link allows."""
TOLERANCE_M: Final = 1.0
"""How far the drawn line may leave the street at first; doubled until POINTS_MAX holds."""
_DIGITS: Final = 6


def draw(
    street_map: StreetMap, start: tuple[float, float], legs: Sequence[Leg], end: tuple[float, float]
) -> list[tuple[float, float]]:
    """The line (lon, lat) from `start` over the legs to `end`, both given as (lon, lat)."""
    parts = [np.array([start]), *(_stretch(street_map, *leg) for leg in legs), np.array([end])]
    points = np.round(np.concatenate(parts), _DIGITS)
    fresh = np.append(True, np.any(points[1:] != points[:-1], axis=1))
    points = points[fresh]
    if len(points) < 2:
        points = np.repeat(points, 2, axis=0)
    points = _thinned(points)
    return [(float(lon), float(lat)) for lon, lat in points]


def _stretch(street_map: StreetMap, edge: int, begin_m: float, end_m: float) -> np.ndarray:
    """The points (lon, lat) of part of an edge, its cut ends included."""
    lats, lons = street_map.shape(edge)
    if min(begin_m, end_m) <= 0 and max(begin_m, end_m) >= street_map.edge_length_m[edge]:  # all but the first and last
        points = np.column_stack((lons, lats))
        return points if begin_m <= end_m else points[::-1]
    along = np.concatenate(([0.0], np.cumsum(steps_m(lats, lons))))
    low, high = sorted((begin_m, end_m))
    inner = along[(along > low) & (along < high)]
    at = np.concatenate(([low], inner, [high]))
    points = np.column_stack((np.interp(at, along, lons), np.interp(at, along, lats)))
    return points if begin_m <= end_m else points[::-1]


def _thinned(points: np.ndarray) -> np.ndarray:
    """Fewer points, every one of them a point of the line before (Douglas and Peucker, 1973)."""
    plane = plane_m(points[:, 1], points[:, 0])
    scale = float(ground_scale(points[:1, 1])[0])
    # the plane is looked up by index afterwards: z carries the index through the thinning
    line = shapely.linestrings(np.column_stack((plane, np.arange(len(points)))))
    tolerance = TOLERANCE_M / scale
    while True:
        thin = shapely.simplify(line, tolerance, preserve_topology=False)
        if shapely.get_num_coordinates(thin) <= POINTS_MAX:
            kept = shapely.get_coordinates(thin, include_z=True)[:, 2].astype(int)
            return np.asarray(points[kept])
        tolerance *= 2
