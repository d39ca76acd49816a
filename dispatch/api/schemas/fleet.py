"""Units, alarms, figures and the map, as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, Strict, StringConstraints

from dispatch.api.schemas.basics import (
    NO_NUL,
    Body,
    Line,
    Time,
    UnitStatusName,
    View,
)


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
    crew: int | None = Field(description="Officers on it; null without a vehicle")
    shift_ends_at: datetime | None
    station: str | None
    precinct: str | None
    connected: bool
    position: PositionView | None
    assignment: UnitAssignment | None
    cameras: list[CameraView]


class AgentHealth(View):
    """What the program in the car last said of itself."""

    said_at: datetime
    received_at: datetime
    agent: str = Field(description="Name and version")
    uptime_s: int
    waiting: int = Field(description="Messages in the car that were not acknowledged when it said so")
    clock_offset_ms: int | None = Field(description="The server's clock minus the car computer's; null: not known")
    gnss_offset_ms: int | None = Field(description="GNSS time minus the car computer's clock; null: not known")
    troubles: list[str] = Field(description="Codes, the oldest first; docs/agent.md says what each means")


class UnitDetail(UnitView):
    agent_health: AgentHealth | None = Field(description="Null for a unit whose agent never said anything")


class UnitList(View):
    items: list[UnitView]


class UnitChange(Body):
    """Members that are absent stay as they are."""

    crew: Annotated[int, Strict(), Field(ge=1, le=20, description="Officers on it")] | None = None
    shift_ends_at: Time | None = Field(None, description="After it the unit is spared, but for priority 1")
    capabilities: Annotated[list[Line], Field(max_length=20)] | None = None


class Track(View):
    unit_id: UUID
    items: list[PositionView]
    truncated: bool = Field(description="More fixes lie in the period than one answer holds; ask for less")


class NewNotice(Body):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=NO_NUL)]
    level: Literal["info", "warning", "alarm"] = "info"


class AlarmView(View):
    id: UUID
    kind: str
    level: Literal["alarm", "warning", "notice"]
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
    snoozed_until: datetime | None = Field(description="Quiet until then; it rings again afterwards")
    snoozed_by: str | None


class AlarmList(View):
    items: list[AlarmView]


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
