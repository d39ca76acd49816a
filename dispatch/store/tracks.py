"""Past positions: what the GPS witness and the track of a unit are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, extract, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, incidents, units, vehicles
from gateway.store import fixes

THINNED_S: Final = 4


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


async def tracks_on_the_move(connection: AsyncConnection, since: datetime) -> Sequence[AnyRow]:
    """Fixes since then of units on patrol or under way, by unit and time, with the unit's type and scene.

    One each 4 s at most: enough to tell crawling from driving, and a quarter of the rows of a fleet at one a second.

    None of a unit that is on scene or out of service: it stands for reasons of its own. A track begins after the
    unit's last step, so that the time before it, on a scene or at the station, is no jam.
    """
    slot = func.floor(extract("epoch", fixes.c.fixed_at) / THINNED_S)
    past = assignments.alias("past")
    last_end = select(func.max(past.c.ended_at)).where(past.c.unit_id == units.c.unit_id)
    last_end = last_end.correlate(units)
    started = func.coalesce(assignments.c.en_route_at, last_end.scalar_subquery(), since)
    query = (
        select(
            fixes.c.unit_id,
            fixes.c.fixed_at,
            fixes.c.lat,
            fixes.c.lon,
            vehicles.c.type,
            incidents.c.lat.label("scene_lat"),
            incidents.c.lon.label("scene_lon"),
        )
        .select_from(fixes)
        .join(units, units.c.unit_id == fixes.c.unit_id)
        .outerjoin(vehicles, vehicles.c.unit_id == units.c.unit_id)
        .outerjoin(assignments, and_(assignments.c.unit_id == units.c.unit_id, assignments.c.ended_at.is_(None)))
        .outerjoin(incidents, incidents.c.incident_id == assignments.c.incident_id)
        .where(
            fixes.c.fixed_at >= since,
            fixes.c.fixed_at >= started,
            or_(
                assignments.c.state.in_(("dispatched", "acknowledged", "en_route")),
                and_(assignments.c.assignment_id.is_(None), units.c.available),
            ),
        )
        .ext(distinct_on(fixes.c.unit_id, slot))
        .order_by(fixes.c.unit_id, slot, fixes.c.fixed_at)
    )
    return (await connection.execute(query)).all()
