"""How long to wait before trying again: exponential with full jitter, so that a fleet never comes back in step.

Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import random


class Backoff:
    """Delays drawn evenly between 0 and a ceiling that doubles from `base_s` to `cap_s`."""

    def __init__(self, base_s: float, cap_s: float, chance: random.Random | None = None) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._chance = chance or random.Random()
        self._ceiling_s = base_s

    def next_s(self) -> float:
        """The next delay in seconds."""
        delay_s = self._chance.uniform(0, self._ceiling_s)
        self._ceiling_s = min(self._cap_s, self._ceiling_s * 2)
        return delay_s

    def reset(self) -> None:
        """Begin again from the base: what was tried has held."""
        self._ceiling_s = self._base_s
