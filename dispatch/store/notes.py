"""Notes on incidents: written once, struck at most once, never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import NotFound
from dispatch.store.note_tables import incident_notes
from dispatch.store.rows import AnyRow


async def keep_note(
    connection: AsyncConnection, *, note_id: UUID, incident_id: UUID, text: str, at: datetime, by: str
) -> None:
    """A new row; the incident is known."""
    await connection.execute(
        insert(incident_notes).values(note_id=note_id, incident_id=incident_id, text=text, written_at=at, written_by=by)
    )


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
