"""What a round saw, as JSON and back: enough to take the same decision again, a year later or in a simulator.

Positions are kept by reference: a unit and the time of its fix. With the retention of fixes goes what is kept here.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any
from uuid import UUID

import numpy as np

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.policy import Plan
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import OpenIncident, Sent, Situation, Unit
from dispatch.domain.unit import UnitStatus
from dispatch.roads.conditions import Slowdown
from dispatch.service.situations import Picture


def remember(situation: Situation, picture: Picture) -> dict[str, Any]:
    """Times in milliseconds since the epoch; ETAs in seconds, null where nobody can say, incidents × units.

    `log_id`: the last event that it holds; `jams`: [arc, factor] of every arc that was slower than usual; `speeds`: the
    version of the speeds, which a round that was kept before there were any does not name: the priors.
    """
    versions = {incident.incident_id: incident.version for incident in picture.incidents}
    places = {incident.incident_id: incident.place for incident in picture.incidents}
    ids = [str(unit.unit_id) for unit in situation.units]
    return {
        "now_ms": _ms(situation.now_s),
        "log_id": picture.log_id,
        "jams": _jams(picture.slowdown),
        "speeds": picture.speeds_version,
        "units": [
            {
                "unit_id": str(unit.unit_id),
                "name": unit.name,
                "status": str(unit.status),
                "motorcycle": unit.motorcycle,
                "capabilities": sorted(unit.capabilities),
                "station": _text(unit.station),
                "crew": unit.crew,
                "fixed_ms": None if unit.fixed_s is None else _ms(unit.fixed_s),
                "link_down": unit.link_is_down,
                "shift_ends_ms": None if math.isinf(unit.shift_ends_s) else _ms(unit.shift_ends_s),
                "incident_id": _text(unit.incident_id),
                "diversions": unit.diversions,
            }
            for unit in situation.units
        ],
        "incidents": [
            {
                "incident_id": str(incident.incident_id),
                "version": versions[_id(incident.incident_id)],
                "number": incident.number,
                "priority": incident.priority,
                "category": str(incident.category),
                "accident_class": _text(incident.accident_class),
                "lat": places[_id(incident.incident_id)].lat,
                "lon": places[_id(incident.incident_id)].lon,
                "received_ms": _ms(incident.received_s),
                "station": _text(incident.station),
                "narrow": incident.narrow,
                "sent": [[ids[one.unit], str(one.state)] for one in incident.sent],
                "stripped": incident.stripped,
                "refused": {str(unit): why for unit, why in incident.refused.items()},
            }
            for incident in situation.incidents
        ],
        "eta_s": [[None if math.isinf(eta) else eta for eta in row] for row in situation.eta_s.tolist()],
    }


def recall(seen: dict[str, Any]) -> Situation:
    """The situation again, with what the decision looks at."""
    units = tuple(
        Unit(
            unit_id=UUID(unit["unit_id"]),
            name=unit["name"],
            status=UnitStatus(unit["status"]),
            motorcycle=unit["motorcycle"],
            capabilities=frozenset(unit["capabilities"]),
            station=_uuid(unit["station"]),
            crew=unit["crew"],
            fixed_s=None if unit["fixed_ms"] is None else unit["fixed_ms"] / 1000,
            link_is_down=unit["link_down"],
            shift_ends_s=math.inf if unit["shift_ends_ms"] is None else unit["shift_ends_ms"] / 1000,
            incident_id=_uuid(unit["incident_id"]),
            diversions=unit["diversions"],
        )
        for unit in seen["units"]
    )
    number = {unit["unit_id"]: column for column, unit in enumerate(seen["units"])}
    incidents = tuple(
        OpenIncident(
            incident_id=UUID(incident["incident_id"]),
            number=incident["number"],
            priority=incident["priority"],
            received_s=incident["received_ms"] / 1000,
            category=Category(incident["category"]),
            accident_class=AccidentClass(incident["accident_class"]) if incident["accident_class"] else None,
            station=_uuid(incident["station"]),
            narrow=incident["narrow"],
            sent=tuple(Sent(number[unit_id], AssignmentState(state)) for unit_id, state in incident["sent"]),
            stripped=incident["stripped"],
            refused={UUID(unit_id): why for unit_id, why in incident["refused"].items()},
        )
        for incident in seen["incidents"]
    )
    eta_s = np.array([[math.inf if eta is None else eta for eta in row] for row in seen["eta_s"]], dtype=np.float64)
    return Situation(seen["now_ms"] / 1000, incidents, units, eta_s.reshape(len(incidents), len(units)))


def planned(plan: Plan, situation: Situation) -> dict[str, Any]:
    """The plan by ids. `done` is set when it is carried out."""

    def incident(row: int | None) -> str | None:
        return None if row is None else str(situation.incidents[row].incident_id)

    def unit(column: int) -> str:
        return str(situation.units[column].unit_id)

    return {
        "orders": [
            {
                "incident_id": incident(order.incident),
                "unit_id": unit(order.unit),
                "eta_s": round(order.eta_s, 1),
                "role": order.role,
                "leaves": incident(order.leaves),
                "done": False,
            }
            for order in plan.orders
        ],
        "releases": [
            {
                "incident_id": incident(release.incident),
                "unit_id": unit(release.unit),
                "reason": release.reason,
                "done": False,
            }
            for release in plan.releases
        ],
        "waiting": [incident(row) for row in plan.waiting],
    }


def policy_record(policy: PolicySettings) -> dict[str, Any]:
    """The figures of a policy as JSON."""
    return asdict(policy) | {"two_units_categories": sorted(map(str, policy.two_units_categories))}


def recall_policy(record: dict[str, Any]) -> PolicySettings:
    """The policy of such a record."""
    return PolicySettings(
        **record
        | {
            "weights": tuple(record["weights"]),
            "two_units_categories": frozenset(map(Category, record["two_units_categories"])),
        }
    )


def _jams(slowdown: Slowdown | None) -> list[list[float]]:
    if slowdown is None:
        return []
    slow = np.flatnonzero(slowdown.factor > 1)
    return [[int(arc), float(slowdown.factor[arc])] for arc in slow]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _id(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
