"""Alarms: raised once, shown until somebody resolves them by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.geometry import Position
from dispatch.domain.refusals import NotFound
from dispatch.store.rows import AnyRow
from dispatch.store.tables import alarms, assignments, incidents


async def raise_alarm(
    connection: AsyncConnection,
    *,
    kind: str,
    level: str,
    raised_at: datetime,
    unit_id: UUID | None = None,
    incident_id: UUID | None = None,
    place: Position | None = None,
    data: dict[str, Any] | None = None,
) -> UUID | None:
    """A new alarm's id; None where the same alarm stands unresolved already."""
    same = select(alarms.c.alarm_id).where(
        alarms.c.kind == kind,
        alarms.c.resolved_at.is_(None),
        alarms.c.unit_id.is_not_distinct_from(unit_id),
        alarms.c.incident_id.is_not_distinct_from(incident_id),
    )
    if (await connection.execute(same)).first() is not None:
        return None
    alarm_id = uuid4()
    statement = insert(alarms).values(
        alarm_id=alarm_id,
        kind=kind,
        level=level,
        raised_at=raised_at,
        unit_id=unit_id,
        incident_id=incident_id,
        lat=place.lat if place else None,
        lon=place.lon if place else None,
        data=data or {},
    )
    made: UUID | None = await connection.scalar(statement.on_conflict_do_nothing().returning(alarms.c.alarm_id))
    return made


async def update_open_sos(
    connection: AsyncConnection, unit_id: UUID, place: Position | None, data: dict[str, Any]
) -> UUID | None:
    """A repeated SOS brings the standing alarm up to date: its place and the nearest units."""
    values: dict[str, Any] = {"data": data}
    if place is not None:
        values |= {"lat": place.lat, "lon": place.lon}
    statement = (
        update(alarms)
        .where(alarms.c.kind == "sos", alarms.c.unit_id == unit_id, alarms.c.resolved_at.is_(None))
        .values(**values)
        .returning(alarms.c.alarm_id)
    )
    standing: UUID | None = await connection.scalar(statement)
    return standing


async def units_in_sos(connection: AsyncConnection) -> list[UUID]:
    """Who has called for help, and it isn't over: nobody to be sent to another call."""
    query = select(alarms.c.unit_id).where(alarms.c.kind == "sos", alarms.c.resolved_at.is_(None))
    return list((await connection.execute(query)).scalars())


async def waiting_counts(connection: AsyncConnection) -> tuple[int, int]:
    """Open SOS; open incidents that no unit is on and none has reached."""
    sos = select(func.count()).where(alarms.c.kind == "sos", alarms.c.resolved_at.is_(None))
    served = exists().where(
        assignments.c.incident_id == incidents.c.incident_id,
        or_(assignments.c.ended_at.is_(None), assignments.c.on_scene_at.is_not(None)),
    )
    unassigned = select(func.count()).select_from(incidents).where(incidents.c.state == "open", ~served)
    return (await connection.scalar(sos)) or 0, (await connection.scalar(unassigned)) or 0


async def resolve_alarms(
    connection: AsyncConnection,
    *,
    at: datetime,
    by: str,
    kinds: tuple[str, ...],
    unit_id: UUID | None = None,
    incident_id: UUID | None = None,
) -> list[UUID]:
    """Resolves all open alarms of these kinds of a unit or an incident; the ids of those it found."""
    statement = update(alarms).where(alarms.c.kind.in_(kinds), alarms.c.resolved_at.is_(None))
    if unit_id is not None:
        statement = statement.where(alarms.c.unit_id == unit_id)
    if incident_id is not None:
        statement = statement.where(alarms.c.incident_id == incident_id)
    done = await connection.execute(statement.values(resolved_at=at, resolved_by=by).returning(alarms.c.alarm_id))
    return list(done.scalars())


async def lock_alarm(connection: AsyncConnection, alarm_id: UUID) -> AnyRow:
    """Raises NotFound."""
    row = (await connection.execute(select(alarms).where(alarms.c.alarm_id == alarm_id).with_for_update())).first()
    if row is None:
        raise NotFound(f"There is no alarm {alarm_id}.", member="alarm_id")
    return row


async def change_alarm(connection: AsyncConnection, alarm_id: UUID, **values: Any) -> None:
    """Acknowledged or resolved, by whom and when."""
    await connection.execute(update(alarms).where(alarms.c.alarm_id == alarm_id).values(**values))
