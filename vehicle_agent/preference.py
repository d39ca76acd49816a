"""Which of several receivers is believed: the first that works, without flutter. Pure; times in seconds, monotonic.

The first is preferred. When the one in use has given no fix for `step_in_s`, the best of the others that has one steps
in. When one before it has given fixes for `hand_back_s` without a gap, it takes over again. Each fix is told once,
with the receiver's own time; all receivers tell GNSS time, so a change of receiver is no step in time.
"""

from __future__ import annotations

from typing import Final

# Fixes farther apart than this are not "all the while".
_GAP_S: Final = 3.0
# A receiver that says "no fix" between two fixes of neighbouring seconds has not lost it.
_LOST_AFTER_S: Final = 2.0


class _Seen:
    def __init__(self, now_s: float) -> None:
        self.last_s = now_s
        self.since_s = now_s
        self.ever = False

    def fix(self, now_s: float) -> None:
        if not self.ever or now_s - self.last_s > _GAP_S:
            self.since_s = now_s
        self.ever = True
        self.last_s = now_s


class Preference:
    """The choice among `count` receivers, begun at `now_s`."""

    def __init__(self, count: int, now_s: float, *, step_in_s: float, hand_back_s: float) -> None:
        self._seen = [_Seen(now_s) for _ in range(count)]
        self._step_in_s = step_in_s
        self._hand_back_s = hand_back_s
        self.chosen = 0
        """The number of the receiver in use, 0 the preferred."""

    def fix(self, index: int, now_s: float) -> bool:
        """Receiver `index` has a fix; whether it is the one to tell."""
        self._seen[index].fix(now_s)
        chosen = self._seen[self.chosen]
        better = index < self.chosen and now_s - self._seen[index].since_s >= self._hand_back_s
        needed = now_s - chosen.last_s >= self._step_in_s
        if index != self.chosen and (better or needed):
            self.chosen = index
        return index == self.chosen

    def lost(self, index: int, now_s: float) -> bool:
        """Receiver `index` says that it has no fix; whether that means that the car has none."""
        seen = self._seen[index]
        return index == self.chosen and (not seen.ever or now_s - seen.last_s >= _LOST_AFTER_S)
