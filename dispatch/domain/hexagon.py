"""Hexagons of the map of figures: h3, resolution 8, 0.74 km² each (h3geo.org, "Average area in km²"). Pure."""

from __future__ import annotations

from typing import Final

import h3

RESOLUTION: Final = 8


def cell_of(lat: float, lon: float) -> str:
    """The id of the hexagon that holds this place."""
    return str(h3.latlng_to_cell(lat, lon, RESOLUTION))


def is_cell(cell: str) -> bool:
    """Is this the id of a hexagon of the map of figures?"""
    return bool(h3.is_valid_cell(cell)) and h3.get_resolution(cell) == RESOLUTION


def centre_of(cell: str) -> tuple[float, float]:
    """(lat, lon) of its middle."""
    lat, lon = h3.cell_to_latlng(cell)
    return float(lat), float(lon)


def outline_of(cell: str) -> list[tuple[float, float]]:
    """Its corners as GeoJSON has them: (lon, lat), the first one again at the end."""
    ring = [(float(lon), float(lat)) for lat, lon in h3.cell_to_boundary(cell)]
    return [*ring, ring[0]]
