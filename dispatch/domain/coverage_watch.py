"""When to tell the supervisor that coverage is too thin: a state machine that does not flap. Pure; the time comes in.

Coverage drops with every order and rises with every clear, so one look is no alarm: the share must stay below
`alarm_below` for `hold_s` before the alarm is raised, and at or above `clear_from`, which is higher, for as long before
it is lifted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from dispatch.domain.utc import require_utc


class CoverageEvent(StrEnum):
    """What the watch has to say."""

    THIN = "coverage_thin"
    RESTORED = "coverage_restored"


@dataclass(frozen=True, slots=True)
class WatchRules:
    """Shares in parts of 1. Raises ValueError where the alarm would be lifted below where it is raised."""

    alarm_below: float = 0.6
    clear_from: float = 0.65
    hold_s: float = 60.0

    def __post_init__(self) -> None:
        if self.clear_from < self.alarm_below:
            raise ValueError(f"lifted at {self.clear_from}, below where it is raised, {self.alarm_below}")


DEFAULT_WATCH: Final = WatchRules()


@dataclass(frozen=True, slots=True)
class CoverageWatch:
    """Is the alarm up, and since when does the share speak for the other state? None: it does not."""

    thin: bool = False
    otherwise_since: datetime | None = None


def look(
    watch: CoverageWatch, share: float, at: datetime, rules: WatchRules = DEFAULT_WATCH
) -> tuple[CoverageWatch, CoverageEvent | None]:
    """One look at the share within the limit, at a time in UTC: the watch from now on, and what it has to say."""
    require_utc("at", at)
    otherwise = share >= rules.clear_from if watch.thin else share < rules.alarm_below
    if not otherwise:
        return replace(watch, otherwise_since=None), None
    since = watch.otherwise_since or at
    if (at - since).total_seconds() < rules.hold_s:
        return replace(watch, otherwise_since=since), None
    return CoverageWatch(thin=not watch.thin), CoverageEvent.RESTORED if watch.thin else CoverageEvent.THIN
