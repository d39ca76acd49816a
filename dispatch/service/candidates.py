"""Every unit as one place sees it: how far by street, and what speaks against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.geometry import Position, distance_m
from dispatch.domain.incident import Incident, Priority
from dispatch.domain.policy import Candidate, Staleness, judge, rank
from dispatch.roads.speeds import vehicle_factor
from dispatch.roads.travel import Eta
from dispatch.service.desk import Desk
from dispatch.store.assignments import refused_before
from dispatch.store.units import UnitNow, units_now

LIGHTS_FROM: Final = Priority.URGENT
"""Priority 1 and 2 are driven with lights."""

ON_FOOT_M: Final = 60.0
ON_FOOT_MPS: Final = 1.5

_WHY_NOT_AGAIN: Final = {
    "declined": "declined_before",
    "timed_out": "no_acknowledgement_before",
    "reassigned": "taken_off_before",
    "cancelled": "taken_off_before",
}


async def candidates_at(
    connection: AsyncConnection, desk: Desk, place: Position, priority: Priority = Priority.URGENT
) -> tuple[Candidate, ...]:
    """The ranking for a place that has no incident yet."""
    units = await units_now(connection)
    return rank(_judged(desk, place, priority, units, {}, desk.clock()))


async def candidates_for(
    connection: AsyncConnection, desk: Desk, incidents: Sequence[Incident]
) -> dict[UUID, tuple[Candidate, ...]]:
    """The ranking for each incident, by its id."""
    if not incidents:
        return {}
    units = await units_now(connection)
    now = desk.clock()
    refusals = await _refusals(connection, desk, [incident.incident_id for incident in incidents], now)
    return {
        incident.incident_id: rank(
            _judged(desk, incident.place, incident.priority, units, refusals[incident.incident_id], now)
        )
        for incident in incidents
    }


def _judged(
    desk: Desk,
    place: Position,
    priority: Priority,
    units: Sequence[UnitNow],
    refusals: Mapping[UUID, str],
    now: datetime,
) -> list[Candidate]:
    etas = _etas(desk, place, priority, units)
    staleness = Staleness(desk.settings.stale_after_s, desk.settings.lost_after_s, desk.settings.ack_timeout_s)
    judged = []
    for unit in units:
        eta = etas.get(unit.unit_id)
        candidate = Candidate(
            unit_id=unit.unit_id,
            name=unit.name,
            status=unit.status,
            eta_s=eta.eta_s if eta else None,
            distance_m=eta.distance_m if eta else None,
            reasons=("geodesic",) if eta and eta.basis != "street" else (),
            active_incident_id=unit.active_incident_id,
        )
        age_s = max((now - unit.fixed_at).total_seconds(), 0.0) if unit.fixed_at else None
        judged.append(
            judge(
                candidate,
                position_age_s=age_s,
                refused_before=refusals.get(unit.unit_id),
                staleness=staleness,
                link_is_down=unit.link_is_down,
            )
        )
    return judged


def _etas(desk: Desk, place: Position, priority: Priority, units: Sequence[UnitNow]) -> dict[UUID, Eta]:
    located = [(unit, unit.position) for unit in units if unit.position is not None]
    lights = priority <= LIGHTS_FROM
    etas = desk.streets.travel.etas(
        place,
        [position for _, position in located],
        [vehicle_factor(motorcycle=unit.vehicle_type == "motorcycle", lights=lights) for unit, _ in located],
    )
    return {
        unit.unit_id: _on_foot(eta, distance_m(position, place))
        for (unit, position), eta in zip(located, etas, strict=True)
    }


def _on_foot(eta: Eta, straight_m: float) -> Eta:
    """A crew that is nearly there walks: the way round a one-way block must not make it look far."""
    walk_s = straight_m / ON_FOOT_MPS
    if straight_m > ON_FOOT_M or walk_s >= eta.eta_s:
        return eta
    return replace(eta, eta_s=walk_s, distance_m=straight_m)


async def _refusals(
    connection: AsyncConnection, desk: Desk, incident_ids: Sequence[UUID], now: datetime
) -> dict[UUID, dict[UUID, str]]:
    """Units that were on an incident and came off it are not sent there again by themselves.

    A crew that only missed an acknowledgement is asked again after a while: it may be the only one left.
    """
    refusals: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for row in await refused_before(connection, incident_ids):
        why = _WHY_NOT_AGAIN.get(row.state)
        waited_s = (now - row.ended_at).total_seconds()
        if why is None or (row.state == "timed_out" and waited_s >= desk.settings.ask_again_after_s):
            continue
        refusals[row.incident_id][row.unit_id] = why
    return refusals
