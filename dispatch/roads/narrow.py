"""Which streets are too narrow for a car to get through fast: the one place where this rule stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dispatch.domain.geometry import Position
from dispatch.roads.snapping import NOWHERE
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import TravelTimes

NARROW_CLASSES: Final = frozenset({"living_street", "service"})
LANE_CLASSES: Final = frozenset({"residential", "unclassified", "road"})
LANE_NAMES: Final = ("巷", "弄")
"""Lanes and alleys by their name: in Taiwan 路 and 街 carry traffic through, 巷 and 弄 lead off them between houses."""


def is_narrow(street_map: StreetMap, edge: int) -> bool:
    """Living streets, driveways, and what is named a lane unless its class says that it carries traffic."""
    street_class = street_map.class_of(edge)
    if street_class in NARROW_CLASSES:
        return True
    return street_class in LANE_CLASSES and any(mark in street_map.name_of(edge) for mark in LANE_NAMES)


def narrow_places(travel: TravelTimes, places: Sequence[Position]) -> list[bool]:
    """Does the street of each place count as narrow? A place off the map does not."""
    if travel.street_map is None or not places:
        return [False] * len(places)
    edges = travel.stand(places).snaps.edge.tolist()
    return [edge != NOWHERE and is_narrow(travel.street_map, edge) for edge in edges]
