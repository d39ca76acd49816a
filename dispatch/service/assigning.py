"""Sending a unit and taking it off: by the dispatcher loop or by hand, in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.incident import Incident
from dispatch.domain.policy import POLICY_NAME, Candidate
from dispatch.domain.refusals import IncidentEnded, Invalid, UnitBusy, UnitUnavailable
from dispatch.domain.unit import UnitStatus
from dispatch.service.candidates import candidates_for
from dispatch.service.desk import Desk
from dispatch.service.orders import order, way
from dispatch.service.transaction import Work, transaction
from dispatch.store import alarms
from dispatch.store.assignments import (
    active_assignments,
    add_assignment,
    find_assignment,
    lock_assignment,
    save_assignment,
)
from dispatch.store.decisions import keep_decision
from dispatch.store.incidents import lock_incident
from dispatch.store.units import unit_now
from gateway.protocol import EndReason

BY_HAND = "by-hand"
AUTOMATIC = "automatic"

_TOLD: dict[AssignmentState, EndReason] = {
    AssignmentState.CANCELLED: EndReason.CANCELLED,
    AssignmentState.REASSIGNED: EndReason.REASSIGNED,
    AssignmentState.TIMED_OUT: EndReason.REASSIGNED,
    AssignmentState.CLOSED: EndReason.CLOSED,
}


async def send_unit(
    desk: Desk,
    work: Work,
    incident: Incident,
    unit_id: UUID,
    candidates: Sequence[Candidate],
    *,
    dispatcher: str | None = None,
    override_reason: str | None = None,
) -> Assignment:
    """Assignment, decision record, order and log entry in one. Raises UnitBusy, UnitUnavailable, Invalid."""
    unit = await unit_now(work.connection, unit_id)
    if unit.active is not None:
        raise UnitBusy(
            f"Unit {unit.name} is on an incident already; choose another unit, or end that assignment first.",
            member="unit_id",
        )
    if unit.status is UnitStatus.OUT_OF_SERVICE:
        why = f" ({unit.unavailable_reason})" if unit.unavailable_reason else ""
        raise UnitUnavailable(f"Unit {unit.name} is out of service{why}; choose another unit.", member="unit_id")
    chosen = next((c for c in candidates if c.unit_id == unit_id), None)
    assignment = Assignment(
        assignment_id=uuid4(),
        incident_id=incident.incident_id,
        unit_id=unit_id,
        state=AssignmentState.DISPATCHED,
        dispatched_at=work.now,
        eta_s=chosen.eta_s if chosen else None,
        override_reason=override_reason,
    )
    await add_assignment(work.connection, assignment)
    await keep_decision(
        work.connection,
        incident_id=incident.incident_id,
        assignment_id=assignment.assignment_id,
        decided_at=work.now,
        decided_by=dispatcher or AUTOMATIC,
        policy=BY_HAND if dispatcher else POLICY_NAME,
        candidates=candidates,
        override_reason=override_reason,
    )
    frame = order(assignment, incident, way(desk.streets.travel, unit.position, incident))
    await work.tell(unit_id, frame, assignment_id=assignment.assignment_id)
    await alarms.resolve_alarms(
        work.connection, at=work.now, by=AUTOMATIC, kinds=("no_unit",), incident_id=incident.incident_id
    )
    work.record(
        Event(
            kind=EventKind.UNIT_DISPATCHED,
            happened_at=work.now,
            said_by=SaidBy.DISPATCHER if dispatcher else SaidBy.SERVER,
            actor=dispatcher,
            incident_id=incident.incident_id,
            assignment_id=assignment.assignment_id,
            unit_id=unit_id,
            data={"eta_s": assignment.eta_s, "override_reason": override_reason}
            if override_reason
            else {"eta_s": assignment.eta_s},
        )
    )
    return assignment


async def take_off(
    work: Work,
    assignment: Assignment,
    state: AssignmentState,
    *,
    reason: str | None,
    said_by: SaidBy = SaidBy.SERVER,
    actor: str | None = None,
) -> Assignment:
    """Ends an assignment and tells the car to stand down. Raises AssignmentEnded where it is over already."""
    ended = assignment.end(state, at=work.now, reason=reason)
    await save_assignment(work.connection, ended)
    await work.end_order(ended.unit_id, ended.assignment_id, _TOLD[state])
    work.record(
        Event(
            kind=EventKind.ASSIGNMENT_ENDED,
            happened_at=work.now,
            said_by=said_by,
            actor=actor,
            incident_id=ended.incident_id,
            assignment_id=ended.assignment_id,
            unit_id=ended.unit_id,
            data={"state": str(state), "reason": reason},
        )
    )
    return ended


async def assign_by_hand(
    desk: Desk,
    incident_id: UUID,
    unit_id: UUID,
    *,
    dispatcher: str,
    override_reason: str | None = None,
    replaces: UUID | None = None,
) -> UUID:
    """A dispatcher's choice; `replaces` takes that assignment off in the same transaction. The new assignment's id."""
    async with transaction(desk) as work:
        incident = await lock_incident(work.connection, incident_id)
        incident.require_open()
        if replaces is not None:
            replaced = next(
                (a for a in await active_assignments(work.connection, incident_id) if a.assignment_id == replaces), None
            )
            if replaced is None:
                raise Invalid("is no active assignment of this incident", member="replaces")
            await take_off(
                work,
                replaced,
                AssignmentState.REASSIGNED,
                reason=override_reason,
                said_by=SaidBy.DISPATCHER,
                actor=dispatcher,
            )
        candidates = (await candidates_for(work.connection, desk, [incident]))[incident_id]
        assignment = await send_unit(
            desk, work, incident, unit_id, candidates, dispatcher=dispatcher, override_reason=override_reason
        )
    return assignment.assignment_id


async def end_by_hand(desk: Desk, assignment_id: UUID, *, dispatcher: str, reason: str) -> None:
    """A dispatcher takes a unit off. The incident stays open; the loop finds it another unit."""
    async with transaction(desk) as work:
        found = await find_assignment(work.connection, assignment_id)
        await lock_incident(work.connection, found.incident_id)
        assignment = await lock_assignment(work.connection, assignment_id)
        await take_off(
            work, assignment, AssignmentState.CANCELLED, reason=reason, said_by=SaidBy.DISPATCHER, actor=dispatcher
        )


async def assign_automatically(desk: Desk, incident: Incident, unit_id: UUID, candidates: Sequence[Candidate]) -> bool:
    """The loop's choice. False where somebody was faster with the unit or the incident: the next round sees to it."""
    try:
        async with transaction(desk) as work:
            current = await lock_incident(work.connection, incident.incident_id)
            current.require_open()
            if await active_assignments(work.connection, incident.incident_id):
                return False
            await send_unit(desk, work, current, unit_id, candidates)
    except (UnitBusy, UnitUnavailable, IncidentEnded):
        return False
    return True
