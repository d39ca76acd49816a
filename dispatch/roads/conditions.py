"""What changes travel times from hour to hour and from minute to minute, and the arc times that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from dispatch.roads.metric import Floats
from dispatch.roads.speed_factors import PRIORS, SpeedFactors
from dispatch.roads.speeds import CLASSES, felt, hour_factor
from dispatch.roads.street_map import StreetMap


@dataclass(frozen=True, slots=True, eq=False)
class Slowdown:
    """How much slower than usual each arc is now. Made by slowdown.LiveSlowdown."""

    factor: Floats
    """By arc of the map, 1 or more."""
    version: int
    """Differs where the factors do; 0 is the free street."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which to ask for travel times. Two that are equal give equal answers."""

    hour: int | None = None
    """Hour of the local day, 0 to 23; None is the hour that the class speeds stand for."""
    slowdown: Slowdown | None = field(default=None, compare=False)
    slowdown_version: int = field(default=0, init=False)
    lights: bool = False
    """Driven with lights and siren. It matters to learned speeds alone (speed_factors.py); what lights save of the
    time in general is the caller's to multiply by (speeds.vehicle_factor)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "slowdown_version", self.slowdown.version if self.slowdown else 0)

    @property
    def usual(self) -> bool:
        """Whether nothing differs from what the map says, by the priors."""
        return self.hour is None and self.slowdown_version == 0


USUAL: Final = Conditions()


def arc_times_s(
    street_map: StreetMap, conditions: Conditions, *, motorcycle: bool = False, speeds: SpeedFactors = PRIORS
) -> Floats:
    """Seconds for each arc, of a car without lights.

    For a motorcycle: the seconds that times `speeds.vehicle_factor` are its own. They differ from the car's only by
    the share that it feels of the delay, and by what was learned of each (`speeds`). Raises ValueError where the
    slowdown is not of this map.
    """
    times_s = _by_priors_s(street_map, conditions, motorcycle=motorcycle)
    if speeds.are_priors:
        return times_s
    learned = speeds.by_class(conditions.hour, motorcycle=motorcycle, lights=conditions.lights)
    return np.asarray(times_s * learned[street_map.edge_class[street_map.arcs.edge]])


def _by_priors_s(street_map: StreetMap, conditions: Conditions, *, motorcycle: bool) -> Floats:
    arcs = street_map.arcs
    if conditions.usual:
        return arcs.time_s
    by_class = np.array([hour_factor(name, conditions.hour) for name in CLASSES])
    factor = by_class[street_map.edge_class[arcs.edge]]
    if conditions.slowdown is not None:
        if len(conditions.slowdown.factor) != len(factor):
            raise ValueError("the slowdown was measured on another map")
        factor = factor * conditions.slowdown.factor
    return np.asarray(arcs.time_s * felt(factor, motorcycle=motorcycle))
