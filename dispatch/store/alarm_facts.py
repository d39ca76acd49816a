"""What the alarm watchers look at: units at work with links and positions, cameras, and how alarms ended before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import and_, case, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.signs_of_life import heard_at, link_is_lost
from dispatch.store.tables import alarms, assignments, camera_states, incidents
from gateway.store import car_links, unit_positions


async def units_at_work(connection: AsyncConnection) -> Sequence[AnyRow]:
    """Active assignments of open incidents: the step, the scene, the unit's newest position, and how it can be reached:
    `link_is_up`; `down_at`, when its link went down, where nothing spoke for it since; `heard_at`, the newest sign of
    life by any way (null: none ever)."""
    query = (
        select(
            assignments.c.assignment_id,
            assignments.c.unit_id,
            assignments.c.incident_id,
            assignments.c.state,
            func.coalesce(assignments.c.en_route_at, assignments.c.on_scene_at, assignments.c.dispatched_at).label(
                "under_way_at"
            ),
            assignments.c.on_scene_at,
            incidents.c.number,
            incidents.c.priority,
            incidents.c.lat.label("scene_lat"),
            incidents.c.lon.label("scene_lon"),
            unit_positions.c.lat,
            unit_positions.c.lon,
            unit_positions.c.fixed_at,
            unit_positions.c.accuracy_m,
            and_(car_links.c.unit_id.is_not(None), car_links.c.disconnected_at.is_(None)).label("link_is_up"),
            case((link_is_lost(assignments.c.unit_id), car_links.c.disconnected_at)).label("down_at"),
            heard_at(assignments.c.unit_id).label("heard_at"),
            assignments.c.dispatched_at,
        )
        .join(incidents, incidents.c.incident_id == assignments.c.incident_id)
        .outerjoin(unit_positions, unit_positions.c.unit_id == assignments.c.unit_id)
        .outerjoin(car_links, car_links.c.unit_id == assignments.c.unit_id)
        .where(assignments.c.ended_at.is_(None), incidents.c.state == "open")
    )
    return (await connection.execute(query)).all()


async def cameras_of(connection: AsyncConnection, unit_ids: Collection[UUID]) -> Sequence[AnyRow]:
    """The newest state of each camera of these units."""
    query = select(camera_states).where(camera_states.c.unit_id.in_(list(unit_ids)))
    return (await connection.execute(query)).all()


async def standing_alarms(connection: AsyncConnection, kinds: Collection[str]) -> Sequence[AnyRow]:
    """Unresolved alarms of these kinds."""
    query = select(alarms).where(alarms.c.kind.in_(list(kinds)), alarms.c.resolved_at.is_(None))
    return (await connection.execute(query)).all()


async def dismissed_alarms(connection: AsyncConnection, kinds: Collection[str], server: str) -> Sequence[AnyRow]:
    """Of each matter about an open incident the newest alarm, where a person resolved it."""
    matter = (alarms.c.kind, alarms.c.unit_id, alarms.c.incident_id)
    query = (
        select(alarms)
        .join(incidents, incidents.c.incident_id == alarms.c.incident_id)
        .where(alarms.c.kind.in_(list(kinds)), incidents.c.state == "open")
        .ext(distinct_on(*matter))
        .order_by(*matter, alarms.c.raised_at.desc())
    )
    rows = (await connection.execute(query)).all()
    return [row for row in rows if row.resolved_at is not None and row.resolved_by != server]
