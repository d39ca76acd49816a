"""Calls for help among what cars sent: which one came last, so that a late "over" can be told from a fresh one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.inbox import CarMessage
from gateway.store import car_messages


async def newer_call_stands(connection: AsyncConnection, over: CarMessage) -> bool:
    """Whether the unit's last call for help that took effect was pressed after `over`.

    Within one journal the order is that of `seq`, whatever the clock says: what was handled before was pressed before.
    Between journals (another page, the car, a phone) the times decide; where one is not known, `over` counts.
    """
    query = (
        select(car_messages.c.sent_at, car_messages.c.boot)
        .where(
            car_messages.c.unit_id == over.unit_id,
            car_messages.c.type == "sos",
            car_messages.c.body["active"].as_boolean(),
            car_messages.c.rejected_code.is_(None),
            car_messages.c.message_id < over.message_id,
        )
        .order_by(car_messages.c.message_id.desc())
        .limit(1)
    )
    call = (await connection.execute(query)).one_or_none()
    if call is None or call.boot == over.boot or call.sent_at is None or over.sent_at is None:
        return False
    return bool(call.sent_at > over.sent_at)
