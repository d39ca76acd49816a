"""Who is on the way at this moment: how long each unit still needs from where it is now, and which way it goes.

Asked by every console every few seconds, so one answer serves them all for a moment. The search of an incident is kept
while it is open (roads.reach_cache); what is left for each unit is to find it on the streets and to draw its line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.geometry import distance_m
from dispatch.domain.incident import Incident
from dispatch.domain.judging import is_under_way
from dispatch.roads.answers import Basis
from dispatch.roads.conditions import Conditions
from dispatch.roads.eta_spread import quantile_s, spread_s
from dispatch.roads.snapping import Heading
from dispatch.roads.speeds import vehicle_factor
from dispatch.roads.travel import TravelTimes
from dispatch.service.desk import Desk
from dispatch.service.situations import LIGHTS_FROM, ON_FOOT_M, ON_FOOT_MPS, conditions_at, driven_to
from dispatch.store.database import one_moment
from dispatch.store.incidents import incident_of, open_incidents
from dispatch.store.units import UnitNow, units_now

KEPT_S: Final = 2.0
"""A unit drives some thirty metres meanwhile; the screen counts the seconds down by itself."""
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Way:
    """The way still before a unit. All but the names is None where nobody knows where the unit is."""

    assignment_id: UUID
    unit_id: UUID
    incident_id: UUID
    eta_s: float | None = None
    eta_low_s: float | None = None
    """One drive in ten is faster."""
    eta_high_s: float | None = None
    """One drive in ten is slower."""
    distance_m: float | None = None
    basis: Basis | None = None
    fixed_at: datetime | None = None
    """When the position was measured that this starts from."""
    route: dict[str, Any] | None = None
    """GeoJSON LineString (lon, lat); the straight line where no street answers."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """All of them, by call sign, at one moment."""

    computed_at: datetime
    ways: tuple[Way, ...]


class UnderWayKeeper:
    """One per server process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asking = asyncio.Lock()
        self._kept: tuple[TravelTimes, UnderWay] | None = None

    async def now(self) -> UnderWay:
        """The ways of this moment, at most two seconds old."""
        async with self._asking:
            now, travel = self._desk.clock(), self._desk.streets.travel
            if self._kept is not None:
                of, kept = self._kept
                if of is travel and 0 <= (now - kept.computed_at).total_seconds() < KEPT_S:
                    return kept
            async with one_moment(self._desk.engine) as connection:
                units, incidents = await _who_goes_where(connection)
            conditions = conditions_at(self._desk, now)
            ways = await asyncio.to_thread(ways_of, travel, conditions, units, incidents, now)
            self._kept = (travel, UnderWay(now, ways))
            return self._kept[1]


async def _who_goes_where(connection: AsyncConnection) -> tuple[list[UnitNow], dict[UUID, Incident]]:
    units = [unit for unit in await units_now(connection) if unit.active is not None and is_under_way(unit.active)]
    rows = await open_incidents(connection) if units else ()
    return units, {row.incident_id: incident_of(row) for row in rows}


def ways_of(
    travel: TravelTimes,
    conditions: Conditions,
    units: Sequence[UnitNow],
    incidents: Mapping[UUID, Incident],
    now: datetime,
) -> tuple[Way, ...]:
    """The way of each of these units to its incident; call it in a thread. A unit whose incident is gone has none."""
    ways = []
    for unit in units:
        incident = incidents.get(unit.active_incident_id) if unit.active_incident_id else None
        if incident is not None and unit.active_assignment_id is not None:
            ways.append(_way(travel, conditions, unit, unit.active_assignment_id, incident, now))
    return tuple(ways)


def _way(
    travel: TravelTimes,
    conditions: Conditions,
    unit: UnitNow,
    assignment_id: UUID,
    incident: Incident,
    now: datetime,
) -> Way:
    if unit.position is None or unit.fixed_at is None:
        return Way(assignment_id, unit.unit_id, incident.incident_id)
    motorcycle = unit.vehicle_type == "motorcycle"
    known = unit.course_deg is not None and unit.speed_mps is not None
    route = travel.route(
        unit.position,
        incident.place,
        vehicle_factor(motorcycle=motorcycle, lights=incident.priority <= LIGHTS_FROM),
        heading=Heading(unit.course_deg, unit.speed_mps) if known else None,  # type: ignore[arg-type]  # known
        motorcycle=motorcycle,
        conditions=driven_to(incident, conditions),
    )
    eta_s, metres, line = route.eta_s, route.distance_m, route.geojson()
    straight_m = distance_m(unit.position, incident.place)
    if straight_m <= ON_FOOT_M and straight_m / ON_FOOT_MPS < eta_s:  # as decisions see it: the crew walks
        eta_s, metres = straight_m / ON_FOOT_MPS, straight_m
        ends = (unit.position, incident.place)
        line = {"type": "LineString", "coordinates": [[end.lon, end.lat] for end in ends]}
    age_s = max((now - unit.fixed_at).total_seconds(), 0.0)
    deviation_s = spread_s(eta_s, position_age_s=age_s, on_street=route.basis == "street")
    low_s, high_s = quantile_s(eta_s, deviation_s, [LOW, HIGH]).tolist()
    return Way(
        assignment_id,
        unit.unit_id,
        incident.incident_id,
        eta_s=round(eta_s, 1),
        eta_low_s=round(low_s, 1),
        eta_high_s=round(high_s, 1),
        distance_m=round(metres),
        basis=route.basis,
        fixed_at=unit.fixed_at,
        route=line,
    )
