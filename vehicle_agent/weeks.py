"""The 1,024 weeks of GPS: dates that an old receiver counts wrong, put right. Pure.

GPS counts weeks with 10 bits (IS-GPS-200), so a receiver whose firmware is too old for the present period gives a date
1,024 weeks (19.6 years) or twice that too early.
- The server's time is known (its welcome): a date that whole periods bring within 30 days of it is moved by them.
- It is not: a date more than a year before this program was made is moved to the first period after that day.
- A date that neither explains is told as it is, unless it cannot be true: more than 30 days ahead of the server, or
  more than a year before the program was made. A fix under an invented time is worse than none.
The year lets a recent recording be played into a live line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from vehicle_agent.receiver import Position

_DAY_MS: Final = 86_400_000
PERIOD_MS: Final = 1024 * 7 * _DAY_MS
# 2026-11-01T00:00:00Z. Moved on with releases; any day after it and within 18 years is told right without a server.
BUILT_MS: Final = 1_793_491_200_000
# Clocks agree to seconds; this is far from both that and a period, and leaves a sleeping computer its weeks.
_NEAR_MS: Final = 30 * _DAY_MS
_OLD_MS: Final = 366 * _DAY_MS


class Weeks:
    """`server_ms` gives the server's time now, None while it was never heard."""

    def __init__(self, server_ms: Callable[[], int | None], floor_ms: int = BUILT_MS) -> None:
        self._server_ms = server_ms
        self._floor_ms = floor_ms
        self.periods_off = 0
        """By how many periods the last date was moved."""

    def corrected(self, place: Position) -> Position | None:
        """The same position at a possible time; None where there is none."""
        periods = self._periods(place.time_ms)
        if periods is None:
            return None
        self.periods_off = periods
        return place if periods == 0 else msgspec.structs.replace(place, time_ms=place.time_ms + periods * PERIOD_MS)

    def _periods(self, time_ms: int) -> int | None:
        server_ms = self._server_ms()
        old = time_ms < self._floor_ms - _OLD_MS
        if server_ms is None or server_ms < self._floor_ms - _OLD_MS:
            # A server without a clock of its own is as good as none.
            return -((time_ms - self._floor_ms) // PERIOD_MS) if old else 0
        periods = round((server_ms - time_ms) / PERIOD_MS)
        if abs(time_ms + periods * PERIOD_MS - server_ms) <= _NEAR_MS:
            return periods
        return None if old or time_ms > server_ms + _NEAR_MS else 0
