"""The nearest street, against a search that looks at every segment."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.domain.geometry import Position, distance_m, offset
from dispatch.roads.assembly import Run, assemble
from dispatch.roads.snapping import NOWHERE, SNAP_LIMIT_M, StreetIndex
from dispatch.roads.street_map import MapInfo, StreetMap
from tests.support.cities import generated_chiayi


@cache
def city() -> tuple[StreetMap, StreetIndex]:
    street_map = generated_chiayi(3)
    return street_map, StreetIndex(street_map)


def nearest_by_looking_at_all(street_map: StreetMap, position: Position) -> float:
    """Metres to the nearest of all segments, in a flat frame round the position."""
    north = (
        (street_map.shape_lat - position.lat) * distance_m(position, Position(position.lat + 0.01, position.lon)) * 100
    )
    east = (
        (street_map.shape_lon - position.lon) * distance_m(position, Position(position.lat, position.lon + 0.01)) * 100
    )
    points = np.column_stack((east, north))
    inside = np.ones(len(points), dtype=bool)
    inside[street_map.shape_start[1:] - 1] = False
    begin = points[inside]
    step = points[np.flatnonzero(inside) + 1] - begin
    square = np.maximum((step**2).sum(axis=1), 1e-12)
    share = np.clip(-(begin * step).sum(axis=1) / square, 0, 1)
    return float(np.hypot(*(begin + share[:, None] * step).T).min())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(23.43, 23.53), st.floats(120.38, 120.52)), min_size=1, max_size=5))
def test_snaps_are_the_nearest(places: list[tuple[float, float]]) -> None:
    """For any places at once, the distance is the least over all segments, or none is within the limit."""
    street_map, index = city()
    positions = [Position(*place) for place in places]
    snaps = index.snap(positions)
    for position, edge, along, away in zip(positions, snaps.edge, snaps.offset_m, snaps.distance_m, strict=True):
        least = nearest_by_looking_at_all(street_map, position)
        if edge == NOWHERE:
            assert least > SNAP_LIMIT_M - 0.5
            assert away == np.inf
        else:
            assert abs(away - least) < 0.05
            assert 0 <= along <= street_map.edge_length_m[edge]


def test_offset_leads_to_the_nearest_point() -> None:
    """Going the offset along the edge ends as far from the position as the snap says."""
    street_map, index = city()
    rng = np.random.default_rng(4)
    at = rng.integers(0, len(street_map.shape_lat), 50)
    positions = [
        offset(Position(street_map.shape_lat[i], street_map.shape_lon[i]), *rng.normal(0, 40, 2)) for i in at.tolist()
    ]
    snaps = index.snap(positions)
    for position, edge, along, away in zip(positions, snaps.edge, snaps.offset_m, snaps.distance_m, strict=True):
        lats, lons = street_map.shape(int(edge))
        gone = np.concatenate(([0.0], np.cumsum([
            distance_m(Position(lats[i], lons[i]), Position(lats[i + 1], lons[i + 1])) for i in range(len(lats) - 1)
        ])))  # fmt: skip
        there = Position(float(np.interp(along, gone, lats)), float(np.interp(along, gone, lons)))
        assert abs(distance_m(position, there) - away) < 0.05


def test_no_position_asks_nothing() -> None:
    """No positions give no snaps."""
    assert len(city()[1].snap([]).edge) == 0


def test_limit_is_the_same_in_every_latitude() -> None:
    """290 m are near, 310 m are not: at the equator, in Taiwan, in Helsinki, in all directions; in one call."""
    for lat in (0.0, 23.48, 60.17):
        ends = [Position(lat, 20.0), Position(lat, 20.02)]
        run = Run([1, 2], [p.lat for p in ends], [p.lon for p in ends], "residential", "", 5.0, 5.0)
        street_map = assemble([run], MapInfo(source="line", sha256=""))
        assert street_map is not None
        near = [offset(ends[0], 0, -290), offset(ends[0], 290, 200), offset(ends[1], -290, -200)]
        far = [offset(ends[0], 0, -310), offset(ends[0], 310, 200), offset(ends[1], 0, 310)]
        found = StreetIndex(street_map).snap([*near, *far, Position(89.9, 20)]).found
        assert found.tolist() == [True] * 3 + [False] * 4
