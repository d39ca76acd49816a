"""Keeps out a fix that the car cannot have made, until the ones after it say that it did. Pure.

A fix is a leap when the car would have needed more than 120 m/s from the last one that was believed, less what the two
say of their own accuracy; or when it lies before it in time. It is held, not told. When the next fixes come back to
where the car was, it is forgotten. When CONFIRMED_BY fixes in a row follow one another without a leap, or one that the
car can have made by now goes on from those that are held, the receiver was wrong before and is right now (a ferry, a
long tunnel, a wrong first fix, a clock set anew): all of them are told, with their own times. So an outlier costs
nothing, and a true leap comes late by three fixes at most but loses none.
"""

from __future__ import annotations

import math
from typing import Final

from vehicle_agent.receiver import INTERVAL_MS, Position

# No car here does a third of it; reflections in a street of high houses throw a fix hundreds of metres in a second.
LEAP_MPS: Final = 120.0
CONFIRMED_BY: Final = 4
# A receiver that calls itself wildly inaccurate may not thereby leap where it likes.
_ALLOWANCE_LIMIT_M: Final = 200.0
_EARTH_RADIUS_M: Final = 6_371_008.8


def distance_m(one: Position, other: Position) -> float:
    """Great-circle distance in metres (haversine)."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(other.lon - one.lon) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


class Leaps:
    """Fixes in, believed fixes out."""

    def __init__(self) -> None:
        self._last: Position | None = None
        self._held: list[Position] = []
        self.leaping = False
        """Whether the newest fix lies where the car cannot be. One that is only early in time is held too, quietly."""

    def feed(self, place: Position) -> list[Position]:
        """What may be told now, in order."""
        self.leaping = self._last is not None and not _reachable(self._last, place)
        if self._last is None or _follows(self._last, place):
            told = [*self._held, place] if self._goes_on(place) else [place]
            self._last, self._held = place, []
            return told
        if 0 <= place.time_ms - self._last.time_ms < INTERVAL_MS and not self._held:
            # The same moment again, from another receiver.
            return []
        if self._held and not _follows(self._held[-1], place):
            self._held = []
        self._held.append(place)
        if len(self._held) < CONFIRMED_BY:
            return []
        told, self._held = self._held, []
        self._last, self.leaping = told[-1], False
        return told

    def _goes_on(self, place: Position) -> bool:
        """Whether it belongs to the fixes that are held rather than to the last one that was believed."""
        last, held = self._last, self._held
        if last is None or not held or held[0].time_ms <= last.time_ms or not _follows(held[-1], place):
            return False
        return distance_m(held[-1], place) < distance_m(last, place)


def _follows(before: Position, after: Position) -> bool:
    return after.time_ms - before.time_ms >= INTERVAL_MS and _reachable(before, after)


def _reachable(before: Position, after: Position) -> bool:
    gap_ms = max(abs(after.time_ms - before.time_ms), INTERVAL_MS)
    allowance_m = min((before.accuracy_m or 0.0) + (after.accuracy_m or 0.0), _ALLOWANCE_LIMIT_M)
    return distance_m(before, after) <= LEAP_MPS * gap_ms / 1000 + allowance_m
