"""Reads what the pictures of a past period are made of, all of it from one snapshot of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.past import Members, unit_members
from dispatch.domain.past_rows import Overwritten
from dispatch.store import past as store
from dispatch.store import standby, views
from dispatch.store.past_kept import overwritten_of
from dispatch.store.rows import AnyRow
from dispatch.store.standby_tables import standby_suggestions
from dispatch.store.tables import alarms, vehicles


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows by id as they are now, and the lines of the log."""

    start: datetime
    end: datetime
    lines: store.Lines
    units: Mapping[UUID, AnyRow]
    added_at: Mapping[UUID, datetime]
    incidents: Mapping[UUID, AnyRow]
    numbers: Mapping[UUID, str]
    """Of every incident that a line or an alarm names."""
    assignments: Mapping[UUID, AnyRow]
    alarms: Mapping[UUID, AnyRow]
    suggestions: Mapping[UUID, AnyRow]
    stations: Mapping[UUID, tuple[str, str | None]]
    overwritten: Mapping[UUID, Sequence[Overwritten]]
    before_next_changes: Mapping[UUID, Members]
    decisions: Sequence[AnyRow]


async def read_kept(connection: AsyncConnection, start: datetime, end: datetime) -> Kept:
    """For the period [start, end) of the server's clock."""
    ids = await store.incident_ids(connection, start, end)
    raised = await _alarm_rows(connection, start, end)
    standing_since = min((row.raised_at for row in raised.values() if row.raised_at < start), default=None)
    lines = await store.lines(connection, start, end, ids, standing_since)
    subjects = [*ids, *raised]
    named = {row.incident_id for row in (*lines.before, *lines.within, *raised.values()) if row.incident_id}
    return Kept(
        start=start,
        end=end,
        lines=lines,
        units={row.unit_id: row for row in await views.unit_rows(connection)},
        added_at={row.unit_id: row.added_at for row in await connection.execute(_ADDED)},
        incidents={row.incident_id: row for row in await views.incident_rows(connection, ids)},
        numbers=await store.incident_numbers(connection, named),
        assignments={row.assignment_id: row for row in await views.assignment_rows(connection, ids)},
        alarms=raised,
        suggestions=await _suggestion_rows(connection, start, end),
        stations=await store.station_names(connection),
        overwritten=await overwritten_of(connection, subjects, start),
        before_next_changes=_before(lines.next_unit_changes),
        decisions=await store.decisions_in(connection, start, end, ids),
    )


_ADDED = select(vehicles.c.unit_id, vehicles.c.added_at)


async def _alarm_rows(connection: AsyncConnection, start: datetime, end: datetime) -> dict[UUID, AnyRow]:
    """Those that were up at some moment of the period."""
    stood = or_(alarms.c.resolved_at.is_(None), alarms.c.resolved_at >= start - store.MARGIN)
    ids = (await connection.execute(select(alarms.c.alarm_id).where(alarms.c.raised_at < end, stood))).scalars()
    return {row.alarm_id: row for row in await views.alarm_rows(connection, alarm_ids=list(ids), limit=None)}


async def _suggestion_rows(connection: AsyncConnection, start: datetime, end: datetime) -> dict[UUID, AnyRow]:
    table = standby_suggestions
    stood = or_(table.c.ended_at.is_(None), table.c.ended_at >= start - store.MARGIN)
    ids = list((await connection.execute(select(table.c.suggestion_id).where(table.c.made_at < end, stood))).scalars())
    rows = await standby.suggestion_rows(connection, suggestion_ids=ids, limit=len(ids))
    return {row.suggestion_id: row for row in rows}


def _before(changes: Sequence[AnyRow]) -> dict[UUID, Members]:
    """What each unit's members were before their next changes; `changes` in the order of the log."""
    found: defaultdict[UUID, Members] = defaultdict(dict)
    for row in changes:
        found[row.unit_id] = unit_members(row.data.get("before", {})) | found[row.unit_id]
    return found
