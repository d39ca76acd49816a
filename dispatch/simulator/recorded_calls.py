"""Past calls as columns: what a demand is resampled from, or replays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.refusals import Invalid
from dispatch.simulator.stream import CATEGORIES, Floats

FIELDS: Final = (
    "incident",
    "received_at",
    "category",
    "priority",
    "accident_class",
    "on_scene_at",
    "cleared_at",
    "lat",
    "lon",
)
"""Of a file of past calls; the names are those of `patrol incidents import`."""
NEEDED: Final = ("received_at", "lat", "lon")

LONGEST_SERVICE_S: Final = 86_400.0
WEEK_HOURS: Final = 168
DAY_S: Final = 86_400.0
Small = NDArray[np.int8]
ACCIDENT_CLASSES: Final = tuple(AccidentClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call as it is on record. Times with or without zone: without, they are of the wall clock asked for."""

    received_at: datetime
    lat: float
    lon: float
    category: Category | None = None
    priority: int | None = None
    accident_class: AccidentClass | None = None
    on_scene_at: datetime | None = None
    cleared_at: datetime | None = None

    def service_s(self) -> float:
        """Arrival until clear of the first unit there; NaN where that is not known or no work of a day."""
        if self.on_scene_at is None or self.cleared_at is None:
            return np.nan
        seconds = (self.cleared_at - self.on_scene_at).total_seconds()
        return seconds if 0 < seconds <= LONGEST_SERVICE_S else np.nan


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecordedCalls:
    """Calls in order of time, as columns of equal length."""

    at_s: Floats
    """By the wall clock, since midnight of the first day."""
    lat: Floats
    lon: Floats
    priority: Small
    """0: not known."""
    category: Small
    """Index in CATEGORIES; -1: not known."""
    accident_class: Small
    """1 to 3: A1 to A3; 0: none, or not known."""
    service_s: Floats
    """NaN: not known."""
    first_day: date
    days: int
    """Whole days that the calls are of."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Records that are no calls to simulate, by reason."""

    def __len__(self) -> int:
        return len(self.at_s)

    def hour_of_week(self) -> NDArray[np.int64]:
        """0 to 167 for each call: from Monday's first hour."""
        hours = (self.at_s // 3600).astype(np.int64) + 24 * self.first_day.weekday()
        return np.asarray(hours % WEEK_HOURS)

    def covered(self) -> NDArray[np.int64]:
        """How often each hour of the week lies in the period."""
        weekdays = np.bincount((self.first_day.weekday() + np.arange(self.days)) % 7, minlength=7)
        return np.repeat(weekdays, 24)

    def digest(self) -> str:
        """SHA-256 of all that a simulation takes from them, hex."""
        text = hashlib.sha256(f"{self.first_day} {self.days}".encode())
        for column in (
            self.at_s,
            self.lat,
            self.lon,
            self.priority,
            self.category,
            self.accident_class,
            self.service_s,
        ):
            text.update(np.ascontiguousarray(column).tobytes())
        return text.hexdigest()


def gather(
    calls: Iterable[RecordedCall],
    *,
    zone: ZoneInfo,
    first_day: date | None = None,
    days: int | None = None,
    left_out: Mapping[str, int] | None = None,
) -> RecordedCalls:
    """Calls as columns; the period is that of the calls where none is given. Raises Invalid where there is no call."""
    dated = sorted(((_wall_clock(call.received_at, zone), call) for call in calls), key=lambda pair: pair[0])
    if not dated:
        raise Invalid("there are no past calls to take demand from", member="demand")
    begin = first_day or dated[0][0].date()
    midnight = datetime(begin.year, begin.month, begin.day)  # noqa: DTZ001 - of the wall clock, as the calls' times are
    kept = [call for _, call in dated]
    return RecordedCalls(
        at_s=np.array([(at - midnight).total_seconds() for at, _ in dated]),
        lat=np.array([call.lat for call in kept]),
        lon=np.array([call.lon for call in kept]),
        priority=np.array([call.priority or 0 for call in kept], dtype=np.int8),
        category=np.array([_category(call) for call in kept], dtype=np.int8),
        accident_class=np.array([_accident_class(call) for call in kept], dtype=np.int8),
        service_s=np.array([call.service_s() for call in kept]),
        first_day=begin,
        days=days or (dated[-1][0].date() - begin).days + 1,
        left_out=dict(left_out or {}),
    )


def _wall_clock(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None) if at.tzinfo is not None else at


def _category(call: RecordedCall) -> int:
    if call.accident_class is not None:
        return CATEGORIES.index(Category.TRAFFIC_ACCIDENT)
    return -1 if call.category is None else CATEGORIES.index(call.category)


def _accident_class(call: RecordedCall) -> int:
    return 0 if call.accident_class is None else ACCIDENT_CLASSES.index(call.accident_class) + 1
