"""The ten-minute clock: how many incidents had an officer there in time. Pure; the moment of asking is passed in.

- A response runs from the clock's start (call received, or first unit dispatched) to the first unit on the scene.
  Exactly 600 s is within the target: the plan says 應於10分鐘內抵達, and the tenth minute ends with its last instant.
- Every incident is either measured or excluded for one reason, and counted under it: nothing falls out of sight.
- An incident that nobody reached is measured as late: once it is past the target, or ended without an arrival. While
  it is open and not yet past the target, nobody can say: `pending`.
- An incident merged into another is a duplicate: the other one is measured.
- A cancellation excludes only what nobody had reached; cancelled after the arrival, the response took place. Cancelled
  when it was late already, a supervisor rules whether that stands: `cancelled_late`.
- On the dispatched clock, an incident that nobody was sent to and nobody reached is late like any other, counted from
  its receipt; so is one that somebody was first sent to after the moment of asking. One that was reached, though no
  time of dispatch is known (some imported records), can't be measured: `no_start`.
- An arrival before the clock's start (an officer was there already, or clocks differ by seconds) took 0 s.
- p50 and p90 are taken over incidents, an unreached one as infinitely late; where a percentile falls on one, it has no
  number and is None. The mean is over reached ones alone, and is to be read beside their count.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatch.domain.incident import TARGET_S, Category, IncidentState, Priority
from dispatch.domain.percentile import percentile
from dispatch.domain.utc import require_utc
from dispatch.domain.wilson import wilson

TAIPEI: Final = ZoneInfo("Asia/Taipei")
ALL: Final = "all"
UNKNOWN: Final = "unknown"
NOT_LATE: Final = "none"
"""Key of what has no reason of lateness."""
STILL_OPEN: Final = "still_open"
"""Reason of what is late, or may become so, and has not ended: which part was the largest can't be said yet."""

Clock = Literal["received", "dispatched"]
GroupBy = Literal[
    "day",
    "month",
    "hour",
    "weekday",
    "weekday_hour",
    "shift",
    "precinct",
    "station",
    "priority",
    "category",
    "unit_type",
    "cell",
    "late_reason",
]

SHIFTS: Final = ("night", "day", "evening")
SHIFT_HOURS: Final = 8
"""A shift is a third of the day by the wall clock: night 00 to 08, day 08 to 16, evening 16 to 24."""


def local_day(at: datetime) -> date:
    """The day of Asia/Taipei to which a call received then belongs."""
    return at.astimezone(TAIPEI).date()


class Verdict(StrEnum):
    """What can be said of an incident that nobody reached, whatever the time is."""

    NOT_REACHED = "not_reached"
    STILL_OPEN = "still_open"
    """Late once it is past the target; pending until then."""


class Exclusion(StrEnum):
    """Why an incident isn't measured. PENDING and NO_START are found here, never given."""

    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"
    OFFICER_INITIATED = "officer_initiated"
    SCHEDULED = "scheduled"
    TEST = "test"
    PENDING = "pending"
    NO_START = "no_start"


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """What the clock needs to know of one incident. Times aware, in UTC; raises ValueError otherwise.

    `dispatched_at`: when the first unit was; `on_scene_at`: when the earliest arrived; both None if none ever.
    `ended_at`: of the incident, None while it is open and where that is not known.
    `unit_type`: of the vehicle that arrived first, else that was sent first; `cell`: the hexagon of the place (h3);
    `late_reason_…`: on each clock, see why_late.py, STILL_OPEN before there can be one; None for what is not late.
    """

    incident_id: UUID
    number: str
    category: Category
    priority: Priority
    received_at: datetime
    precinct: str | None = None
    station: str | None = None
    dispatched_at: datetime | None = None
    on_scene_at: datetime | None = None
    state: IncidentState = IncidentState.OPEN
    exclusion: Exclusion | None = None
    unit_type: str | None = None
    cell: str | None = None
    late_reason_received: str | None = None
    late_reason_dispatched: str | None = None
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc("received_at", self.received_at)
        if self.dispatched_at is not None:
            require_utc("dispatched_at", self.dispatched_at)
        if self.on_scene_at is not None:
            require_utc("on_scene_at", self.on_scene_at)
        if self.ended_at is not None:
            require_utc("ended_at", self.ended_at)

    def late_reason(self, clock: Clock) -> str | None:
        """Why it was late on this clock."""
        return self.late_reason_received if clock == "received" else self.late_reason_dispatched


@dataclass(frozen=True, slots=True)
class KpiGroup:
    """One line of the report. `measured` = `reached` + `unreached`; with all of `excluded` it makes `incidents`.

    `share`: within target among measured (0..1), with its 95 % Wilson interval; None where nothing is measured.
    """

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
    excluded: Mapping[str, int]


def kpi(
    records: Iterable[IncidentRecord],
    *,
    now: datetime,
    clock: Clock = "received",
    group_by: GroupBy | None = None,
    zone: ZoneInfo = TAIPEI,
    target_s: float = TARGET_S,
) -> list[KpiGroup]:
    """The report as of `now` (UTC), groups in the order of their keys, those without a key ("unknown") last.

    Keys: day 2026-11-23, month 2026-11, hour 00..23, weekday 1 (Monday)..7, weekday_hour 3-08, shift, all by the wall
    clock of `zone` when the call was received, on either clock; else the member itself. Without `group_by` one group
    "all", of no incidents too.
    """
    require_utc("now", now)
    if group_by is None:
        return [_summary(ALL, list(records), now, clock, target_s)]
    key = _KEYS[group_by]
    groups: defaultdict[str | None, list[IncidentRecord]] = defaultdict(list)
    for record in records:
        groups[key(record, zone, clock)].append(record)
    known = sorted(name for name in groups if name is not None)
    lines = [_summary(name, groups[name], now, clock, target_s) for name in known]
    if None in groups:
        lines.append(_summary(UNKNOWN, groups[None], now, clock, target_s))
    return lines


_KEYS: Final[Mapping[GroupBy, Callable[[IncidentRecord, ZoneInfo, Clock], str | None]]] = {
    "day": lambda record, zone, _: f"{record.received_at.astimezone(zone):%Y-%m-%d}",
    "month": lambda record, zone, _: f"{record.received_at.astimezone(zone):%Y-%m}",
    "hour": lambda record, zone, _: f"{record.received_at.astimezone(zone):%H}",
    "weekday": lambda record, zone, _: str(record.received_at.astimezone(zone).isoweekday()),
    "weekday_hour": lambda record, zone, _: f"{(at := record.received_at.astimezone(zone)).isoweekday()}-{at:%H}",
    "shift": lambda record, zone, _: SHIFTS[record.received_at.astimezone(zone).hour // SHIFT_HOURS],
    "precinct": lambda record, *_: record.precinct,
    "station": lambda record, *_: record.station,
    "priority": lambda record, *_: str(record.priority),
    "category": lambda record, *_: str(record.category),
    "unit_type": lambda record, *_: record.unit_type,
    "cell": lambda record, *_: record.cell,
    "late_reason": lambda record, _, clock: record.late_reason(clock) or NOT_LATE,
}


def verdict(record: IncidentRecord, clock: Clock) -> timedelta | Exclusion | Verdict:
    """The response, why the incident isn't measured, or that nobody came: all that needs no look at the time."""
    if record.state is IncidentState.MERGED:
        return Exclusion.DUPLICATE
    if record.exclusion is not None and record.exclusion is not Exclusion.CANCELLED:
        return record.exclusion
    start = record.received_at if clock == "received" else record.dispatched_at
    if record.on_scene_at is not None:
        return Exclusion.NO_START if start is None else max(timedelta(0), record.on_scene_at - start)
    if record.state is IncidentState.CANCELLED or record.exclusion is Exclusion.CANCELLED:
        return Exclusion.CANCELLED
    return Verdict.STILL_OPEN if record.state is IncidentState.OPEN else Verdict.NOT_REACHED


def cancelled_late(record: IncidentRecord) -> bool:
    """Is it left out by a cancellation that came after its ten minutes were over, by its receipt?"""
    return (
        record.state is IncidentState.CANCELLED
        and verdict(record, "received") is Exclusion.CANCELLED
        and record.ended_at is not None
        and (record.ended_at - record.received_at).total_seconds() > TARGET_S
    )


def left_out(record: IncidentRecord) -> Exclusion | None:
    """What a ruling on the incident can take back: its exclusion, or a cancellation after its ten minutes."""
    return Exclusion.CANCELLED if cancelled_late(record) else record.exclusion


def outcome(record: IncidentRecord, now: datetime, clock: Clock, target_s: float = TARGET_S) -> float | Exclusion:
    """Seconds of the response, infinite if nobody came, or why it isn't measured, as of `now` (UTC)."""
    said = verdict(record, clock)
    if isinstance(said, timedelta):
        return said.total_seconds()
    if isinstance(said, Exclusion):
        return said
    sent_at = record.dispatched_at if clock == "dispatched" else None
    # Who was first sent after `now` was not sent yet.
    start = record.received_at if sent_at is None or sent_at > now else sent_at
    waited_s = (now - start).total_seconds()
    return Exclusion.PENDING if said is Verdict.STILL_OPEN and waited_s <= target_s else math.inf


def _summary(group: str, records: Sequence[IncidentRecord], now: datetime, clock: Clock, target_s: float) -> KpiGroup:
    outcomes = [outcome(record, now, clock, target_s) for record in records]
    responses_s = sorted(one for one in outcomes if isinstance(one, float) and one < math.inf)
    excluded = Counter(one.value for one in outcomes if isinstance(one, Exclusion))
    measured = len(outcomes) - excluded.total()
    within = sum(response_s <= target_s for response_s in responses_s)
    low, high = wilson(within, measured) or (None, None)
    return KpiGroup(
        group=group,
        incidents=len(outcomes),
        measured=measured,
        within_target=within,
        share=within / measured if measured else None,
        share_low=low,
        share_high=high,
        p50_s=percentile(responses_s, measured, 50),
        p90_s=percentile(responses_s, measured, 90),
        mean_s=sum(responses_s) / len(responses_s) if responses_s else None,
        reached=len(responses_s),
        unreached=measured - len(responses_s),
        excluded=dict(sorted(excluded.items())),
    )
