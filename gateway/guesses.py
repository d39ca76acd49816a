"""How many wrong enrolment codes are heard: per address, and in all; counted in memory. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

ADDRESSES_LIMIT: Final = 10_000
SWEEP_EVERY_S: Final = 10.0
"""Those who guess no more are forgotten no more often: in a storm to look through all would be its own attack."""
_OTHERS: Final = "others"


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """Wrong codes: how many at once, and how many a minute after that; per address, and in all."""

    burst_per_address: float = 10
    per_address_per_min: float = 2
    burst: float = 100
    per_min: float = 60


class _Bucket:
    def __init__(self, burst: float, per_min: float, now_s: float) -> None:
        self.left = self._burst = burst
        self._per_s = per_min / 60
        self._at_s = now_s

    def refill(self, now_s: float) -> float:
        self.left = min(self._burst, self.left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return self.left

    def give_back(self) -> None:
        self.left = min(self._burst, self.left + 1)

    def full(self, now_s: float) -> bool:
        return self.refill(now_s) >= self._burst

    def wait_s(self, now_s: float) -> int:
        missing = 1 - self.refill(now_s)
        return 0 if missing <= 0 else int(missing / self._per_s) + 1


class Guesses:
    """Counts wrong codes. An attempt is taken as wrong until it proves right, so that many at once gain nothing."""

    def __init__(self, limits: GuessLimits, now_s: Callable[[], float]) -> None:
        self._limits = limits
        self._now_s = now_s
        self._all = _Bucket(limits.burst, limits.per_min, now_s())
        self._by_address: dict[str, _Bucket] = {}
        self._swept_at_s = -SWEEP_EVERY_S

    def take(self, address: str) -> int:
        """0 where a guess may be made (it is counted), else the seconds to wait."""
        now_s = self._now_s()
        own = self._by_address.get(address) or self._new(address, now_s)
        wait_s = max(own.wait_s(now_s), self._all.wait_s(now_s))
        if wait_s == 0:
            own.left -= 1
            self._all.left -= 1
        return wait_s

    def was_right(self, address: str) -> None:
        """The last attempt of this address was no guess. Never more than there is at once."""
        own = self._by_address.get(address) or self._by_address.get(_OTHERS)
        for bucket in (self._all, *([] if own is None else [own])):
            bucket.give_back()

    def _new(self, address: str, now_s: float) -> _Bucket:
        if len(self._by_address) >= ADDRESSES_LIMIT and now_s - self._swept_at_s >= SWEEP_EVERY_S:
            self._swept_at_s = now_s
            self._by_address = {a: b for a, b in self._by_address.items() if not b.full(now_s)}
        if len(self._by_address) >= ADDRESSES_LIMIT:
            # So many that guess at once: they share one bucket from here on.
            address = _OTHERS
        return self._by_address.setdefault(
            address, _Bucket(self._limits.burst_per_address, self._limits.per_address_per_min, now_s)
        )
