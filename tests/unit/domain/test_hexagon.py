"""Hexagons of the map of figures."""

from __future__ import annotations

from geopy.distance import geodesic

from dispatch.domain.geometry import Position, point_in_polygon
from dispatch.domain.hexagon import cell_of, centre_of, is_cell, outline_of

LAT, LON = 23.4801, 120.4491


def test_a_place_lies_in_its_hexagon() -> None:
    """The middle lies within the largest radius (531 m is the mean edge at this resolution), the outline is closed."""
    cell = cell_of(LAT, LON)
    ring = outline_of(cell)
    assert (len(ring), ring[0]) == (7, ring[-1])
    assert point_in_polygon(Position(LAT, LON), [Position(lat, lon) for lon, lat in ring])
    assert geodesic((LAT, LON), centre_of(cell)).m < 700
    assert cell_of(*centre_of(cell)) == cell


def test_only_hexagons_of_this_size_are_taken() -> None:
    """Another size, or no id at all, is none."""
    assert is_cell(cell_of(LAT, LON))
    assert not is_cell("8f4ba0a4e4c0000")
    assert not is_cell("8001fffffffffff")
    assert not is_cell("anywhere")
