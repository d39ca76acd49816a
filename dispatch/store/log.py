"""The event log: append-only, its ids in the order of commit, so that a reader may follow it by id alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Uuid, case, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.domain.events import Event
from dispatch.store.note_tables import incident_notes
from dispatch.store.rows import AnyRow
from dispatch.store.tables import events, units

LOG_LOCK: Final = 0x_7A_70_01
"""Advisory lock held from writing events to commit: ids then become visible in their order."""


async def append_events(connection: AsyncConnection, new: Sequence[Event], recorded_at: datetime) -> None:
    """Last act before a commit: the lock that it takes is held until then."""
    if not new:
        return
    await connection.execute(select(func.pg_advisory_xact_lock(LOG_LOCK)))
    await connection.execute(
        insert(events),
        [
            {
                "recorded_at": recorded_at,
                "kind": str(event.kind),
                "incident_id": event.incident_id,
                "assignment_id": event.assignment_id,
                "unit_id": event.unit_id,
                "happened_at": event.happened_at,
                "car_time": event.car_time,
                "said_by": str(event.said_by),
                "actor": event.actor,
                "data": event.data,
            }
            for event in new
        ],
    )


@asynccontextmanager
async def log_at_rest(engine: AsyncEngine) -> AsyncIterator[None]:
    """Nobody commits an event within the block; whoever would waits for its end, so let it be short."""
    async with engine.begin() as connection:
        await connection.execute(select(func.pg_advisory_xact_lock(LOG_LOCK)))
        yield


_note_id = case((events.c.kind == "note_added", cast(events.c.data["note_id"].astext, Uuid)))
_with_unit_name = (
    select(events, units.c.name.label("unit_name"), incident_notes.c.text.label("note_text"))
    .outerjoin(units, units.c.unit_id == events.c.unit_id)
    .outerjoin(incident_notes, incident_notes.c.note_id == _note_id)
)
"""With what the log only names: the call sign, and a note's words, which live where retention can reach them."""


def select_lines() -> Select[Any]:
    """Lines of the log as all queries here give them."""
    return _with_unit_name


async def events_after(connection: AsyncConnection, event_id: int, limit: int) -> Sequence[AnyRow]:
    """The events that follow `event_id`, oldest first."""
    query = _with_unit_name.where(events.c.event_id > event_id).order_by(events.c.event_id).limit(limit)
    return (await connection.execute(query)).all()


async def last_event_id(connection: AsyncConnection) -> int:
    """The newest id, 0 in an empty log."""
    newest: int | None = await connection.scalar(select(func.max(events.c.event_id)))
    return newest or 0


async def timeline(connection: AsyncConnection, incident_id: UUID) -> Sequence[AnyRow]:
    """All that happened to one incident, in the order in which it was recorded."""
    query = _with_unit_name.where(events.c.incident_id == incident_id).order_by(events.c.event_id)
    return (await connection.execute(query)).all()


async def noted_links(connection: AsyncConnection, unit_ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Which of these cars' links were up when it was last noted; without those of which nothing was."""
    last = (
        select(events.c.kind)
        .where(events.c.unit_id == units.c.unit_id, events.c.kind.in_(("unit_connected", "unit_disconnected")))
        .order_by(events.c.event_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(units.c.unit_id, last.label("kind")).where(units.c.unit_id.in_(list(unit_ids)))
    rows = await connection.execute(query)
    return {row.unit_id: row.kind == "unit_connected" for row in rows if row.kind is not None}


async def button_arrivals(connection: AsyncConnection, incident_id: UUID, assignment_id: UUID) -> list[datetime]:
    """When the crew pressed "on scene", by the time that counts. The incident is what the index goes by."""
    query = select(events.c.happened_at).where(
        events.c.incident_id == incident_id,
        events.c.assignment_id == assignment_id,
        events.c.kind == "unit_on_scene",
        events.c.said_by == "button",
        events.c.happened_at.is_not(None),
    )
    return list((await connection.execute(query)).scalars())
