"""Figures of the ten-minute clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import Body, View


class CellView(View):
    """A hexagon of the map of figures; the outline's corners are (lon, lat), the first again at the end."""

    lat: float
    lon: float
    boundary: list[tuple[float, float]]


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
    cell: CellView | None = Field(None, description="Where groups are hexagons")
    target_share: float | None = Field(None, description="Promised for the year of this day or month; else null")


class KpiPart(View):
    """Seconds over the `n` responses of which this part is known."""

    n: int
    p50_s: float | None
    p90_s: float | None
    mean_s: float | None


class KpiReport(View):
    clock: Literal["received", "dispatched"]
    figures: Literal["reviewed", "recorded"]
    group_by: str | None
    target_s: int
    target_share: float | None = Field(
        description="Promised for the one year in which the period lies; null: nothing, or several years"
    )
    from_: datetime | None = Field(serialization_alias="from")
    to: datetime | None
    as_of: datetime
    reviewed: int = Field(description="Incidents that have another figure since a review")
    items: list[KpiGroup]


class KpiParts(View):
    """Where the time of the responses went; the parts of one response add up to it."""

    handling: KpiPart
    dispatch: KpiPart
    turnout: KpiPart
    travel: KpiPart


class KpiPartsGroup(KpiParts):
    group: str


class KpiPartsGroups(View):
    group_by: str
    items: list[KpiPartsGroup]


class KpiBin(View):
    """Responses from `from_s` (inclusive) to `to_s`; on the target's line, those that just made it stand before it."""

    from_s: int
    to_s: int
    n: int


class KpiDistribution(View):
    target_s: int
    bin_s: int
    bins: list[KpiBin]
    beyond: int = Field(description="Reached later than the last bin ends")
    unreached: int
    measured: int


class LastYear(View):
    """The same month a year before. `differs`: further apart than chance explains, at 5 %."""

    month: str
    measured: int
    within_target: int
    share: float | None
    share_low: float | None
    share_high: float | None
    differs: bool


class KpiMonth(View):
    """A month of the control chart. Limits: three sigma by Laney's p′; None with too few months."""

    month: str
    complete: bool = Field(description="false: not over yet; in no limit, no signal, no comparison")
    incidents: int
    measured: int
    within_target: int
    share: float | None
    share_low: float | None
    share_high: float | None
    p50_s: float | None
    p90_s: float | None
    limit_low: float | None
    limit_high: float | None
    signal: Literal["below", "above", "run"] | None
    last_year: LastYear | None
    target_share: float | None = Field(description="What the bureau promised for the year of this month")


class KpiMonths(View):
    centre: float | None
    items: list[KpiMonth]


class LateReasonView(View):
    """`excess_p50_s`: how far past the target, of those that were reached."""

    reason: str
    n: int
    excess_p50_s: float | None
    in_time_if_nearest_free: int = Field(description="Would have been in time, had the nearest free unit gone at once")
    unknown: int = Field(description="Of which nobody can say: no candidates are on record")


class LateReport(View):
    late: int
    items: list[LateReasonView]


class LedgerRow(View):
    """One incident. Every incident of a period is in exactly one row: within, late, or excluded with its reason."""

    incident_id: UUID
    number: str
    received_at: datetime
    category: str
    priority: int
    precinct: str | None
    station: str | None
    unit: str | None
    unit_type: str | None
    outcome: Literal["within", "late", "excluded"]
    reason: str | None
    response_s: float | None
    recorded_outcome: Literal["within", "late", "excluded"]
    recorded_reason: str | None
    recorded_response_s: float | None
    handling_s: float | None
    dispatch_s: float | None
    turnout_s: float | None
    travel_s: float | None
    eta_s: float | None
    late_reason: str | None = Field(description="On the clock that is asked for; null where it is not late on it")
    nearest_free_s: float | None = Field(
        description="Seconds on that clock, had the nearest free unit gone at once; null where nobody can say"
    )
    marks: list[str]
    ended_at: datetime | None
    is_imported: bool = Field(description="It came from a file, and has no track")


class LedgerTotals(View):
    incidents: int
    within: int
    late: int
    excluded: dict[str, int]


class LedgerPage(View):
    totals: LedgerTotals
    items: list[LedgerRow]
    next_cursor: str | None


class TargetSetting(View):
    share: float | None = Field(description="null: it was taken back")
    set_by: str
    set_at: datetime


class TargetView(View):
    """`minguo`: the year as the Republic of China counts it (民國). `share` is None where none is set."""

    year: int
    minguo: int
    text: str = Field(description="The plan's words: an officer there in less than ten minutes")
    share: float | None
    set_by: str | None
    set_at: datetime | None
    history: list[TargetSetting] = Field(description="Every word on it, oldest first; the last one counts")


class TargetList(View):
    items: list[TargetView]


class NewTarget(Body):
    share: Annotated[float, Field(gt=0, le=1)] | None = Field(description="Of measured incidents; null takes it away")
