"""The ten-minute clock straight from the tables of incidents and assignments: what sheets are held to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
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
        )
        for row in await connection.execute(query)
    ]


async def reviewed_records(connection: AsyncConnection) -> list[IncidentRecord]:
    """The same as supervisors ruled: of several rulings on one arrival, or on the incident, the last one counts."""
    arrivals: dict[UUID, dict[UUID, datetime | None]] = {}
    sent_to = incidents.alias("sent_to")
    query = select(
        func.coalesce(sent_to.c.merged_into, sent_to.c.incident_id).label("incident_id"),
        assignments.c.assignment_id,
        assignments.c.on_scene_at,
    ).join(sent_to, sent_to.c.incident_id == assignments.c.incident_id)
    for row in await connection.execute(query):
        arrivals.setdefault(row.incident_id, {})[row.assignment_id] = row.on_scene_at
    last: dict[tuple[UUID, UUID | None], AnyRow] = {}
    for row in await connection.execute(select(reviews).order_by(reviews.c.number)):
        last[row.incident_id, row.assignment_id] = row
    records = []
    for record in await raw_records(connection):
        on_incident = last.get((record.incident_id, None))
        exclusion = record.exclusion
        if on_incident is not None:
            exclusion = Exclusion(on_incident.exclusion) if on_incident.exclusion else None
        there = dict(arrivals.get(record.incident_id, {}))
        for assignment_id in there:
            ruling = last.get((record.incident_id, assignment_id))
            if ruling is not None and ruling.ruling != "stands":
                there[assignment_id] = ruling.on_scene_at
        arrived = min((at for at in there.values() if at is not None), default=None)
        records.append(replace(record, on_scene_at=arrived, exclusion=exclusion))
    return records
