"""What a run leaves behind, noted as it happens: milestones of each call, time on calls and metres of each unit."""

from __future__ import annotations

import numpy as np

from dispatch.simulator.car import Car
from dispatch.simulator.city import City
from dispatch.simulator.stream import Responses


class Tally:
    """Of one run. Units are counted from `count_from_s` on, calls all of them."""

    def __init__(self, city: City, calls: int, units: int, count_from_s: float) -> None:
        self._city, self._count_from_s = city, count_from_s
        dispatched_s, arrived_s, cleared_s = np.full((3, calls), np.nan)
        nobody, none = np.full(calls, -1, np.int32), np.zeros(calls, np.int32)
        self.responses = Responses(dispatched_s, arrived_s, cleared_s, nobody, none)
        self.busy_s, self.metres = np.zeros(units), np.zeros(units)

    def sent(self, call: int, now_s: float) -> None:
        """The first unit's order is the one that counts."""
        if not self.responses.dispatched_s[call] >= 0:
            self.responses.dispatched_s[call] = now_s

    def arrived(self, call: int, car: Car, now_s: float) -> None:
        """The first to stand there stops the clock."""
        if not self.responses.arrived_s[call] >= 0:
            self.responses.arrived_s[call] = now_s
            self.responses.unit[call] = car.index

    def cleared(self, call: int, now_s: float) -> None:
        """The last unit that clears is the one that counts."""
        self.responses.cleared_s[call] = now_s

    def lost_its_unit(self, call: int) -> None:
        """A unit under way was sent elsewhere."""
        self.responses.diversions[call] += 1

    def was_busy(self, car: Car, now_s: float) -> None:
        """From its order until now."""
        self.busy_s[car.index] += max(now_s - max(car.busy_since_s, self._count_from_s), 0.0)

    def drove(self, car: Car, now_s: float, share: float = 1.0) -> None:
        """So much of the way that it had set out on."""
        if now_s >= self._count_from_s:
            self.metres[car.index] += share * car.leg_m(self._city)
