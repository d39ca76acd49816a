"""The ten-minute clock straight from the tables of incidents and assignments: what sheets are held to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import h3
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.kpi import Exclusion, IncidentRecord
from dispatch.store.review_tables import reviews
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, incidents, precincts, stations


async def raw_records(
    connection: AsyncConnection, start: datetime | None = None, end: datetime | None = None
) -> list[IncidentRecord]:
    """One an incident received in [start, end), as it was recorded.

    Units that were sent to a call that is merged now count for the incident that it is merged into.
    """
    sent_to = incidents.alias("sent_to")
    incident_id = func.coalesce(sent_to.c.merged_into, sent_to.c.incident_id)
    first = (
        select(
            incident_id.label("incident_id"),
            func.min(assignments.c.dispatched_at).label("dispatched_at"),
            func.min(assignments.c.on_scene_at).label("on_scene_at"),
        )
        .join(sent_to, sent_to.c.incident_id == assignments.c.incident_id)
        .group_by(incident_id)
        .subquery()
    )
    kinds = await _kinds(connection)
    query = (
        select(
            incidents,
            stations.c.name.label("station"),
            precincts.c.name.label("precinct"),
            first.c.dispatched_at,
            first.c.on_scene_at,
        )
        .outerjoin(stations, stations.c.station_id == incidents.c.station_id)
        .outerjoin(precincts, precincts.c.precinct_id == stations.c.precinct_id)
        .outerjoin(first, first.c.incident_id == incidents.c.incident_id)
    )
    if start is not None:
        query = query.where(incidents.c.received_at >= start)
    if end is not None:
        query = query.where(incidents.c.received_at < end)
    return [
        IncidentRecord(
            incident_id=row.incident_id,
            number=row.number,
            category=Category(row.category),
            priority=Priority(row.priority),
            received_at=row.received_at,
            precinct=row.precinct,
            station=row.station,
            dispatched_at=row.dispatched_at,
            on_scene_at=row.on_scene_at,
            state=IncidentState(row.state),
            exclusion=Exclusion(row.exclusion) if row.exclusion else None,
            unit_type=kinds.get(row.incident_id),
            cell=None if row.lat is None else h3.latlng_to_cell(row.lat, row.lon, 8),
            ended_at=row.ended_at,
        )
        for row in await connection.execute(query)
    ]


async def _kinds(connection: AsyncConnection) -> dict[UUID, str | None]:
    """What kind of unit was at each incident first, or else was sent first."""
    sent_to = incidents.alias("sent_to")
    incident_id = func.coalesce(sent_to.c.merged_into, sent_to.c.incident_id)
    query = (
        select(incident_id.label("incident_id"), assignments.c.unit_type)
        .join(sent_to, sent_to.c.incident_id == assignments.c.incident_id)
        .ext(distinct_on(incident_id))
        .order_by(
            incident_id,
            assignments.c.on_scene_at.asc().nulls_last(),
            assignments.c.dispatched_at.asc().nulls_last(),
            assignments.c.assignment_id,
        )
    )
    return {row.incident_id: row.unit_type for row in await connection.execute(query)}


async def reviewed_records(connection: AsyncConnection) -> list[IncidentRecord]:
    """The same as supervisors ruled: of several rulings on one arrival, or on the incident, the last one counts."""
    arrivals: dict[UUID, dict[UUID, datetime | None]] = {}
    orders: dict[UUID, AnyRow] = {}
    sent_to = incidents.alias("sent_to")
    query = select(
        func.coalesce(sent_to.c.merged_into, sent_to.c.incident_id).label("incident_id"),
        assignments.c.assignment_id,
        assignments.c.on_scene_at,
        assignments.c.dispatched_at,
        assignments.c.unit_type,
    ).join(sent_to, sent_to.c.incident_id == assignments.c.incident_id)
    for row in await connection.execute(query):
        arrivals.setdefault(row.incident_id, {})[row.assignment_id] = row.on_scene_at
        orders[row.assignment_id] = row
    last: dict[tuple[UUID, UUID | str], AnyRow] = {}
    for row in await connection.execute(select(reviews).order_by(reviews.c.number)):
        measured = "measured" if row.ruling in ("excluded", "counted") else "somebody not sent"
        last[row.incident_id, row.assignment_id or measured] = row
    records = []
    for record in await raw_records(connection):
        on_incident = last.get((record.incident_id, "measured"))
        unsent = last.get((record.incident_id, "somebody not sent"))
        exclusion = record.exclusion
        if on_incident is not None:
            exclusion = Exclusion(on_incident.exclusion) if on_incident.exclusion else None
        there = dict(arrivals.get(record.incident_id, {}))
        for assignment_id in there:
            ruling = last.get((record.incident_id, assignment_id))
            if ruling is not None and ruling.ruling != "stands":
                there[assignment_id] = ruling.on_scene_at
        unsent_at = None if unsent is None else unsent.on_scene_at
        arrived = min((at for at in (*there.values(), unsent_at) if at is not None), default=None)
        far = datetime.max.replace(tzinfo=UTC)
        first = min(there, key=lambda one: (there[one] or far, orders[one].dispatched_at or far, one), default=None)
        kind = orders[first].unit_type if first else None
        if unsent_at is not None and arrived == unsent_at and (first is None or there[first] != unsent_at):
            kind = None
        state = record.state
        lasted = (record.ended_at or record.received_at) - record.received_at
        was_late = state is IncidentState.CANCELLED and arrived is None and lasted > timedelta(minutes=10)
        if was_late and on_incident is not None and on_incident.ruling == "counted":
            state = IncidentState.CLOSED
        records.append(replace(record, on_scene_at=arrived, exclusion=exclusion, unit_type=kind, state=state))
    return records
