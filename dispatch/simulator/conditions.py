"""What holds for every policy of a study, whatever it decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.speeds import LIGHTS_FACTOR
from dispatch.simulator.policies import Idle


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Times in seconds."""

    call_taking_s: float = 60.0
    """From the ring of the phone until a unit can be sent."""
    turnout_s: float = 0.0
    """From the order until a unit that stands still sets out."""
    idle: Idle = "home"
    lights: Mapping[int, float] = field(default_factory=lambda: {1: LIGHTS_FACTOR, 2: LIGHTS_FACTOR})
    """Share of the time that is left with lights, by priority."""
    stations: NDArray[np.int32] | None = None
    """Whose area each junction is in."""
    narrow: NDArray[np.bool_] | None = None
    """Junctions in streets too narrow for a car to get through fast."""
    silence: Sequence[Sequence[tuple[float, float]]] = ()
    """For each unit, when its position is not heard of, as (from, to)."""
    end_s: float | None = None
    """No event after this is looked at; None: until all is done."""
