"""Coverage of the expected calls by the units that are idle now, as the API gives it. Shares in parts of 1."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from dispatch.api.schemas.basics import View


class ShareWithin(View):
    within_s: float
    share: float


class ThinAreaView(View):
    """Where calls would wait: what a car at its middle would have within the limit."""

    lat: float
    lon: float
    place: str
    station: str | None = Field(description="The nearest one whose position is known")
    missing_share: float = Field(description="Of all expected calls, those here that no idle unit reaches in time")
    reached_share: float = Field(description="Of the calls expected here")


class CoverageView(View):
    """Who is near the calls of the hour from `at` on, by driving times without lights."""

    at: datetime
    idle_units: int = Field(description="On no job and no break, with a position that is known")
    calls: int = Field(description="Past calls that the expectation rests on; of 0 it is even over the streets")
    calls_since: datetime
    expected_calls: float = Field(description="In this hour, weighted by priority with a mean of 1")
    shares: list[ShareWithin] = Field(description="Expected calls that an idle unit reaches within 3, 5, 10 minutes")
    limit_s: float
    share: float = Field(description="The same for the bureau's own limit")
    likely_share: float = Field(
        description="Those likely to be reached within it if each unit is on a job for 30 % of the time; "
        "what suggestions improve"
    )
    response_s: float | None = Field(description="The first unit's expected drive; null where no unit is idle")
    threshold: float = Field(description="A smaller `share` for a minute raises the alarm `coverage`")
    thin: list[ThinAreaView] = Field(description="Worst first, eight at most")
