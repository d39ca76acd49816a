"""Sending a unit and taking it off, in the transaction of the caller; and what a dispatcher does of it by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from dispatch.domain.assignment import STRAIGHT, Assignment, AssignmentState
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.incident import Incident
from dispatch.domain.judging import is_under_way
from dispatch.domain.policy import DIVERTED
from dispatch.domain.refusals import ChangedMeanwhile, Invalid, UnitBusy, UnitUnavailable
from dispatch.domain.unit import UnitStatus
from dispatch.service.desk import Desk
from dispatch.service.orders import order, planned_way
from dispatch.service.ranking import ranking_of
from dispatch.service.situations import conditions_at, driven_to
from dispatch.service.transaction import Work, transaction
from dispatch.store import alarms
from dispatch.store.assignments import (
    active_assignments,
    add_assignment,
    find_assignment,
    lock_assignment,
    save_assignment,
)
from dispatch.store.decisions import Record, Round, keep_decision, keep_round
from dispatch.store.incidents import lock_incident
from dispatch.store.units import unit_now
from gateway.protocol import EndReason

BY_HAND: Final = "by-hand"
AUTOMATIC: Final = "automatic"
NO_UNIT: Final = "no_unit"
SECOND_UNIT: Final = "second_unit"
NEED_ALARMS: Final = (NO_UNIT, SECOND_UNIT)
"""Alarms that a unit on its way answers."""

_TOLD: Final[dict[AssignmentState, EndReason]] = {
    AssignmentState.CANCELLED: EndReason.CANCELLED,
    AssignmentState.REASSIGNED: EndReason.REASSIGNED,
    AssignmentState.TIMED_OUT: EndReason.REASSIGNED,
    AssignmentState.CLOSED: EndReason.CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Why this unit: what stays of it beside the order."""

    candidates: Sequence[Record]
    decided_in: Round | None = None
    role: str | None = None
    leaves: Assignment | None = None
    """What the unit was under way to; it is ended already."""
    dispatcher: str | None = None
    override_reason: str | None = None


async def send_unit(desk: Desk, work: Work, incident: Incident, unit_id: UUID, choice: Choice) -> Assignment:
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
    chosen = next((record for record in choice.candidates if record["unit_id"] == str(unit_id)), None)
    leaves = choice.leaves
    route = planned_way(desk.streets.travel, unit, incident, driven_to(incident, conditions_at(desk, work.now)))
    assignment = Assignment(
        assignment_id=uuid4(),
        incident_id=incident.incident_id,
        unit_id=unit_id,
        state=AssignmentState.DISPATCHED,
        dispatched_at=work.now,
        eta_s=chosen["eta_s"] if chosen else None,
        override_reason=choice.override_reason,
        role=choice.role,
        diversions=leaves.diversions + 1 if leaves else 0,
        eta_version=chosen["eta_version"] if chosen else 0,
        eta_street_class=STRAIGHT if _is_straight(chosen) else route.street_class if route else None,
    )
    await add_assignment(work.connection, assignment)
    await _keep(work, assignment, choice)
    frame = order(assignment, incident, route.geojson() if route else None)
    await work.tell(unit_id, frame, assignment_id=assignment.assignment_id)
    await alarms.resolve_alarms(
        work.connection, at=work.now, by=AUTOMATIC, kinds=NEED_ALARMS, incident_id=incident.incident_id
    )
    said: dict[str, Any] = {"override_reason": choice.override_reason, "role": choice.role}
    said["diverted_from"] = str(leaves.incident_id) if leaves else None
    work.record(
        Event(
            kind=EventKind.UNIT_DISPATCHED,
            happened_at=work.now,
            said_by=SaidBy.DISPATCHER if choice.dispatcher else SaidBy.SERVER,
            actor=choice.dispatcher,
            incident_id=incident.incident_id,
            assignment_id=assignment.assignment_id,
            unit_id=unit_id,
            data={"eta_s": assignment.eta_s} | {name: value for name, value in said.items() if value},
        )
    )
    return assignment


def _is_straight(chosen: Record | None) -> bool:
    return chosen is not None and "geodesic" in chosen["reasons"]


async def _keep(work: Work, assignment: Assignment, choice: Choice) -> None:
    if choice.decided_in is not None:
        await keep_round(work.connection, choice.decided_in)
    await keep_decision(
        work.connection,
        incident_id=assignment.incident_id,
        assignment_id=assignment.assignment_id,
        decided_at=work.now,
        decided_by=choice.dispatcher or AUTOMATIC,
        policy=choice.decided_in.policy if choice.decided_in else BY_HAND,
        candidates=choice.candidates,
        override_reason=choice.override_reason,
        decided_in=choice.decided_in,
        role=choice.role,
        leaves=choice.leaves.incident_id if choice.leaves else None,
    )


async def take_off(
    work: Work,
    assignment: Assignment,
    state: AssignmentState,
    *,
    reason: str | None,
    said_by: SaidBy = SaidBy.SERVER,
    actor: str | None = None,
    to: Incident | None = None,
) -> Assignment:
    """Ends an assignment and tells the car to stand down. `to`: where the unit goes instead.

    Raises AssignmentEnded where it is over already.
    """
    ended = assignment.end(state, at=work.now, reason=reason)
    await save_assignment(work.connection, ended)
    await work.end_order(ended.unit_id, ended.assignment_id, _TOLD[state])
    instead = {"diverted_to": str(to.incident_id), "diverted_to_number": to.number} if to else {}
    work.record(
        Event(
            kind=EventKind.ASSIGNMENT_ENDED,
            happened_at=work.now,
            said_by=said_by,
            actor=actor,
            incident_id=ended.incident_id,
            assignment_id=ended.assignment_id,
            unit_id=ended.unit_id,
            data={"state": str(state), "reason": reason, **instead},
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
    divert: bool = False,
    seen: Collection[UUID] | None = None,
) -> UUID:
    """A dispatcher's choice. The new assignment's id.

    `replaces` takes that assignment off in the same transaction; `divert` the unit off what it is under way to. `seen`:
    the active assignments that the choice was made with; raises ChangedMeanwhile where there are others.
    """
    by = {"said_by": SaidBy.DISPATCHER, "actor": dispatcher}
    async with transaction(desk) as work:
        under_way = await _under_way(work, unit_id) if divert else None
        if under_way is not None and under_way.incident_id == incident_id:
            under_way = None  # it is refused as busy below
        wanted = {incident_id, under_way.incident_id if under_way else incident_id}
        locked = {one: await lock_incident(work.connection, one) for one in sorted(wanted)}
        incident = locked[incident_id]
        incident.require_open()
        if seen is not None:
            await _require_as_seen(work, incident, seen)
        if replaces is not None:
            replaced = next(
                (a for a in await active_assignments(work.connection, incident_id) if a.assignment_id == replaces), None
            )
            if replaced is None:
                raise Invalid("is no active assignment of this incident", member="replaces")
            await take_off(work, replaced, AssignmentState.REASSIGNED, reason=override_reason, **by)  # type: ignore[arg-type]
        candidates = await ranking_of(work.connection, desk, incident_id)
        leaves = None
        if under_way is not None:
            leaves = await lock_assignment(work.connection, under_way.assignment_id)
            if is_under_way(leaves.state):
                await take_off(work, leaves, AssignmentState.REASSIGNED, reason=DIVERTED, to=incident, **by)  # type: ignore[arg-type]
            else:
                leaves = None  # it has arrived meanwhile, or is free
        choice = Choice(candidates=candidates, leaves=leaves, dispatcher=dispatcher, override_reason=override_reason)
        assignment = await send_unit(desk, work, incident, unit_id, choice)
    return assignment.assignment_id


async def _require_as_seen(work: Work, incident: Incident, seen: Collection[UUID]) -> None:
    more = [a for a in await active_assignments(work.connection, incident.incident_id) if a.assignment_id not in seen]
    if more:
        names = ", ".join([(await unit_now(work.connection, one.unit_id)).name for one in more])
        raise ChangedMeanwhile(
            f"{names} was sent to incident {incident.number} meanwhile; look again, then choose.", member="seen"
        )


async def _under_way(work: Work, unit_id: UUID) -> Assignment | None:
    unit = await unit_now(work.connection, unit_id)
    if unit.active is None or unit.active_assignment_id is None or not is_under_way(unit.active):
        return None
    return await find_assignment(work.connection, unit.active_assignment_id)


async def end_by_hand(desk: Desk, assignment_id: UUID, *, dispatcher: str, reason: str) -> None:
    """A dispatcher takes a unit off. The incident stays open; the loop finds it another unit."""
    async with transaction(desk) as work:
        found = await find_assignment(work.connection, assignment_id)
        await lock_incident(work.connection, found.incident_id)
        assignment = await lock_assignment(work.connection, assignment_id)
        await take_off(
            work, assignment, AssignmentState.CANCELLED, reason=reason, said_by=SaidBy.DISPATCHER, actor=dispatcher
        )
