"""A crew says that it is well: a line of its incident's timeline. What a silence leads to stands in crew_first.py."""

from __future__ import annotations

from uuid import UUID

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.refusals import BadStep, NotFound
from dispatch.service.transaction import Work
from dispatch.store.assignments import find_assignment
from dispatch.store.inbox import CarMessage


async def take_check_in(work: Work, message: CarMessage) -> None:
    """Also of an assignment that ended meanwhile. Raises BadStep where the assignment isn't this unit's."""
    nobody = BadStep("there is no such assignment of this unit", member="assignment_id")
    try:
        assignment = await find_assignment(work.connection, UUID(message.body["assignment_id"]))
    except (ValueError, NotFound):
        raise nobody from None
    if assignment.unit_id != message.unit_id:
        raise nobody
    work.record(
        Event(
            kind=EventKind.CREW_CHECKED_IN,
            happened_at=min(message.sent_at or message.received_at, message.received_at),
            said_by=SaidBy.BUTTON,
            incident_id=assignment.incident_id,
            assignment_id=assignment.assignment_id,
            unit_id=message.unit_id,
            car_time=message.sent_at,
        )
    )
