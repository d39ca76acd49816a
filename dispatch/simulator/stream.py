"""What a simulated run takes and gives: the calls, and what became of each, as columns of equal length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.incident import Category

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

CATEGORIES: Final = tuple(Category)
"""A call's `category` is an index into this."""


@dataclass(frozen=True, slots=True)
class CallStream:
    """Calls in the order in which the phone rings. Times in seconds since the run's start."""

    at_s: Floats
    node: Ints
    """The junction of the city where it is."""
    priority: Ints
    category: Ints
    accident_class: Ints
    """0: none; 1 to 3: A1 to A3."""
    service_s: Floats
    """On the scene, until the unit clears."""
    travel_factor: Floats
    """The true travel time over the estimated one; the policy does not know it."""

    def __len__(self) -> int:
        return len(self.at_s)

    def until(self, end_s: float) -> CallStream:
        """The calls that come in before a time."""
        kept = slice(0, int(np.searchsorted(self.at_s, end_s)))
        return CallStream(
            self.at_s[kept],
            self.node[kept],
            self.priority[kept],
            self.category[kept],
            self.accident_class[kept],
            self.service_s[kept],
            self.travel_factor[kept],
        )


@dataclass(frozen=True, slots=True)
class Responses:
    """What became of each call, in the order of the stream. Times in seconds since the run's start; NaN: never."""

    dispatched_s: Floats
    """When the first unit was sent."""
    arrived_s: Floats
    """When the first unit stood there."""
    cleared_s: Floats
    unit: Ints
    """The unit that arrived first; -1 where none did."""
    diversions: Ints
    """How often a unit under way was taken off it."""
