"""What cars are told: rows of the gateway's outbox, written in the transaction that decided them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
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
    if isinstance(message, protocol.OrderUpdate) and assignment_id is not None:
        # What the car was told of its arrival stays true when the incident changes.
        body = _arrival_in(await _newest_open(connection, assignment_id)) | body
    await connection.execute(
        insert(car_orders).values(
            unit_id=unit_id,
            assignment_id=assignment_id,
            type=body["type"],
            body=body,
            is_open=isinstance(message, protocol.OrderBody),
        )
    )


async def tell_arrival(
    connection: AsyncConnection, unit_id: UUID, assignment_id: UUID, arrived: protocol.Arrived
) -> None:
    """The car's open order again, with the arrival that somebody else than its crew told; nothing where it is over."""
    body = await _newest_open(connection, assignment_id)
    if body is not None:
        update_ = msgspec.convert({**body, "type": "order_update"}, protocol.OrderUpdate)
        await tell(connection, unit_id, msgspec.structs.replace(update_, arrived=arrived), assignment_id=assignment_id)


async def _newest_open(connection: AsyncConnection, assignment_id: UUID) -> dict[str, Any] | None:
    """The newest contents of this order, as they were told."""
    newest: dict[str, Any] | None = await connection.scalar(
        select(car_orders.c.body)
        .where(car_orders.c.assignment_id == assignment_id, car_orders.c.is_open)
        .order_by(car_orders.c.order_id.desc())
        .limit(1)
    )
    return newest


def _arrival_in(body: dict[str, Any] | None) -> dict[str, Any]:
    return {"arrived": body["arrived"]} if body is not None and body.get("arrived") else {}


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
