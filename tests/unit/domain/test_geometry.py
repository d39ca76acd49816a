"""Distances, bearings, offsets and outlines, against geopy, geographiclib and shapely."""

from __future__ import annotations

import math
import random

import pytest
from geographiclib.geodesic import Geodesic  # type: ignore[import-untyped]
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from dispatch.domain.geometry import (
    Position,
    bearing_deg,
    between,
    distance_m,
    distances_m,
    offset,
    point_in_polygon,
)

CHIAYI = Position(23.48, 120.45)


def _pairs(count: int, reach_deg: float) -> list[tuple[Position, Position]]:
    dice = random.Random(7)
    pairs = []
    for _ in range(count):
        a = Position(dice.uniform(-80, 80), dice.uniform(-180, 180))
        lat = max(-90.0, min(90.0, a.lat + dice.uniform(-reach_deg, reach_deg)))
        lon = (a.lon + dice.uniform(-reach_deg, reach_deg) + 180) % 360 - 180
        pairs.append((a, Position(lat, lon)))
    return pairs


@pytest.mark.parametrize(("lat", "lon"), [(90.1, 0), (-91, 0), (0, 180.5), (0, -181), (math.nan, 0), (0, math.inf)])
def test_no_such_position(lat: float, lon: float) -> None:
    """A position off the globe, or none at all, can't be made."""
    with pytest.raises(ValueError, match="no such position"):
        Position(lat, lon)


@pytest.mark.parametrize("reach_deg", [0.001, 0.02, 1, 20, 80])
def test_distance_against_the_exact_geodesic(reach_deg: float) -> None:
    """From metres to 10,000 km the distance is within one part in 500,000 of Karney's geodesic."""
    for a, b in _pairs(200, reach_deg):
        exact_m = geodesic((a.lat, a.lon), (b.lat, b.lon)).m
        if exact_m <= 10_000_000:
            assert distance_m(a, b) == pytest.approx(exact_m, rel=2e-6, abs=1e-5)


def test_distance_at_the_extremes() -> None:
    """The same place is 0 m away, and opposite ends of the earth, where the formula is weakest, stay within 0.3 %."""
    assert distance_m(CHIAYI, CHIAYI) == 0
    for a, b in [
        (Position(0, 0), Position(0, 180)),
        (Position(90, 0), Position(-90, 0)),
        (CHIAYI, Position(-23.48, -59.55)),
    ]:
        assert distance_m(a, b) == pytest.approx(20_003_931, rel=3e-3)


def test_many_distances_are_the_single_ones() -> None:
    """The vectorised distance gives what the single one gives, to a thousandth of a millimetre in a city."""
    others = [offset(CHIAYI, north, east) for north in range(-9000, 9001, 1500) for east in range(-9000, 9001, 1500)]
    many = distances_m(CHIAYI.lat, CHIAYI.lon, [p.lat for p in others], [p.lon for p in others])
    assert many.tolist() == pytest.approx([distance_m(CHIAYI, p) for p in others], rel=1e-9, abs=1e-6)
    assert distances_m(CHIAYI.lat, CHIAYI.lon, [], []).size == 0


@pytest.mark.parametrize(
    ("north_m", "east_m", "expected_deg"), [(100, 0, 0), (0, 100, 90), (-100, 0, 180), (0, -100, 270), (100, 100, 45)]
)
def test_bearing_of_the_compass(north_m: float, east_m: float, expected_deg: float) -> None:
    """North is 0 and degrees run clockwise, as a compass has it."""
    assert bearing_deg(CHIAYI, offset(CHIAYI, north_m, east_m)) == pytest.approx(expected_deg, abs=0.2)


def test_bearing_against_the_exact_geodesic() -> None:
    """Bearings stay within 0.2 degrees of the geodesic's azimuth and within 0..360."""
    for a, b in _pairs(300, 5):
        exact_deg = Geodesic.WGS84.Inverse(a.lat, a.lon, b.lat, b.lon)["azi1"]
        bearing = bearing_deg(a, b)
        assert 0 <= bearing < 360
        assert abs((bearing - exact_deg + 180) % 360 - 180) < 0.2


def test_bearing_never_says_360() -> None:
    """A hair west of north rounds to 0, not to 360; and from a place to itself it is 0."""
    assert bearing_deg(Position(0, 0), Position(80, -1e-300)) == 0
    assert bearing_deg(CHIAYI, CHIAYI) == 0


def test_offset_moves_as_far_as_asked() -> None:
    """A place offset by metres lies those metres away by the exact geodesic, to one part in a thousand."""
    dice = random.Random(3)
    for _ in range(300):
        start = Position(dice.uniform(-75, 75), dice.uniform(-180, 180))
        north_m, east_m = dice.uniform(-10_000, 10_000), dice.uniform(-10_000, 10_000)
        there = offset(start, north_m, east_m)
        moved_m = geodesic((start.lat, start.lon), (there.lat, there.lon)).m
        assert moved_m == pytest.approx(math.hypot(north_m, east_m), rel=1e-3)
        assert (there.lat > start.lat) == (north_m > 0)


def test_offset_over_the_date_line_and_the_pole() -> None:
    """Eastwards over the 180th meridian the longitude wraps; over a pole there is no such offset."""
    assert offset(Position(0, 179.999), 0, 1000).lon == pytest.approx(-179.992, abs=1e-3)
    with pytest.raises(ValueError, match="no such position"):
        offset(Position(89.9, 0), 50_000, 0)


def test_between_two_positions() -> None:
    """The place half way is as far from both ends, and the short way leads over the 180th meridian."""
    end = offset(CHIAYI, 400, 300)
    half = between(CHIAYI, end, 0.5)
    assert distance_m(CHIAYI, half) == pytest.approx(distance_m(half, end), rel=1e-4)
    assert between(CHIAYI, end, 0) == CHIAYI
    assert abs(between(Position(0, 179.8), Position(0, -179.8), 0.5).lon) == pytest.approx(180)


SQUARE = [Position(0, 0), Position(0, 10), Position(10, 10), Position(10, 0)]


def test_inside_an_outline() -> None:
    """A square holds its middle and not its surroundings, whether its outline is closed or left open."""
    for outline in (SQUARE, [*SQUARE, SQUARE[0]], SQUARE[::-1]):
        assert point_in_polygon(Position(5, 5), outline)
        for outside in (Position(5, 11), Position(5, -1), Position(-1, 5), Position(11, 5)):
            assert not point_in_polygon(outside, outline)
    assert not point_in_polygon(Position(5, 5), [])


def test_level_with_a_corner() -> None:
    """A position exactly as far north as a corner is judged like any other."""
    diamond = [Position(0, 5), Position(5, 10), Position(10, 5), Position(5, 0)]
    assert point_in_polygon(Position(5, 5), diamond)
    assert not point_in_polygon(Position(5, -1), diamond)
    assert not point_in_polygon(Position(10, 0), diamond)


def test_inside_any_outline_as_shapely_has_it() -> None:
    """For stars with deep bays the answer is that of an independent geometry library."""
    dice = random.Random(11)
    for _ in range(20):
        star = [
            Position(23.48 + r * math.sin(a), 120.45 + r * math.cos(a))
            for a in (i * math.tau / 17 for i in range(17))
            for r in [dice.uniform(0.01, 0.1)]
        ]
        reference = Polygon([(p.lon, p.lat) for p in star])
        for _ in range(60):
            p = Position(23.48 + dice.uniform(-0.1, 0.1), 120.45 + dice.uniform(-0.1, 0.1))
            assert point_in_polygon(p, star) == reference.contains(Point(p.lon, p.lat))


@given(north=st.floats(23.0, 24.0), lean=st.floats(-0.3, 0.3), share=st.floats(0.001, 0.999), turned=st.booleans())
def test_a_shared_border_belongs_to_one_side(north: float, lean: float, share: float, turned: bool) -> None:
    """A position on the border of two precincts, or a rounding beside it, lies in exactly one of them."""
    foot, head = Position(22.5, 120.45), Position(north, 120.45 + lean)
    west = [Position(22.5, 119), foot, head, Position(north, 119)]
    east = [foot, Position(22.5, 122), Position(north, 122), head]
    if turned:
        east = east[::-1]
    p = between(foot, head, share)
    assert point_in_polygon(p, west) != point_in_polygon(p, east)
