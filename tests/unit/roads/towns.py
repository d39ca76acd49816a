"""Small towns by hand, in metres, and what tests need to know of places and lines in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count, pairwise

import numpy as np

from dispatch.domain.geometry import Position, distance_m, offset
from dispatch.roads.assembly import Run, assemble
from dispatch.roads.street_map import MapInfo, StreetMap
from dispatch.roads.turn_rules import TurnRule

ORIGIN = Position(23.48, 120.45)


@dataclass
class Town:
    """Streets by hand, in metres north and east of one corner; the first street is way 1."""

    runs: list[Run] = field(default_factory=list)
    keys: count[int] = field(default_factory=lambda: count(1000))

    def street(
        self,
        begin: int,
        end: int,
        *places: tuple[float, float],
        forward_mps: float = 10.0,
        back_mps: float = 10.0,
        street_class: str = "residential",
        name: str = "",
    ) -> None:
        """A street from junction to junction; the places are its points, the first and last those junctions'."""
        inner = [next(self.keys) for _ in places[2:]]
        at = [offset(ORIGIN, *place) for place in places]
        lats, lons = [p.lat for p in at], [p.lon for p in at]
        self.runs.append(
            Run([begin, *inner, end], lats, lons, street_class, name, forward_mps, back_mps, len(self.runs) + 1)
        )

    def street_map(self, *rules: TurnRule) -> StreetMap:
        street_map = assemble(self.runs, MapInfo(source="town", sha256=""), rules)
        assert street_map is not None
        return street_map


def place(north_m: float, east_m: float) -> Position:
    return offset(ORIGIN, north_m, east_m)


def position_on(street_map: StreetMap, edge: int, share: float) -> Position:
    lats, lons = street_map.shape(edge)
    at = [Position(lat, lon) for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)]
    gone = np.concatenate(([0.0], np.cumsum([distance_m(a, b) for a, b in pairwise(at)])))
    return Position(float(np.interp(share * gone[-1], gone, lats)), float(np.interp(share * gone[-1], gone, lons)))


def line_m(line: list[tuple[float, float]]) -> float:
    return sum(distance_m(Position(a[1], a[0]), Position(b[1], b[0])) for a, b in pairwise(line))
