"""What a dispatcher writes down about an incident, and takes back. Both stay in the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.transaction import Work, transaction
from dispatch.store import notes
from dispatch.store.incidents import find_incident


async def add_note(desk: Desk, incident_id: UUID, text: str, by: Person) -> UUID:
    """A note on an incident in any state: what is learnt after its end belongs to it as well. Raises NotFound.

    The cars are not told; a word to a crew is a notice.
    """
    note_id = uuid4()
    async with transaction(desk) as work:
        await find_incident(work.connection, incident_id)
        await notes.keep_note(
            work.connection, note_id=note_id, incident_id=incident_id, text=text, at=work.now, by=by.username
        )
        work.record(_about(EventKind.NOTE_ADDED, work, incident_id, by, {"note_id": str(note_id)}))
    return note_id


async def strike_note(desk: Desk, note_id: UUID, by: Person) -> None:
    """Takes a note back: a line of its own in the log, nothing is deleted. Twice is once. Raises NotFound."""
    async with transaction(desk) as work:
        note = await notes.note_row(work.connection, note_id, lock=True)
        if note.struck_at is not None:
            return
        await notes.strike_note(work.connection, note_id, at=work.now, by=by.username)
        work.record(_about(EventKind.NOTE_STRUCK, work, note.incident_id, by, {"note_id": str(note_id)}))


def _about(kind: EventKind, work: Work, incident_id: UUID, by: Person, data: dict[str, Any]) -> Event:
    return Event(
        kind=kind,
        happened_at=work.now,
        said_by=SaidBy.DISPATCHER,
        actor=by.username,
        incident_id=incident_id,
        data=data,
    )
