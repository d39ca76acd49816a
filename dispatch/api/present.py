"""Rows of the store as the API's views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.api import schemas
from dispatch.domain.assignment import AssignmentState
from dispatch.domain.incident import TARGET_S
from dispatch.domain.refusals import NotFound
from dispatch.domain.unit import status_of
from dispatch.store import log, views
from dispatch.store.decisions import decisions_of
from dispatch.store.imported_lines import imported_lines, origin_of
from dispatch.store.incidents import calls_merged_into
from dispatch.store.rows import AnyRow


def assignment_view(row: Any) -> schemas.AssignmentView:
    """An assignment with its unit's call sign."""
    return schemas.AssignmentView(
        id=row.assignment_id,
        assignment_id=row.assignment_id,
        incident_id=row.incident_id,
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        state=row.state,
        eta_s=row.eta_s,
        dispatched_at=row.dispatched_at,
        acknowledged_at=row.acknowledged_at,
        en_route_at=row.en_route_at,
        on_scene_at=row.on_scene_at,
        cleared_at=row.cleared_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        override_reason=row.override_reason,
        review=row.review,
        role=row.role,
    )


def incident_members(row: Any, assigned: Sequence[Any]) -> dict[str, Any]:
    """An incident as lists show it, from its row and those of its assignments."""

    def first(milestone: str) -> Any:
        return min((getattr(a, milestone) for a in assigned if getattr(a, milestone) is not None), default=None)

    on_scene_at = first("on_scene_at")
    return {
        "id": row.incident_id,
        "number": row.number,
        "category": row.category,
        "priority": row.priority,
        "accident_class": row.accident_class,
        "lat": row.lat,
        "lon": row.lon,
        "address": row.address,
        "description": row.description,
        "state": row.state,
        "station": row.station,
        "precinct": row.precinct,
        "exclusion": row.exclusion,
        "merged_into": row.merged_into,
        "disposition": row.disposition,
        "version": row.version,
        "seen_at": row.seen_at,
        "seen_by": row.seen_by,
        "received_at": row.received_at,
        "created_at": row.created_at,
        "arrive_by": row.received_at + timedelta(seconds=TARGET_S),
        "dispatched_at": first("dispatched_at"),
        "acknowledged_at": first("acknowledged_at"),
        "en_route_at": first("en_route_at"),
        "on_scene_at": on_scene_at,
        "cleared_at": first("cleared_at"),
        "ended_at": row.ended_at,
        "response_s": (on_scene_at - row.received_at).total_seconds() if on_scene_at else None,
        "assignments": [assignment_view(a) for a in assigned],
    }


async def incident_views(connection: AsyncConnection, rows: Sequence[AnyRow]) -> list[schemas.IncidentView]:
    """Incidents with their assignments, in the order of `rows`."""
    assigned: dict[UUID, list[AnyRow]] = defaultdict(list)
    for assignment in await views.assignment_rows(connection, [row.incident_id for row in rows]):
        assigned[assignment.incident_id].append(assignment)
        if assignment.merged_into is not None:
            assigned[assignment.merged_into].append(assignment)
    return [schemas.IncidentView(**incident_members(row, assigned[row.incident_id])) for row in rows]


async def incident_detail(connection: AsyncConnection, incident_id: UUID) -> schemas.IncidentDetail:
    """One incident with caller, timeline and decisions. Raises NotFound."""
    rows = await views.incident_rows(connection, [incident_id])
    if not rows:
        raise NotFound(f"There is no incident {incident_id}.", member="incident_id")
    row = rows[0]
    assigned = await views.assignment_rows(connection, [incident_id])
    return schemas.IncidentDetail(
        **incident_members(row, assigned),
        caller_name=row.caller_name,
        caller_phone=row.caller_phone,
        created_by=row.created_by_name,
        timeline=[
            *map(event_view, await imported_lines(connection, incident_id)),
            *map(event_view, await log.timeline(connection, incident_id)),
        ],
        decisions=[
            schemas.DecisionView(
                id=decision.decision_id,
                assignment_id=decision.assignment_id,
                decided_at=decision.decided_at,
                decided_by=decision.decided_by,
                policy=decision.policy,
                candidates=decision.candidates,
                override_reason=decision.override_reason,
                round_id=decision.round_id,
                method=decision.method,
                fallback=decision.fallback,
                role=decision.role,
                leaves=decision.leaves,
            )
            for decision in await decisions_of(connection, incident_id)
        ],
        merged_calls=[
            schemas.MergedCall(
                id=call.incident_id,
                number=call.number,
                received_at=call.received_at,
                address=call.address,
                description=call.description,
            )
            for call in await calls_merged_into(connection, incident_id)
        ],
        imported=_import_view(await origin_of(connection, incident_id)),
    )


def _import_view(row: AnyRow | None) -> schemas.ImportView | None:
    if row is None:
        return None
    names = ("import_id", "file", "sha256", "imported_at", "imported_by")
    return schemas.ImportView(line=row.import_line, **{name: getattr(row, name) for name in names})


def event_view(row: Any) -> schemas.EventView:
    """One line of the log, a note with its words."""
    data = row.data if row.note_text is None else {**row.data, "text": row.note_text}
    return schemas.EventView(
        id=row.event_id,
        kind=row.kind,
        happened_at=row.happened_at,
        recorded_at=row.recorded_at,
        car_time=row.car_time,
        said_by=row.said_by,
        actor=row.actor,
        incident_id=row.incident_id,
        assignment_id=row.assignment_id,
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        data=data,
    )


def position_view(row: Any) -> schemas.PositionView:
    """A fix, live or past."""
    return schemas.PositionView(
        lat=row.lat,
        lon=row.lon,
        accuracy_m=row.accuracy_m,
        speed_mps=row.speed_mps,
        course_deg=row.course_deg,
        fixed_at=row.fixed_at,
        received_at=row.received_at,
    )


async def unit_views(connection: AsyncConnection, unit_ids: Iterable[UUID] | None = None) -> list[schemas.UnitView]:
    """Units as they are now: all, or these."""
    wanted = None if unit_ids is None else list(unit_ids)
    cameras: dict[UUID, list[schemas.CameraView]] = defaultdict(list)
    for row in await views.camera_rows(connection, wanted):
        cameras[row.unit_id].append(schemas.CameraView.model_validate(row))
    return [unit_view(row, cameras[row.unit_id]) for row in await views.unit_rows(connection, wanted)]


def unit_view(row: Any, cameras: list[schemas.CameraView]) -> schemas.UnitView:
    """A unit with its position, its assignment and its cameras."""
    active = AssignmentState(row.assignment_state) if row.assignment_state else None
    assignment = None
    if active is not None:
        assignment = schemas.UnitAssignment(
            assignment_id=row.assignment_id,
            incident_id=row.incident_id,
            incident_number=row.incident_number,
            state=row.assignment_state,
        )
    return schemas.UnitView(
        id=row.unit_id,
        unit_id=row.unit_id,
        name=row.name,
        status=status_of(available=row.available, active=active).value,
        available=row.available,
        unavailable_reason=row.unavailable_reason,
        plate=row.plate,
        vehicle_type=row.vehicle_type,
        capabilities=row.capabilities or [],
        crew=row.crew,
        shift_ends_at=row.shift_ends_at,
        station=row.station,
        precinct=row.precinct,
        connected=row.connected,
        position=position_view(row) if row.lat is not None else None,
        assignment=assignment,
        cameras=cameras,
    )


def alarm_view(row: Any) -> schemas.AlarmView:
    """An alarm with the names of what it is about."""
    return schemas.AlarmView(
        id=row.alarm_id,
        kind=row.kind,
        level=row.level,
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        incident_id=row.incident_id,
        incident_number=row.incident_number,
        raised_at=row.raised_at,
        lat=row.lat,
        lon=row.lon,
        data=row.data,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        snoozed_until=row.snoozed_until,
        snoozed_by=row.snoozed_by,
    )
