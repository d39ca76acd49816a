"""Recordings: which there are, one of them, its file for whoever may look, and who did. Incidents held as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import FileResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.api.period import PeriodOf
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas.recordings import (
    AccessList,
    AccessView,
    HoldView,
    NewHold,
    Reason,
    RecordingIncident,
    RecordingList,
    RecordingView,
)
from dispatch.api.signed_in import MAY_READ, Dispatching, Reading, TheDesk, role
from dispatch.domain.recording import safe_name, shown_type
from dispatch.domain.refusals import RecordingNotHere
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.recordings import check_here, hold_incident, log_look, look_at, release_incident
from dispatch.store import recordings
from dispatch.store.database import one_moment
from dispatch.store.disk import on_disk
from dispatch.store.incidents import find_incident
from dispatch.store.rows import AnyRow

router = api_router("recordings")
Supervising = Annotated[Person, Depends(role("supervisor"))]
MAY_AUDIT = Depends(role("supervisor", "auditor"))


@router.get("/recordings", responses=described(401, 403))
async def list_recordings(
    desk: TheDesk,
    by: Reading,
    period: PeriodOf,
    unit: UUID | None = None,
    incident: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> RecordingList:
    """Newest first: of a unit, of an incident's units while they were on it, of a time. The look is logged.

    `more` says that there are others beyond the limit.
    """
    asked = {"unit": unit, "incident": incident, "from": period.start, "to": period.end}
    async with one_moment(desk.engine) as connection:
        rows = await recordings.find_recordings(
            connection, unit_id=unit, incident_id=incident, start=period.start, end=period.end, limit=limit + 1
        )
        subject = ",".join(f"{name}={value}" for name, value in asked.items() if value is not None)
        await log_look(connection, "recordings", subject or desk.settings.bureau, by, {})
        return RecordingList(items=await _views(connection, rows[:limit]), more=len(rows) > limit)


@router.get("/recordings/{recording_id:uuid}", responses=described(401, 403, 404), dependencies=[MAY_READ])
async def one(recording_id: UUID, desk: TheDesk) -> RecordingView:
    """Its index and where its file is."""
    async with one_moment(desk.engine) as connection:
        row = await recordings.recording(connection, recording_id)
        return (await _views(connection, [row]))[0]


@router.get(
    "/recordings/{recording_id}/content",
    responses=described(401, 403, 404, 409) | {200: {"content": {"application/octet-stream": {}}}},
    response_class=FileResponse,
)
async def content(
    recording_id: UUID, request: Request, desk: TheDesk, by: Dispatching, reason: Reason | None = None
) -> FileResponse:
    """The file, whole or by Range. Each look is kept: who, when, and why where that is said."""
    root = request.app.state.recordings.files
    if root is None:
        raise RecordingNotHere("This server keeps no recordings.")
    row = await look_at(desk, recording_id, by, reason)
    path = root.root / check_here(row)
    if not await on_disk(_is_readable, path):
        raise RecordingNotHere(f"The file of recording {recording_id} is missing on the disk of this server.")
    media_type = shown_type(row.media_type)
    place = "attachment" if media_type == "application/octet-stream" else "inline"
    return FileResponse(path, media_type=media_type, filename=safe_name(row.name), content_disposition_type=place)


@router.get("/recordings/{recording_id}/accesses", responses=described(401, 403, 404), dependencies=[MAY_AUDIT])
async def accesses(recording_id: UUID, desk: TheDesk) -> AccessList:
    """Who looked at it or exported it, oldest first."""
    async with desk.engine.connect() as connection:
        await recordings.recording(connection, recording_id)
        rows = await recordings.accesses(connection, [recording_id])
    return AccessList(
        items=[
            AccessView(
                accessed_at=row.accessed_at,
                username=row.username,
                what=row.what,
                reason=row.detail.get("reason"),
                export_id=row.detail.get("export_id"),
            )
            for row in rows
        ]
    )


@router.get("/incidents/{incident_id}/hold", responses=described(401, 403, 404), dependencies=[MAY_READ])
async def hold_of(incident_id: UUID, desk: TheDesk) -> HoldView:
    """Whether it is held as evidence."""
    return await _hold(desk, incident_id)


@router.put("/incidents/{incident_id}/hold", responses=described(401, 403, 404))
async def hold(incident_id: UUID, body: NewHold, desk: TheDesk, by: Supervising) -> HoldView:
    """Hold it as evidence: retention deletes no recording of it. A second time changes nothing."""
    await hold_incident(desk, incident_id, body.reason, by)
    return await _hold(desk, incident_id)


@router.delete("/incidents/{incident_id}/hold", responses=described(401, 403, 404))
async def release(incident_id: UUID, desk: TheDesk, by: Supervising) -> HoldView:
    """Hold it no longer."""
    await release_incident(desk, incident_id, by)
    return await _hold(desk, incident_id)


async def _hold(desk: Desk, incident_id: UUID) -> HoldView:
    async with desk.engine.connect() as connection:
        await find_incident(connection, incident_id)
        row = await recordings.hold_of(connection, incident_id)
    if row is None:
        return HoldView(held=False)
    return HoldView(held=True, held_at=row.held_at, held_by=row.held_by, reason=row.reason)


async def _views(connection: AsyncConnection, rows: Sequence[AnyRow]) -> list[RecordingView]:
    made_at = await recordings.assignments_of(connection, [row.recording_id for row in rows])
    return [
        RecordingView(
            id=row.recording_id,
            received_bytes=row.offset_bytes,
            incidents=[
                RecordingIncident.model_validate(each) for each in made_at if each.recording_id == row.recording_id
            ],
            **{name: getattr(row, name) for name in _SAME},
        )
        for row in rows
    ]


def _is_readable(path: Path) -> bool:
    """Raises OSError for one that is there and can't be read: after the headers it would be too late to say so."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        file.read(1)
    return True


_SAME = tuple(RecordingView.model_fields.keys() - {"id", "received_bytes", "incidents"})
