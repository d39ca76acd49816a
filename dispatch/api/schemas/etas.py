"""How far predicted travel times were from real ones, as the API gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import View

EtaGroupName = Literal["hour", "street_class", "unit_type", "version"]


class EtaGroup(View):
    group: str = Field(
        description="`all` without group_by; `straight`: no street answered; `unknown`: the group is not known"
    )
    n: int = Field(description="Assignments that had an ETA, and of which setting out and arrival are known")
    bias_s: float | None = Field(
        description="Median of real minus predicted seconds; above 0: it took longer than was said; null: n is 0"
    )
    ratio_p10: float | None = Field(description="Of real over predicted; null where every ETA was 0, or n is")
    ratio_p50: float | None
    ratio_p90: float | None
    mae_s: float | None = Field(description="Mean of how many seconds the ETA was off, either way; null: n is 0")
    turnout_p50_s: float | None = Field(
        description="Median from the order to setting out, which no ETA counts in; null where no crew reported it"
    )
    from_order_n: int = Field(description="Assignments that had an ETA and arrived")
    from_order_bias_s: float = Field(
        description="Median of the seconds from the order to the arrival, minus predicted: turnout is in it"
    )


class EtaReport(View):
    group_by: EtaGroupName | None
    from_: datetime | None = Field(serialization_alias="from")
    to: datetime | None
    version_in_force: int = Field(description="Of the speeds that ETAs are made with now; 0: the priors")
    items: list[EtaGroup]


class EtaIncident(View):
    """An assignment behind a figure, with the incident that it was sent to."""

    incident_id: UUID
    number: str
    assignment_id: UUID
    unit_name: str
    dispatched_at: datetime
    eta_s: float
    eta_version: int
    real_s: float | None = Field(description="From setting out to the arrival; null where setting out is not known")
    turnout_s: float | None
    from_order_s: float


class EtaIncidentPage(View):
    items: list[EtaIncident]
    next_cursor: str | None
