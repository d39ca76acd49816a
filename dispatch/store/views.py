"""What screens show of units, incidents and alarms: one query each, by id or all that matter now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, literal, or_, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.tables import (
    alarms,
    assignments,
    camera_states,
    incidents,
    precincts,
    stations,
    units,
    users,
    vehicles,
)
from gateway.store import car_links, unit_positions

RESOLVED_LATELY: Final = timedelta(minutes=1)

_incidents = (
    select(
        incidents,
        stations.c.name.label("station"),
        precincts.c.name.label("precinct"),
        users.c.username.label("created_by_name"),
    )
    .outerjoin(stations, stations.c.station_id == incidents.c.station_id)
    .outerjoin(precincts, precincts.c.precinct_id == stations.c.precinct_id)
    .outerjoin(users, users.c.user_id == incidents.c.created_by)
)
_units = (
    select(
        units.c.unit_id,
        units.c.name,
        units.c.available,
        units.c.unavailable_reason,
        units.c.shift_ends_at,
        vehicles.c.crew,
        vehicles.c.plate,
        vehicles.c.type.label("vehicle_type"),
        vehicles.c.capabilities,
        stations.c.name.label("station"),
        precincts.c.name.label("precinct"),
        and_(car_links.c.unit_id.is_not(None), car_links.c.disconnected_at.is_(None)).label("connected"),
        unit_positions.c.lat,
        unit_positions.c.lon,
        unit_positions.c.accuracy_m,
        unit_positions.c.speed_mps,
        unit_positions.c.course_deg,
        unit_positions.c.fixed_at,
        unit_positions.c.received_at,
        assignments.c.assignment_id,
        assignments.c.state.label("assignment_state"),
        assignments.c.incident_id,
        incidents.c.number.label("incident_number"),
    )
    .outerjoin(vehicles, vehicles.c.unit_id == units.c.unit_id)
    .outerjoin(stations, stations.c.station_id == units.c.station_id)
    .outerjoin(precincts, precincts.c.precinct_id == stations.c.precinct_id)
    .outerjoin(car_links, car_links.c.unit_id == units.c.unit_id)
    .outerjoin(unit_positions, unit_positions.c.unit_id == units.c.unit_id)
    .outerjoin(assignments, and_(assignments.c.unit_id == units.c.unit_id, assignments.c.ended_at.is_(None)))
    .outerjoin(incidents, incidents.c.incident_id == assignments.c.incident_id)
    .where(units.c.import_id.is_(None))
    .order_by(units.c.name)
)
_alarms = (
    select(alarms, units.c.name.label("unit_name"), incidents.c.number.label("incident_number"))
    .outerjoin(units, units.c.unit_id == alarms.c.unit_id)
    .outerjoin(incidents, incidents.c.incident_id == alarms.c.incident_id)
    .order_by(alarms.c.raised_at.desc())
)


async def incident_rows(connection: AsyncConnection, incident_ids: Iterable[UUID]) -> Sequence[AnyRow]:
    """These incidents."""
    query = _incidents.where(incidents.c.incident_id.in_(list(incident_ids)))
    return (await connection.execute(query)).all()


async def open_incident_rows(connection: AsyncConnection) -> Sequence[AnyRow]:
    """All open incidents, most urgent first."""
    query = _incidents.where(incidents.c.state == "open")
    return (await connection.execute(query.order_by(incidents.c.priority, incidents.c.received_at))).all()


async def incident_page(
    connection: AsyncConnection,
    *,
    state: str,
    start: datetime | None,
    end: datetime | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
    search: str | None = None,
) -> Sequence[AnyRow]:
    """Newest first, by received_at and id; `before` is the last of the page before.

    `search`: these letters, of either case, stand in the number, the address, the description, the disposition or the
    call sign of a unit that was sent.
    """
    query = _incidents.order_by(incidents.c.received_at.desc(), incidents.c.incident_id.desc()).limit(limit)
    if state == "open":
        query = query.where(incidents.c.state == "open")
    elif state == "closed":
        query = query.where(incidents.c.state != "open")
    if start is not None:
        query = query.where(incidents.c.received_at >= start)
    if end is not None:
        query = query.where(incidents.c.received_at < end)
    if search is not None:
        sent = select(assignments.c.incident_id).join(units, units.c.unit_id == assignments.c.unit_id)
        texts = incidents.c.number, incidents.c.address, incidents.c.description, incidents.c.disposition
        found = [text.icontains(search, autoescape=True) for text in texts]
        found.append(incidents.c.incident_id.in_(sent.where(units.c.name.icontains(search, autoescape=True))))
        query = query.where(or_(*found))
    if before is not None:
        key = tuple_(incidents.c.received_at, incidents.c.incident_id)
        query = query.where(key < tuple_(literal(before[0]), literal(before[1])))
    return (await connection.execute(query)).all()


async def assignment_rows(connection: AsyncConnection, incident_ids: Iterable[UUID]) -> Sequence[AnyRow]:
    """The assignments of these incidents with the call signs, in the order in which units were sent.

    A unit that was sent to a call that is merged now was sent to the incident that it is merged into.
    """
    wanted = list(incident_ids)
    call = select(incidents.c.incident_id, incidents.c.merged_into)
    # Two looks by index: an OR over both columns reads every assignment that there ever was.
    calls = union(call.where(incidents.c.incident_id.in_(wanted)), call.where(incidents.c.merged_into.in_(wanted)))
    called = calls.subquery("calls")
    query = (
        select(assignments, units.c.name.label("unit_name"), called.c.merged_into)
        .join(called, called.c.incident_id == assignments.c.incident_id)
        .join(units, units.c.unit_id == assignments.c.unit_id)
        .order_by(assignments.c.dispatched_at, assignments.c.assignment_id)
    )
    return (await connection.execute(query)).all()


async def assignment_row(connection: AsyncConnection, assignment_id: UUID) -> AnyRow:
    """One assignment with its unit's call sign."""
    query = (
        select(assignments, units.c.name.label("unit_name"))
        .join(units, units.c.unit_id == assignments.c.unit_id)
        .where(assignments.c.assignment_id == assignment_id)
    )
    return (await connection.execute(query)).one()


async def unit_rows(connection: AsyncConnection, unit_ids: Iterable[UUID] | None = None) -> Sequence[AnyRow]:
    """All units, or these, by call sign."""
    query = _units if unit_ids is None else _units.where(units.c.unit_id.in_(list(unit_ids)))
    return (await connection.execute(query)).all()


async def camera_rows(connection: AsyncConnection, unit_ids: Iterable[UUID] | None = None) -> Sequence[AnyRow]:
    """The newest state of each camera."""
    query = select(camera_states).order_by(camera_states.c.unit_id, camera_states.c.camera_id)
    if unit_ids is not None:
        query = query.where(camera_states.c.unit_id.in_(list(unit_ids)))
    return (await connection.execute(query)).all()


async def alarm_rows(
    connection: AsyncConnection,
    *,
    alarm_ids: Iterable[UUID] | None = None,
    only_open: bool = False,
    limit: int | None = 500,
) -> Sequence[AnyRow]:
    """Alarms, newest first."""
    query: Select[Any] = _alarms.limit(limit)
    if alarm_ids is not None:
        query = query.where(alarms.c.alarm_id.in_(list(alarm_ids)))
    if only_open:
        query = query.where(alarms.c.resolved_at.is_(None))
    rows: Sequence[AnyRow] = (await connection.execute(query)).all()
    return rows


async def changed_alarm_rows(connection: AsyncConnection, events: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """The alarms that these events may have raised or ended: unresolved ones, and those resolved a moment ago."""
    named = [UUID(event.data["alarm_id"]) for event in events if event.data.get("alarm_id")]
    incident_ids = {event.incident_id for event in events if event.incident_id}
    unit_ids = {event.unit_id for event in events if event.unit_id}
    since = min(event.recorded_at for event in events) - RESOLVED_LATELY
    query = _alarms.where(
        or_(
            alarms.c.alarm_id.in_(named),
            and_(
                or_(alarms.c.incident_id.in_(incident_ids), alarms.c.unit_id.in_(unit_ids)),
                or_(alarms.c.resolved_at.is_(None), alarms.c.resolved_at >= since),
            ),
        )
    )
    rows: Sequence[AnyRow] = (await connection.execute(query)).all()
    return rows
