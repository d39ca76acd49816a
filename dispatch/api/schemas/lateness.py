"""How likely open incidents are to miss the target, as the API gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import View


class LatenessView(View):
    incident_id: UUID
    late_chance: float | None = Field(
        description="That the first unit arrives after the target, 0 to 1; null where nobody can tell: the unit on the "
        "way has no position. Less than 0.01 is given as 0"
    )
    expected_on_scene_at: datetime | None = Field(description="null where it was reached, and where nobody can tell")
    by_unit_id: UUID | None = Field(description="Whose arrival that is: a unit under way, or one that would be sent")
    basis: Literal["under_way", "candidate", "nobody", "reached"] = Field(
        description="A unit is sent; the decision would send one; it would send none now (chance 1); one was there"
    )
    risk: float = Field(description="The order of the queue, the highest first: the chance, weighed by priority")


class LatenessList(View):
    computed_at: datetime
    items: list[LatenessView] = Field(description="All open incidents, the highest risk first")
