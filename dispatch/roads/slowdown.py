"""Live slowdown: a street where own units crawl is slower for the others for the next minutes. Pure; time is passed in.

What the tracks say is in crawl.py; here readings of several units are weighed, fade, are shared along the street, and
become one factor per arc. See docs/decisions/0018-live-slowdown-and-hours.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from hashlib import blake2b
from typing import Final

import numpy as np

from dispatch.domain.geometry import Position, bearing_deg
from dispatch.roads.conditions import Conditions, Slowdown, arc_times_s
from dispatch.roads.crawl import TURNED_DEG, Reading, Track, readings
from dispatch.roads.snapping import StreetIndex
from dispatch.roads.speed_factors import PRIORS, SpeedFactors
from dispatch.roads.street_map import StreetMap

FADE_S: Final = 600.0
"""A reading counts less with every second, and nothing after this."""
DOUBT: Final = 0.5
"""Weight of the prior that the street is free, beside a weight of 1 for each unit's fresh reading."""
NEIGHBOUR_SHARES: Final = (0.5, 0.25)
"""What the next piece of the same street in the same direction, and the one after it, take over of the delay."""
STEPS: Final = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
"""Factors are rounded to these, so that searches are made anew only when something has changed that matters."""


class LiveSlowdown:
    """Readings of the last minutes over one map. Not safe between threads: one owner observes and asks."""

    def __init__(self, street_map: StreetMap, index: StreetIndex | None = None, speeds: SpeedFactors = PRIORS) -> None:
        self._street_map = street_map
        self._speeds = speeds
        self._index = index or StreetIndex(street_map)
        self._readings: defaultdict[int, dict[Hashable, Reading]] = defaultdict(dict)
        self._by_tail = np.argsort(street_map.arcs.tail, kind="stable")
        self._by_head = np.argsort(street_map.arcs.head, kind="stable")

    def observe(self, tracks: Iterable[Track], hour: int | None = None) -> None:
        """Takes in the last minutes of the units on the move; the same minutes twice change nothing.

        Give no track of a unit that is on scene, on a break or parked. `hour` is that of Conditions: what the hour
        and the speeds explain is no jam.
        """
        expected_s = arc_times_s(self._street_map, Conditions(hour), speeds=self._speeds)
        for reading in readings(self._street_map, self._index, expected_s, tracks):
            of_arc = self._readings[reading.arc]
            known = of_arc.get(reading.unit_id)
            if known is None or reading.at_s >= known.at_s:
                of_arc[reading.unit_id] = reading

    def at(self, now_s: float) -> Slowdown | None:
        """The factors of this moment; None where every street is free. Equal factors have equal versions."""
        self._forget(now_s)
        factor = np.ones(len(self._street_map.arcs.tail))
        seen = {arc: self._estimate(of_arc.values(), now_s) for arc, of_arc in self._readings.items()}
        for arc, estimate in seen.items():
            for neighbour, share in self._neighbours(arc) if estimate > 1 else ():
                if neighbour not in seen:
                    factor[neighbour] = max(factor[neighbour], 1 + share * (estimate - 1))
        for arc, estimate in seen.items():
            factor[arc] = estimate
        steps = np.array(STEPS)
        factor = steps[np.abs(factor[:, None] - steps).argmin(axis=1)]
        if not np.any(factor > 1):
            return None
        factor.setflags(write=False)
        return Slowdown(factor, int.from_bytes(blake2b(factor.tobytes(), digest_size=7).digest()) + 1)

    def _forget(self, now_s: float) -> None:
        for arc in list(self._readings):
            fresh = {unit: one for unit, one in self._readings[arc].items() if now_s - one.at_s < FADE_S}
            if fresh:
                self._readings[arc] = fresh
            else:
                del self._readings[arc]

    @staticmethod
    def _estimate(of_arc: Iterable[Reading], now_s: float) -> float:
        """The delay that the readings and the prior agree on, each with its weight."""
        delay = weight = 0.0
        for reading in of_arc:
            counts = min(1 - (now_s - reading.at_s) / FADE_S, 1.0)
            delay, weight = delay + counts * (reading.ratio - 1), weight + counts
        return 1 + delay / (weight + DOUBT)

    def _neighbours(self, arc: int) -> list[tuple[int, float]]:
        """The next pieces of the same street before and behind, straight on, with what each takes over."""
        found = []
        for order, far_end, near_end in ((self._by_tail, "head", "tail"), (self._by_head, "tail", "head")):
            here = arc
            for share in NEIGHBOUR_SHARES:
                onward = self._straight_on(here, order, far_end, near_end)
                if onward is None or onward == arc:
                    break
                found.append((onward, share))
                here = onward
        return found

    def _straight_on(self, arc: int, order: np.ndarray, far_end: str, near_end: str) -> int | None:
        """The arc of the same street that goes on from an arc's far end, if there is one within TURNED_DEG."""
        arcs, names = self._street_map.arcs, self._street_map.edge_name
        name = names[arcs.edge[arc]]
        node = int(getattr(arcs, far_end)[arc])
        first, last = np.searchsorted(getattr(arcs, near_end)[order], [node, node + 1])
        best: tuple[float, int] | None = None
        for other in order[first:last].tolist():
            turn = self._turn_deg(arc, other) if far_end == "head" else self._turn_deg(other, arc)
            if name and names[arcs.edge[other]] == name and turn <= TURNED_DEG:
                best = min(best or (turn, other), (turn, other))
        return best[1] if best else None

    def _turn_deg(self, before: int, after: int) -> float:
        turn = self._bearing_deg(after, at_end=False) - self._bearing_deg(before, at_end=True)
        return abs((turn + 180) % 360 - 180)

    def _bearing_deg(self, arc: int, *, at_end: bool) -> float:
        """The direction in which an arc leaves its tail, or comes to its head."""
        arcs = self._street_map.arcs
        lats, lons = self._street_map.shape(int(arcs.edge[arc]))
        if not arcs.forward[arc]:
            lats, lons = lats[::-1], lons[::-1]
        a, b = (-2, -1) if at_end else (0, 1)
        return bearing_deg(Position(float(lats[a]), float(lons[a])), Position(float(lats[b]), float(lons[b])))
