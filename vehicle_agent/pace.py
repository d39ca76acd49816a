"""Which fixes are sent: every one while it matters, few of a parked car. Pure; time is the fixes' own.

- On an assignment, and while an SOS is open: every fix, whatever was spent. GPS arrivals need them (decision 0010).
- Moving: one a second, and as the day's budget is used up one in 2, 5, 10 and at last 15 s.
- A turn, a stop and a setting out are sent at once while there is budget for it.
- Parked: every 15 s, so that the console, which fades a position after 30 s, never fades one that is true.
What is not sent is not journalled either. thinning.py is for something else: a journal that grows too big.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from vehicle_agent.leaps import distance_m
from vehicle_agent.receiver import Position

PARKED_MS: Final = 15_000
# (more than this share of the budget is left, one fix in so many ms)
STEPS: Final = ((0.5, 1_000), (0.25, 2_000), (0.1, 5_000), (0.0, 10_000))
_EXTRA_ABOVE: Final = 0.1
_TOLERANCE_MS: Final = 50
_MOVING_FROM_MPS: Final = 5 / 3.6  # walking pace, as in the rule for arrivals
_SLOW_MPS: Final = 0.7  # a receiver that stands reports some of this
_SLOW_FIXES: Final = 3
_TURN_DEG: Final = 25.0
# Farther from the last fix sent than this, a car moves, whatever speed its receiver reports.
_AWAY_M: Final = 30.0
_ALLOWANCE_LIMIT_M: Final = 50.0
# Where no speed is reported it is told from the way of so long: over one second, noise looks like walking.
_SPEED_OVER_MS: Final = 10_000


class Pace:
    """`pressing`: on an assignment, or SOS. `left`: share of the budget that is left at a time (ms), 1 without one."""

    def __init__(self, pressing: Callable[[], bool], left: Callable[[int], float] = lambda _time_ms: 1.0) -> None:
        self._pressing = pressing
        self._left = left
        self._seen: Position | None = None
        self._sent: Position | None = None
        self._trail: deque[Position] = deque()
        self._slow_fixes = 0
        self._moving = True

    def due(self, place: Position) -> bool:
        """Whether this fix is to be sent."""
        was_moving, seen = self._moving, self._seen
        self._notice(place)
        self._seen = place
        left = self._left(place.time_ms)
        sent = self._sent
        if sent is None or seen is None or self._pressing() or self._is_due(place, seen, sent, left, was_moving):
            self._sent = place
            return True
        return False

    def _is_due(self, place: Position, seen: Position, sent: Position, left: float, was_moving: bool) -> bool:
        elapsed_ms = place.time_ms - sent.time_ms
        if elapsed_ms <= 0:
            # The receiver's clock was set back: what it says now is the news.
            return True
        # Send now if the next fix, coming as this one did, would be too late.
        if elapsed_ms + place.time_ms - seen.time_ms > PARKED_MS + _TOLERANCE_MS:
            return True
        if left > _EXTRA_ABOVE and (was_moving != self._moving or _turned(sent, place)):
            return True
        every_ms = next((ms for above, ms in STEPS if left > above), PARKED_MS)
        return self._moving and elapsed_ms >= every_ms - _TOLERANCE_MS

    def _notice(self, place: Position) -> None:
        speed_mps = place.speed_mps if place.speed_mps is not None else self._derived_mps(place)
        slow = speed_mps is not None and speed_mps < _SLOW_MPS
        self._slow_fixes = self._slow_fixes + 1 if slow else 0
        away = self._sent is not None and distance_m(self._sent, place) > _AWAY_M + min(
            (self._sent.accuracy_m or 0) + (place.accuracy_m or 0), _ALLOWANCE_LIMIT_M
        )
        if away or (speed_mps is not None and speed_mps >= _MOVING_FROM_MPS):
            self._moving = True
        elif self._slow_fixes >= _SLOW_FIXES:
            self._moving = False

    def _derived_mps(self, place: Position) -> float | None:
        trail = self._trail
        trail.append(place)
        while not 0 <= place.time_ms - trail[0].time_ms <= _SPEED_OVER_MS:
            trail.popleft()
        if len(trail) == 1:
            return None
        return distance_m(trail[0], place) / (place.time_ms - trail[0].time_ms) * 1000


def _turned(before: Position, after: Position) -> bool:
    if before.course_deg is None or after.course_deg is None:
        return False
    return abs((after.course_deg - before.course_deg + 180) % 360 - 180) >= _TURN_DEG
