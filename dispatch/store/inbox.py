"""The inbox as dispatch reads it: in the order of durability, each message in one transaction with its effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.tables import camera_states
from gateway.store import car_messages


@dataclass(frozen=True, slots=True)
class CarMessage:
    """One row of the inbox. `sent_at` is the car's time, `received_at` the gateway's."""

    message_id: int
    unit_id: UUID
    boot: UUID | None
    seq: int
    type: str
    sent_at: datetime | None
    received_at: datetime
    body: dict[str, Any]
    rejected_code: str | None


async def next_message(connection: AsyncConnection) -> CarMessage | None:
    """The oldest message that nobody handled yet, locked."""
    query = select(car_messages).where(car_messages.c.handled_at.is_(None)).order_by(car_messages.c.message_id).limit(1)
    row = (await connection.execute(query.with_for_update())).one_or_none()
    if row is None:
        return None
    return CarMessage(
        message_id=row.message_id,
        unit_id=row.unit_id,
        boot=row.boot,
        seq=row.seq,
        type=row.type,
        sent_at=row.sent_at,
        received_at=row.received_at,
        body=row.body,
        rejected_code=row.rejected_code,
    )


async def mark_handled(
    connection: AsyncConnection, message_id: int, at: datetime, *, code: str | None = None, reason: str | None = None
) -> None:
    """Done; with a code it was refused, and stays for audit."""
    values: dict[str, Any] = {"handled_at": at}
    if code is not None:
        values |= {"rejected_code": code, "rejected_reason": reason}
    await connection.execute(update(car_messages).where(car_messages.c.message_id == message_id).values(**values))


async def keep_camera_state(
    connection: AsyncConnection, unit_id: UUID, said_at: datetime, body: dict[str, Any]
) -> bool:
    """The newest state of one camera by the car's time; False where a newer one stands already, or nothing changed."""
    values = {name: body.get(name) for name in ("state", "battery_pct", "free_mb", "recording_id", "officer_id")} | {
        "said_at": said_at
    }
    before = (
        await connection.execute(
            select(camera_states.c.state, camera_states.c.said_at).where(
                camera_states.c.unit_id == unit_id, camera_states.c.camera_id == body["camera_id"]
            )
        )
    ).one_or_none()
    if before is not None and before.said_at > said_at:
        return False
    statement = insert(camera_states).values(unit_id=unit_id, camera_id=body["camera_id"], **values)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[camera_states.c.unit_id, camera_states.c.camera_id], set_=values
        )
    )
    return before is None or before.state != body["state"]
