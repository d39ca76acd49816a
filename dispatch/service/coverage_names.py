"""What a junction is called: by the two largest streets that cross there, else by a crossing that is near."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geometry import Position, distances_m
from dispatch.roads.speeds import CLASSES
from dispatch.roads.street_map import StreetMap

_NO_WAITING: Final = frozenset({"motorway", "motorway_link", "trunk_link"})
_CROSSING: Final = "口"
_NEAR: Final = "附近"


@dataclass(frozen=True, slots=True)
class Station:
    """A station whose position is known; degrees."""

    name: str
    lat: float
    lon: float


@dataclass(frozen=True)
class PlaceNames:
    """The names of one map's junctions, and its stations."""

    street_map: StreetMap
    stations: tuple[Station, ...]

    def of(self, node: int) -> str:
        """As 中山路/民族路口 or 中山路; of a nameless junction the nearest name with 附近; without any name degrees."""
        own = self._streets.get(node)
        if own is not None:
            return own
        lat, lon = float(self.street_map.node_lat[node]), float(self.street_map.node_lon[node])
        if not self._streets:
            return f"{lat:.5f}, {lon:.5f}"
        named = np.fromiter(self._streets, dtype=np.int64)
        away_m = distances_m(lat, lon, self.street_map.node_lat[named], self.street_map.node_lon[named])
        return self._streets[int(named[np.argmin(away_m)])] + _NEAR

    def station_near(self, place: Position) -> str | None:
        """The name of the nearest station; None where the position of none is known."""
        if not self.stations:
            return None
        away_m = distances_m(place.lat, place.lon, [s.lat for s in self.stations], [s.lon for s in self.stations])
        return self.stations[int(np.argmin(away_m))].name

    def size_of_junctions(self) -> NDArray[np.int64]:
        """How large the streets are that cross: the ranks of the two largest, 0 where nobody may wait."""
        size = np.zeros(self.street_map.nodes, dtype=np.int64)
        for node, ranked in self._ranks.items():
            size[node] = sum(sorted(ranked.values(), reverse=True)[:2])
        size[list(self._closed)] = 0
        return size

    @cached_property
    def _streets(self) -> dict[int, str]:
        """What each junction with a named street is called: the larger class first, then by the order of the map."""
        called = {}
        for node, ranked in self._ranks.items():
            by_rank = sorted(ranked.items(), key=lambda item: -item[1])
            names = [self.street_map.names[name] for name, _ in by_rank if self.street_map.names[name]][:2]
            if names:
                called[node] = "/".join(names) + (_CROSSING if len(names) > 1 else "")
        return called

    @cached_property
    def _ranks(self) -> dict[int, dict[int, int]]:
        """For each junction the streets by name, each with the rank of its largest class there."""
        ranks: dict[int, dict[int, int]] = defaultdict(dict)
        for start, end, kind, name in self._edges():
            rank = len(CLASSES) - kind
            for node in (start, end):
                ranks[node][name] = max(rank, ranks[node].get(name, 0))
        return dict(ranks)

    @cached_property
    def _closed(self) -> set[int]:
        """Junctions with a motorway or a ramp."""
        closed = {number for number, name in enumerate(CLASSES) if name in _NO_WAITING}
        return {node for start, end, kind, _ in self._edges() if kind in closed for node in (start, end)}

    def _edges(self) -> list[tuple[int, int, int, int]]:
        street_map = self.street_map
        columns = (street_map.edge_from, street_map.edge_to, street_map.edge_class, street_map.edge_name)
        return list(zip(*(column.tolist() for column in columns), strict=True))
