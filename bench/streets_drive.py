"""A car that drives about at random along streets, for benchmarks that need plausible positions."""

from __future__ import annotations

import math
import random
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geometry import Position, bearing_deg
from dispatch.roads.street_map import StreetMap

SPEED_MPS = 9.0


@lru_cache(maxsize=2)
def _by_tail(streets: StreetMap) -> NDArray[np.intp]:
    return np.argsort(streets.arcs.tail, kind="stable")


class Drive:
    """From junction to junction, in straight lines between them."""

    def __init__(self, streets: StreetMap, rng: random.Random) -> None:
        self._streets, self._rng = streets, rng
        self._arc = rng.randrange(len(streets.arcs.tail))
        self._gone_m = 0.0

    def step(self, seconds: float) -> tuple[float, float, float, float]:
        """So much later: lat, lon, speed in m/s, course in degrees."""
        arcs, streets = self._streets.arcs, self._streets
        self._gone_m += SPEED_MPS * seconds
        while self._gone_m > arcs.length_m[self._arc]:
            self._gone_m -= float(arcs.length_m[self._arc])
            self._arc = self._onward(int(arcs.head[self._arc]))
        tail, head = int(arcs.tail[self._arc]), int(arcs.head[self._arc])
        begin = Position(float(streets.node_lat[tail]), float(streets.node_lon[tail]))
        end = Position(float(streets.node_lat[head]), float(streets.node_lon[head]))
        share = self._gone_m / max(float(arcs.length_m[self._arc]), 1e-6)
        lat = begin.lat + share * (end.lat - begin.lat)
        lon = begin.lon + share * (end.lon - begin.lon)
        course = bearing_deg(begin, end) if begin != end else math.nan
        return lat, lon, SPEED_MPS, 0.0 if math.isnan(course) else course % 360

    def _onward(self, node: int) -> int:
        order = _by_tail(self._streets)
        first, last = np.searchsorted(self._streets.arcs.tail[order], [node, node + 1])
        if first == last:
            return self._rng.randrange(len(self._streets.arcs.tail))
        return int(order[self._rng.randrange(first, last)])
