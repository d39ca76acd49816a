"""Isochrones: the area round the streets that are reached in time, as GeoJSON for the map. lon before lat in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.roads.conditions import USUAL, Conditions, arc_times_s
from dispatch.roads.metric import Floats
from dispatch.roads.speed_factors import PRIORS, SpeedFactors
from dispatch.roads.street_map import METRES_PER_DEGREE, StreetMap

LIMITS_S: Final = (180.0, 300.0, 600.0)
BESIDE_M: Final = 60.0
"""What lies this near to a street that is reached counts as reached: the houses along it, half a small block."""
BYTES_MAX: Final = 60_000
_TOLERANCE_M: Final = 20.0
_TOLERANCE_MAX_M: Final = 1_000.0
_CELL_M: Final = 40.0
_DIGITS: Final = 5  # a metre
_STEP_M: Final = 40.0


def isochrones(
    street_map: StreetMap,
    seconds: Floats,
    limits_s: Sequence[float] = LIMITS_S,
    conditions: Conditions = USUAL,
    factor: float = 1.0,
    speeds: SpeedFactors = PRIORS,
) -> dict[str, Any]:
    """A FeatureCollection, widest first so that nearer ones are drawn above, with the property `within_s`.

    `seconds` are those of coverage.coverage under the same conditions, with the same factor and speeds. The geometry is
    a Polygon or MultiPolygon; a limit within which no street is reached has no feature. Coarsened until the whole is at
    most BYTES_MAX as JSON.
    """
    points, reached_s = _along_streets(street_map, seconds, arc_times_s(street_map, conditions, speeds=speeds) * factor)
    origin = np.array([street_map.extent.west, street_map.extent.south])
    metres = METRES_PER_DEGREE * np.array([np.cos(np.radians(street_map.extent.south)), 1.0])
    places = (points - origin) * metres
    areas: dict[float, shapely.Geometry] = {}
    area, before = shapely.Polygon(), -np.inf
    for limit in sorted(limits_s):
        # what is reached later is drawn on to what is reached sooner
        area = shapely.union(area, _round(places[(reached_s > before) & (reached_s <= limit)]))
        areas[limit], before = area, limit
    tolerance = _TOLERANCE_M
    while True:
        features = [
            {
                "type": "Feature",
                "properties": {"within_s": limit},
                "geometry": _geometry(_coarse(area, tolerance), origin, metres),
            }
            for limit, area in reversed(areas.items())
            if not area.is_empty
        ]
        collection = {"type": "FeatureCollection", "features": features}
        if len(json.dumps(collection, separators=(",", ":"))) <= BYTES_MAX or tolerance > _TOLERANCE_MAX_M:
            return collection
        tolerance *= 2


def _along_streets(street_map: StreetMap, seconds: Floats, arc_time_s: Floats) -> tuple[Floats, Floats]:
    """Points every _STEP_M or less along the streets, as (lon, lat), and when each is reached.

    From the nearer end: a unit that stands in the middle of a street is taken to have come from one, which is on the
    careful side by that stretch.
    """
    steps = np.ceil(street_map.edge_length_m / _STEP_M).astype(int) + 1
    edge = np.repeat(np.arange(street_map.edges), steps)
    number = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)
    share = number / np.maximum(steps - 1, 1)[edge]
    owner = np.repeat(np.arange(street_map.edges), np.diff(street_map.shape_start))
    lines = shapely.linestrings(np.column_stack((street_map.shape_lon, street_map.shape_lat)), indices=owner)
    points = shapely.get_coordinates(shapely.line_interpolate_point(lines[edge], share, normalized=True))
    back_arc = street_map.arcs.back_of_edge[edge]
    back_s = np.where(back_arc >= 0, arc_time_s[back_arc], np.inf)
    with np.errstate(invalid="ignore"):
        from_last = seconds[street_map.edge_to[edge]] + np.where(share < 1, (1 - share) * back_s, 0.0)
    return points, np.minimum(seconds[street_map.edge_from[edge]] + share * arc_time_s[edge], from_last)


def _round(places_m: NDArray[np.float64]) -> shapely.Geometry:
    """The area within BESIDE_M of the places; those that share a cell of the grid are drawn once."""
    cells = np.unique(np.round(places_m / _CELL_M), axis=0) * _CELL_M
    return shapely.union_all(shapely.buffer(shapely.points(cells), BESIDE_M, quad_segs=2))


def _coarse(area_m: shapely.Geometry, tolerance_m: float) -> shapely.Geometry:
    """With gaps narrower than the tolerance closed, small holes filled, and corners cut by no more than it."""
    closed = area_m.buffer(tolerance_m, quad_segs=2).buffer(-tolerance_m, quad_segs=2)
    parts = []
    for part in shapely.get_parts(closed):
        holes = [ring for ring in part.interiors if shapely.Polygon(ring).area > (4 * tolerance_m) ** 2]
        parts.append(shapely.Polygon(part.exterior, holes))
    return shapely.simplify(shapely.union_all(parts), tolerance_m)


def _geometry(area_m: shapely.Geometry, origin: Floats, metres: Floats) -> dict[str, Any]:
    """A GeoJSON geometry in degrees."""
    area = shapely.transform(area_m, lambda at: np.round(at / metres + origin, _DIGITS))
    drawn: dict[str, Any] = json.loads(shapely.to_geojson(area))
    return drawn
