"""What-ifs as the API takes and gives them. Days are those of Asia/Taipei, shifts of its wall clock."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, Strict, StringConstraints

from dispatch.api.schemas.basics import NO_NUL, Body, Latitude, Line, Longitude, View
from dispatch.api.schemas.what_if_result import WhatIfResult
from dispatch.store.what_if_asked import LONGEST_DAYS, MOST_UNITS

PolicyName = Literal[
    "straight-fcfs",
    "straight-priority",
    "street-priority",
    "street-divert",
    "batch-pending",
    "batch-reoptimised",
    "batch-eager",
    "batch-posts",
]
PresetName = Literal["none", "festival", "typhoon"]
IdleName = Literal["home", "posts"]
ModeName = Literal["resample", "replay"]
StateName = Literal["queued", "running", "done", "failed", "cancelled"]
MOST_VARIANTS = 6
MOST_REPLICATIONS = 50
MOST_STATIONS = 60
MOST_LINES = 200

Whole = Annotated[int, Strict()]
Count = Annotated[Whole, Field(ge=0, le=MOST_UNITS)]
ShortLine = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=NO_NUL)]
ShiftTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


def _as_iso_day(value: Any) -> Any:
    """A bare number is no day."""
    if not isinstance(value, str) or not _ISO_DAY.fullmatch(value):
        raise ValueError("must be a day as YYYY-MM-DD")
    return value


_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
Day = Annotated[date, BeforeValidator(_as_iso_day)]


class WhatIfPeriod(Body):
    """Past calls received in [from, to)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begin: Day = Field(alias="from")
    end: Day = Field(alias="to", description="The day after the last one")
    mode: ModeName = Field(
        default="resample",
        description="resample: new calls as often as in each hour of the week, each like one of that hour; "
        "replay: as they were",
    )


class WhatIfStation(Body):
    """An existing station by its id, or a new one by name, lat and lon; what is given goes before the register."""

    station_id: UUID | None = None
    name: ShortLine | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None


class WhatIfCrews(Body):
    """Units of one station. Without `starts` and `ends` they are on duty day and night."""

    station: ShortLine
    cars: Count = 0
    motorcycles: Count = 0
    starts: ShiftTime | None = None
    ends: ShiftTime | None = Field(default=None, description="Before `starts`: on the next day")
    capabilities: list[ShortLine] = Field(default=[], max_length=10)


class WhatIfVariant(Body):
    """One column of the table, complete."""

    name: ShortLine
    stations: list[WhatIfStation] = Field(min_length=1, max_length=MOST_STATIONS)
    units: list[WhatIfCrews] = Field(min_length=1, max_length=MOST_LINES)
    policy: PolicyName = "batch-reoptimised"
    demand_scale: Annotated[float, Strict(), Field(ge=0.1, le=5, allow_inf_nan=False)] = 1.0
    preset: PresetName = "none"
    idle: IdleName = "home"


class NewWhatIf(Body):
    name: Line
    seed: Annotated[Whole, Field(ge=0, le=2**31 - 1)] | None = Field(default=None, description="Drawn if left out")
    replications: Annotated[Whole, Field(ge=1, le=MOST_REPLICATIONS)] = 10
    days: Annotated[Whole, Field(ge=1, le=LONGEST_DAYS)] | None = Field(
        default=None, description="Of each run, beside one before them that isn't counted; default: 7, or the replay's"
    )
    period: WhatIfPeriod | None = Field(default=None, description="Either this, or calls_per_day")
    calls_per_day: Annotated[float, Strict(), Field(ge=1, le=5000, allow_inf_nan=False)] | None = Field(
        default=None, description="Calls at random places, most of them about some hills of demand that are made up"
    )
    variants: list[WhatIfVariant] = Field(
        min_length=2, max_length=MOST_VARIANTS, description="The first is what the others are compared with"
    )


class BaseStationView(View):
    station_id: UUID | None
    name: str
    lat: float | None
    lon: float | None
    is_assumed: bool = Field(description="Its place is not registered; this one is a guess")


class CrewsView(View):
    station: str
    cars: int
    motorcycles: int
    starts: str | None
    ends: str | None
    capabilities: list[str]


class WhatIfLimits(View):
    variants: int = MOST_VARIANTS
    replications: int = MOST_REPLICATIONS
    days: int = LONGEST_DAYS
    units: int = MOST_UNITS
    stations: int = MOST_STATIONS
    fewest_calls: int


class WhatIfBase(View):
    """The bureau as it is registered now, to begin with."""

    stations: list[BaseStationView]
    units: list[CrewsView]
    units_without_station: int = Field(description="Counted at the station nearest to where they are")
    calls: int = Field(description="Past calls that there are")
    first_day: date | None
    last_day: date | None
    has_map: bool
    policies: list[PolicyName]
    presets: list[PresetName]
    limits: WhatIfLimits


class AskedPeriodView(View):
    begin: date = Field(serialization_alias="from")
    end: date = Field(serialization_alias="to")
    mode: ModeName


class AskedStationView(View):
    station_id: UUID | None
    name: str
    lat: float
    lon: float


class AskedVariantView(View):
    name: str
    stations: list[AskedStationView]
    units: list[CrewsView]
    policy: str
    demand_scale: float
    preset: PresetName
    idle: IdleName


class AskedView(View):
    replications: int
    days: int
    period: AskedPeriodView | None
    calls_per_day: float | None
    variants: list[AskedVariantView]


class RepeatView(View):
    """How a repeat compares with the first time, once both are done."""

    of: UUID
    differing: list[str] = Field(description="Inputs that are not the same: asked, calls, engine, streets")
    same_result: bool = Field(description="To the digit")


class WhatIfSummary(View):
    id: UUID
    name: str
    seed: int
    state: StateName
    done: int = Field(description="Runs that are over")
    total: int
    left_s: float | None = Field(description="Seconds, as the worker estimates")
    variants: list[str]
    repeats: UUID | None
    error_code: str | None
    error: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    engine: str | None
    inputs: dict[str, str] | None = Field(description="Digests of what was asked and read")
    result_sha256: str | None = Field(description="The same digits, the same digest")
    repeat: RepeatView | None


class WhatIfView(WhatIfSummary):
    asked: AskedView
    result: WhatIfResult | None


class WhatIfList(View):
    items: list[WhatIfSummary]
