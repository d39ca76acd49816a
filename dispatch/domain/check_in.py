"""A crew is asked before a dispatcher is alarmed: is it well on a priority 1 scene, why does it stand? Pure.

A sign of life is whatever a person in the car pressed: a check-in, a step, a change of availability, an SOS or its
end. Positions and cameras speak by themselves and are none. A dispatcher who heard the crew says so by a step by radio,
or by resolving the alarm; both are signs as well.

The figures, and why
- *Asked after 600 s* of silence: most calls take that long without trouble, and nobody should press a button for
  nothing. As long as the silence lasts the crew is asked again at this pace.
- *Alarmed 180 s after the first question*: the crew may have its hands full, not its ears. First a warning; an alarm
  when as much time again has passed. Both are priors: a bureau knows its crews.
- *30 s before it is called stationary* a crew is told, so that it can say why and nobody need be alarmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.domain.alarm_rules import DEFAULT_ALARM_RULES, FINE, AlarmRules, Grade, Verdict


@dataclass(frozen=True, slots=True)
class Silence:
    """Since when nothing was heard of a crew on scene, and when it was asked in this silence, the first time first."""

    since: datetime
    asked_at: Sequence[datetime] = ()


def silence(
    arrived_at: datetime,
    signs: Iterable[tuple[datetime | None, datetime]],
    asked_at: Iterable[datetime],
) -> Silence:
    """`signs`: each as the car's time, None where it is not known, and that of receipt. An arrival begins it."""
    since = max((_counts_at(arrived_at, *sign) for sign in signs), default=arrived_at)
    since = max(since, arrived_at)
    return Silence(since, tuple(sorted(moment for moment in asked_at if moment > since)))


def _counts_at(arrived_at: datetime, said_at: datetime | None, received_at: datetime) -> datetime:
    """A press that came late counts when it was made; where the car's clock can't be right, when it came."""
    return said_at if said_at is not None and arrived_at <= said_at <= received_at else received_at


def ask_due(silence: Silence, now: datetime, rules: AlarmRules = DEFAULT_ALARM_RULES) -> bool:
    """Is the crew to be asked now?"""
    last = silence.asked_at[-1] if silence.asked_at else silence.since
    return (now - last).total_seconds() >= rules.check_in_after_s


def judge_check_in(silence: Silence, now: datetime, rules: AlarmRules = DEFAULT_ALARM_RULES) -> Verdict:
    """Of a crew on scene. It is no alarm before the crew was asked and had its time to answer."""
    if not silence.asked_at:
        return FINE
    unanswered_s = (now - silence.asked_at[0]).total_seconds()
    if unanswered_s < rules.check_in_alarm_s:
        return FINE
    grade = Grade.WARNING if unanswered_s < 2 * rules.check_in_alarm_s else Grade.ALARM
    return Verdict(grade, "silent", {"for_s": round((now - silence.since).total_seconds())})


def forewarned(rules: AlarmRules = DEFAULT_ALARM_RULES) -> AlarmRules:
    """The same rules, a little earlier: when the crew is told that it will be called stationary."""
    return replace(
        rules,
        standing_s=max(rules.standing_s - rules.crew_first_s, 0.0),
        no_progress_s=max(rules.no_progress_s - rules.crew_first_s, 0.0),
    )
