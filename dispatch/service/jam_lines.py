"""The streets where own units crawl at this moment, as lines for the map: one for each direction that is slow.

The server that leads draws what its travel times reckon with. One that does not lead reads the tracks itself, when it
is asked and no more often than the leader does; what it read before it was asked is five minutes, not ten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from dispatch.roads.conditions import Slowdown
from dispatch.roads.street_map import StreetMap
from dispatch.service.desk import Desk
from dispatch.service.jams import Jams

KEPT_S: Final = 10.0
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class JamLines:
    """GeoJSON features, the slowest last so that they lie on top."""

    computed_at: datetime
    map_id: int
    features: list[dict[str, Any]]


class JamsKeeper:
    """One per server process. `leads`: does this server lead at this moment?"""

    def __init__(self, desk: Desk, leads: Callable[[], bool]) -> None:
        self._desk, self._leads = desk, leads
        self._own = Jams(desk)
        self._looking = asyncio.Lock()
        self._kept: tuple[Slowdown | None, JamLines] | None = None

    async def lines(self) -> JamLines:
        """At most ten seconds old. Raises NoMap."""
        async with self._looking:
            now, loaded, leads = self._desk.clock(), self._desk.streets.require(), self._leads()
            if self._kept is not None:
                slowdown, lines = self._kept
                fresh = 0 <= (now - lines.computed_at).total_seconds() < KEPT_S
                if lines.map_id == loaded.map_id and fresh and (not leads or slowdown is self._desk.streets.slowdown):
                    return lines
            travel = self._desk.streets.travel
            slowdown = self._desk.streets.slowdown if leads else await self._own.seen(travel)
            features = await asyncio.to_thread(jam_features, loaded.streets, slowdown)
            self._kept = (slowdown, JamLines(now, loaded.map_id, features))
            return self._kept[1]


def jam_features(street_map: StreetMap, slowdown: Slowdown | None) -> list[dict[str, Any]]:
    """LineStrings (lon, lat) in the direction of driving, with the properties `factor` (times the usual) and `name`."""
    if slowdown is None:
        return []
    arcs = street_map.arcs
    slow = np.flatnonzero(slowdown.factor > 1)
    features = []
    for arc in slow[np.argsort(slowdown.factor[slow], kind="stable")].tolist():
        edge = int(arcs.edge[arc])
        lats, lons = street_map.shape(edge)
        points = np.round(np.column_stack((lons, lats)), _DIGITS)
        features.append(
            {
                "type": "Feature",
                "properties": {"factor": float(slowdown.factor[arc]), "name": street_map.name_of(edge)},
                "geometry": {
                    "type": "LineString",
                    "coordinates": (points if arcs.forward[arc] else points[::-1]).tolist(),
                },
            }
        )
    return features
