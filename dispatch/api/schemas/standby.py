"""Suggestions where idle units should wait, as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import Body, Line, View


class SuggestionView(View):
    """One move of one idle unit, what it would bring, and what became of it."""

    id: UUID
    unit_id: UUID
    unit_name: str
    place: str = Field(description="The post by its streets, or its station")
    lat: float
    lon: float
    drive_s: float
    gain_share: float = Field(
        description="So many more of the next hour's expected calls are likely to be reached within the limit, of 1"
    )
    gain_s: float = Field(description="So many seconds off the expected drive of the first unit")
    share_before: float
    share_after: float
    state: Literal["open", "accepted", "dismissed", "expired", "done"]
    made_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    ended_at: datetime | None
    reason: str | None = Field(
        description="Of a dismissal, as it was given; of an expired one: busy, out_of_service, no_position, "
        "shift_ends, timeout, replaced, not_reached"
    )


class SuggestionList(View):
    items: list[SuggestionView]


class DismissSuggestion(Body):
    reason: Line | None = None
