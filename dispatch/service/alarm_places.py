"""What the place of an alarm is called: the junction next to it, by its streets."""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np

from dispatch.domain.geometry import Position, distances_m
from dispatch.roads.street_map import StreetMap
from dispatch.service.coverage_names import PlaceNames
from dispatch.service.desk import Desk

AWAY_M: Final = 500.0
"""A junction farther away says nothing of a place."""
_kept: dict[int, PlaceNames] = {}


async def crossing_near(desk: Desk, place: Position) -> str | None:
    """As 中山路/民族路口; None where no map is loaded, or no junction is near."""
    loaded = desk.streets.loaded
    return await asyncio.to_thread(_named, loaded.streets, place) if loaded else None


def _named(street_map: StreetMap, place: Position) -> str | None:
    names = _kept.get(id(street_map))
    if names is None or names.street_map is not street_map:
        _kept.clear()  # one map at a time
        names = _kept[id(street_map)] = PlaceNames(street_map, ())
    away_m = distances_m(place.lat, place.lon, street_map.node_lat, street_map.node_lon)
    nearest = int(np.argmin(away_m))
    return names.of(nearest) if away_m[nearest] <= AWAY_M else None
