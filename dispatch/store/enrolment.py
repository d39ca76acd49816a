"""One-time codes with which a car gets its device token: made here, exchanged by the gateway."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import NotFound
from dispatch.store.tables import vehicles
from gateway.store import enrolment_codes


async def add_code(
    connection: AsyncConnection, plate: str, code_hash: str, created_at: datetime, expires_at: datetime
) -> UUID:
    """The one code of this vehicle's device from now on; returns the device's id. Raises NotFound."""
    device_id: UUID | None = await connection.scalar(select(vehicles.c.device_id).where(vehicles.c.plate == plate))
    if device_id is None:
        raise NotFound(f"there is no vehicle {plate}; add it with `patrol vehicle add`", member="plate")
    await drop_codes(connection, device_id)
    await connection.execute(delete(enrolment_codes).where(enrolment_codes.c.expires_at < created_at))
    await connection.execute(
        insert(enrolment_codes).values(
            code_hash=code_hash, device_id=device_id, created_at=created_at, expires_at=expires_at
        )
    )
    return device_id


async def drop_codes(connection: AsyncConnection, device_id: UUID) -> None:
    """No code of this device is worth anything any more."""
    await connection.execute(delete(enrolment_codes).where(enrolment_codes.c.device_id == device_id))
