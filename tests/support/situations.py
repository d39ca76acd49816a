"""Situations for tests of the decision: units and incidents on a plane of seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.incident import Category
from dispatch.domain.situation import OpenIncident, Sent, Situation, Unit
from dispatch.domain.unit import UnitStatus

NOW_S: Final = 10_000.0
FREE: Final = UnitStatus.AVAILABLE
UNDER_WAY: Final = UnitStatus.EN_ROUTE


def unit(name: str, **more: Any) -> Unit:
    """A free car with a fresh position."""
    given: dict[str, Any] = {"unit_id": name, "name": name, "fixed_s": NOW_S} | more
    return Unit(**given)


def incident(
    number: str, priority: int = 3, waited_s: float = 60.0, sent: Sequence[int] = (), **more: Any
) -> OpenIncident:
    """An incident that takes one unit, with these units under way to it."""
    given: dict[str, Any] = {"incident_id": number, "number": number, "category": Category.OTHER} | more
    under_way = tuple(Sent(index, AssignmentState.EN_ROUTE) for index in sent)
    return OpenIncident(priority=priority, received_s=NOW_S - waited_s, **({"sent": under_way} | given))


def situation(incidents: Sequence[OpenIncident], units: Sequence[Unit], eta_s: Sequence[Sequence[float]]) -> Situation:
    """ETAs by row of incidents and column of units; None of them geodesic."""
    return Situation(NOW_S, incidents, units, np.array(eta_s, dtype=float).reshape(len(incidents), len(units)))


NOWHERE: Final = math.inf
