"""Reviews of figures, as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from dispatch.api.schemas.basics import NO_NUL, Body, CategoryName, Time, View

RulingName = Literal["stands", "gps", "button", "corrected", "not_reached", "excluded", "counted"]
MarkName = Literal[
    "far_from_scene", "before_gps_arrival", "gps_gap", "inferred", "corrected", "reviewed", "cancelled_late"
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_NUL)]


class NewReview(Body):
    ruling: RulingName
    assignment_id: UUID | None = Field(
        None,
        description="Whose arrival; of all rulings but `excluded` and `counted`, which are about the incident. "
        "`corrected` without it: somebody who was not sent was there; `stands` takes that back",
    )
    on_scene_at: Time | None = Field(
        None, description="Of `corrected`: when the unit arrived, from receipt to now, and to 15 minutes after the end"
    )
    exclusion: Literal["officer_initiated", "scheduled", "test", "duplicate", "cancelled"] | None = Field(
        None,
        description="Of `excluded`: why the ten-minute clock leaves it out; `cancelled` only of an imported incident "
        "that nobody reached, or of what has the mark `cancelled_late`: the cancellation stands",
    )
    reason: Reason = Field(description="Why; stays in the timeline for ever, so name no caller")
    after: UUID | None = Field(
        description="The newest review of this incident that you saw, null where there was none; 409 "
        "`changed_meanwhile` where another one is the newest"
    )


class ReviewView(View):
    id: UUID
    assignment_id: UUID | None
    ruling: RulingName
    on_scene_at: datetime | None = Field(description="The arrival that it stands for: of gps, button, corrected")
    exclusion: str | None
    reason: str
    decided_at: datetime
    decided_by: str
    counts: bool = Field(description="The newest about this unit, or about the incident")


class WitnessedUnit(View):
    """A unit that was sent, with every word on its arrival."""

    assignment_id: UUID
    unit_id: UUID
    unit_name: str
    dispatched_at: datetime | None
    button_at: datetime | None = Field(description="The crew's first press of `on_scene`")
    gps_at: datetime | None
    radio_at: datetime | None = Field(description="Entered by a dispatcher, as a crew said it by radio")
    recorded_at: datetime | None = Field(description="The earliest word on it")
    counts_at: datetime | None = Field(description="After all rulings")
    review: list[str] = Field(description="Why a person should look at it")
    inferred: list[str] = Field(description="Kinds of steps without a witness")


class Figure(View):
    """From the call to the first arrival, by the ten-minute clock."""

    outcome: Literal["within", "late", "excluded", "pending"]
    exclusion: str | None
    on_scene_at: datetime | None
    response_s: float | None = Field(description="null where nobody came, and where it is excluded")


class ReviewCase(View):
    """An incident as it is reviewed; nothing about the caller."""

    incident_id: UUID
    number: str
    received_at: datetime
    category: CategoryName
    priority: int
    precinct: str | None
    station: str | None
    state: Literal["open", "closed", "cancelled", "merged"]
    is_imported: bool = Field(description="It came from a file; where nobody arrived it may be ruled `cancelled`")
    marks: list[MarkName]
    recorded: Figure
    reviewed: Figure
    units: list[WitnessedUnit]
    reviews: list[ReviewView] = Field(description="Oldest first; none is ever changed or deleted")


class ReviewCasePage(View):
    total: int = Field(description="Of all pages")
    items: list[ReviewCase]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")
