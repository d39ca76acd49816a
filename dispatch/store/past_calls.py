"""Past calls of a period, for the simulator: when, where, what, and how long the first unit there was at work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, incidents

WAS_A_CALL: Final = or_(incidents.c.exclusion.is_(None), incidents.c.exclusion == "cancelled")
"""Not excluded as none: one that was cancelled is to be expected again, wherever that is written down."""


async def past_calls(connection: AsyncConnection, begin: datetime, end: datetime) -> Sequence[AnyRow]:
    """Incidents received from `begin` to before `end` that somebody rang for, in order of receipt.

    Left out: what was merged into another one, what the ten-minute clock excludes as no call, and imported calls whose
    place no file said. Columns: received_at, lat, lon, category, priority, accident_class; on_scene_at and cleared_at
    of the first unit there, or null.
    """
    first = (
        select(assignments.c.incident_id, assignments.c.on_scene_at, assignments.c.cleared_at)
        .where(assignments.c.on_scene_at.is_not(None))
        .ext(distinct_on(assignments.c.incident_id))
        .order_by(assignments.c.incident_id, assignments.c.on_scene_at)
        .subquery()
    )
    query = (
        select(
            incidents.c.received_at,
            incidents.c.lat,
            incidents.c.lon,
            incidents.c.category,
            incidents.c.priority,
            incidents.c.accident_class,
            first.c.on_scene_at,
            first.c.cleared_at,
        )
        .outerjoin(first, first.c.incident_id == incidents.c.incident_id)
        .where(_rang(begin, end))
        .order_by(incidents.c.received_at, incidents.c.incident_id)
    )
    return (await connection.execute(query)).all()


async def count_past_calls(connection: AsyncConnection, begin: datetime, end: datetime) -> int:
    """How many of them there are."""
    return await connection.scalar(select(func.count()).where(_rang(begin, end))) or 0


async def span_of_past_calls(connection: AsyncConnection) -> AnyRow:
    """All of them: `first` and `last` received (null where there are none), and their `count`."""
    received = incidents.c.received_at
    query = select(func.min(received).label("first"), func.max(received).label("last"), func.count().label("calls"))
    found: AnyRow = (await connection.execute(query.where(_CALLS))).one()
    return found


_CALLS: ColumnElement[bool] = and_(incidents.c.state != "merged", WAS_A_CALL, incidents.c.lat.is_not(None))


def _rang(begin: datetime, end: datetime) -> Any:
    return and_(incidents.c.received_at >= begin, incidents.c.received_at < end, _CALLS)
