"""Incidents, assignments, candidates and the timeline, as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, Strict

from dispatch.api.schemas.basics import (
    AccidentClassName,
    Body,
    CategoryName,
    Flag,
    Latitude,
    Line,
    Longitude,
    Note,
    Priority,
    Time,
    UnitStatusName,
    View,
)


class NewIncident(Body):
    category: CategoryName
    priority: Priority
    lat: Latitude
    lon: Longitude
    address: Note | None = None
    description: Note | None = None
    caller_name: Line | None = None
    caller_phone: Line | None = None
    received_at: Time | None = Field(None, description="When the call came in; now where it is missing")
    accident_class: AccidentClassName | None = None
    exclusion: Literal["officer_initiated", "scheduled", "test"] | None = Field(
        None, description="Why the ten-minute clock leaves this incident out; counted and shown by reason"
    )
    confirm_outside: Flag = Field(False, description="Accept a place outside the bureau's area")
    same_as: UUID | None = Field(
        None,
        description="An open incident that this call is about too: it is entered as merged into that one, nobody is "
        "sent for it, and the other's clock runs from the earlier of the two calls",
    )


class IncidentChange(Body):
    """Members that are absent stay as they are. `version` guards against overwriting another's change."""

    category: CategoryName | None = None
    priority: Priority | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    address: Note | None = None
    description: Note | None = None
    caller_name: Line | None = None
    caller_phone: Line | None = None
    accident_class: AccidentClassName | None = None
    confirm_outside: Flag = False
    version: Annotated[int, Strict(), Field(ge=1, le=2**31 - 1)] | None = None


class CloseIncident(Body):
    disposition: Line
    note: Note | None = None


class CancelIncident(Body):
    reason: Line


class MergeIncident(Body):
    into: UUID


class AssignmentView(View):
    id: UUID
    assignment_id: UUID
    incident_id: UUID
    unit_id: UUID
    unit_name: str
    state: str
    eta_s: float | None
    dispatched_at: datetime | None = Field(description="null: it was imported, and the file doesn't say")
    acknowledged_at: datetime | None
    en_route_at: datetime | None
    on_scene_at: datetime | None
    cleared_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    override_reason: str | None
    review: list[str]
    role: str | None = Field(description="first, second or specialist; null where a dispatcher chose")


class IncidentView(View):
    """An incident as lists and the feed show it: nothing about the caller."""

    id: UUID
    number: str
    category: CategoryName
    priority: int
    accident_class: AccidentClassName | None
    lat: float | None = Field(description="null: it was imported, and the file doesn't say; likewise lon")
    lon: float | None
    address: str | None
    description: str | None
    state: Literal["open", "closed", "cancelled", "merged"]
    station: str | None
    precinct: str | None
    exclusion: str | None
    merged_into: UUID | None
    disposition: str | None
    version: int
    seen_at: datetime | None = Field(description="A dispatcher first opened it; null: nobody has")
    seen_by: str | None
    received_at: datetime
    created_at: datetime | None = Field(description="null: it was imported, and the file doesn't say")
    arrive_by: datetime = Field(description="received_at plus the target of 600 s")
    dispatched_at: datetime | None = Field(description="first unit's; likewise the ones below")
    acknowledged_at: datetime | None
    en_route_at: datetime | None
    on_scene_at: datetime | None
    cleared_at: datetime | None
    ended_at: datetime | None
    response_s: float | None = Field(description="received_at to the first unit's on_scene_at")
    assignments: list[AssignmentView]


class EventView(View):
    id: int = Field(description="Below 0: a line made from an imported file, which is none of the log")
    kind: str
    happened_at: datetime | None = Field(description="The time that counts; null for a step only inferred")
    recorded_at: datetime = Field(description="The server's clock")
    car_time: datetime | None = Field(description="The car's time, as it said it")
    said_by: Literal["button", "gps", "dispatcher", "inferred", "server", "import"]
    actor: str | None
    incident_id: UUID | None
    assignment_id: UUID | None
    unit_id: UUID | None
    unit_name: str | None
    data: dict[str, Any]


class DecisionView(View):
    id: UUID
    assignment_id: UUID | None
    decided_at: datetime
    decided_by: str
    policy: str
    candidates: list[dict[str, Any]]
    override_reason: str | None
    round_id: UUID | None = Field(description="The round of the loop that decided it; null by hand")
    method: Literal["batch", "greedy"] | None
    fallback: bool = Field(description="The solver gave no answer in time, and the greedy rule decided")
    role: str | None = Field(description="Which of the incident's needs the unit meets; null by hand")
    leaves: UUID | None = Field(description="The incident that the unit was under way to")


class MergedCall(View):
    """Another call about the same incident; its caller stands in the call's own page."""

    id: UUID
    number: str
    received_at: datetime
    address: str | None
    description: str | None


class ImportView(View):
    """Where an imported incident came from."""

    import_id: UUID
    file: str
    sha256: str
    line: int = Field(description="Of the file; the header's is 1")
    imported_at: datetime
    imported_by: str


class IncidentDetail(IncidentView):
    """One incident with the caller, the whole timeline and every decision. Each read of it is logged."""

    caller_name: str | None
    caller_phone: str | None
    created_by: str | None
    timeline: list[EventView]
    decisions: list[DecisionView]
    merged_calls: list[MergedCall] = Field(description="Calls that were merged into this one, the earliest first")
    imported: ImportView | None = Field(description="null: a call of this system itself")


class IncidentPage(View):
    items: list[IncidentView]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")


class Candidate(View):
    unit_id: UUID
    name: str
    status: UnitStatusName
    eta_s: float | None = Field(description="null where the unit's position is not known")
    distance_m: float | None
    reasons: list[str] = Field(description="Codes, e.g. stale_position, geodesic, busy, declined_before")
    recommended: bool = Field(description="May be sent automatically")
    would_divert_from: UUID | None = Field(
        None, description="The incident that it would leave, where the rules allow it"
    )
    eta_spread_s: float | None = Field(None, description="Standard deviation of the ETA")
    chance_late: float | None = Field(None, description="That it arrives after the target, 0 to 1")
    eta_version: int | None = Field(None, description="Of the speeds that the ETA was made with; 0: the priors")


class CandidateList(View):
    items: list[Candidate]


class NewAssignment(Body):
    unit_id: UUID
    override_reason: Line | None = Field(None, description="Why another unit than the recommended one")
    replaces: UUID | None = Field(None, description="An active assignment of this incident, taken off in the same step")
    seen: Annotated[list[UUID], Field(max_length=100)] | None = Field(
        None, description="The active assignments that the dispatcher saw; 409 `changed_meanwhile` where there are more"
    )
    divert: Flag = Field(False, description="Take the unit off the incident that it is under way to, in the same step")


class EndAssignment(Body):
    reason: Line
