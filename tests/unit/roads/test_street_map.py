"""The map as a thing: bytes and back, drawing, extent, immutability."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from geopy.distance import geodesic

from dispatch.domain.geometry import Position
from dispatch.roads import street_map_codec
from dispatch.roads.assembly import Run, assemble
from dispatch.roads.base_map import feature_collection
from dispatch.roads.refusal import MapRefused
from dispatch.roads.street_map import MapInfo, StreetMap
from tests.support.cities import generated_chiayi


def city() -> StreetMap:
    return generated_chiayi(3)


def test_bytes_and_back() -> None:
    """Nothing of a map is lost in its bytes, to the last bit."""
    again = street_map_codec.decode(street_map_codec.encode(city()))
    assert again.info == city().info
    assert again.names == city().names
    for name, value in vars(city()).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(again, name), value, strict=True)


@pytest.mark.parametrize("share", [0.0, 0.00002, 0.0001, 0.3, 0.7, 0.999999])
def test_a_changed_byte_is_refused(share: float) -> None:
    """Wherever a bit flips, the map is refused, not half read."""
    stored = bytearray(street_map_codec.encode(city()))
    stored[int(share * len(stored))] ^= 4
    with pytest.raises(MapRefused, match="stored street map"):
        street_map_codec.decode(bytes(stored))


@pytest.mark.parametrize("stored", [b"", b"patrol streets 1\n", b"PK\x03\x04 something else"])
def test_other_bytes_are_refused(stored: bytes) -> None:
    """Nothing, the mere mark, and a foreign archive are no map."""
    with pytest.raises(MapRefused, match="import"):
        street_map_codec.decode(stored)


def test_cut_bytes_are_refused() -> None:
    """A map whose end is missing is refused."""
    with pytest.raises(MapRefused, match="damaged"):
        street_map_codec.decode(street_map_codec.encode(city())[:-1])


def test_nobody_changes_a_map() -> None:
    """The arrays are read-only, after loading as well."""
    for street_map in (city(), street_map_codec.decode(street_map_codec.encode(city()))):
        with pytest.raises(ValueError, match="read-only"):
            street_map.edge_time_s[0] = 0


def test_the_drawing_shows_every_street_once() -> None:
    """The lengths of all drawn lines add up to the streets', though pieces are joined; lon comes before lat."""
    metres: dict[str, float] = defaultdict(float)
    features = feature_collection(city())["features"]
    for feature in features:
        line = feature["geometry"]["coordinates"]
        assert all(120 < lon < 121 and 23 < lat < 24 for lon, lat in line)
        assert all(round(value, 6) == value for point in line for value in point)
        metres[feature["properties"]["class"]] += sum(
            math.hypot((b[0] - a[0]) * 102_150, (b[1] - a[1]) * 110_760) for a, b in pairwise(line)
        )
    assert sum(metres.values()) / 1000 == pytest.approx(city().kilometres, rel=1e-3)
    assert len(features) < city().edges / 2
    for kind, drawn in metres.items():
        edges = [edge for edge in range(city().edges) if city().class_of(edge) == kind]
        assert drawn == pytest.approx(city().edge_length_m[edges].sum(), rel=1e-3)


def test_one_way_lines_are_drawn_in_driving_direction() -> None:
    """Joining pieces never turns a one-way street: every drawn step is a step of an edge that runs the same way."""
    steps: set[tuple[object, object]] = set()
    for edge in range(city().edges):
        lats, lons = (np.round(part, 6).tolist() for part in city().shape(edge))
        points = list(zip(lons, lats, strict=True))
        steps.update(pairwise(points))
    one_way = [
        f["geometry"]["coordinates"] for f in feature_collection(city())["features"] if f["properties"]["oneway"]
    ]
    assert one_way
    for line in one_way:
        points = [tuple(point) for point in line]
        assert set(pairwise(points)) <= steps


def test_one_way_lines_that_meet_head_on_stay_two() -> None:
    """Two one-way pieces of one street that both end at a junction are not joined into one direction."""
    lat, lons = 23.48, [120.450, 120.451, 120.452]
    pieces = [Run([a, b], [lat] * 2, [lons[a], lons[b]], "tertiary", "民權路", 9.0, 0.0) for a, b in ((0, 1), (2, 1))]
    back = Run([1, 3, 0, 2], [lat, lat + 0.001, lat, lat + 0.002], [lons[1], *lons], "tertiary", "回路", 9.0, 9.0)
    street_map = assemble([*pieces, back], MapInfo(source="three", sha256=""))
    assert street_map is not None
    features = feature_collection(street_map)["features"]
    drawn = [f["geometry"]["coordinates"] for f in features if f["properties"]["name"] == "民權路"]
    assert sorted(line[-1] for line in drawn) == [[lons[1], lat]] * 2


def test_lengths_follow_the_ground() -> None:
    """An edge is as long as the geodesic along its points."""
    for edge in range(0, city().edges, 400):
        points = list(zip(*city().shape(edge), strict=True))
        true_m = sum(geodesic(a, b).m for a, b in pairwise(points))
        assert city().edge_length_m[edge] == pytest.approx(true_m, rel=1e-6)


def test_extent_with_a_margin() -> None:
    """A place is in the extent, within the margin outside it, or neither; the margin is metres in both directions."""
    box = city().extent
    middle = (box.south + box.north) / 2
    assert city().contains(Position(middle, box.west))
    for metres, inside in ((1_950, True), (2_050, False)):
        east = geodesic(meters=metres).destination((middle, box.east), 90)
        south = geodesic(meters=metres).destination((box.south, box.west), 180)
        assert city().contains(Position(east.latitude, east.longitude), margin_m=2_000) is inside
        assert city().contains(Position(south.latitude, south.longitude), margin_m=2_000) is inside
        assert not city().contains(Position(east.latitude, east.longitude))
