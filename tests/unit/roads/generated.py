"""The generated city that tests ask, and places beside its streets."""

from __future__ import annotations

from functools import cache

import numpy as np

from dispatch.domain.geometry import Position, offset
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import TravelTimes
from tests.support.cities import generated_chiayi


def streets() -> StreetMap:
    return generated_chiayi(3)


@cache
def city() -> TravelTimes:
    return TravelTimes(streets())


def city_places(seed: int, number: int, spread_m: float = 15.0) -> list[Position]:
    """Places beside the city's streets."""
    at = np.random.default_rng(seed).integers(0, len(streets().shape_lat), number)
    rng = np.random.default_rng([seed, 1])
    corners = zip(streets().shape_lat[at].tolist(), streets().shape_lon[at].tolist(), strict=True)
    return [offset(Position(lat, lon), *rng.normal(0, spread_m, 2)) for lat, lon in corners]
