"""What the fleet drove under way to incidents: which drives there were, and their fixes. For calibration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, Text, extract, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, incidents, vehicles
from gateway.store import fixes

THINNED_S: Final = 2
ACCURACY_MAX_M: Final = 30.0
SHORTEST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(hours=1)
"""Whoever is under way for longer has forgotten a button."""

ORDER_BEFORE: Final = timedelta(days=1)
"""Whoever sets out later than that after the order has forgotten a button as well."""

_ENDED_AT = func.coalesce(assignments.c.on_scene_at, assignments.c.ended_at)


async def drives(connection: AsyncConnection, start: datetime, end: datetime, limit: int) -> Sequence[AnyRow]:
    """Drives that began in [start, end), from en route to the scene or to where they were called off, in order of time.

    Of more than `limit`, as many, chosen by chance, but always the same. A unit's vehicle is the one that it has now.
    """
    rows = (await connection.execute(drives_between(start, end, limit))).all()
    return sorted(rows, key=lambda row: (row.began_at, row.assignment_id))


def drives_between(start: datetime, end: datetime, limit: int) -> Select[Any]:
    """The question for them. By the order's time as well, of which there is an index."""
    return (
        select(
            assignments.c.assignment_id,
            assignments.c.unit_id,
            assignments.c.en_route_at.label("began_at"),
            _ENDED_AT.label("ended_at"),
            incidents.c.priority,
            vehicles.c.type,
        )
        .join(incidents, incidents.c.incident_id == assignments.c.incident_id)
        .outerjoin(vehicles, vehicles.c.unit_id == assignments.c.unit_id)
        .where(
            assignments.c.import_line.is_(None),
            assignments.c.en_route_at >= start,
            assignments.c.en_route_at < end,
            assignments.c.dispatched_at.between(start - ORDER_BEFORE, end),
            (_ENDED_AT - assignments.c.en_route_at).between(SHORTEST, LONGEST),
        )
        .order_by(func.md5(assignments.c.assignment_id.cast(Text)))
        .limit(limit)
    )


async def fixes_of(connection: AsyncConnection, some: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """The good fixes of these drives, one each 2 s at most, by drive and time; for some hundreds of drives at once.

    The same question has the same answer, also where two receivers of a unit speak of one moment.
    """
    slot = func.floor(extract("epoch", fixes.c.fixed_at) / THINNED_S)
    query = (
        select(assignments.c.assignment_id, fixes.c.fixed_at, fixes.c.lat, fixes.c.lon)
        .select_from(assignments)
        .join(fixes, fixes.c.unit_id == assignments.c.unit_id)
        .where(
            assignments.c.assignment_id.in_([row.assignment_id for row in some]),
            fixes.c.fixed_at.between(assignments.c.en_route_at, _ENDED_AT),
            # said again as constants: of a year of daily partitions only those of these days are opened
            fixes.c.fixed_at >= min(row.began_at for row in some),
            fixes.c.fixed_at <= max(row.ended_at for row in some),
            or_(fixes.c.accuracy_m.is_(None), fixes.c.accuracy_m <= ACCURACY_MAX_M),
        )
        .ext(distinct_on(assignments.c.assignment_id, slot))
        .order_by(assignments.c.assignment_id, slot, fixes.c.fixed_at, fixes.c.boot, fixes.c.seq)
    )
    return (await connection.execute(query)).all()
