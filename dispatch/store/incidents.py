"""Incidents: rows in, domain objects out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.geometry import Position
from dispatch.domain.incident import AccidentClass, Category, Incident, IncidentState, Priority
from dispatch.domain.refusals import NotFound
from dispatch.store.rows import AnyRow
from dispatch.store.tables import idempotency_keys, incident_numbers, incidents


def incident_of(row: AnyRow) -> Incident:
    """The domain's view of a row of `incidents`."""
    return Incident(
        incident_id=row.incident_id,
        number=row.number,
        category=Category(row.category),
        priority=Priority(row.priority),
        accident_class=AccidentClass(row.accident_class) if row.accident_class else None,
        known_place=None if row.lat is None else Position(row.lat, row.lon),
        address=row.address,
        description=row.description,
        received_at=row.received_at,
        state=IncidentState(row.state),
        version=row.version,
    )


async def next_number(connection: AsyncConnection, day: date) -> str:
    """The next incident number of a day of Asia/Taipei: YYYYMMDD-NNNN."""
    statement = pg_insert(incident_numbers).values(day=day, last=1)
    statement = statement.on_conflict_do_update(
        index_elements=[incident_numbers.c.day], set_={"last": incident_numbers.c.last + 1}
    )
    last = (await connection.execute(statement.returning(incident_numbers.c.last))).scalar_one()
    return f"{day:%Y%m%d}-{last:04d}"


async def add_incident(connection: AsyncConnection, **values: Any) -> Incident:
    """A new row; `values` are its columns."""
    row = (await connection.execute(insert(incidents).values(**values).returning(incidents))).one()
    return incident_of(row)


async def find_incident(connection: AsyncConnection, incident_id: UUID, *, lock: bool = False) -> Incident:
    """The incident as it stands. Raises NotFound."""
    query = select(incidents).where(incidents.c.incident_id == incident_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no incident {incident_id}.", member="incident_id")
    return incident_of(row)


async def lock_incident(connection: AsyncConnection, incident_id: UUID) -> Incident:
    """The incident, held against other commands until the transaction ends. Raises NotFound."""
    return await find_incident(connection, incident_id, lock=True)


async def change_incident(connection: AsyncConnection, incident_id: UUID, **values: Any) -> Incident:
    """Sets columns and raises the version."""
    statement = (
        update(incidents)
        .where(incidents.c.incident_id == incident_id)
        .values(version=incidents.c.version + 1, **values)
        .returning(incidents)
    )
    return incident_of((await connection.execute(statement)).one())


async def end_incident(
    connection: AsyncConnection, incident_id: UUID, state: IncidentState, ended_at: datetime, **values: Any
) -> Incident:
    """Closed, cancelled or merged."""
    return await change_incident(connection, incident_id, state=str(state), ended_at=ended_at, **values)


async def carry_on_merged(connection: AsyncConnection, incident_id: UUID, into: UUID) -> None:
    """What was merged into an incident that is now merged itself belongs to where that one goes."""
    statement = update(incidents).where(incidents.c.merged_into == incident_id).values(merged_into=into)
    await connection.execute(statement)


async def calls_merged_into(connection: AsyncConnection, incident_id: UUID) -> Sequence[AnyRow]:
    """The calls that were merged into an incident, the earliest first."""
    query = select(incidents).where(incidents.c.merged_into == incident_id)
    return (await connection.execute(query.order_by(incidents.c.received_at, incidents.c.number))).all()


async def open_incidents(connection: AsyncConnection) -> Sequence[AnyRow]:
    """All open incidents, most urgent first. Not locked: who acts on one locks it and looks again."""
    query = select(incidents).where(incidents.c.state == "open")
    query = query.order_by(incidents.c.priority, incidents.c.received_at, incidents.c.number)
    return (await connection.execute(query)).all()


async def incident_of_key(connection: AsyncConnection, user_id: UUID, key: str) -> UUID | None:
    """The incident that this user's idempotency key made, if it did."""
    query = select(idempotency_keys.c.incident_id).where(
        idempotency_keys.c.user_id == user_id, idempotency_keys.c.key == key
    )
    return (await connection.execute(query)).scalar_one_or_none()


async def keep_key(connection: AsyncConnection, user_id: UUID, key: str, incident_id: UUID) -> None:
    """Raises IntegrityError where another request with the same key was faster."""
    await connection.execute(insert(idempotency_keys).values(user_id=user_id, key=key, incident_id=incident_id))


async def note_seen(connection: AsyncConnection, incident_id: UUID, at: datetime, by: str) -> bool:
    """Who opened it first; False where somebody had. It is no change of the incident: the version stays."""
    statement = (
        update(incidents)
        .where(incidents.c.incident_id == incident_id, incidents.c.seen_at.is_(None))
        .values(seen_at=at, seen_by=by)
        .returning(incidents.c.incident_id)
    )
    return (await connection.execute(statement)).first() is not None
