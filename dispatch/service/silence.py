"""Units that don't acknowledge an order in time come off; the dispatcher is told, the next unit is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.service.assigning import take_off
from dispatch.service.desk import Desk
from dispatch.service.transaction import Work, transaction
from dispatch.store import alarms
from dispatch.store.assignments import find_assignment, lock_assignment, overdue_acknowledgements
from dispatch.store.incidents import lock_incident

_log = structlog.get_logger()
KIND: Final = "no_acknowledgement"


async def take_off_silent(desk: Desk) -> int:
    """How many there were."""
    limit_s = desk.settings.ack_timeout_s
    async with desk.engine.connect() as connection:
        overdue = await overdue_acknowledgements(connection, desk.clock() - timedelta(seconds=limit_s))
    for assignment_id in overdue:
        await _take_off(desk, assignment_id, limit_s)
    return len(overdue)


async def _take_off(desk: Desk, assignment_id: UUID, limit_s: float) -> None:
    async with transaction(desk) as work:
        found = await find_assignment(work.connection, assignment_id)
        await lock_incident(work.connection, found.incident_id)
        assignment = await lock_assignment(work.connection, assignment_id)
        if assignment.state is not AssignmentState.DISPATCHED:
            return  # it answered while we looked
        await take_off(work, assignment, AssignmentState.TIMED_OUT, reason=f"no acknowledgement in {limit_s:.0f} s")
        await _end_earlier(work, assignment)
        alarm_id = await alarms.raise_alarm(
            work.connection,
            kind="no_acknowledgement",
            level="warning",
            raised_at=work.now,
            unit_id=assignment.unit_id,
            incident_id=assignment.incident_id,
            data={"waited_s": limit_s},
        )
        work.record(
            Event(
                kind=EventKind.ACKNOWLEDGEMENT_OVERDUE,
                happened_at=work.now,
                said_by=SaidBy.SERVER,
                incident_id=assignment.incident_id,
                assignment_id=assignment_id,
                unit_id=assignment.unit_id,
                data={"waited_s": limit_s} | ({"alarm_id": str(alarm_id)} if alarm_id else {}),
            )
        )
    _log.warning("acknowledgement_overdue", assignment_id=str(assignment_id), unit_id=str(assignment.unit_id))


async def _end_earlier(work: Work, assignment: Assignment) -> None:
    """A second order that lapses is a new alarm, which rings: the first one may be acknowledged, and quiet."""
    unit_id, incident_id = assignment.unit_id, assignment.incident_id
    for alarm_id in await alarms.resolve_alarms(
        work.connection, at=work.now, by="server", kinds=(KIND,), unit_id=unit_id, incident_id=incident_id
    ):
        work.record(
            Event(
                kind=EventKind.ALARM_RESOLVED,
                happened_at=work.now,
                said_by=SaidBy.SERVER,
                incident_id=incident_id,
                unit_id=unit_id,
                data={"alarm_id": str(alarm_id), "alarm": KIND},
            )
        )
