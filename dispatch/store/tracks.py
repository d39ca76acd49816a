"""Past positions: what the GPS witness and the track of a unit are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position
from dispatch.store.rows import AnyRow
from gateway.store import fixes


async def track(connection: AsyncConnection, unit_id: UUID, start: datetime, end: datetime) -> list[Fix]:
    """The unit's fixes of [start, end], oldest first by the receiver's time."""
    query = (
        select(fixes.c.fixed_at, fixes.c.lat, fixes.c.lon, fixes.c.accuracy_m, fixes.c.speed_mps, fixes.c.course_deg)
        .where(fixes.c.unit_id == unit_id, fixes.c.fixed_at.between(start, end))
        .order_by(fixes.c.fixed_at)
    )
    return [
        Fix(
            fixed_at=row.fixed_at,
            position=Position(row.lat, row.lon),
            accuracy_m=row.accuracy_m,
            speed_mps=row.speed_mps,
            course_deg=row.course_deg,
        )
        for row in await connection.execute(query)
    ]


async def track_rows(
    connection: AsyncConnection, unit_id: UUID, start: datetime, end: datetime, limit: int
) -> Sequence[AnyRow]:
    """As `track`, with the time of receipt, at most `limit` rows."""
    query = (
        select(fixes)
        .where(fixes.c.unit_id == unit_id, fixes.c.fixed_at >= start, fixes.c.fixed_at < end)
        .order_by(fixes.c.fixed_at, fixes.c.seq)
        .limit(limit)
    )
    return (await connection.execute(query)).all()
