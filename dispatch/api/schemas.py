"""What the HTTP API takes and gives, version 1. One name per thing; times are RFC 3339 with offset.

Every resource carries its own `id`; units and assignments carry it also under the name that other places refer to
them by (`unit_id`, `assignment_id`), as the vehicle link does.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)

CategoryName = Literal["criminal", "public_order", "traffic", "traffic_accident", "disaster", "service", "other"]
AccidentClassName = Literal["A1", "A2", "A3"]
RoleName = Literal["dispatcher", "officer", "supervisor", "admin", "auditor"]
UnitStatusName = Literal["AVAILABLE", "DISPATCHED", "EN_ROUTE", "ON_SCENE", "OUT_OF_SERVICE"]
# As a query carries them everything is text; in a body a number is a number, and neither "2" nor true.
QueryPriority = Annotated[int, Field(ge=1, le=4, description="1 highest .. 4")]
QueryLatitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
QueryLongitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Priority = Annotated[QueryPriority, Strict()]
Latitude = Annotated[QueryLatitude, Strict()]
Longitude = Annotated[QueryLongitude, Strict()]
Flag = Annotated[bool, Strict()]
NO_NUL = r"^[^\x00]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=NO_NUL)]


_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")


def _as_rfc_3339(value: Any) -> Any:
    """A bare number is no time: nobody could say whether it counts seconds or milliseconds."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be a time with offset as RFC 3339 writes it, such as 2026-11-23T10:00:00+08:00")
    return value


def _in_calendar(value: datetime) -> datetime:
    if not 1970 <= value.year <= 9998:
        raise ValueError("must lie between the years 1970 and 9998")
    return value.astimezone(UTC)


Time = Annotated[AwareDatetime, BeforeValidator(_as_rfc_3339), AfterValidator(_in_calendar)]


class Body(BaseModel):
    """What a client sends. Unknown members are refused: a misspelt one must not be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(from_attributes=True)


# ---- people


class SignIn(Body):
    username: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class SessionView(View):
    token: str = Field(description="Serves as bearer token; a browser gets it as an HttpOnly cookie as well")
    role: RoleName
    expires_at: datetime
    username: str
    csrf_token: str = Field(description="With the cookie, send it back in the header X-CSRF-Token on each change")


class CurrentSession(View):
    username: str
    role: RoleName
    expires_at: datetime
    csrf_token: str


# ---- incidents


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
    dispatched_at: datetime
    acknowledged_at: datetime | None
    en_route_at: datetime | None
    on_scene_at: datetime | None
    cleared_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    override_reason: str | None
    review: list[str]


class IncidentView(View):
    """An incident as lists and the feed show it: nothing about the caller."""

    id: UUID
    number: str
    category: CategoryName
    priority: int
    accident_class: AccidentClassName | None
    lat: float
    lon: float
    address: str | None
    description: str | None
    state: Literal["open", "closed", "cancelled", "merged"]
    station: str | None
    precinct: str | None
    exclusion: str | None
    merged_into: UUID | None
    disposition: str | None
    version: int
    received_at: datetime
    created_at: datetime
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
    id: int
    kind: str
    happened_at: datetime | None = Field(description="The time that counts; null for a step only inferred")
    recorded_at: datetime = Field(description="The server's clock")
    car_time: datetime | None = Field(description="The car's time, as it said it")
    said_by: Literal["button", "gps", "dispatcher", "inferred", "server"]
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


class IncidentDetail(IncidentView):
    """One incident with the caller, the whole timeline and every decision. Each read of it is logged."""

    caller_name: str | None
    caller_phone: str | None
    created_by: str | None
    timeline: list[EventView]
    decisions: list[DecisionView]


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
    would_divert_from: UUID | None = None


class CandidateList(View):
    items: list[Candidate]


class NewAssignment(Body):
    unit_id: UUID
    override_reason: Line | None = Field(None, description="Why another unit than the recommended one")
    replaces: UUID | None = Field(None, description="An active assignment of this incident, taken off in the same step")


class EndAssignment(Body):
    reason: Line


# ---- units


class PositionView(View):
    lat: float
    lon: float
    accuracy_m: float | None
    speed_mps: float | None
    course_deg: float | None
    fixed_at: datetime = Field(description="The receiver's time")
    received_at: datetime


class CameraView(View):
    camera_id: str
    state: str
    battery_pct: float | None
    free_mb: float | None
    recording_id: str | None
    said_at: datetime


class UnitAssignment(View):
    assignment_id: UUID
    incident_id: UUID
    incident_number: str
    state: str


class UnitView(View):
    id: UUID
    unit_id: UUID
    name: str
    status: UnitStatusName
    available: bool
    unavailable_reason: str | None
    plate: str | None
    vehicle_type: Literal["car", "motorcycle", "other"] | None
    capabilities: list[str]
    station: str | None
    precinct: str | None
    connected: bool
    position: PositionView | None
    assignment: UnitAssignment | None
    cameras: list[CameraView]


class UnitList(View):
    items: list[UnitView]


class Track(View):
    unit_id: UUID
    items: list[PositionView]
    truncated: bool = Field(description="More fixes lie in the period than one answer holds; ask for less")


class NewNotice(Body):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=NO_NUL)]
    level: Literal["info", "warning", "alarm"] = "info"


# ---- alarms


class AlarmView(View):
    id: UUID
    kind: str
    level: Literal["alarm", "warning"]
    unit_id: UUID | None
    unit_name: str | None
    incident_id: UUID | None
    incident_number: str | None
    raised_at: datetime
    lat: float | None
    lon: float | None
    data: dict[str, Any]
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    resolved_by: str | None


class AlarmList(View):
    items: list[AlarmView]


# ---- figures


class KpiGroup(View):
    group: str
    incidents: int
    measured: int
    within_target: int
    share: float | None
    share_low: float | None
    share_high: float | None
    p50_s: float | None
    p90_s: float | None
    mean_s: float | None
    reached: int
    unreached: int
    excluded: dict[str, int]


class KpiReport(View):
    clock: Literal["received", "dispatched"]
    group_by: str | None
    target_s: int
    from_: datetime | None = Field(serialization_alias="from")
    to: datetime | None
    items: list[KpiGroup]


# ---- map


class MapInfo(View):
    map_id: int
    source: str
    generated: bool
    loaded_at: datetime
    facts: dict[str, Any]


class BureauView(View):
    """What a screen needs to start: the bureau's name and area, the streets' map, the tile server if one is set."""

    bureau: str
    name: str
    outline: dict[str, Any] | None
    extent: list[float] | None = Field(description="W, S, E, N of the loaded streets")
    map: MapInfo | None
    tile_url: str | None
    target_s: int


class ProblemMember(View):
    member: str
    reason: str


class Problem(View):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemMember] = []
