"""What a report tells beside its figures: the bureau's name, up to when its record goes, where the record begins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy import Date, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.import_tables import imports
from dispatch.store.kpi_tables import kpi_sheets, kpi_targets
from dispatch.store.tables import bureaus, events, incidents

AT_MOST: Final = "10min"
COUNTING: Final = (
    "incident_created",
    "incident_changed",
    "incident_closed",
    "incident_cancelled",
    "incident_merged",
    "incident_reviewed",
    "unit_dispatched",
    "unit_acknowledged",
    "unit_en_route",
    "unit_on_scene",
    "unit_cleared",
    "unit_declined",
    "arrival_marked_for_review",
    "assignment_ended",
    "nobody_available",
)
"""Events from which figures follow; a note or a recording changes none."""


async def take_time(connection: AsyncConnection) -> None:
    """A question about a year may take longer than one of the dispatcher's; until the transaction ends."""
    await connection.execute(text(f"SET LOCAL statement_timeout = '{AT_MOST}'"))


async def bureau_name(connection: AsyncConnection) -> str | None:
    """What the bureau is called; None where only its code is known."""
    found: str | None = await connection.scalar(select(bureaus.c.name).limit(1))
    return found


async def first_call_at(connection: AsyncConnection) -> datetime | None:
    """When the oldest call on record was received."""
    found: datetime | None = await connection.scalar(select(func.min(incidents.c.received_at)))
    return found


async def newest_word_at(connection: AsyncConnection, start: datetime, end: datetime) -> datetime | None:
    """When the newest event or import that counts came in, of calls received in [start, end); to the second."""
    received = (incidents.c.received_at >= start, incidents.c.received_at < end)
    told = (
        select(func.max(events.c.recorded_at))
        .join(incidents, incidents.c.incident_id == events.c.incident_id)
        .where(*received, events.c.kind.in_(COUNTING))
    )
    taken = (
        select(func.max(imports.c.imported_at))
        .join(incidents, incidents.c.import_id == imports.c.import_id)
        .where(*received)
    )
    found = [at for query in (told, taken) if (at := await connection.scalar(query)) is not None]
    return max(found).replace(microsecond=0) if found else None


async def sheets_made_at(connection: AsyncConnection) -> Mapping[date, datetime]:
    """By month, its first day, when the newest sheet of one of its days was made."""
    month = cast(func.date_trunc("month", kpi_sheets.c.day), Date)
    rows = await connection.execute(select(month, func.max(kpi_sheets.c.made_at)).group_by(month))
    return {row[0]: row[1] for row in rows}


async def targets_set_at(connection: AsyncConnection) -> Mapping[int, datetime]:
    """By year when its target was last set or taken back."""
    query = select(kpi_targets.c.year, func.max(kpi_targets.c.set_at)).group_by(kpi_targets.c.year)
    return {row[0]: row[1] for row in await connection.execute(query)}
