"""Can a unit at work be reached: by its car's link, or without one, by a phone's app or an officer's page? Pure.

The figures, and why
- *Link lost* is 45 s without one: a reconnect after a dead spot is no alarm (decision 0016).
- *A silent tracker* is 120 s without a word: at rest an app reports every 15 s to 60 s, and one report may get lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.domain.alarm_rules import DEFAULT_ALARM_RULES, FINE, AlarmRules, Grade, Verdict


@dataclass(frozen=True, slots=True)
class Reach:
    """How a unit can be reached. `up`: a car's link is. `down_s`: how long it is gone, where nothing spoke for the unit
    since. `silent_s`: how long nothing was heard in this assignment, by any way; None: nothing ever spoke for it."""

    up: bool
    down_s: float | None = None
    silent_s: float | None = None


def judge_reach(reach: Reach, rules: AlarmRules = DEFAULT_ALARM_RULES) -> Verdict:
    """Of a unit on an assignment. One that nothing ever spoke for (it has radio alone) is no alarm."""
    if reach.up:
        return FINE
    if reach.down_s is not None:
        lost = reach.down_s >= rules.link_lost_s
        return Verdict(Grade.WARNING, "silent", {"for_s": round(reach.down_s)}) if lost else FINE
    if reach.silent_s is not None and reach.silent_s >= rules.tracker_silent_s:
        return Verdict(Grade.WARNING, "tracker_silent", {"for_s": round(reach.silent_s)})
    return FINE
