"""A position report: what a receiver measured, how old it is, and the order of a track that came in any order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from dispatch.domain.geometry import Position
from dispatch.domain.utc import require_utc

STALE_AFTER_S: Final = 30.0
LOST_AFTER_S: Final = 300.0


class Staleness(StrEnum):
    """How far a position may be relied on."""

    FRESH = "fresh"
    STALE = "stale"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Fix:
    """One position report. `fixed_at` is the receiver's (GNSS) time, aware, in UTC; raises ValueError otherwise."""

    fixed_at: datetime
    position: Position
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None

    def __post_init__(self) -> None:
        require_utc("fixed_at", self.fixed_at)


def is_newer(fix: Fix, live: Fix | None) -> bool:
    """May this fix become the unit's live position? Only forward in time: a late or repeated one never moves it."""
    return live is None or fix.fixed_at > live.fixed_at


def age_s(fix: Fix, now: datetime) -> float:
    """Seconds since the fix was measured; 0 where the receiver's clock is a little ahead of ours."""
    return max(0.0, (now - fix.fixed_at).total_seconds())


def staleness(fix: Fix, now: datetime) -> Staleness:
    """FRESH up to 30 s, STALE up to 300 s (shown, and the ETA widened), LOST beyond."""
    age = age_s(fix, now)
    if age <= STALE_AFTER_S:
        return Staleness.FRESH
    return Staleness.STALE if age <= LOST_AFTER_S else Staleness.LOST


def in_order(fixes: Iterable[Fix]) -> list[Fix]:
    """The track: by time, one fix an instant, the same whatever order and how often the fixes came.

    Where two fixes claim one instant, the more accurate one stays (a stated accuracy before none at all).
    """
    track: list[Fix] = []
    for fix in sorted(fixes, key=_rank):
        if not track or fix.fixed_at > track[-1].fixed_at:
            track.append(fix)
    return track


def _rank(fix: Fix) -> tuple[datetime, float, float, float, float, float]:
    """Total order: whatever is left equal by it is equal altogether."""
    return (
        fix.fixed_at,
        math.inf if fix.accuracy_m is None else fix.accuracy_m,
        fix.position.lat,
        fix.position.lon,
        -1.0 if fix.speed_mps is None else fix.speed_mps,
        -1.0 if fix.course_deg is None else fix.course_deg,
    )
