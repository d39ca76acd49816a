"""Sheets of days: made, kept, read; and which days have to be made again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import Date, cast, delete, exists, func, select, text, union, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi import TAIPEI
from dispatch.domain.kpi_columns import LAYOUT, NAMED, Sheet, sheet_of
from dispatch.domain.kpi_line import LedgerLine
from dispatch.store.kpi_lines import lines_of_days, on_days
from dispatch.store.kpi_tables import kpi_progress, kpi_sheets, kpi_stale_days
from dispatch.store.log import last_event_id
from dispatch.store.rows import AnyRow
from dispatch.store.tables import events, incidents

SHEETS_LOCK: Final = 0x_7A_70_14
"""Advisory lock of whoever makes sheets: one server at a time, so that their versions rise in the order of commit."""
DAYS_AT_ONCE: Final = 400
INCIDENTS_AT_ONCE: Final = 2000
_LAYOUT: Final = hashlib.sha256(repr(LAYOUT.descr).encode()).hexdigest()[:16]
_DAY: Final = cast(func.timezone("Asia/Taipei", incidents.c.received_at), Date)


async def note_changes(connection: AsyncConnection) -> int:
    """Reads the log on from where it was read, marks the days of incidents that it tells of; how many are stale.

    Before the first time, and where columns have changed, all days are. Holds the lock until the transaction ends.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(SHEETS_LOCK)))
    seen = await connection.scalar(select(kpi_progress.c.event_id))
    newest = await last_event_id(connection)
    if seen is None:
        every_day = select(_DAY).distinct()
        await _mark(connection, every_day)
        await connection.execute(insert(kpi_progress).values(only=1, event_id=newest, version=0))
    elif seen < newest:
        told = select(events.c.incident_id).where(
            events.c.event_id > seen, events.c.event_id <= newest, events.c.incident_id.is_not(None)
        )
        into = select(incidents.c.merged_into).where(
            incidents.c.incident_id.in_(told), incidents.c.merged_into.is_not(None)
        )
        await _mark(connection, select(_DAY).where(incidents.c.incident_id.in_(union(told, into))).distinct())
        await connection.execute(update(kpi_progress).values(event_id=newest))
    await _mark(connection, select(kpi_sheets.c.day).where(kpi_sheets.c.layout != _LAYOUT))
    return int(await connection.scalar(select(func.count()).select_from(kpi_stale_days)) or 0)


async def _mark(connection: AsyncConnection, days: Any) -> None:
    await connection.execute(insert(kpi_stale_days).from_select(["day"], days).on_conflict_do_nothing())


async def make_stale(connection: AsyncConnection, now: datetime) -> list[date]:
    """Makes the sheets of some stale days, the newest first; which. In one transaction with the lock.

    As many days as hold a second's work or two, for others may wait for the lock, and many small ones cost one look.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(SHEETS_LOCK)))
    # A few thousand of millions, again and again: by index, and without processes that are started for each query.
    await connection.execute(text("SET LOCAL random_page_cost = 1.1"))
    await connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
    query = select(kpi_stale_days.c.day).order_by(kpi_stale_days.c.day.desc()).limit(DAYS_AT_ONCE)
    stale = list((await connection.execute(query)).scalars())
    if not stale:
        return []
    counts = await _counts(connection, stale)
    so_far = accumulate(counts.get(day, 0) for day in stale)
    days = [
        day for place, (day, n) in enumerate(zip(stale, so_far, strict=True)) if n <= INCIDENTS_AT_ONCE or not place
    ]
    sheets: dict[date, list[tuple[LedgerLine, UUID | None]]] = {day: [] for day in days}
    for line, station in await lines_of_days(connection, [day for day in days if day in counts]):
        sheets[line.recorded.received_at.astimezone(TAIPEI).date()].append((line, station))
    for day, found in sheets.items():
        await _keep(connection, day, sheet_of([line for line, _ in found], [station for _, station in found]), now)
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


async def months_after(connection: AsyncConnection, version: int) -> tuple[list[date], int]:
    """(first days of the months that have sheets newer than this version, the newest version)."""
    month = cast(func.date_trunc("month", kpi_sheets.c.day), Date)
    newer = (kpi_sheets.c.version > version, kpi_sheets.c.layout == _LAYOUT)
    query = select(month, func.max(kpi_sheets.c.version)).where(*newer).group_by(month).order_by(month)
    rows = (await connection.execute(query)).all()
    return [row[0] for row in rows], max((row[1] for row in rows), default=version)


async def sheets_of_month(connection: AsyncConnection, first: date) -> list[Sheet]:
    """All sheets of a month, by day."""
    days = (kpi_sheets.c.day >= first, kpi_sheets.c.day < (first + timedelta(days=31)).replace(day=1))
    query = select(kpi_sheets).where(*days, kpi_sheets.c.layout == _LAYOUT).order_by(kpi_sheets.c.day)
    return [_sheet(row) for row in await connection.execute(query)]


def _sheet(row: AnyRow) -> Sheet:
    names: Sequence[tuple[Any, ...]] = [tuple(getattr(row, f"{name}s")) for name in NAMED]
    return Sheet(np.frombuffer(row.rows, LAYOUT), *names)


async def is_stale(connection: AsyncConnection) -> bool:
    """Is there anything that the sheets don't hold yet?"""
    seen = await connection.scalar(select(kpi_progress.c.event_id))
    if seen is None or seen < await last_event_id(connection):
        return True
    return bool(await connection.scalar(select(exists(select(kpi_stale_days.c.day)))))
