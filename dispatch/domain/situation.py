"""What a decision about who goes sees: the open incidents, the units, how far each is. Columns and rows by index.

Built from the tables by the server and from its own world by the simulator; the decision can't tell which.
Times are seconds since the Unix epoch (or any other start that all of them share).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.unit import UnitStatus

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unit:
    """A crew and its vehicle as the decision sees them."""

    unit_id: Hashable
    name: str
    status: UnitStatus = UnitStatus.AVAILABLE
    motorcycle: bool = False
    capabilities: frozenset[str] = frozenset()
    station: Hashable = None
    crew: int = 2
    fixed_s: float | None = 0.0
    """When its position was measured; None where none is known."""
    link_is_down: bool = False
    shift_ends_s: float = math.inf
    incident_id: Hashable = None
    """What it is on."""
    diversions: int = 0
    """How often it was sent elsewhere since it last was free."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A unit that is on an incident. `unit` is its index among the units."""

    unit: int
    state: AssignmentState = AssignmentState.DISPATCHED


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that may still need a unit."""

    incident_id: Hashable
    number: str
    priority: int
    received_s: float
    category: Category = Category.OTHER
    accident_class: AccidentClass | None = None
    station: Hashable = None
    """Whose area it is in."""
    narrow: bool = False
    """Its street is too narrow for a car to get through fast."""
    sent: tuple[Sent, ...] = ()
    stripped: int = 0
    """How often a unit under way to it was sent elsewhere."""
    refused: Mapping[Hashable, str] = field(default_factory=dict)
    """Units that are not to be sent to it by themselves, and why."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything at one moment. `eta_s[i, j]`: how long unit j needs to incident i; not finite where nobody can say."""

    now_s: float
    incidents: Sequence[OpenIncident]
    units: Sequence[Unit]
    eta_s: Floats
    distance_m: Floats | None = None
    geodesic: Mask | None = None
    """Where the ETA is by the straight line, for want of streets."""
