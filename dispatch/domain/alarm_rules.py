"""When a watched matter is an alarm, of which grade, and when it is over: rules that don't flap. Pure; times come in.

Each rule looks at one matter and says how bad it is now; `watch` turns a series of such looks into one alarm that is
raised once and resolved once: what speaks for another state must hold for a while, and what ends an alarm is a wider
margin than what begins it. What can't be told at the moment changes nothing.

The figures, and why
- *Standing* is 120 s within 50 m of one place: longer than a red light, and 50 m is more than a receiver wanders among
  houses. *No progress* is 300 s without coming 100 m nearer to the scene: a detour should take less. Nearer than 150 m
  a unit has come as far as streets may let it. All of them are priors: a bureau knows its lights and bridges.
- *About to be late* is an expected arrival past the target, lifted when it is 30 s within it again, since an ETA moves
  by some seconds with every look; or nobody sent with 240 s left, so that somebody who is near can still be in time.
- *Link lost* and *tracker silent*: reach.py.
- *Camera* 30 s after setting off, so that a crew may press its button on the way; a battery is low below 10 %, and
  not low any more from 15 % on.
- *The crew first*, and its check-in on a priority 1 scene: check_in.py.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final

from dispatch.domain.geometry import Position, distance_m

RECORDING: Final = "recording"
FAULT: Final = "fault"


class AlarmKind(StrEnum):
    """What the watchers raise by themselves."""

    STATIONARY = "stationary"
    LATE = "late"
    LINK_LOST = "link_lost"
    CAMERA = "camera"
    NO_CHECK_IN = "no_check_in"


class Grade(IntEnum):
    """How bad; a higher one goes before. NONE: no alarm."""

    NONE = 0
    NOTICE = 1
    WARNING = 2
    ALARM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRules:
    """The figures; the head of this file says what each is for. Seconds, metres, per cent."""

    standing_s: float = 120.0
    standing_m: float = 50.0
    no_progress_s: float = 300.0
    progress_m: float = 100.0
    at_scene_m: float = 150.0
    fresh_s: float = 30.0
    gap_s: float = 60.0
    target_s: float = 600.0
    late_margin_s: float = 30.0
    unassigned_left_s: float = 240.0
    link_lost_s: float = 45.0
    tracker_silent_s: float = 120.0
    camera_grace_s: float = 30.0
    battery_low_pct: float = 10.0
    battery_fine_pct: float = 15.0
    crew_first_s: float = 30.0
    check_in_after_s: float = 600.0
    check_in_alarm_s: float = 180.0
    raise_after_s: float = 5.0
    resolve_after_s: float = 15.0


DEFAULT_ALARM_RULES: Final = AlarmRules()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One look at one matter. `sure` False: nobody can tell at the moment."""

    grade: Grade = Grade.NONE
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    sure: bool = True


FINE: Final = Verdict()
UNKNOWN: Final = Verdict(sure=False)


# ---- one alarm out of many looks


class Change(StrEnum):
    """What becomes of the alarm."""

    RAISE = "raise"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Watched:
    """`up`: the grade at which it stands, also where a person has resolved it while its reason stands."""

    up: Grade = Grade.NONE
    otherwise_since: datetime | None = None


def watch(
    watched: Watched, verdict: Verdict, at: datetime, rules: AlarmRules = DEFAULT_ALARM_RULES
) -> tuple[Watched, Change | None]:
    """The watch from now on, and what has to be done. A matter that gets worse is raised anew, a better one stays."""
    agrees = verdict.grade == watched.up or Grade.NONE < verdict.grade < watched.up
    if agrees or not verdict.sure:
        return replace(watched, otherwise_since=None), None
    since = watched.otherwise_since or at
    hold_s = rules.raise_after_s if verdict.grade > watched.up else rules.resolve_after_s
    if (at - since).total_seconds() < hold_s:
        return replace(watched, otherwise_since=since), None
    return Watched(verdict.grade), Change.RAISE if verdict.grade else Change.RESOLVE


# ---- a unit under way that gets nowhere


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a unit under way stands or last moved off, and how near the scene it has been."""

    begun_at: datetime
    seen_at: datetime
    anchor: Position
    anchor_at: datetime
    best_m: float
    best_at: datetime
    moved: bool = False


def follow(
    known: Progress | None,
    position: Position,
    fixed_at: datetime,
    scene: Position,
    rules: AlarmRules = DEFAULT_ALARM_RULES,
) -> Progress:
    """With one more fix. After a gap it begins anew: the car may have been anywhere. A fix seen before is none."""
    away_m = distance_m(position, scene)
    if known is None or (fixed_at - known.seen_at).total_seconds() > rules.gap_s:
        return Progress(fixed_at, fixed_at, position, fixed_at, away_m, fixed_at)
    if fixed_at <= known.seen_at:
        return known
    progress = replace(known, seen_at=fixed_at)
    if distance_m(position, known.anchor) > rules.standing_m:
        progress = replace(progress, anchor=position, anchor_at=fixed_at, moved=True)
    if away_m <= known.best_m - rules.progress_m:
        progress = replace(progress, best_m=away_m, best_at=fixed_at)
    return progress


def judge_progress(
    progress: Progress, position: Position, scene: Position, now: datetime, rules: AlarmRules = DEFAULT_ALARM_RULES
) -> Verdict:
    """Of a unit that says it is en route. UNKNOWN where its position is old, or it was not followed for long enough."""
    away_m = distance_m(position, scene)
    if away_m <= rules.at_scene_m:
        return FINE
    if (now - progress.seen_at).total_seconds() > rules.fresh_s:
        return UNKNOWN
    standing_s = (progress.seen_at - progress.anchor_at).total_seconds()
    no_progress_s = (progress.seen_at - progress.best_at).total_seconds()
    data = {"distance_m": round(away_m)}
    if standing_s >= rules.standing_s:
        return Verdict(Grade.WARNING, "standing", data | {"for_s": round(standing_s)})
    if no_progress_s >= rules.no_progress_s:
        return Verdict(Grade.WARNING, "no_progress", data | {"for_s": round(no_progress_s)})
    followed_s = (progress.seen_at - progress.begun_at).total_seconds()
    return FINE if progress.moved or followed_s >= rules.standing_s else UNKNOWN


# ---- a call that will be late


def judge_arrival(
    waited_s: float,
    expected_s: float | None,
    *,
    assigned: bool,
    priority: int,
    up: bool,
    rules: AlarmRules = DEFAULT_ALARM_RULES,
) -> Verdict:
    """Of a call that nobody has reached. `expected_s`: until the first unit is there, from now; None: unknown."""
    left_s = rules.target_s - waited_s
    data = {"left_s": round(left_s)} | ({"expected_s": round(expected_s)} if expected_s is not None else {})
    if not assigned:
        if left_s > rules.unassigned_left_s:
            return FINE
        return Verdict(Grade.ALARM if priority == 1 else Grade.WARNING, "nobody", data)
    if left_s <= 0:
        return Verdict(Grade.WARNING, "overdue", data)
    if expected_s is None:
        return UNKNOWN
    margin_s = rules.late_margin_s if up else 0.0
    return Verdict(Grade.WARNING, "expected", data) if expected_s > left_s - margin_s else FINE


# ---- cameras on a priority 1 call


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera as the car last said."""

    camera_id: str
    state: str
    battery_pct: float | None = None


def judge_cameras(
    cameras: Collection[Camera], under_way_s: float, *, up: bool, rules: AlarmRules = DEFAULT_ALARM_RULES
) -> Verdict:
    """Of a unit en route or on scene on priority 1. One without cameras is no alarm: nothing of it can fail."""
    if not cameras or under_way_s < rules.camera_grace_s:
        return FINE
    states = {camera.camera_id: camera.state for camera in cameras}
    if RECORDING not in states.values():
        return Verdict(Grade.WARNING, "not_recording", {"cameras": states})
    if FAULT in states.values():
        return Verdict(Grade.NOTICE, "fault", {"cameras": states})
    low_pct = rules.battery_fine_pct if up else rules.battery_low_pct
    low = {c.camera_id: c.battery_pct for c in cameras if c.battery_pct is not None and c.battery_pct < low_pct}
    return Verdict(Grade.NOTICE, "battery", {"battery_pct": low}) if low else FINE
