"""A simulated unit: where it is, what it does, and the way it drives."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Hashable
from dataclasses import dataclass, field

from dispatch.domain.situation import Unit
from dispatch.domain.unit import UnitStatus
from dispatch.simulator.city import City


@dataclass(frozen=True, slots=True)
class CarPlan:
    """A unit of the scenario. `shifts`: when it is on duty, as (start, end) in seconds of the run; none: always."""

    name: str
    home: int
    station: Hashable = None
    motorcycle: bool = False
    capabilities: frozenset[str] = frozenset()
    crew: int = 2
    time_factor: float = 1.0
    """Its share of a car's time on the streets."""
    shifts: tuple[tuple[float, float], ...] = ()


@dataclass(slots=True)
class Car:
    """A unit under way in the run. `node`, `lead_s`: the next junction, and a car's seconds until it is there."""

    index: int
    plan: CarPlan
    node: int
    lead_s: float = 0.0
    status: UnitStatus = UnitStatus.AVAILABLE
    call: int | None = None
    diversions: int = 0
    version: int = 0
    """Rises with each change of what it does; an event of an older version is void."""
    target: int | None = None
    left_at_s: float = 0.0
    s_per_s: float = 1.0
    busy_since_s: float = 0.0
    shift_ends_s: float = math.inf
    ends_shift: bool = False
    silent_from: tuple[float, int, float] | None = None
    """Since when nothing is heard of it, and where it was then (junction, lead_s)."""
    _start: int = 0
    _start_lead_s: float = 0.0
    _way: list[int] = field(default_factory=list)
    _passed_s: list[float] = field(default_factory=list)

    def seen(self) -> Unit:
        """As the decision sees it: its position is new at every moment, but in a silence."""
        plan = self.plan
        return Unit(
            unit_id=self.index,
            name=plan.name,
            status=self.status,
            motorcycle=plan.motorcycle,
            capabilities=plan.capabilities,
            station=plan.station,
            crew=plan.crew,
            fixed_s=math.inf if self.silent_from is None else self.silent_from[0],
            shift_ends_s=self.shift_ends_s,
            incident_id=self.call,
            diversions=self.diversions,
        )

    def depart(self, city: City, to: int, now_s: float, s_per_s: float, delay_s: float = 0.0) -> float:
        """Sets out; the time of its arrival. `s_per_s`: true seconds per second of a car on an average day."""
        self._start, self._start_lead_s = self.node, self.lead_s
        self._way, self._passed_s = city.way(self.node, to)
        self.target, self.left_at_s, self.s_per_s = to, now_s + delay_s, s_per_s
        return self.left_at_s + s_per_s * (self.lead_s + self._passed_s[-1])

    def advance(self, now_s: float) -> None:
        """Brings `node` and `lead_s` up to date while it drives."""
        if self.target is None or now_s <= self.left_at_s:
            return
        driven_s = (now_s - self.left_at_s) / self.s_per_s - self._start_lead_s
        if driven_s < 0:
            self.lead_s = -driven_s
            return
        ahead = min(bisect_left(self._passed_s, driven_s), len(self._way) - 1)
        self.node = self._way[ahead]
        self.lead_s = max(self._passed_s[ahead] - driven_s, 0.0)

    def leg_m(self, city: City) -> float:
        """Metres of the way that it set out on."""
        return float(city.distance_m[self._start, self._way[-1]]) if self._way else 0.0

    def share_driven(self, now_s: float) -> float:
        """How much of that way it has driven (0..1)."""
        whole_s = self._start_lead_s + self._passed_s[-1] if self._passed_s else 0.0
        driven_s = max(now_s - self.left_at_s, 0.0) / self.s_per_s
        return min(driven_s / whole_s, 1.0) if whole_s > 0 else 1.0

    def stop(self, node: int) -> None:
        """Stands at a junction."""
        self.node, self.lead_s, self.target = node, 0.0, None
