"""Reads and writes who is on which unit with a page of the browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.officer_tables import officer_duties
from dispatch.store.rows import AnyRow
from dispatch.store.tables import units, users
from gateway.store import devices

_duty = (
    select(
        officer_duties,
        users.c.username,
        units.c.name.label("unit_name"),
        devices.c.device_id,
    )
    .join(users, users.c.user_id == officer_duties.c.user_id)
    .join(units, units.c.unit_id == officer_duties.c.unit_id)
    .outerjoin(devices, devices.c.unit_id == officer_duties.c.unit_id)
)


async def units_and_holders(connection: AsyncConnection) -> Sequence[AnyRow]:
    """All units by call sign, each with the officer who is on it, if any."""
    query = (
        select(units.c.unit_id, units.c.name, users.c.user_id, users.c.username)
        .outerjoin(officer_duties, (officer_duties.c.unit_id == units.c.unit_id) & officer_duties.c.ended_at.is_(None))
        .outerjoin(users, users.c.user_id == officer_duties.c.user_id)
        .where(units.c.import_id.is_(None))
        .order_by(units.c.name)
    )
    return (await connection.execute(query)).all()


async def lock_unit(connection: AsyncConnection, unit_id: UUID) -> str | None:
    """The unit's call sign; two officers who want it wait for each other. None where there is none."""
    of_ours = units.c.import_id.is_(None)
    query = select(units.c.name).where(units.c.unit_id == unit_id, of_ours).with_for_update()
    name: str | None = await connection.scalar(query)
    return name


async def standing_duties(connection: AsyncConnection, *, user_id: UUID, unit_id: UUID | None) -> Sequence[AnyRow]:
    """What this officer is on, and who is on this unit; at most two."""
    of_unit = officer_duties.c.unit_id == unit_id
    query = _duty.where(officer_duties.c.ended_at.is_(None), or_(officer_duties.c.user_id == user_id, of_unit))
    return (await connection.execute(query.with_for_update(of=officer_duties))).all()


async def duty_of(connection: AsyncConnection, user_id: UUID, duty_id: UUID | None = None) -> AnyRow | None:
    """The duty of this officer: the standing one, or the one asked for, ended or not. None where it is not theirs."""
    wanted = officer_duties.c.ended_at.is_(None) if duty_id is None else officer_duties.c.duty_id == duty_id
    query = _duty.where(officer_duties.c.user_id == user_id, wanted)
    return (await connection.execute(query)).one_or_none()


async def begin_duty(connection: AsyncConnection, user_id: UUID, unit_id: UUID, at: datetime) -> UUID:
    """A new duty's id."""
    duty_id = uuid4()
    values = {"duty_id": duty_id, "user_id": user_id, "unit_id": unit_id, "began_at": at}
    await connection.execute(insert(officer_duties).values(**values))
    return duty_id


async def end_duty(connection: AsyncConnection, duty_id: UUID, at: datetime, reason: str) -> None:
    """It is over. `reason`: left, other_unit, taken_over."""
    await connection.execute(
        update(officer_duties)
        .where(officer_duties.c.duty_id == duty_id, officer_duties.c.ended_at.is_(None))
        .values(ended_at=at, end_reason=reason)
    )
