"""A step of a crew, or of the GPS witness, in one assignment: decided by the domain, kept here."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.decide import Outcome, Testimony, take_step
from dispatch.domain.events import EventKind, SaidBy
from dispatch.domain.incident import IncidentState
from dispatch.domain.refusals import BadStep, NotFound
from dispatch.service.incidents import close_when_cleared
from dispatch.service.transaction import Work
from dispatch.store import alarms
from dispatch.store.assignments import find_assignment, lock_assignment, save_assignment
from dispatch.store.incidents import lock_incident
from dispatch.store.log import button_arrivals
from gateway.protocol import Arrived, EndReason

_ARRIVAL_TOLD_BY: Final[dict[SaidBy, Literal["gps", "dispatcher"]]] = {
    SaidBy.GPS: "gps",
    SaidBy.DISPATCHER: "dispatcher",
}
OVER_BY_DEFAULT = "cleared"


async def record_step(
    work: Work,
    assignment_id: str,
    to: AssignmentState,
    testimony: Testimony,
    *,
    unit_id: UUID,
    data: dict[str, Any] | None = None,
) -> Assignment:
    """Takes the step. Raises BadStep where there is no such assignment of this unit, or no such step in it."""
    before = await _own_assignment(work, assignment_id, unit_id)
    outcome = take_step(before, to, testimony, **(data or {}))
    after = outcome.assignment
    if await _is_pressed_again(work, before, outcome, testimony):
        return before
    work.record(*outcome.events)
    if after == before:
        return after
    await save_assignment(work.connection, after)
    incident_id = after.incident_id
    if before.state is AssignmentState.DISPATCHED:
        await alarms.resolve_alarms(
            work.connection, at=work.now, by="server", kinds=("no_acknowledgement",), incident_id=incident_id
        )
    by = _ARRIVAL_TOLD_BY.get(testimony.said_by)
    if by is not None and after.state is AssignmentState.ON_SCENE and after.on_scene_at != before.on_scene_at:
        assert after.on_scene_at is not None  # noqa: S101 - an arrival has its time
        arrived = Arrived(by=by, at_ms=round(after.on_scene_at.timestamp() * 1000))
        await work.tell_arrival(after.unit_id, after.assignment_id, arrived)
    if after.is_over and not before.is_over:
        # By its own word the crew knows; only a witness other than the crew has to tell it.
        reason = None if testimony.said_by is SaidBy.BUTTON else EndReason.CLOSED
        await work.end_order(after.unit_id, after.assignment_id, reason)
    if after.state is AssignmentState.CLEARED and before.state is not AssignmentState.CLEARED:
        disposition = (data or {}).get("disposition") or OVER_BY_DEFAULT
        await close_when_cleared(work, incident_id, disposition, outcome.events[-1])
    if after.state is AssignmentState.DECLINED:
        await alarms.raise_alarm(
            work.connection,
            kind="declined",
            level="warning",
            raised_at=work.now,
            unit_id=unit_id,
            incident_id=incident_id,
            data={"reason": after.end_reason},
        )
    return after


async def _is_pressed_again(work: Work, before: Assignment, outcome: Outcome, testimony: Testimony) -> bool:
    """The same witness of the arrival once more, who says nothing earlier: a press without an answer is made again."""
    if testimony.said_by is not SaidBy.BUTTON or before.state is not AssignmentState.ON_SCENE:
        return False
    told = [event.happened_at for event in outcome.events if event.kind is EventKind.UNIT_ON_SCENE]
    pressed = await button_arrivals(work.connection, before.incident_id, before.assignment_id) if told else []
    return any(earlier <= again for again in told if again is not None for earlier in pressed)


async def _own_assignment(work: Work, assignment_id: str, unit_id: UUID) -> Assignment:
    """The unit's assignment, its incident locked first, as every command does, so that none waits in a circle."""
    nobody = BadStep("there is no such assignment of this unit", member="assignment_id")
    try:
        found = await find_assignment(work.connection, UUID(assignment_id))
    except (ValueError, NotFound):
        raise nobody from None
    if found.unit_id != unit_id:
        raise nobody
    incident = await lock_incident(work.connection, found.incident_id)
    assignment = await lock_assignment(work.connection, found.assignment_id)
    if incident.state is not IncidentState.OPEN and not assignment.is_over:
        raise RuntimeError(f"incident {incident.number} has ended, but assignment {assignment_id} has not")
    return assignment
