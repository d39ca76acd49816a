"""Notes on incidents: written once, struck at most once, never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import NotFound
from dispatch.store.note_tables import incident_notes
from dispatch.store.rows import AnyRow


async def keep_note(
    connection: AsyncConnection,
    *,
    note_id: UUID,
    incident_id: UUID,
    text: str,
    at: datetime,
    by: str,
    key: str | None = None,
) -> UUID | None:
    """A new row; the incident is known. Gives the earlier note's id where the same author's key made one, else None."""
    row = {"note_id": note_id, "incident_id": incident_id, "text": text, "written_at": at, "written_by": by}
    statement = insert(incident_notes).values(**row, idempotency_key=key)
    # It waits for a request with the same key that is under way, and sees what came of it.
    kept = await connection.execute(statement.on_conflict_do_nothing(index_elements=["written_by", "idempotency_key"]))
    if kept.rowcount:
        return None
    query = select(incident_notes.c.note_id)
    query = query.where(incident_notes.c.written_by == by, incident_notes.c.idempotency_key == key)
    earlier: UUID = (await connection.execute(query)).scalar_one()
    return earlier


async def note_row(connection: AsyncConnection, note_id: UUID, *, lock: bool = False) -> AnyRow:
    """One note. Raises NotFound."""
    query = select(incident_notes).where(incident_notes.c.note_id == note_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no note {note_id}.", member="note_id")
    return row


async def strike_note(connection: AsyncConnection, note_id: UUID, *, at: datetime, by: str) -> None:
    """Marks it as taken back."""
    statement = update(incident_notes).where(incident_notes.c.note_id == note_id)
    await connection.execute(statement.values(struck_at=at, struck_by=by))
