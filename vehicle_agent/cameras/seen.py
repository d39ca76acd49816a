"""What was so when: an officer at a camera, an order at work; so that a file gets what was so while it was recorded.

Kept in memory alone: of the time before the agent's start nothing is said, and the server goes by times.
"""

from __future__ import annotations

from typing import Final

_KEPT: Final = 500
_GAP_MS: Final = 60_000
"""Looks farther apart than this say nothing of the time between them."""


class Seen:
    """One thing over time, looked at again and again. Times in epoch ms by the car's clock."""

    def __init__(self) -> None:
        self._spans: list[tuple[str | None, int, int]] = []

    def note(self, what: str | None, now_ms: int) -> None:
        """So it is now."""
        if self._spans:
            last, first_ms, last_ms = self._spans[-1]
            if last == what and 0 <= now_ms - last_ms <= _GAP_MS:
                self._spans[-1] = (what, first_ms, now_ms)
                return
        self._spans = [*self._spans[1 - _KEPT :], (what, now_ms, now_ms)]

    def during(self, started_ms: int, ended_ms: int) -> str | None:
        """What was seen in that time; None where nothing was, or more than one thing."""
        found = {what for what, first_ms, last_ms in self._spans if first_ms <= ended_ms and last_ms >= started_ms}
        found.discard(None)
        return found.pop() if len(found) == 1 else None
