"""Recordings, who looked at them, and exports, as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from dispatch.api.schemas.basics import NO_NUL, Body, View

RecordingStateName = Literal["in_car", "uploading", "received", "verified", "quarantined", "deleted", "lost"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=NO_NUL)]


class RecordingIncident(View):
    incident_id: UUID
    incident_number: str
    assignment_id: UUID


class RecordingView(View):
    """The index of one recording, as the car told it, and where its file is."""

    id: UUID
    unit_id: UUID
    unit_name: str
    camera_id: str
    officer_id: str | None = Field(description="As the camera says")
    started_at: datetime = Field(description="By the car's clock")
    ended_at: datetime
    size_bytes: int
    sha256: str = Field(description="Taken in the car when the recording was closed")
    name: str = Field(description="The file's name in the car")
    media_type: str | None
    state: RecordingStateName
    received_bytes: int
    checked_at: datetime | None = Field(description="When its hash was compared on arrival")
    deleted_at: datetime | None
    held: bool = Field(description="An incident of it is held as evidence: retention leaves it alone")
    incidents: list[RecordingIncident] = Field(description="What its unit was on, by the car's word or by time")


class RecordingList(View):
    items: list[RecordingView]
    more: bool = Field(description="There are others, older than these")


class AccessView(View):
    accessed_at: datetime
    username: str
    what: Literal["recording_content", "recording_export"]
    reason: str | None
    export_id: UUID | None


class AccessList(View):
    items: list[AccessView]


class NewExport(Body):
    recording_ids: list[UUID] = Field(min_length=1, max_length=200)
    reason: Reason


class NewHold(Body):
    reason: Reason


class HoldView(View):
    """Whether an incident is held as evidence."""

    held: bool
    held_at: datetime | None = None
    held_by: str | None = None
    reason: str | None = None
