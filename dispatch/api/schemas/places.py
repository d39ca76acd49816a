"""Places that can be looked for, as the API gives them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dispatch.api.schemas.basics import View


class PlaceView(View):
    kind: Literal["address", "crossing", "street", "landmark", "locality"]
    label: str
    lat: float
    lon: float
    sort: str = Field(description="Of a landmark or locality what it is, in OpenStreetMap's words; else empty")
    precision: Literal["exact", "interpolated", "nearest", "street"] = Field(
        description="`interpolated`: between the house numbers in `near`; `nearest`: at or near what `near` names; "
        "`street`: somewhere on the street"
    )
    near: list[str] = Field(description="The known places that it was told from; empty where it is exact")
    area: str | None = Field(description="The nearest village or quarter")
    similar: bool = Field(description="Nothing fits; this only looks like what was typed")


class PlaceList(View):
    items: list[PlaceView]
