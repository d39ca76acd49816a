"""What a crew says by radio and a dispatcher enters for it: a step in an assignment, on patrol or not."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.decide import Testimony
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.refusals import Invalid, NotFound
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.notices import tell_notice
from dispatch.service.steps import record_step
from dispatch.service.transaction import transaction
from dispatch.store.assignments import find_assignment
from dispatch.store.units import set_availability, units_now

_TOLD: Final = {True: "勤指中心登錄：恢復待命", False: "勤指中心登錄：停勤"}


async def step_by_radio(
    desk: Desk,
    assignment_id: UUID,
    to: AssignmentState,
    by: Person,
    *,
    disposition: str | None = None,
    note: str | None = None,
) -> None:
    """The step by the rules of a car's own, at the server's time, said by the dispatcher.

    A clear is told to the car as `order_ended` (closed), an arrival as `arrived` in its order; of the other steps it
    needs no word. Raises NotFound, BadStep,
    Invalid for a disposition of what is no clear.
    """
    if disposition is not None and to is not AssignmentState.CLEARED:
        raise Invalid("belongs to `cleared` alone", member="disposition")
    async with transaction(desk) as work:
        found = await find_assignment(work.connection, assignment_id)
        testimony = Testimony(SaidBy.DISPATCHER, work.now, actor=by.username)
        data = {"disposition": disposition, "note": note}
        await record_step(work, str(assignment_id), to, testimony, unit_id=found.unit_id, data=data)


async def set_on_patrol(desk: Desk, unit_id: UUID, by: Person, *, available: bool, reason: str | None) -> None:
    """On patrol, or out of service with a reason; the car is told by a notice. Nothing where it is so already.

    Its assignment, if it has one, stays. Raises NotFound.
    """
    async with transaction(desk) as work:
        found = await units_now(work.connection, [unit_id])
        if not found:
            raise NotFound(f"There is no unit {unit_id}.", member="unit_id")
        unit = found[0]
        reason = None if available else reason
        if (unit.available, unit.unavailable_reason) == (available, reason):
            return
        if not await set_availability(work.connection, unit_id, available=available, reason=reason, at=work.now):
            return  # the crew's own word is newer
        data: dict[str, Any] = {"available": available} | ({"reason": reason} if reason else {})
        work.record(
            Event(
                kind=EventKind.UNIT_AVAILABILITY_CHANGED,
                happened_at=work.now,
                said_by=SaidBy.DISPATCHER,
                actor=by.username,
                unit_id=unit_id,
                data=data,
            )
        )
        await tell_notice(work, unit_id, _TOLD[available] + (f"（{reason}）" if reason else ""), "info", by)
