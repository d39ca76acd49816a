"""What a bureau may set about who goes: the figures of the decision, with their defaults and bounds.

Each is explained for its users in docs/policy.md. The defaults of the cost are measured (`python -m bench.policy`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final, Literal

from dispatch.domain.incident import TARGET_S, Category, Priority
from dispatch.domain.refusals import Invalid

Method = Literal["batch", "greedy"]
GreedyOrder = Literal["priority", "received"]

ACCIDENT_SPECIALIST: Final = "accident"
"""The capability of the traffic squad's accident specialists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """Times in seconds. Raises Invalid, naming the member, for figures that no decision can be made with."""

    method: Method = "batch"
    """`batch` decides all incidents together; `greedy` one after the other, as the fallback does."""
    greedy_order: GreedyOrder = "priority"
    reoptimise: bool = True
    """Incidents that nobody has reached yet are decided again, with the units that are under way to them."""
    divert: bool = True
    """A unit under way may be sent to another incident."""

    weights: tuple[float, float, float, float] = (8.0, 3.0, 1.0, 0.5)
    """What a second of waiting costs, by priority 1 to 4."""
    target_s: float = TARGET_S
    lateness_s: float = 600.0
    """So many seconds of waiting is the step from in time to late worth."""
    lateness_softness_s: float = 45.0
    """How far round the target that step is spread, because an ETA is no promise."""
    wait_s: float = 3600.0
    """With too few units, to leave an incident waiting costs as much as an arrival so much later."""
    pressure: float = 0.5
    """A second that a unit drives costs all who wait for one: this share of their weights, spread over the units."""

    keep_s: float = 60.0
    """What is already ordered is kept unless another choice is better by so much."""
    freeze_s: float = 90.0
    """A unit this near to its arrival is not sent elsewhere."""
    diversions_max: int = 1
    """So often may a unit be diverted before it has cleared a job."""
    losses_max: int = 2
    """So often may an incident lose a unit that was under way to it."""

    second_unit_weight: float = 0.5
    """What the second unit's wait counts beside the first one's."""
    two_units_priority: int = 1
    """Crimes and breaches of the peace up to this priority take two units; 0 switches the rule off."""
    two_units_categories: frozenset[Category] = frozenset({Category.CRIMINAL, Category.PUBLIC_ORDER})
    own_station_s: float = 900.0
    """A3 accidents: so much is the station's own unit worth, where it gets there in time."""
    narrow_car_s: float = 60.0
    """What a car loses where streets are narrow and a motorcycle is at the door already."""
    shift_margin_s: float = 900.0
    """A unit whose shift ends less than this after its arrival is spared, but for priority 1."""

    stale_after_s: float = 30.0
    lost_after_s: float = 300.0
    """An older position is no ground for an order."""
    stale_costs: float = 0.5
    """A unit drives on while its position stands still: each second of staleness may cost so many of driving."""
    link_down_s: float = 30.0
    """An order over a link that is down most likely costs the wait for an acknowledgement that doesn't come."""

    def __post_init__(self) -> None:
        if self.method not in ("batch", "greedy"):
            raise Invalid("is batch or greedy", member="method")
        if self.greedy_order not in ("priority", "received"):
            raise Invalid("is priority or received", member="greedy_order")
        if len(self.weights) != len(Priority) or list(self.weights) != sorted(self.weights, reverse=True):
            raise Invalid("has one weight a priority, none above the one before it", member="weights")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not (value >= 0 and math.isfinite(value)):
                raise Invalid("is a number of 0 or more", member=field.name)
        for name in ("target_s", "lateness_softness_s", "wait_s"):
            if getattr(self, name) == 0:
                raise Invalid("is more than 0", member=name)
        if min(self.weights) <= 0 or not all(map(math.isfinite, self.weights)):
            raise Invalid("are more than 0", member="weights")


DEFAULT_POLICY: Final = PolicySettings()
