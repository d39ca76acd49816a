"""A past period as the feed would have told it, with its tracks and its decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import View
from dispatch.api.schemas.fleet import AlarmView, UnitView
from dispatch.api.schemas.incidents import DecisionView, EventView, IncidentView
from dispatch.api.schemas.standby import SuggestionView


class ReplayPicture(View):
    units: list[UnitView]
    incidents: list[IncidentView]
    alarms: list[AlarmView]
    suggestions: list[SuggestionView]


class ReplaySnapshot(ReplayPicture):
    """As the feed's first frame; `server_time` is `from`."""

    type: Literal["snapshot"] = "snapshot"
    stream: str
    seq: Literal[0] = 0
    server_time: datetime


class ReplayEvent(ReplayPicture):
    """As the feed's: one line of the log and what it changed."""

    type: Literal["event"] = "event"
    stream: str
    seq: int
    at: datetime = Field(description="When it was known: the server's clock, never before the line above it")
    event: EventView


class ReplayTrack(View):
    """One unit's positions in columns of equal length. Each number but the first of a column `…_e6` or `at_ms` is the
    difference to the one before it."""

    unit_id: UUID
    at_ms: list[int] = Field(description="Since `from`: when the fix came in, from which on the unit was shown there")
    age_ms: list[int] = Field(description="How old the fix was then, by the receiver's time")
    lat_e6: list[int] = Field(description="Millionths of a degree")
    lon_e6: list[int]
    accuracy_m: list[float | None]
    speed_mps: list[float | None]
    course_deg: list[int | None]


class ReplayDecision(DecisionView):
    """`candidates` holds the first ones in the order of that moment, and whoever was chosen."""

    incident_id: UUID
    incident_number: str
    unit_id: UUID | None = Field(description="Who was chosen; null where nobody could be sent")
    unit_name: str | None
    leaves_number: str | None
    candidates_left_out: int


class Replay(View):
    """A period that is at most two hours long. `snapshot`, then `events` in their order, give the picture at any moment
    by the same rules as the feed; `tracks` move the units."""

    from_: datetime = Field(serialization_alias="from")
    to: datetime = Field(description="As asked for, or now")
    every_s: int = Field(description="One position of each unit in so many seconds at most")
    snapshot: ReplaySnapshot
    events: list[ReplayEvent]
    tracks: list[ReplayTrack]
    decisions: list[ReplayDecision] = Field(description="Those of the period, and each open incident's last before it")
    positions_kept_since: datetime = Field(description="What is older is deleted: units without a place have lost it")
    approximate_incidents: list[UUID] = Field(
        description="Entered by a version whose log said less: their place, class and words may be later ones"
    )
