"""The timeline of an imported call, made from its rows: what a file told, and nothing that it didn't.

An import writes no events: they would hold up the live log and ring through every console. These lines have negative
ids, which no line of the log has, and the witness `import`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.events import EventKind, SaidBy
from dispatch.store.import_tables import imports
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, incidents, units

_STEPS: Final = {
    EventKind.UNIT_DISPATCHED: "dispatched_at",
    EventKind.UNIT_ACKNOWLEDGED: "acknowledged_at",
    EventKind.UNIT_EN_ROUTE: "en_route_at",
    EventKind.UNIT_ON_SCENE: "on_scene_at",
    EventKind.UNIT_CLEARED: "cleared_at",
}


async def origin_of(connection: AsyncConnection, incident_id: UUID) -> AnyRow | None:
    """The import that an incident came with: a row of `imports`, and the incident's `import_line`; None: it is ours."""
    query = select(imports, incidents.c.import_line).join(incidents, incidents.c.import_id == imports.c.import_id)
    return (await connection.execute(query.where(incidents.c.incident_id == incident_id))).one_or_none()


async def imported_lines(connection: AsyncConnection, incident_id: UUID) -> Sequence[SimpleNamespace]:
    """In the order of time, as lines of the log are shown; of an incident of ours none."""
    origin = await origin_of(connection, incident_id)
    if origin is None:
        return []
    incident = (await connection.execute(select(incidents).where(incidents.c.incident_id == incident_id))).one()
    query = select(assignments, units.c.name.label("unit_name")).join(units, units.c.unit_id == assignments.c.unit_id)
    sent = (await connection.execute(query.where(assignments.c.incident_id == incident_id))).all()
    said: list[tuple[datetime, int, dict[str, Any]]] = [
        (incident.received_at, -1, _of_incident(incident, EventKind.INCIDENT_CREATED, incident.received_at, {}))
    ]
    for assignment in sent:
        for order, (kind, step) in enumerate(_STEPS.items()):
            if (at := getattr(assignment, step)) is not None:
                said.append((at, order, _of_unit(assignment, kind, at)))
    ended = {"disposition": incident.disposition} if incident.disposition else {}
    last = max(incident.ended_at, *(at for at, _, _ in said))
    said.append((last, len(_STEPS), _of_incident(incident, EventKind.INCIDENT_CLOSED, incident.ended_at, ended)))
    said.sort(key=lambda one: one[:2])
    rest = {
        "incident_id": incident_id,
        "recorded_at": origin.imported_at,
        "car_time": None,
        "said_by": str(SaidBy.IMPORT),
        "actor": origin.imported_by,
        "note_text": None,
    }
    source = {"import": {"file": origin.file, "sha256": origin.sha256}}
    return [
        SimpleNamespace(**members | rest | {"event_id": number - len(said), "data": members["data"] | source})
        for number, (_, _, members) in enumerate(said)
    ]


def _of_incident(incident: AnyRow, kind: EventKind, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    none = {"assignment_id": None, "unit_id": None, "unit_name": None}
    return none | {"kind": kind, "happened_at": at, "data": {**data, "line": incident.import_line}}


def _of_unit(assignment: AnyRow, kind: EventKind, at: datetime) -> dict[str, Any]:
    data: dict[str, Any] = {"line": assignment.import_line}
    if kind is EventKind.UNIT_CLEARED and assignment.end_reason:
        data["disposition"] = assignment.end_reason
    of = {name: getattr(assignment, name) for name in ("assignment_id", "unit_id", "unit_name")}
    return of | {"kind": kind, "happened_at": at, "data": data}
