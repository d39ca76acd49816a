"""What tells of a crew on scene: what it pressed, what a dispatcher heard of it, when it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.alarm_rules import AlarmKind
from dispatch.domain.events import EventKind, SaidBy
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, events
from gateway.store import car_messages

PRESSED: Final = ("status", "availability", "sos", "check_in")
BY_RADIO: Final = (EventKind.UNIT_ACKNOWLEDGED, EventKind.UNIT_EN_ROUTE, EventKind.UNIT_ON_SCENE)


async def presses(connection: AsyncConnection, assignment_ids: Sequence[UUID]) -> Sequence[AnyRow]:
    """What the crews of these assignments pressed since they arrived, refused or not: unit, car's time, receipt."""
    query = (
        select(car_messages.c.unit_id, car_messages.c.sent_at, car_messages.c.received_at)
        .join(
            assignments,
            and_(
                assignments.c.unit_id == car_messages.c.unit_id,
                assignments.c.on_scene_at <= car_messages.c.received_at,
            ),
        )
        .where(assignments.c.assignment_id.in_(assignment_ids), car_messages.c.type.in_(PRESSED))
    )
    return (await connection.execute(query)).all()


async def heard_and_asked(connection: AsyncConnection, incident_ids: Sequence[UUID]) -> Sequence[AnyRow]:
    """In these incidents' logs: each question to a crew, and what a dispatcher heard of one; unit, kind, time."""
    heard = and_(
        events.c.said_by == SaidBy.DISPATCHER,
        or_(
            events.c.kind.in_(BY_RADIO),
            and_(
                events.c.kind == EventKind.ALARM_RESOLVED, events.c.data["alarm"].as_string() == AlarmKind.NO_CHECK_IN
            ),
        ),
    )
    asked = and_(events.c.kind == EventKind.CREW_ASKED, events.c.data["about"].as_string() == AlarmKind.NO_CHECK_IN)
    query = select(events.c.unit_id, events.c.incident_id, events.c.kind, events.c.recorded_at).where(
        events.c.incident_id.in_(incident_ids), or_(asked, heard)
    )
    return (await connection.execute(query)).all()
