"""What the car may send in a day, and how much of it is left: real bytes, days of Asia/Taipei, kept over restarts.

Enough for a fix every 15 s until midnight is always set aside, so that a car is never lost from the map for having
driven much in the morning. What waits in the journal counts as sent already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from msgspec import Struct

DAY_MS: Final = 86_400_000
# Asia/Taipei keeps UTC+8 all year, since 1980.
_ZONE_MS: Final = 8 * 3_600_000
# A fix with all its members, encoded.
FIX_BYTES: Final = 220
# The closest that two fixes of a parked car come, at about 1 Hz (see pace.py).
_LEAST_MS: Final = 14_000
RESERVE_BYTES: Final = DAY_MS // _LEAST_MS * FIX_BYTES
# A restart forgets at most this much of what was sent.
KEEP_EVERY_BYTES: Final = 16 * 1024

_log = structlog.get_logger(__name__)


class Spent(Struct):
    """Bytes sent on one day (days since 1970-01-01 in Asia/Taipei)."""

    day: int = 0
    sent_bytes: int = 0


class Budget:
    """`recalled` is what `remember` was given last, by an earlier run; `waiting` counts the journalled messages."""

    def __init__(
        self,
        limit_bytes: int,
        waiting: Callable[[], int],
        recalled: bytes | None = None,
        remember: Callable[[bytes], None] = lambda _noted: None,
    ) -> None:
        self._limit_bytes = limit_bytes
        self._waiting = waiting
        self._remember = remember
        self.spent = _read(recalled)
        self._kept_bytes = self.spent.sent_bytes

    def send(self, frame_bytes: int) -> None:
        """A frame of so many bytes went out."""
        self.spent.sent_bytes += frame_bytes
        if self.spent.sent_bytes - self._kept_bytes >= KEEP_EVERY_BYTES:
            self.keep()

    def keep(self) -> None:
        """Note it for the next run."""
        self._kept_bytes = self.spent.sent_bytes
        self._remember(msgspec.json.encode(self.spent))

    def left(self, time_ms: int) -> float:
        """Which share of the day's budget is free for more than a fix every 15 s at this time of a fix; may be < 0."""
        day, in_day_ms = divmod(time_ms + _ZONE_MS, DAY_MS)
        if day > self.spent.day:
            self.spent = Spent(day)
            self.keep()
        elif day < self.spent.day:
            # A clock that was ahead. What was sent since then is this day's.
            self.spent.day = day
        reserve_bytes = (DAY_MS - in_day_ms) // _LEAST_MS * FIX_BYTES
        free_bytes = self._limit_bytes - self.spent.sent_bytes - self._waiting() * FIX_BYTES - reserve_bytes
        return free_bytes / max(1, self._limit_bytes - RESERVE_BYTES)


def _read(noted: bytes | None) -> Spent:
    if noted is None:
        return Spent()
    try:
        return msgspec.json.decode(noted, type=Spent)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.error("budget_note_unreadable", reason=str(error))
        return Spent()
