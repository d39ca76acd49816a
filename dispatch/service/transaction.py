"""One command, one transaction: load, decide, commit, announce."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.events import Event
from dispatch.service.desk import Desk
from dispatch.store import outbox
from dispatch.store.log import append_events
from gateway import protocol


class Work:
    """A transaction under way: what happened in it, and who must be told once it is committed."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.events: list[Event] = []
        self.told: set[UUID] = set()

    def record(self, *events: Event) -> None:
        """Enters the log with the commit."""
        self.events.extend(events)

    async def tell(self, unit_id: UUID, message: protocol.GatewayMessage, *, assignment_id: UUID | None = None) -> None:
        """A frame for the unit's car, sent after the commit."""
        await outbox.tell(self.connection, unit_id, message, assignment_id=assignment_id)
        self.told.add(unit_id)

    async def tell_arrival(self, unit_id: UUID, assignment_id: UUID, arrived: protocol.Arrived) -> None:
        """To the car that has this order: its arrival is on record, by another word than the crew's."""
        await outbox.tell_arrival(self.connection, unit_id, assignment_id, arrived)
        self.told.add(unit_id)

    async def end_order(self, unit_id: UUID, assignment_id: UUID, reason: protocol.EndReason | None) -> None:
        """The order is no longer sent; with a reason the car is told to stand down."""
        await outbox.end_order(self.connection, unit_id, assignment_id, reason)
        if reason is not None:
            self.told.add(unit_id)


@asynccontextmanager
async def transaction(desk: Desk) -> AsyncIterator[Work]:
    """Commits at the end of the block, or undoes all of it where the block raises; then announces."""
    async with desk.engine.begin() as connection:
        work = Work(connection, desk.clock())
        yield work
        await append_events(connection, work.events, work.now)
    await _announce(desk, work.told, has_events=bool(work.events))


async def _announce(desk: Desk, told: Iterable[UUID], *, has_events: bool) -> None:
    unit_ids = [str(unit_id) for unit_id in told]
    if unit_ids:
        await desk.bus.publish("orders", {"unit_ids": unit_ids})
    if has_events:
        desk.wake.set()
        await desk.bus.publish("events", {})
