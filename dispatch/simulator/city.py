"""The city of a simulated run: junctions, and how long a car needs between any two of them over the streets.

The times are those of roads/ (`travel_table`) by the priors of speeds: a simulated car is as fast as a server believes
it to be that has learned nothing from its fleet's tracks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geometry import Position, distances_m
from dispatch.roads.speeds import geodesic_eta_s
from dispatch.roads.street_map import StreetMap
from dispatch.roads.table import travel_table
from dispatch.simulator.stream import Floats, Ints

Times = NDArray[np.float32]
ON_THE_WAY_S = 0.02
"""A junction lies on the fastest way where the way over it takes no longer than this more: single precision's noise."""


@dataclass(frozen=True)
class City:
    """Junctions by index. Seconds of a car without lights, metres; both [from, to]."""

    node_lat: Floats
    node_lon: Floats
    time_s: Times
    distance_m: Times

    @classmethod
    def of(cls, street_map: StreetMap, nodes: Ints | None = None) -> City:
        """Over these junctions of the map, or all of them."""
        chosen = np.arange(street_map.nodes, dtype=np.int32) if nodes is None else nodes
        table = travel_table(street_map, chosen)
        return cls(street_map.node_lat[chosen], street_map.node_lon[chosen], table.time_s, table.distance_m)

    def __len__(self) -> int:
        return len(self.node_lat)

    @cached_property
    def time_to_s(self) -> Times:
        """[to, from]: everybody's time to one place is one row."""
        return np.ascontiguousarray(self.time_s.T)

    @cached_property
    def straight_to_s(self) -> Times:
        """[to, from] by the straight line, as who knows no streets would say."""
        rows = [distances_m(lat, lon, self.node_lat, self.node_lon) for lat, lon in zip(*self._places, strict=True)]
        return (geodesic_eta_s(1.0) * np.array(rows)).astype(np.float32)

    @property
    def _places(self) -> tuple[list[float], list[float]]:
        return self.node_lat.tolist(), self.node_lon.tolist()

    def way(self, start: int, end: int) -> tuple[list[int], list[float]]:
        """The junctions of the fastest way, and when each is passed, in a car's seconds from the start."""
        if start == end:
            return [start], [0.0]
        there = self.time_s[start]
        total = float(there[end])
        on_way = np.flatnonzero(there + self.time_to_s[end] <= total + ON_THE_WAY_S)
        passed = there[on_way]
        order = passed.argsort(kind="stable")
        return on_way[order].tolist(), passed[order].tolist()

    def nearest(self, place: Position) -> int:
        """The junction nearest to a place."""
        return int(np.argmin(distances_m(place.lat, place.lon, self.node_lat, self.node_lon)))
