"""Sheets of days: made, kept, read; and which days have to be made again."""

from __future__ import annotations

import hashlib
from asyncio import to_thread
from collections.abc import Sequence, Set
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import Date, DateTime, and_, cast, delete, exists, func, select, text, union, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi import local_day
from dispatch.domain.kpi_columns import LAYOUT, NAMED, Sheet, amended, sheet_of
from dispatch.store.kpi_lines import Placed, lines_of_days, on_days, placed_lines_of
from dispatch.store.kpi_stale import hold_sheets
from dispatch.store.kpi_tables import kpi_progress, kpi_sheets, kpi_stale_days
from dispatch.store.log import last_event_id
from dispatch.store.rows import AnyRow
from dispatch.store.tables import events, incidents

DAYS_AT_ONCE: Final = 400
DAYS_COUNTED: Final = 20
INCIDENTS_AT_ONCE: Final = 2000
AMENDED_AT_ONCE: Final = 300
_LAYOUT: Final = hashlib.sha256(repr(LAYOUT.descr).encode()).hexdigest()[:16]
_of_another_layout: Final = select(kpi_sheets.c.day).where(kpi_sheets.c.layout != _LAYOUT)
_seen = select(kpi_progress.c.event_id).scalar_subquery()
# By their order, that the planner go by id from where the log was read; what is of no incident changes no sheet.
_unread = select(events.c.event_id).where(events.c.event_id > _seen, events.c.incident_id.is_not(None))
_FRESH: Final = select(
    and_(
        _seen.is_not(None),
        _unread.order_by(events.c.event_id).limit(1).scalar_subquery().is_(None),
        ~exists(select(kpi_stale_days.c.day)),
        ~exists(_of_another_layout),
    )
)
_DAY: Final = cast(func.timezone("Asia/Taipei", incidents.c.received_at), Date)


async def note_changes(connection: AsyncConnection, now: datetime) -> None:
    """Reads the log on from where it was read, and amends the sheets of the few incidents that it tells of.

    Where it tells of many, their days are stale; before the first time, and where columns have changed, all days are.
    In one transaction with the lock.
    """
    await hold_sheets(connection)
    seen = await connection.scalar(select(kpi_progress.c.event_id))
    newest = await last_event_id(connection)
    if seen is None:
        await _mark(connection, select(_DAY).distinct())
        await connection.execute(insert(kpi_progress).values(only=1, event_id=newest, version=0))
    elif seen < newest:
        await _note(connection, seen, newest, now)
        await connection.execute(update(kpi_progress).values(event_id=newest))
    await _mark(connection, _of_another_layout)


async def _note(connection: AsyncConnection, seen: int, newest: int, now: datetime) -> None:
    news = (events.c.event_id > seen, events.c.event_id <= newest)
    told = select(events.c.incident_id).where(*news, events.c.incident_id.is_not(None))
    into = select(incidents.c.merged_into).where(
        incidents.c.incident_id.in_(told), incidents.c.merged_into.is_not(None)
    )
    both = union(told, into)
    ids = list((await connection.execute(both.limit(AMENDED_AT_ONCE + 1))).scalars())
    # A call that was merged into a later one takes it along to its own day: from the day on which it stood.
    before = cast(events.c.data["received_at_before"].astext, DateTime(timezone=True))
    left = select(cast(func.timezone("Asia/Taipei", before), Date)).where(
        *news, events.c.data.has_key("received_at_before")
    )
    if len(ids) > AMENDED_AT_ONCE:
        await _mark(connection, union(left, select(_DAY).where(incidents.c.incident_id.in_(both))))
    elif ids:
        await _amend(connection, ids, set((await connection.execute(left)).scalars()), now)


async def _amend(connection: AsyncConnection, ids: Sequence[UUID], left: Set[date], now: datetime) -> None:
    """Sheets of the days that these incidents are of, or have left; a day without one of this layout is stale."""
    lines: dict[date, list[Placed]] = {day: [] for day in left}
    for line, station in await placed_lines_of(connection, ids):
        lines.setdefault(local_day(line.recorded.received_at), []).append((line, station))
    days = tuple(lines)
    rows = await connection.execute(
        select(kpi_sheets).where(kpi_sheets.c.day.in_(days), kpi_sheets.c.layout == _LAYOUT)
    )
    sheets = {row.day: _sheet(row) for row in rows}
    if stale := [{"day": day} for day in days if day not in sheets]:
        await connection.execute(insert(kpi_stale_days).on_conflict_do_nothing(), stale)
    gone = set(ids)
    for day, sheet in sheets.items():
        await _keep(connection, day, amended(sheet, gone, _sheet_of(lines[day])), now)


def _sheet_of(placed: Sequence[Placed]) -> Sheet:
    return sheet_of([line for line, _ in placed], [station for _, station in placed])


async def _mark(connection: AsyncConnection, days: Any) -> None:
    await connection.execute(insert(kpi_stale_days).from_select(["day"], days).on_conflict_do_nothing())


async def make_stale(connection: AsyncConnection, now: datetime) -> list[date]:
    """Makes the sheets of some stale days, the newest first; which. In one transaction with the lock.

    As many days as hold a second's work or two, for others may wait for the lock, and many small ones cost one look.
    """
    await hold_sheets(connection)
    # A few thousand of millions, again and again: by index, and without processes that are started for each query.
    await connection.execute(text("SET LOCAL random_page_cost = 1.1"))
    await connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
    query = select(kpi_stale_days.c.day).order_by(kpi_stale_days.c.day.desc()).limit(DAYS_AT_ONCE)
    stale = list((await connection.execute(query)).scalars())
    if not stale:
        return []
    counts: dict[date, int] = {}
    for begin in range(0, len(stale), DAYS_COUNTED):
        counts |= await _counts(connection, stale[begin : begin + DAYS_COUNTED])
        if sum(counts.values()) >= INCIDENTS_AT_ONCE:
            break
    so_far = accumulate(counts.get(day, 0) for day in stale)
    days = [
        day for place, (day, n) in enumerate(zip(stale, so_far, strict=True)) if n <= INCIDENTS_AT_ONCE or not place
    ]
    sheets: dict[date, list[Placed]] = {day: [] for day in days}
    for line, station in await lines_of_days(connection, [day for day in days if day in counts]):
        sheets[local_day(line.recorded.received_at)].append((line, station))
    for day, found in sheets.items():
        await _keep(connection, day, await to_thread(_sheet_of, found), now)
    await connection.execute(delete(kpi_stale_days).where(kpi_stale_days.c.day.in_(days)))
    return days


async def _counts(connection: AsyncConnection, days: Sequence[date]) -> dict[date, int]:
    """Incidents of each of these days, without days that have none."""
    query = select(_DAY, func.count()).where(on_days(days)).group_by(_DAY)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def _keep(connection: AsyncConnection, day: date, sheet: Sheet, now: datetime) -> None:
    """A day that has no incident any more keeps an empty sheet: whoever holds the old one must hear of it."""
    raised = update(kpi_progress).values(version=kpi_progress.c.version + 1).returning(kpi_progress.c.version)
    values = {
        "version": await connection.scalar(raised),
        "layout": _LAYOUT,
        "incidents": len(sheet.rows),
        "rows": sheet.rows.tobytes(),
        "made_at": now,
        **{f"{name}s": [None if one is None else str(one) for one in sheet.names(name)] for name in NAMED},
    }
    statement = insert(kpi_sheets).values(day=day, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=[kpi_sheets.c.day], set_=values))


async def months_after(connection: AsyncConnection, version: int) -> Sequence[date]:
    """First days of the months that have sheets newer than this version."""
    month = cast(func.date_trunc("month", kpi_sheets.c.day), Date)
    newer = (kpi_sheets.c.version > version, kpi_sheets.c.layout == _LAYOUT)
    return list((await connection.execute(select(month).where(*newer).distinct().order_by(month))).scalars())


async def sheets_of_month(connection: AsyncConnection, first: date) -> list[Sheet]:
    """All sheets of a month, by day."""
    days = (kpi_sheets.c.day >= first, kpi_sheets.c.day < (first + timedelta(days=31)).replace(day=1))
    query = select(kpi_sheets).where(*days, kpi_sheets.c.layout == _LAYOUT).order_by(kpi_sheets.c.day)
    return [_sheet(row) for row in await connection.execute(query)]


def _sheet(row: AnyRow) -> Sheet:
    return Sheet(np.frombuffer(row.rows, LAYOUT), **{f"{kind}s": tuple(getattr(row, f"{kind}s")) for kind in NAMED})


async def is_fresh(connection: AsyncConnection) -> bool:
    """Do the sheets hold every event of an incident that is seen here, and every day, in columns of this release?"""
    return bool(await connection.scalar(_FRESH))


async def sheets_version(connection: AsyncConnection) -> int:
    """Rises with each sheet that is kept; lower than it was where the database is an older copy."""
    return int(await connection.scalar(select(kpi_progress.c.version)) or 0)
