"""The crew's press of "on scene" beside what GPS saw: is there anything a human should look at? Accuses nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from dispatch.domain.arrival import DEFAULT_RULES, Arrival, ArrivalRules, usable_fixes
from dispatch.domain.fix import STALE_AFTER_S, Fix
from dispatch.domain.geometry import Position, between, distance_m
from dispatch.domain.utc import require_utc


class ReviewReason(StrEnum):
    """Why a human should look at a press of the on-scene button, with the track beside it. No reproach in any."""

    FAR_FROM_SCENE = "far_from_scene"
    BEFORE_GPS_ARRIVAL = "before_gps_arrival"
    GPS_GAP = "gps_gap"


def marks(found: Iterable[ReviewReason], before: Iterable[str], *, track_is_whole: bool) -> tuple[str, ...]:
    """The marks of an arrival: what was found of its presses. What was `before` stays where fixes are gone since.

    A track is kept for a time alone; what it proved while it was there is not made unsaid by its end.
    """
    kept = () if track_is_whole else before
    return tuple(sorted({str(reason) for reason in found} | set(kept)))


def review_press(
    pressed_at: datetime,
    arrival: Arrival | None,
    track: Sequence[Fix],
    scene: Position,
    rules: ArrivalRules = DEFAULT_RULES,
) -> tuple[ReviewReason, ...]:
    """Why a press of "on scene" should be looked at; empty when both witnesses agree. `pressed_at` in UTC.

    The place of the press is interpolated between the fixes round it; where these lie too far apart (60 s, or 30 s at
    an end of the track) there is a gap, and no distance is claimed. A press before the GPS arrival isn't called early
    when nothing was seen between the two.
    """
    require_utc("pressed_at", pressed_at)
    fixes = usable_fixes(track, rules)
    before = next((fix for fix in reversed(fixes) if fix.fixed_at <= pressed_at), None)
    after = next((fix for fix in fixes if fix.fixed_at >= pressed_at), None)
    place = _place_at(pressed_at, before, after, rules)

    reasons = []
    if place is not None and distance_m(place, scene) > rules.press_far_m:
        reasons.append(ReviewReason.FAR_FROM_SCENE)
    if arrival is not None and (arrival.arrived_at - pressed_at).total_seconds() >= rules.press_early_s:
        seen_on_the_way = after is not None and after.fixed_at < arrival.arrived_at
        if place is not None or seen_on_the_way:
            reasons.append(ReviewReason.BEFORE_GPS_ARRIVAL)
    if place is None:
        reasons.append(ReviewReason.GPS_GAP)
    return tuple(reasons)


def _place_at(at: datetime, before: Fix | None, after: Fix | None, rules: ArrivalRules) -> Position | None:
    """Where the car was, from the fixes round that time; None in a gap."""
    if before is not None and after is not None:
        span_s = (after.fixed_at - before.fixed_at).total_seconds()
        if span_s > rules.gap_s:
            return None
        share = (at - before.fixed_at).total_seconds() / span_s if span_s else 0.0
        return between(before.position, after.position, share)
    nearest = before or after
    if nearest is None or abs((at - nearest.fixed_at).total_seconds()) > STALE_AFTER_S:
        return None
    return nearest.position
