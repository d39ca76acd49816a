"""What an officer's screen shows of a unit: open orders with their step, what ended, notices, SOS; and its outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, case, exists, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.tables import alarms, assignments, camera_states, incidents, units
from gateway.store import car_links, car_messages, car_orders, journals, unit_positions

SHOWN: Final = 50
_ORDERS: Final = ("order", "order_update")


async def unit_facts(connection: AsyncConnection, unit_id: UUID) -> AnyRow:
    """The unit's own state with its newest position and whether its SOS stands."""
    help_called = exists().where(alarms.c.unit_id == unit_id, alarms.c.kind == "sos", alarms.c.resolved_at.is_(None))
    query = (
        select(
            units.c.name,
            units.c.available,
            units.c.unavailable_reason,
            help_called.label("sos_active"),
            help_called.where(alarms.c.acknowledged_at.is_not(None)).label("sos_seen"),
            *(unit_positions.c[name] for name in ("fixed_at", "lat", "lon", "accuracy_m", "speed_mps", "course_deg")),
        )
        .outerjoin(unit_positions, unit_positions.c.unit_id == units.c.unit_id)
        .where(units.c.unit_id == unit_id)
    )
    return (await connection.execute(query)).one()


async def open_orders(connection: AsyncConnection, unit_id: UUID) -> Sequence[AnyRow]:
    """The newest frame of each open order, as a car is told it, with the assignment's state; oldest first."""
    query = (
        select(car_orders.c.order_id, car_orders.c.assignment_id, car_orders.c.body, assignments.c.state)
        .join(assignments, assignments.c.assignment_id == car_orders.c.assignment_id)
        .where(car_orders.c.unit_id == unit_id, car_orders.c.is_open, car_orders.c.type.in_(_ORDERS))
        .ext(distinct_on(car_orders.c.assignment_id))
        .order_by(car_orders.c.assignment_id, car_orders.c.order_id.desc())
    )
    return sorted((await connection.execute(query)).all(), key=lambda row: row.order_id)


async def told_since(connection: AsyncConnection, unit_id: UUID, kind: str, since: datetime) -> Sequence[AnyRow]:
    """The newest frames of a kind (`notice`, `order_ended`), oldest first, with the incident they are about, if any."""
    query = (
        select(
            car_orders.c.order_id,
            car_orders.c.body,
            car_orders.c.created_at,
            incidents.c.number,
            assignments.c.state,
        )
        .outerjoin(assignments, assignments.c.assignment_id == car_orders.c.assignment_id)
        .outerjoin(incidents, incidents.c.incident_id == assignments.c.incident_id)
        .where(car_orders.c.unit_id == unit_id, car_orders.c.type == kind, car_orders.c.created_at >= since)
        .order_by(car_orders.c.order_id.desc())
        .limit(SHOWN)
    )
    return list(reversed((await connection.execute(query)).all()))


async def cameras(connection: AsyncConnection, unit_id: UUID) -> Sequence[AnyRow]:
    """The newest state of each camera."""
    query = select(camera_states.c.camera_id, camera_states.c.state, camera_states.c.said_at)
    return (await connection.execute(query.where(camera_states.c.unit_id == unit_id))).all()


async def heard_up_to(connection: AsyncConnection, unit_id: UUID) -> int:
    """The number of the newest frame for this unit; 0 where there is none."""
    newest = select(func.max(car_orders.c.order_id)).where(car_orders.c.unit_id == unit_id)
    return await connection.scalar(newest) or 0


async def mark_heard(connection: AsyncConnection, unit_id: UUID, up_to: int, since: datetime, at: datetime) -> None:
    """A page of this unit has these frames, so no car is told them later; a car that is connected is told anyway."""
    link_is_up = exists().where(car_links.c.unit_id == unit_id, car_links.c.disconnected_at.is_(None))
    await connection.execute(
        update(car_orders)
        .where(
            car_orders.c.unit_id == unit_id,
            car_orders.c.order_id <= up_to,
            car_orders.c.created_at >= since,
            car_orders.c.delivered_at.is_(None),
            ~link_is_up,
        )
        .values(delivered_at=at)
    )


async def open_journal(
    connection: AsyncConnection, device_id: UUID, boot: UUID, agent: str, clock_offset_ms: int | None
) -> int:
    """The highest `seq` of this journal that is held durably, 0 if none; the journal is opened where it is new."""
    told = {"agent": agent} | ({} if clock_offset_ms is None else {"clock_offset_ms": clock_offset_ms})
    statement = (
        insert(journals)
        .values(device_id=device_id, boot=boot, last_seq=0, **told)
        .on_conflict_do_update(
            index_elements=[journals.c.device_id, journals.c.boot], set_=told | {"seen_at": func.now()}
        )
        .returning(journals.c.last_seq)
    )
    return int((await connection.execute(statement)).scalar_one())


async def journal_facts(connection: AsyncConnection, device_id: UUID, boot: UUID) -> tuple[int, int, Sequence[AnyRow]]:
    """Of one journal: up to which `seq` it is durable, up to which dispatch has acted on it, and what was refused."""
    last = await connection.scalar(
        select(journals.c.last_seq).where(journals.c.device_id == device_id, journals.c.boot == boot)
    )
    of_it = and_(car_messages.c.device_id == device_id, car_messages.c.boot == boot)
    first_waiting = await connection.scalar(
        select(func.min(car_messages.c.seq)).where(of_it, car_messages.c.handled_at.is_(None))
    )
    query = (
        select(
            car_messages.c.seq,
            car_messages.c.type,
            car_messages.c.body,
            car_messages.c.rejected_code,
            car_messages.c.rejected_reason,
            case(
                (car_messages.c.handled_at.is_(None), car_messages.c.received_at), else_=car_messages.c.handled_at
            ).label("at"),
        )
        .where(of_it, car_messages.c.rejected_code.is_not(None), car_messages.c.type != "fix")
        .order_by(car_messages.c.message_id.desc())
        .limit(SHOWN)
    )
    refused = list(reversed((await connection.execute(query)).all()))
    durable = int(last or 0)
    return durable, durable if first_waiting is None else int(first_waiting) - 1, refused
