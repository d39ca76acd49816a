"""State and a step in, new state and events out, or a refusal. Pure: who said it and when comes from outside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from dispatch.domain.assignment import TRANSITIONS, Assignment, AssignmentState, skipped_steps
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.refusals import BadStep

CLOCK_TOLERANCE: Final = timedelta(seconds=5)

KIND_OF_STEP: Final = {
    AssignmentState.ACKNOWLEDGED: EventKind.UNIT_ACKNOWLEDGED,
    AssignmentState.EN_ROUTE: EventKind.UNIT_EN_ROUTE,
    AssignmentState.ON_SCENE: EventKind.UNIT_ON_SCENE,
    AssignmentState.CLEARED: EventKind.UNIT_CLEARED,
    AssignmentState.DECLINED: EventKind.UNIT_DECLINED,
}
_MILESTONE: Final = {
    AssignmentState.ACKNOWLEDGED: "acknowledged_at",
    AssignmentState.EN_ROUTE: "en_route_at",
    AssignmentState.ON_SCENE: "on_scene_at",
    AssignmentState.CLEARED: "cleared_at",
}


@dataclass(frozen=True, slots=True)
class Testimony:
    """Who says that a step was taken, and when."""

    said_by: SaidBy
    received_at: datetime
    car_time: datetime | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The assignment after a step, and what entered the log by it."""

    assignment: Assignment
    events: tuple[Event, ...]


def milestone_time(testimony: Testimony, not_before: datetime) -> tuple[datetime, str | None]:
    """The time that counts, and why it is not the car's where it isn't.

    A step that an officer took at 10:02 counts as 10:02, however late the message came. A car's clock that would put
    it after its receipt or before the step it follows can't be right: the server's time of receipt counts then, which
    may itself be a little before that step where two servers' clocks differ.
    """
    car_time, receipt = testimony.car_time, max(testimony.received_at, not_before)
    if car_time is None:
        return receipt, None
    if car_time > testimony.received_at + CLOCK_TOLERANCE:
        return receipt, "car_clock_ahead"
    if car_time < not_before - CLOCK_TOLERANCE:
        return receipt, "car_clock_behind"
    return min(max(car_time, not_before), receipt), None


def take_step(assignment: Assignment, to: AssignmentState, testimony: Testimony, **data: Any) -> Outcome:
    """One step of a crew, or of the GPS witness. Raises BadStep where the transition table has no such step.

    Repeating the present step changes nothing, but that a second witness of the arrival is always kept.
    """
    if to is AssignmentState.ON_SCENE and _may_only_witness(assignment, testimony.said_by):
        return _second_witness(assignment, testimony, data)
    if to is assignment.state and not assignment.is_over:
        return Outcome(assignment, ())
    if to not in TRANSITIONS[assignment.state] or to not in KIND_OF_STEP:
        over = " and over" if assignment.is_over else ""
        raise BadStep(f"This assignment is {assignment.state}{over}; it can't become {to}.", member="status")
    at, doubt = milestone_time(testimony, _earliest(assignment, testimony.said_by))
    inferred = tuple(
        Event(
            kind=KIND_OF_STEP[step],
            happened_at=None,
            said_by=SaidBy.INFERRED,
            incident_id=assignment.incident_id,
            assignment_id=assignment.assignment_id,
            unit_id=assignment.unit_id,
            data={"inferred_from": str(to)},
        )
        for step in skipped_steps(assignment.state, to)
    )
    taken = _event(assignment, KIND_OF_STEP[to], at, testimony, data, doubt)
    changes: dict[str, Any] = {"state": to}
    if to in _MILESTONE:
        changes[_MILESTONE[to]] = at
    if not TRANSITIONS[to]:
        changes |= {"ended_at": at, "end_reason": data.get("reason") or data.get("disposition")}
    return Outcome(replace(assignment, **changes), (*inferred, taken))


def _earliest(assignment: Assignment, said_by: SaidBy) -> datetime:
    """Before this the step can't have been taken.

    A receiver's time is GNSS time: it stands even where a late press of an earlier step says otherwise.
    """
    return assignment.dispatched_at if said_by is SaidBy.GPS else assignment.last_milestone_at


def _may_only_witness(assignment: Assignment, said_by: SaidBy) -> bool:
    """An arrival that changes no state: a second word on it, or a track that came in after the end."""
    if assignment.is_over:
        return said_by is SaidBy.GPS and assignment.state is not AssignmentState.DECLINED
    return assignment.state is AssignmentState.ON_SCENE


def _second_witness(assignment: Assignment, testimony: Testimony, data: dict[str, Any]) -> Outcome:
    """Button after GPS, GPS after button: both stay in the log, the earlier one counts."""
    at, doubt = milestone_time(testimony, _earliest(replace(assignment, on_scene_at=None), testimony.said_by))
    on_scene_at = at if assignment.on_scene_at is None else min(at, assignment.on_scene_at)
    event = _event(assignment, EventKind.UNIT_ON_SCENE, at, testimony, data, doubt)
    return Outcome(replace(assignment, on_scene_at=on_scene_at), (event,))


def _event(
    assignment: Assignment,
    kind: EventKind,
    at: datetime,
    testimony: Testimony,
    data: dict[str, Any],
    doubt: str | None,
) -> Event:
    return Event(
        kind=kind,
        happened_at=at,
        said_by=testimony.said_by,
        incident_id=assignment.incident_id,
        assignment_id=assignment.assignment_id,
        unit_id=assignment.unit_id,
        car_time=testimony.car_time,
        actor=testimony.actor,
        data={name: value for name, value in data.items() if value is not None} | ({"clock": doubt} if doubt else {}),
    )
