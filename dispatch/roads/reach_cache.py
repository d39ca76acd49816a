"""Reverse searches kept while units move: an incident stands still, so its tree serves until the conditions change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

TREES_MAX: Final = 256
"""Four times the open incidents of a very bad night."""
TREES_MIN: Final = 16
TREES_BYTES: Final = 128_000_000
_BYTES_PER_STATE: Final = 24


def trees_kept(states: int) -> int:
    """How many trees over so many states are kept: within TREES_BYTES, but never fewer than TREES_MIN."""
    return min(max(TREES_BYTES // (_BYTES_PER_STATE * max(states, 1)), TREES_MIN), TREES_MAX)


class ReachCache(Generic[Value]):
    """The values used last, by key. Safe between threads; two threads that miss the same key both compute it."""

    def __init__(self, kept: int = TREES_MAX) -> None:
        self._kept = kept
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()
        self.hits = self.misses = 0

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The value of the key, computed where it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                self.hits += 1
                return self._values[key]
            self.misses += 1
        value = compute()
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._kept:
                self._values.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._values)
