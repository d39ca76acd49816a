"""What a dispatcher enters for a unit, and writes down about an incident, as the API takes and gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from dispatch.api.schemas.basics import NO_NUL, Body, Flag, Line, Note, Time, View

StepName = Literal["acknowledged", "en_route", "on_scene", "cleared"]


class NewStep(Body):
    status: StepName
    disposition: Line | None = Field(None, description="What came of it; with `cleared` alone")
    note: Note | None = None


class NewAvailability(Body):
    available: Flag = Field(description="true: on patrol")
    reason: Line | None = Field(None, description="Why it is out of service; needed then, as a code or in words")


class NewNote(Body):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=NO_NUL)]
    written_at: Time | None = Field(None, description="When it was written down; now without it")


class NoteView(View):
    """A note on an incident. A struck one is taken back, and still there to be read."""

    id: UUID
    incident_id: UUID
    text: str
    written_at: datetime
    written_by: str
    struck_at: datetime | None
    struck_by: str | None
