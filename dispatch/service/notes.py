"""What a dispatcher writes down about an incident, and takes back. Both stay in the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.incident import check_written_at
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.transaction import transaction
from dispatch.store import notes
from dispatch.store.incidents import find_incident


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be kept: the words, when they were written down (None: now), and the key of the request."""

    text: str
    written_at: datetime | None = None
    key: str | None = None


async def add_note(desk: Desk, incident_id: UUID, writing: Writing, by: Person) -> tuple[UUID, bool]:
    """A new note's id and True; the earlier one's and False where this user's key wrote one already.

    An incident in any state takes notes: what is learnt after its end belongs to it as well. The cars are not told; a
    word to a crew is a notice. Raises NotFound; Invalid for a time ahead or before the call.
    """
    note_id = uuid4()
    async with transaction(desk) as work:
        incident = await find_incident(work.connection, incident_id)
        at = writing.written_at or work.now
        check_written_at(at, incident.received_at, work.now)
        earlier = await notes.keep_note(
            work.connection,
            note_id=note_id,
            incident_id=incident_id,
            text=writing.text,
            at=at,
            by=by.username,
            key=writing.key,
        )
        if earlier is not None:
            return earlier, False
        work.record(_about(EventKind.NOTE_ADDED, at, incident_id, by, note_id))
    return note_id, True


async def strike_note(desk: Desk, note_id: UUID, by: Person) -> None:
    """Takes a note back: a line of its own in the log, nothing is deleted. Twice is once. Raises NotFound."""
    async with transaction(desk) as work:
        note = await notes.note_row(work.connection, note_id, lock=True)
        if note.struck_at is not None:
            return
        await notes.strike_note(work.connection, note_id, at=work.now, by=by.username)
        work.record(_about(EventKind.NOTE_STRUCK, work.now, note.incident_id, by, note_id))


def _about(kind: EventKind, at: datetime, incident_id: UUID, by: Person, note_id: UUID) -> Event:
    return Event(
        kind=kind,
        happened_at=at,
        said_by=SaidBy.DISPATCHER,
        actor=by.username,
        incident_id=incident_id,
        data={"note_id": str(note_id)},
    )
