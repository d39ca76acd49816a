"""Alarms: what calls for a person at once, until somebody resolves it by name."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from dispatch.api import present, schemas
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas.alarms import NewAnswer, NewHelp, NewSnooze
from dispatch.api.signed_in import MAY_READ, Dispatching, TheDesk
from dispatch.service.alarm_answers import answer_alarm, see_incident, send_help, snooze_alarm
from dispatch.service.desk import Desk
from dispatch.service.sos import acknowledge_alarm, resolve_alarm
from dispatch.store import views

router = api_router("alarms")


@router.get("/alarms", responses=described(401, 403), dependencies=[MAY_READ])
async def list_alarms(desk: TheDesk, state: Literal["open", "all"] = "open") -> schemas.AlarmList:
    """Newest first; `open` are those that nobody has resolved."""
    async with desk.engine.connect() as connection:
        rows = await views.alarm_rows(connection, only_open=state == "open")
    return schemas.AlarmList(items=[present.alarm_view(row) for row in rows])


@router.post("/alarms/{alarm_id}/acknowledge", responses=described(401, 403, 404))
async def acknowledge(alarm_id: UUID, desk: TheDesk, by: Dispatching) -> schemas.AlarmView:
    """I have seen it. The first name stays, until it was put off and rings again."""
    await acknowledge_alarm(desk, alarm_id, by)
    return await _alarm(desk, alarm_id)


@router.post("/alarms/{alarm_id}/resolve", responses=described(401, 403, 404, 409))
async def resolve(alarm_id: UUID, desk: TheDesk, by: Dispatching) -> schemas.AlarmView:
    """It is over."""
    await resolve_alarm(desk, alarm_id, by)
    return await _alarm(desk, alarm_id)


@router.post("/alarms/{alarm_id}/snooze", responses=described(401, 403, 404, 409))
async def snooze(alarm_id: UUID, body: NewSnooze, desk: TheDesk, by: Dispatching) -> schemas.AlarmView:
    """More time: it is quiet for so many minutes, then rings again unless its reason is gone. Not for an SOS."""
    await snooze_alarm(desk, alarm_id, body.minutes, by)
    return await _alarm(desk, alarm_id)


@router.post("/alarms/{alarm_id}/answer", responses=described(401, 403, 404, 409))
async def answer(alarm_id: UUID, body: NewAnswer, desk: TheDesk, by: Dispatching) -> schemas.AlarmView:
    """Note what was done about it, for the timeline. It acknowledges the alarm; doing it is another call."""
    await answer_alarm(desk, alarm_id, body.answer, by)
    return await _alarm(desk, alarm_id)


@router.post("/alarms/{alarm_id}/help", responses=described(401, 403, 404, 409))
async def help_officer(alarm_id: UUID, body: NewHelp, desk: TheDesk, by: Dispatching) -> schemas.AlarmView:
    """Send a unit to an SOS, diverting it if need be. The first one makes an incident, which the alarm then names."""
    await send_help(desk, alarm_id, body.unit_id, by)
    return await _alarm(desk, alarm_id)


@router.post("/incidents/{incident_id}/seen", status_code=204, responses=described(401, 403, 404))
async def seen(incident_id: UUID, desk: TheDesk, by: Dispatching) -> None:
    """Somebody has opened this call: it is no longer marked as new anywhere. The first name stays."""
    await see_incident(desk, incident_id, by)


async def _alarm(desk: Desk, alarm_id: UUID) -> schemas.AlarmView:
    async with desk.engine.connect() as connection:
        return present.alarm_view((await views.alarm_rows(connection, alarm_ids=[alarm_id]))[0])
