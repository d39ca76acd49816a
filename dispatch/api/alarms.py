"""Alarms: what calls for a person at once, until somebody resolves it by name."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter

from dispatch.api import present, schemas
from dispatch.api.problems import described
from dispatch.api.signed_in import MAY_READ, Dispatching, TheDesk
from dispatch.service.desk import Desk
from dispatch.service.sos import acknowledge_alarm, resolve_alarm
from dispatch.store import views

router = APIRouter(tags=["alarms"])


@router.get("/alarms", responses=described(401, 403), dependencies=[MAY_READ])
async def list_alarms(desk: TheDesk, state: Literal["open", "all"] = "open") -> schemas.AlarmList:
    """Newest first; `open` are those that nobody has resolved."""
    async with desk.engine.connect() as connection:
        rows = await views.alarm_rows(connection, only_open=state == "open")
    return schemas.AlarmList(items=[present.alarm_view(row) for row in rows])


@router.post("/alarms/{alarm_id}/acknowledge", responses=described(401, 403, 404))
async def acknowledge(alarm_id: UUID, desk: TheDesk, by: Dispatching) -> schemas.AlarmView:
    """I have seen it. The first name stays."""
    await acknowledge_alarm(desk, alarm_id, by)
    return await _alarm(desk, alarm_id)


@router.post("/alarms/{alarm_id}/resolve", responses=described(401, 403, 404, 409))
async def resolve(alarm_id: UUID, desk: TheDesk, by: Dispatching) -> schemas.AlarmView:
    """It is over."""
    await resolve_alarm(desk, alarm_id, by)
    return await _alarm(desk, alarm_id)


async def _alarm(desk: Desk, alarm_id: UUID) -> schemas.AlarmView:
    async with desk.engine.connect() as connection:
        return present.alarm_view((await views.alarm_rows(connection, alarm_ids=[alarm_id]))[0])
