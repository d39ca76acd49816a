"""What an officer's page sends and gets."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import Body, Flag, View
from gateway.protocol import SEQ_MAX, TIME_MAX_MS

MESSAGES_MAX = 500


class OfficerUnit(View):
    unit_id: UUID
    name: str
    held_by: str | None = Field(description="User name of the officer who is on it")
    mine: bool


class OfficerUnits(View):
    items: list[OfficerUnit]


class SignOn(Body):
    unit_id: UUID
    take_over: Flag = Field(default=False, description="Takes the place of the officer who is on it")


class Duty(View):
    duty_id: UUID
    unit_id: UUID
    unit_name: str


class OfficerMessages(Body):
    duty_id: UUID = Field(description="The duty in which they were pressed; it may have ended since")
    boot: UUID = Field(description="Names the page's journal; `seq` counts in it")
    clock_ms: Annotated[int, Field(ge=0, le=TIME_MAX_MS, description="The page's clock now, epoch milliseconds")]
    messages: Annotated[list[dict[str, Any]], Field(max_length=MESSAGES_MAX)] = Field(
        description="fix, status, availability, sos, check_in as on the vehicle link, in the order of `seq`"
    )


class OfficerRefusal(View):
    seq: Annotated[int, Field(ge=1, le=SEQ_MAX)]
    code: str
    message: str


class OfficerAck(View):
    acked: int = Field(description="Every message up to this `seq` is durable; forget them")
    rejected: list[OfficerRefusal] = Field(description="Refused for good; they count as acknowledged")


class OfficerState(View):
    """The shape of the car's own GET /api/state; what only the page knows is empty."""

    duty_id: UUID
    unit_id: UUID
    unit_name: str
    connected: bool
    link: str
    clock_ms: int
    clock_offset_ms: int
    waiting: int
    fix: dict[str, Any] | None
    fix_age_ms: int | None
    available: bool
    availability_reason: str | None
    sos_active: bool
    sos_seen: bool = Field(description="A dispatcher has seen the SOS that is on")
    orders: list[dict[str, Any]] = Field(description="`order` frames of the vehicle link, each with its `step`")
    ended: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    presses: list[dict[str, Any]]
    troubles: list[dict[str, Any]]
    cameras: list[dict[str, Any]]
    resume_after: int = Field(description="Highest `seq` of the page's journal that is durable")
    handled_up_to: int = Field(description="Up to this `seq` its messages have taken effect, or were refused")
    heard_up_to: int = Field(description="To be sent back as `heard` once the page has kept this state")
