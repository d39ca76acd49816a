"""What cars say they recorded enters the index; who looks at it is kept; incidents are held as evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.recording import RecordingState, check_times
from dispatch.domain.refusals import Invalid, RecordingNotHere
from dispatch.service.desk import Desk, utc_now
from dispatch.service.incidents import Person
from dispatch.service.transaction import Work, transaction
from dispatch.store import recordings
from dispatch.store.access import log_access
from dispatch.store.inbox import CarMessage
from dispatch.store.incidents import find_incident
from dispatch.store.rows import AnyRow

ONE_LOOK: Final = timedelta(minutes=5)
"""A player asks for a file in many pieces; within so long it is one look."""


async def index_recording(work: Work, message: CarMessage) -> None:
    """Told again it changes nothing, but for whether the car still has the file. Raises Invalid where the same name is
    told of something else."""
    body = message.body
    check_times(body["started_ms"], body["ended_ms"])
    told = {
        "camera_id": body["camera_id"],
        "started_at": _time(body["started_ms"]),
        "ended_at": _time(body["ended_ms"]),
        "size_bytes": body["size_bytes"],
        "sha256": body["sha256"],
    }
    values = told | {
        "recording_id": uuid4(),
        "unit_id": message.unit_id,
        "told_id": body["recording_id"],
        "officer_id": body.get("officer_id"),
        "assignment_id": _uuid(body.get("assignment_id")),
        "name": body["name"],
        "media_type": body.get("media_type"),
        "told_at": message.received_at,
    }
    if not await recordings.add_recording(work.connection, values):
        known = await recordings.told_recording(work.connection, message.unit_id, body["recording_id"], lock=True)
        if known is None or any(getattr(known, name) != value for name, value in told.items()):
            raise Invalid("this unit told it of another recording; an index is never changed", member="recording_id")
        await _hear_lost(work, known, body.get("lost"))
        return
    data = {name: body[name] for name in ("camera_id", "size_bytes", "sha256")}
    await note(work, EventKind.RECORDING_INDEXED, values["recording_id"], message.unit_id, data)
    row = await recordings.lock_recording(work.connection, values["recording_id"])
    await _hear_lost(work, row, body.get("lost"))


async def _hear_lost(work: Work, row: AnyRow, lost: str | None) -> None:
    """The car can't send it any more, or has it again. What came here meanwhile is not the car's affair."""
    if lost and row.state in {RecordingState.IN_CAR, RecordingState.UPLOADING}:
        await recordings.change_recording(work.connection, row.recording_id, state=str(RecordingState.LOST))
        await note(work, EventKind.RECORDING_LOST, row.recording_id, row.unit_id, {"why": f"{lost}_in_car"})
    elif not lost and row.state == RecordingState.LOST:
        state = RecordingState.UPLOADING if row.upload_id else RecordingState.IN_CAR
        await recordings.change_recording(work.connection, row.recording_id, state=str(state))


async def note(
    work: Work,
    kind: EventKind,
    recording_id: UUID,
    unit_id: UUID,
    data: dict[str, Any] | None = None,
    by: Person | None = None,
) -> UUID | None:
    """A line of the log about a recording; the incident at which it was made, the latest where there are several."""
    made_at = await recordings.assignments_of(work.connection, [recording_id])
    incident_id: UUID | None = made_at[0].incident_id if made_at else None
    work.record(
        Event(
            kind=kind,
            happened_at=work.now,
            said_by=SaidBy.DISPATCHER if by else SaidBy.SERVER,
            actor=by.username if by else None,
            unit_id=unit_id,
            incident_id=incident_id,
            assignment_id=made_at[0].assignment_id if made_at else None,
            data={"recording_id": str(recording_id), **(data or {})},
        )
    )
    return incident_id


def check_here(row: AnyRow) -> str:
    """Where its file is, below the folder. Raises RecordingNotHere for all that is not verified evidence."""
    if row.state != RecordingState.VERIFIED or row.path is None:
        raise RecordingNotHere(f"The file of recording {row.recording_id} can't be given out: it is {row.state}.")
    path: str = row.path
    return path


async def look_at(desk: Desk, recording_id: UUID, by: Person, reason: str | None) -> AnyRow:
    """The recording, whose file may be shown now: the look is on record. Raises NotFound, RecordingNotHere."""
    async with desk.engine.begin() as connection:
        row = await recordings.recording(connection, recording_id)
        check_here(row)
        detail = {"reason": reason} if reason else {}
        await log_look(connection, "recording_content", str(recording_id), by, detail)
    return row


async def log_look(connection: AsyncConnection, what: str, subject: str, by: Person, detail: dict[str, str]) -> None:
    """Keeps it, but for one that goes on: the same person at the same thing a moment before, with nothing new said."""
    since = utc_now() - ONE_LOOK  # the access log goes by the database's clock, not by the desk's
    if detail or not await recordings.has_looked_since(connection, what, subject, by.username, since):
        await log_access(connection, by.username, what, subject, detail)


async def hold_incident(desk: Desk, incident_id: UUID, reason: str, by: Person) -> None:
    """Retention deletes nothing of it from now on. Raises NotFound."""
    async with transaction(desk) as work:
        await find_incident(work.connection, incident_id)
        if await recordings.hold(work.connection, incident_id, work.now, by.username, reason):
            work.record(_held(EventKind.INCIDENT_HELD, work, incident_id, by))


async def release_incident(desk: Desk, incident_id: UUID, by: Person) -> None:
    """Retention counts again. Raises NotFound."""
    async with transaction(desk) as work:
        await find_incident(work.connection, incident_id)
        if await recordings.release(work.connection, incident_id):
            work.record(_held(EventKind.INCIDENT_RELEASED, work, incident_id, by))


def _held(kind: EventKind, work: Work, incident_id: UUID, by: Person) -> Event:
    return Event(
        kind=kind,
        happened_at=work.now,
        said_by=SaidBy.DISPATCHER,
        actor=by.username,
        incident_id=incident_id,
    )


def _time(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
