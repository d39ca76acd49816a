"""What a decision sees, read from the tables: the open incidents that may still need a unit, and all units.

Times in milliseconds and ETAs in tenths of a second, so that what is kept of a decision (seen.py) decides the same.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.geometry import Position, distances_m
from dispatch.domain.incident import Category, Incident, IncidentState, Priority
from dispatch.domain.judging import is_under_way
from dispatch.domain.kpi import TAIPEI
from dispatch.domain.needs import fill, needs_of, on_duty
from dispatch.domain.policy import DIVERTED, REPLACED
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import Floats, Mask, OpenIncident, Sent, Situation, Unit
from dispatch.roads.conditions import Conditions, Slowdown
from dispatch.roads.narrow import narrow_places
from dispatch.roads.snapping import Heading
from dispatch.roads.speeds import LIGHTS_FACTOR, vehicle_factor
from dispatch.roads.travel import TravelTimes
from dispatch.service.desk import Desk
from dispatch.store.alarms import units_in_sos
from dispatch.store.assignments import assignments_on
from dispatch.store.incidents import incident_of, open_incidents
from dispatch.store.log import last_event_id
from dispatch.store.rows import AnyRow
from dispatch.store.units import UnitNow, units_now

LIGHTS_FROM: Final = Priority.URGENT
"""Priority 1 and 2 are driven with lights."""

ON_FOOT_M: Final = 60.0
ON_FOOT_MPS: Final = 1.5

WHY_NOT_AGAIN: Final = {
    "declined": "declined_before",
    "timed_out": "no_acknowledgement_before",
    "reassigned": "taken_off_before",
    "cancelled": "taken_off_before",
    "sos": "needs_help",
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A situation with what it was made from, in the same order."""

    now: datetime
    situation: Situation
    incidents: tuple[Incident, ...]
    units: tuple[UnitNow, ...]
    by_hand: frozenset[tuple[UUID, UUID]] = frozenset()
    """(incident, unit) that a dispatcher sent."""
    log_id: int = 0
    """The last event of the log that it holds, where it was read as one snapshot."""
    slowdown: Slowdown | None = None
    """The jams that the ETAs know of."""
    speeds_version: int = 0
    """Of the speeds that they were made with."""

    def row_of(self, incident_id: UUID) -> int:
        """Which of the incidents it is. Raises LookupError."""
        for row, incident in enumerate(self.incidents):
            if incident.incident_id == incident_id:
                return row
        raise LookupError(f"incident {incident_id} is not in the picture")

    def only(self, rows: Sequence[int], *, keep_by_hand: bool) -> Situation:
        """Some of the incidents. `keep_by_hand`: what a dispatcher ordered is as settled as a unit on the scene."""
        whole = self.situation
        incidents = [whole.incidents[row] for row in rows]
        if keep_by_hand and self.by_hand:
            incidents = [self._settled(incident) for incident in incidents]
        return replace(
            whole,
            incidents=tuple(incidents),
            eta_s=whole.eta_s[rows],
            distance_m=None if whole.distance_m is None else whole.distance_m[rows],
            geodesic=None if whole.geodesic is None else whole.geodesic[rows],
        )

    def _settled(self, incident: OpenIncident) -> OpenIncident:
        def pinned(one: Sent) -> Sent:
            by_hand = (incident.incident_id, self.units[one.unit].unit_id) in self.by_hand
            return Sent(one.unit, AssignmentState.ON_SCENE) if by_hand and is_under_way(one.state) else one

        return replace(incident, sent=tuple(pinned(one) for one in incident.sent))


def conditions_at(desk: Desk, now: datetime) -> Conditions:
    """Of the hour in Taiwan, and of the jams that own units drive through."""
    return Conditions(now.astimezone(TAIPEI).hour, desk.streets.slowdown)


def driven_to(incident: Incident, conditions: Conditions) -> Conditions:
    """The same, driven as one goes to this incident: with lights or without."""
    return replace(conditions, lights=incident.priority <= LIGHTS_FROM)


async def take_picture(
    connection: AsyncConnection,
    desk: Desk,
    policy: PolicySettings,
    *,
    also: Collection[UUID] = (),
    calls: Sequence[Incident] = (),
) -> Picture:
    """In four queries. `also`: open incidents that are wanted though they need nobody; `calls`: not entered yet."""
    now = desk.clock()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    log_id = await last_event_id(connection)
    rows = await open_incidents(connection)
    units = tuple(await units_now(connection))
    on_them: dict[UUID, list[AnyRow]] = defaultdict(list)
    for row in await assignments_on(connection, [row.incident_id for row in rows]):
        on_them[row.incident_id].append(row)

    number = {unit.unit_id: column for column, unit in enumerate(units)}
    seen_units = tuple(seen_unit(unit) for unit in units)
    capabilities = on_duty(seen_units)
    needs_help: dict[Hashable, str] = dict.fromkeys(await units_in_sos(connection), WHY_NOT_AGAIN["sos"])
    wanted, seen = [], []
    for row in rows:
        incident = incident_of(row)
        open_incident = _open_incident(incident, row.station_id, on_them[row.incident_id], number, desk, now)
        if needs_help:
            open_incident = replace(open_incident, refused=dict(open_incident.refused) | needs_help)
        if row.incident_id in also or _needs_somebody(open_incident, seen_units, policy, capabilities):
            wanted.append(incident)
            seen.append(open_incident)
    wanted += calls
    seen += [_open_incident(call, None, (), number, desk, now) for call in calls]
    conditions, travel = conditions_at(desk, now), desk.streets.travel
    eta_s, distance_m, geodesic, narrow = await asyncio.to_thread(travel_matrix, travel, conditions, wanted, units)
    situation = Situation(
        now_s=seconds(now),
        incidents=tuple(replace(one, narrow=is_narrow) for one, is_narrow in zip(seen, narrow, strict=True)),
        units=seen_units,
        eta_s=eta_s,
        distance_m=distance_m,
        geodesic=geodesic,
    )
    by_hand = frozenset(
        (row.incident_id, row.unit_id) for rows in on_them.values() for row in rows if not row.ended_at and not row.role
    )
    return Picture(now, situation, tuple(wanted), units, by_hand, log_id, conditions.slowdown, travel.speeds.version)


def travel_matrix(
    travel: TravelTimes, conditions: Conditions, incidents: Sequence[Incident], units: Sequence[UnitNow]
) -> tuple[Floats, Floats, Mask, list[bool]]:
    """(ETA in seconds, metres, is it the straight line's?) of incidents × units; is each incident's street narrow?

    Infinite where a unit has no position. A crew that is nearly there walks: the way round a one-way block must not
    make it look far. Takes milliseconds for each new incident: call it in a thread.
    """
    shape = (len(incidents), len(units))
    eta_s, metres, geodesic = np.full(shape, np.inf), np.full(shape, np.inf), np.zeros(shape, dtype=bool)
    located = np.array([column for column, unit in enumerate(units) if unit.position is not None], dtype=np.intp)
    places = [incident.place for incident in incidents]
    if len(located) and places:
        here = [units[column] for column in located.tolist()]
        positions = [unit.position for unit in here if unit.position is not None]
        motorcycles = [unit.vehicle_type == "motorcycle" for unit in here]
        stands = travel.stand(positions, [_heading(unit) for unit in here], motorcycles)
        lit = [one.priority <= LIGHTS_FROM for one in incidents]
        matrix = travel.matrix(places, stands, conditions=conditions, lights=lit)
        lights = np.where(lit, LIGHTS_FACTOR, 1.0)
        vehicle = np.array([vehicle_factor(motorcycle=motorcycle) for motorcycle in motorcycles])
        driven_s, driven_m = matrix.time_s * lights[:, None] * vehicle, matrix.distance_m
        lat, lon = [place.lat for place in positions], [place.lon for place in positions]
        straight_m = np.array([distances_m(place.lat, place.lon, lat, lon) for place in places])
        walks = (straight_m <= ON_FOOT_M) & (straight_m / ON_FOOT_MPS < driven_s)
        eta_s[:, located] = np.where(walks, straight_m / ON_FOOT_MPS, driven_s)
        metres[:, located] = np.where(walks, straight_m, driven_m)
        geodesic[:, located] = ~matrix.on_street
    return np.round(eta_s, 1), np.round(metres), geodesic, narrow_places(travel, places)


def seconds(moment: datetime) -> float:
    """Since the Unix epoch, to the millisecond."""
    return round(moment.timestamp() * 1000) / 1000


def a_call(place: Position, priority: Priority, now: datetime) -> Incident:
    """An incident that is not entered yet."""
    return Incident(
        incident_id=uuid4(),
        number="",
        category=Category.OTHER,
        priority=priority,
        accident_class=None,
        known_place=place,
        address=None,
        description=None,
        received_at=now,
        state=IncidentState.OPEN,
        version=1,
    )


def _heading(unit: UnitNow) -> Heading | None:
    known = unit.course_deg is not None and unit.speed_mps is not None
    return Heading(unit.course_deg, unit.speed_mps) if known else None  # type: ignore[arg-type]  # known


def seen_unit(unit: UnitNow) -> Unit:
    """A unit as the decision sees it."""
    return Unit(
        unit_id=unit.unit_id,
        name=unit.name,
        status=unit.status,
        motorcycle=unit.vehicle_type == "motorcycle",
        capabilities=unit.capabilities,
        station=unit.station_id,
        crew=unit.crew,
        fixed_s=seconds(unit.fixed_at) if unit.fixed_at else None,
        link_is_down=unit.link_is_down,
        shift_ends_s=seconds(unit.shift_ends_at) if unit.shift_ends_at else math.inf,
        incident_id=unit.active_incident_id,
        diversions=unit.diversions,
    )


def _open_incident(
    incident: Incident,
    station_id: UUID | None,
    assigned: Sequence[AnyRow],
    number: Mapping[UUID, int],
    desk: Desk,
    now: datetime,
) -> OpenIncident:
    """A unit that has cleared its part still counts as sent: what it was needed for is done."""
    sent, refused, stripped = [], {}, 0
    for row in assigned:
        if row.unit_id not in number:
            continue  # it came on duty while we read
        if row.ended_at is None or row.state == AssignmentState.CLEARED:
            sent.append(Sent(number[row.unit_id], AssignmentState(row.state)))
            continue
        if row.end_reason in (DIVERTED, REPLACED):
            stripped += row.end_reason == DIVERTED
            continue
        why = WHY_NOT_AGAIN.get(row.state)
        asked_again = (
            row.state == "timed_out" and (now - row.ended_at).total_seconds() >= desk.settings.ask_again_after_s
        )
        if why is not None and not asked_again:
            refused[row.unit_id] = why
    return OpenIncident(
        incident_id=incident.incident_id,
        number=incident.number,
        priority=int(incident.priority),
        received_s=seconds(incident.received_at),
        category=incident.category,
        accident_class=incident.accident_class,
        station=station_id,
        sent=tuple(sent),
        stripped=stripped,
        refused=refused,
    )


def _needs_somebody(
    incident: OpenIncident, units: Sequence[Unit], policy: PolicySettings, capabilities: frozenset[str]
) -> bool:
    """A need that nobody meets, or a unit that is not there yet."""
    filled = fill(needs_of(incident, policy, capabilities), incident.sent, units)
    return any(one is None or is_under_way(one.state) for one in filled)
