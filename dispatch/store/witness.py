"""What came in for the GPS witness: fixes as they are received, notes of late ones, presses; and how far it has looked.

Fixes of the moment are found from the assignments of the moment. Late ones are told by the gateway's notes
(`gateway.late`), presses by the log; both lead to their assignment by an index, at any age, and to nothing where
nothing came.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.review_facts import among
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, events, incidents
from dispatch.store.witness_tables import witness_progress
from gateway.store import fixes, late_fixes, unit_positions

TRACK_BEFORE: Final = timedelta(seconds=60)
"""A track is looked at from so long before the order: was the car elsewhere?"""
NOTES_AT_ONCE: Final = 100
EVENTS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Progress:
    """Fixes received before `swept_at` (server's clock) and presses up to `event_id` have been looked at."""

    swept_at: datetime
    event_id: int


@dataclass(frozen=True, slots=True)
class News:
    """Assignments of any age of which late fixes or a press came in. `is_all`: nothing more waits behind these."""

    assignment_ids: frozenset[UUID]
    note_ids: Sequence[int]
    event_id: int
    is_all: bool


async def witness_progress_now(connection: AsyncConnection) -> Progress:
    """The one row."""
    row = (await connection.execute(select(witness_progress))).one()
    return Progress(row.swept_at, row.event_id)


async def keep_progress(connection: AsyncConnection, progress: Progress, note_ids: Collection[int]) -> None:
    """What was looked at: the next look begins behind it, whoever takes it, and these notes are done with."""
    event_id = func.greatest(witness_progress.c.event_id, progress.event_id)
    await connection.execute(update(witness_progress).values(swept_at=progress.swept_at, event_id=event_id))
    if note_ids:
        await connection.execute(delete(late_fixes).where(late_fixes.c.note_id.in_(note_ids)))


async def late_news(connection: AsyncConnection, after_event: int) -> News:
    """The oldest notes, the next events, and the assignments that they are about."""
    noted = select(late_fixes.c.note_id).order_by(late_fixes.c.note_id).limit(NOTES_AT_ONCE)
    note_ids = list((await connection.execute(noted)).scalars())
    following = select(events.c.event_id).where(events.c.event_id > after_event)
    following = following.order_by(events.c.event_id).limit(EVENTS_AT_ONCE)
    event_ids = list((await connection.execute(following)).scalars())
    last = event_ids[-1] if event_ids else after_event
    found: set[UUID] = set()
    if event_ids:
        found.update((await connection.execute(_pressed(after_event, last))).scalars())
    if note_ids:
        found.update((await connection.execute(_noted(note_ids))).scalars())
    is_all = len(note_ids) < NOTES_AT_ONCE and len(event_ids) < EVENTS_AT_ONCE
    return News(frozenset(found), note_ids, last, is_all)


async def watched_now(connection: AsyncConnection, *, ended_after: datetime, news_since: datetime) -> Sequence[AnyRow]:
    """Assignments that are active, or ended after that time, of whose time fixes were received since `news_since`.

    `lat` and `lon` are the unit's live position, `scene_lat` and `scene_lon` the place.
    """
    seen = exists().where(
        fixes.c.unit_id == assignments.c.unit_id,
        fixes.c.fixed_at >= assignments.c.dispatched_at - TRACK_BEFORE,
        or_(assignments.c.ended_at.is_(None), fixes.c.fixed_at <= assignments.c.ended_at),
        fixes.c.received_at >= news_since,
    )
    query = _watched().where(or_(assignments.c.ended_at.is_(None), assignments.c.ended_at > ended_after), seen)
    rows: Sequence[AnyRow] = (await connection.execute(query)).all()
    return rows


async def watched_of(connection: AsyncConnection, assignment_ids: Collection[UUID]) -> Sequence[AnyRow]:
    """These, as `watched_now` gives them; without those whose arrival GPS does not tell."""
    if not assignment_ids:
        return []
    query = _watched().where(among(assignments.c.assignment_id, assignment_ids))
    rows: Sequence[AnyRow] = (await connection.execute(query)).all()
    return rows


async def came_in(connection: AsyncConnection, unit_id: UUID, start: datetime, end: datetime, since: datetime) -> bool:
    """Were any of the unit's fixes of [start, end] received since then?"""
    query = exists().where(
        fixes.c.unit_id == unit_id, fixes.c.fixed_at.between(start, end), fixes.c.received_at >= since
    )
    return bool(await connection.scalar(select(query)))


async def gps_arrivals(connection: AsyncConnection, rows: Sequence[AnyRow]) -> dict[UUID, datetime]:
    """The earliest arrival that GPS has told of these assignments, where it has, by the time that counts."""
    query = (
        select(events.c.assignment_id, func.min(events.c.happened_at))
        .where(
            among(events.c.incident_id, {row.incident_id for row in rows}),
            among(events.c.assignment_id, {row.assignment_id for row in rows}),
            events.c.kind == "unit_on_scene",
            events.c.said_by == "gps",
            events.c.happened_at.is_not(None),
        )
        .group_by(events.c.assignment_id)
    )
    return {row[0]: row[1] for row in await connection.execute(query)} if rows else {}


def _watched() -> Select[Any]:
    return (
        select(
            assignments,
            incidents.c.lat.label("scene_lat"),
            incidents.c.lon.label("scene_lon"),
            unit_positions.c.lat,
            unit_positions.c.lon,
        )
        .join(incidents, incidents.c.incident_id == assignments.c.incident_id)
        .outerjoin(unit_positions, unit_positions.c.unit_id == assignments.c.unit_id)
        .where(assignments.c.state != "declined", assignments.c.import_line.is_(None))
    )


def _pressed(after_event: int, last: int) -> Select[Any]:
    return (
        select(events.c.assignment_id)
        .where(
            events.c.event_id > after_event,
            events.c.event_id <= last,
            events.c.said_by == "button",
            events.c.assignment_id.is_not(None),
        )
        .distinct()
    )


def _noted(note_ids: Sequence[int]) -> Any:
    """Two questions, that each goes by its own index: of a unit by the end, and the unit's active one."""
    of_its_time = (
        select(assignments.c.assignment_id)
        .join(late_fixes, late_fixes.c.unit_id == assignments.c.unit_id)
        .where(
            late_fixes.c.note_id.in_(note_ids),
            assignments.c.import_line.is_(None),
            assignments.c.dispatched_at <= late_fixes.c.last_fixed_at + TRACK_BEFORE,
        )
    )
    return union(
        of_its_time.where(assignments.c.ended_at >= late_fixes.c.first_fixed_at),
        of_its_time.where(assignments.c.ended_at.is_(None)),
    )
