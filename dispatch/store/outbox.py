"""What cars are told: rows of the gateway's outbox, written in the transaction that decided them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import protocol
from gateway.store import car_orders


async def tell(
    connection: AsyncConnection,
    unit_id: UUID,
    message: protocol.GatewayMessage,
    *,
    assignment_id: UUID | None = None,
) -> None:
    """One frame for the unit's car. An order stays open, and is sent again, until `end_order`."""
    body: dict[str, Any] = msgspec.to_builtins(message)
    await connection.execute(
        insert(car_orders).values(
            unit_id=unit_id,
            assignment_id=assignment_id,
            type=body["type"],
            body=body,
            is_open=isinstance(message, protocol.OrderBody),
        )
    )


async def end_order(
    connection: AsyncConnection, unit_id: UUID, assignment_id: UUID, reason: protocol.EndReason | None
) -> None:
    """The assignment is over: its order is no longer sent. With a reason the car is told to stand down."""
    await connection.execute(
        update(car_orders)
        .where(car_orders.c.assignment_id == assignment_id, car_orders.c.is_open)
        .values(is_open=False)
    )
    if reason is not None:
        message = protocol.OrderEnded(assignment_id=str(assignment_id), reason=reason)
        await tell(connection, unit_id, message, assignment_id=assignment_id)
