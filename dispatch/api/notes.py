"""Notes on incidents: write one, take one back."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from dispatch.api.idempotency import IdempotencyKey, say_replayed
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas.radio import NewNote, NoteView
from dispatch.api.signed_in import Dispatching, TheDesk
from dispatch.service import notes
from dispatch.service.desk import Desk
from dispatch.store.notes import note_row

router = api_router("notes")


@router.post("/incidents/{incident_id}/notes", status_code=201, responses=described(401, 403, 404))
async def add(
    incident_id: UUID, body: NewNote, desk: TheDesk, by: Dispatching, response: Response, key: IdempotencyKey = None
) -> NoteView:
    """Write something down about an incident, open or ended. Every console has it in the timeline at once."""
    writing = notes.Writing(body.text, body.written_at, key)
    note_id, is_new = await notes.add_note(desk, incident_id, writing, by)
    say_replayed(response, is_new=is_new)
    return await _note(desk, note_id)


@router.post("/notes/{note_id}/strike", responses=described(401, 403, 404))
async def strike(note_id: UUID, desk: TheDesk, by: Dispatching) -> NoteView:
    """Take a note back. It stays readable, struck, with who took it back; a second time changes nothing."""
    await notes.strike_note(desk, note_id, by)
    return await _note(desk, note_id)


async def _note(desk: Desk, note_id: UUID) -> NoteView:
    async with desk.engine.connect() as connection:
        row = await note_row(connection, note_id)
    return NoteView(id=row.note_id, **{name: getattr(row, name) for name in NoteView.model_fields if name != "id"})
