"""A word from the dispatcher to a crew."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.refusals import NotFound
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.transaction import Work, transaction
from dispatch.store.units import units_now
from gateway import protocol

Level = Literal["info", "warning", "alarm"]


async def send_notice(desk: Desk, unit_id: UUID, text: str, level: Level, by: Person) -> None:
    """Raises NotFound. What was written stays in the outbox; the log says only that something was."""
    async with transaction(desk) as work:
        if not await units_now(work.connection, [unit_id]):
            raise NotFound(f"There is no unit {unit_id}.", member="unit_id")
        await tell_notice(work, unit_id, text, level, by)


async def tell_notice(work: Work, unit_id: UUID, text: str, level: Level, by: Person) -> None:
    """The same as a part of another command; the unit is known."""
    await work.tell(unit_id, protocol.Notice(text=text, level=level))
    work.record(
        Event(
            kind=EventKind.NOTICE_SENT,
            happened_at=work.now,
            said_by=SaidBy.DISPATCHER,
            actor=by.username,
            unit_id=unit_id,
            data={"level": level},
        )
    )
