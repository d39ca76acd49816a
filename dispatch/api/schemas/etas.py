"""How far predicted travel times were from real ones, as the API gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from dispatch.api.schemas.basics import View

EtaGroupName = Literal["hour", "street_class", "unit_type", "version"]


class EtaGroup(View):
    group: str = Field(description="`all` without group_by; `unknown` where the group of an assignment is not known")
    n: int = Field(description="Assignments that arrived and had an ETA")
    bias_s: float = Field(description="Median of real minus predicted seconds; above 0: it took longer than was said")
    ratio_p10: float | None = Field(description="Of real over predicted; null where every ETA was 0")
    ratio_p50: float | None
    ratio_p90: float | None
    mae_s: float = Field(description="Mean of how many seconds the ETA was off, either way")
    turnout_p50_s: float | None = Field(
        description="Median from the order to setting out, which no ETA counts in; null where no crew reported it"
    )


class EtaReport(View):
    group_by: EtaGroupName | None
    from_: datetime | None = Field(serialization_alias="from")
    to: datetime | None
    version_in_force: int = Field(description="Of the speeds that ETAs are made with now; 0: the priors")
    items: list[EtaGroup]
