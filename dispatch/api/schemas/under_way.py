"""Units on their way and where stations stand, as the API gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import View


class LineView(View):
    """GeoJSON."""

    type: Literal["LineString"]
    coordinates: list[tuple[float, float]] = Field(description="[lon, lat]")


class WayView(View):
    """All but the ids is null where the unit's position is not known."""

    assignment_id: UUID
    unit_id: UUID
    incident_id: UUID
    eta_s: float | None = Field(description="From `computed_at` on; with lights for priority 1 and 2")
    eta_low_s: float | None = Field(description="One drive in ten takes less")
    eta_high_s: float | None = Field(description="One drive in ten takes more")
    distance_m: float | None
    basis: Literal["street", "geodesic"] | None
    fixed_at: datetime | None = Field(description="When the position was measured that this starts from")
    route: LineView | None = Field(description="The straight line where no street answers")


class UnderWayList(View):
    computed_at: datetime
    items: list[WayView]


class StationView(View):
    id: UUID
    name: str
    precinct: str | None = Field(description="The precinct that it belongs to; null: not said")
    lat: float | None
    lon: float | None


class StationList(View):
    items: list[StationView]
