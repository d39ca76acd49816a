"""The index of recordings: written once per recording, its upload's progress, and how it is found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.recording import RecordingState
from dispatch.domain.refusals import NotFound
from dispatch.store.recording_tables import incident_holds, recordings
from dispatch.store.rows import AnyRow
from dispatch.store.tables import access_log, assignments, incidents, units
from gateway.store import devices

_overlaps = and_(
    assignments.c.unit_id == recordings.c.unit_id,
    or_(
        assignments.c.assignment_id == recordings.c.assignment_id,
        and_(
            assignments.c.dispatched_at <= recordings.c.ended_at,
            or_(assignments.c.ended_at.is_(None), assignments.c.ended_at >= recordings.c.started_at),
        ),
    ),
)
held_now = exists().where(_overlaps, incident_holds.c.incident_id == assignments.c.incident_id).correlate(recordings)
_rows: Select[Any] = select(recordings, units.c.name.label("unit_name"), held_now.label("held")).join(
    units, units.c.unit_id == recordings.c.unit_id
)


async def add_recording(connection: AsyncConnection, values: dict[str, Any]) -> bool:
    """Enters the index; False where this unit's `told_id` is in it already."""
    statement = insert(recordings).values(**values).on_conflict_do_nothing().returning(recordings.c.recording_id)
    return await connection.scalar(statement) is not None


async def told_recording(
    connection: AsyncConnection, unit_id: UUID, told_id: str, *, lock: bool = False
) -> AnyRow | None:
    """The recording that this unit calls so."""
    query = select(recordings).where(recordings.c.unit_id == unit_id, recordings.c.told_id == told_id)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def recording(connection: AsyncConnection, recording_id: UUID) -> AnyRow:
    """One, with its unit's name and whether it is held. Raises NotFound."""
    row: AnyRow | None = (
        await connection.execute(_rows.where(recordings.c.recording_id == recording_id))
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no recording {recording_id}.", member="recording_id")
    return row


async def find_recordings(
    connection: AsyncConnection,
    *,
    unit_id: UUID | None = None,
    incident_id: UUID | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int | None = None,
) -> Sequence[AnyRow]:
    """Newest first; those that overlap [start, end). Without `limit` all of them."""
    query = _rows.order_by(recordings.c.started_at.desc(), recordings.c.recording_id).limit(limit)
    if unit_id is not None:
        query = query.where(recordings.c.unit_id == unit_id)
    if incident_id is not None:
        query = query.where(exists().where(_overlaps, assignments.c.incident_id == incident_id))
    if start is not None:
        query = query.where(recordings.c.ended_at >= start)
    if end is not None:
        query = query.where(recordings.c.started_at < end)
    found: Sequence[AnyRow] = (await connection.execute(query)).all()
    return found


async def assignments_of(connection: AsyncConnection, recording_ids: Collection[UUID]) -> Sequence[AnyRow]:
    """The assignments during which each was made, latest first: by the car's word, or because their times overlap."""
    query = (
        select(
            recordings.c.recording_id,
            assignments.c.assignment_id,
            assignments.c.incident_id,
            incidents.c.number.label("incident_number"),
        )
        .join(assignments, _overlaps)
        .join(incidents, incidents.c.incident_id == assignments.c.incident_id)
        .where(recordings.c.recording_id.in_(list(recording_ids)))
        .order_by(assignments.c.dispatched_at.desc())
    )
    return (await connection.execute(query)).all()


async def incident_of_number(connection: AsyncConnection, number: str) -> UUID:
    """Raises NotFound."""
    incident_id: UUID | None = await connection.scalar(
        select(incidents.c.incident_id).where(incidents.c.number == number)
    )
    if incident_id is None:
        raise NotFound(f"there is no incident {number}", member="number")
    return incident_id


# ---- upload


async def unit_of_token(connection: AsyncConnection, token_sha256: str) -> UUID | None:
    """Whose device this is, unless its token was revoked."""
    query = select(devices.c.unit_id).where(devices.c.token_sha256 == token_sha256, devices.c.revoked_at.is_(None))
    unit_id: UUID | None = await connection.scalar(query)
    return unit_id


async def uploaded(connection: AsyncConnection, upload_id: UUID, unit_id: UUID) -> AnyRow | None:
    """The recording of an upload of this unit."""
    query = select(recordings).where(recordings.c.upload_id == upload_id, recordings.c.unit_id == unit_id)
    return (await connection.execute(query)).one_or_none()


async def change_recording(connection: AsyncConnection, recording_id: UUID, **values: Any) -> None:
    """The members that may change: the upload's and the file's, never the index."""
    await connection.execute(update(recordings).where(recordings.c.recording_id == recording_id).values(**values))


async def note_offset(connection: AsyncConnection, upload_id: UUID, before: int, after: int) -> bool:
    """The upload got further; complete, it is received. False where somebody else moved it."""
    state = recordings.c.state
    statement = (
        update(recordings)
        .where(recordings.c.upload_id == upload_id, recordings.c.offset_bytes == before, state == "uploading")
        .values(offset_bytes=after)
        .returning(recordings.c.size_bytes)
    )
    size = await connection.scalar(statement)
    if size is not None and size == after:
        done = update(recordings).where(recordings.c.upload_id == upload_id).values(state=str(RecordingState.RECEIVED))
        await connection.execute(done)
    return size is not None


async def received_recordings(connection: AsyncConnection) -> Sequence[AnyRow]:
    """Complete, and not yet compared with their hash."""
    query = select(recordings).where(recordings.c.state == str(RecordingState.RECEIVED))
    return (await connection.execute(query.order_by(recordings.c.told_at))).all()


async def lock_recording(connection: AsyncConnection, recording_id: UUID) -> AnyRow:
    """With its row locked, and whether it is held at this moment."""
    query = select(recordings, held_now.label("held")).where(recordings.c.recording_id == recording_id)
    return (await connection.execute(query.with_for_update(of=recordings))).one()


async def damaged_of(connection: AsyncConnection, unit_id: UUID) -> int:
    """How many recordings of this unit failed their check and are not mended: set apart, lost, or on the way again."""
    mended = (str(RecordingState.VERIFIED), str(RecordingState.DELETED))
    query = select(func.count()).where(
        recordings.c.unit_id == unit_id, recordings.c.checked_at.is_not(None), recordings.c.state.not_in(mended)
    )
    return await connection.scalar(query) or 0


async def doubt(connection: AsyncConnection, recording_id: UUID, path: str) -> bool:
    """A verified file has another hash than it had: to be checked as on arrival. False where it is another by now."""
    c = recordings.c
    statement = (
        update(recordings)
        .where(c.recording_id == recording_id, c.state == str(RecordingState.VERIFIED), c.path == path)
        .values(state=str(RecordingState.RECEIVED))
        .returning(c.recording_id)
    )
    return await connection.scalar(statement) is not None


# ---- who looked, what is held, what may go


async def accesses(connection: AsyncConnection, recording_ids: Collection[UUID]) -> Sequence[AnyRow]:
    """Every look at and export of these recordings, oldest first."""
    query = select(access_log).where(
        access_log.c.subject.in_([str(recording_id) for recording_id in recording_ids]),
        access_log.c.what.in_(("recording_content", "recording_export")),
    )
    return (await connection.execute(query.order_by(access_log.c.access_id))).all()


async def has_looked_since(
    connection: AsyncConnection, what: str, subject: str, username: str, since: datetime
) -> bool:
    """Whether this person's look at it is on record already."""
    query = select(access_log.c.access_id).where(
        access_log.c.subject == subject,
        access_log.c.what == what,
        access_log.c.username == username,
        access_log.c.accessed_at >= since,
    )
    return (await connection.execute(query.limit(1))).first() is not None


async def hold(connection: AsyncConnection, incident_id: UUID, at: datetime, by: str, reason: str) -> bool:
    """Whether it was not held before. Waits for a deletion under way: either comes first as a whole."""
    affected = select(recordings.c.recording_id).where(
        exists().where(_overlaps, assignments.c.incident_id == incident_id)
    )
    await connection.execute(affected.with_for_update(of=recordings))
    statement = insert(incident_holds).values(incident_id=incident_id, held_at=at, held_by=by, reason=reason)
    done = await connection.scalar(statement.on_conflict_do_nothing().returning(incident_holds.c.incident_id))
    return done is not None


async def release(connection: AsyncConnection, incident_id: UUID) -> bool:
    """Whether it was held."""
    statement = delete(incident_holds).where(incident_holds.c.incident_id == incident_id)
    return await connection.scalar(statement.returning(incident_holds.c.incident_id)) is not None


async def hold_of(connection: AsyncConnection, incident_id: UUID) -> AnyRow | None:
    """By whom, when and why it is held."""
    query = select(incident_holds).where(incident_holds.c.incident_id == incident_id)
    return (await connection.execute(query)).one_or_none()
