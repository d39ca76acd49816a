"""Reads the inbox in order: each car message takes effect, or is refused for good, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.decide import Testimony
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.geometry import Position
from dispatch.domain.refusals import BadStep, Refused
from dispatch.service.check_in import take_check_in
from dispatch.service.desk import Desk
from dispatch.service.recordings import index_recording
from dispatch.service.sos import end_sos, raise_sos
from dispatch.service.steps import record_step
from dispatch.service.transaction import Work, transaction
from dispatch.store.agent_health import keep_agent_health
from dispatch.store.away import is_passing
from dispatch.store.inbox import CarMessage, keep_camera_state, mark_handled, next_message
from dispatch.store.units import set_availability, unit_now
from gateway import protocol

_log = structlog.get_logger()


async def read_inbox(desk: Desk) -> int:
    """Handles all that waits; how many messages that was. Raises what the database raises when it is away."""
    handled = 0
    while await _handle_next(desk):
        handled += 1
    return handled


async def _handle_next(desk: Desk) -> bool:
    message: CarMessage | None = None
    try:
        async with transaction(desk) as work:
            message = await next_message(work.connection)
            if message is None:
                return False
            await _handle(desk, work, message)
    except DBAPIError as error:
        if message is None or is_passing(error):
            raise
        await _set_aside(desk, message, error)
    except (LookupError, ValueError, TypeError, RuntimeError) as error:
        if message is None:
            raise
        await _set_aside(desk, message, error)
    return True


async def _set_aside(desk: Desk, message: CarMessage, error: Exception) -> None:
    """A message that breaks its handler must not hold up those behind it; it stays in the inbox for audit."""
    _log.error("message_unprocessable", message_id=message.message_id, type=message.type, exc_info=error)
    async with transaction(desk) as work:
        await mark_handled(
            work.connection, message.message_id, work.now, code="unprocessable", reason=type(error).__name__
        )
        work.record(
            Event(
                kind=EventKind.MESSAGE_UNPROCESSABLE,
                happened_at=work.now,
                said_by=SaidBy.SERVER,
                unit_id=message.unit_id,
                data={"message_id": message.message_id, "type": message.type},
            )
        )


async def _handle(desk: Desk, work: Work, message: CarMessage) -> None:
    if message.rejected_code is not None:  # refused at the door; here for audit alone
        await mark_handled(work.connection, message.message_id, work.now)
        return
    try:
        async with work.connection.begin_nested():
            await _take_effect(desk, work, message)
    except Refused as refusal:
        await _refuse(work, message, refusal)
        return
    await mark_handled(work.connection, message.message_id, work.now)


async def _take_effect(desk: Desk, work: Work, message: CarMessage) -> None:
    body = message.body
    if message.type == "status":
        await _status(work, message)
    elif message.type == "availability":
        await _availability(work, message)
    elif message.type == "sos":
        if body["active"]:
            place = _place(body)
            await raise_sos(
                desk, work, message.unit_id, place, body.get("note"), message.sent_at, (message.boot, message.seq)
            )
        else:
            await end_sos(work, message)
    elif message.type == "check_in":
        await take_check_in(work, message)
    elif message.type == "health":
        said_at = min(message.sent_at or message.received_at, message.received_at)
        await keep_agent_health(work.connection, message.unit_id, said_at, message.received_at, body)
    elif message.type == "recording":
        await index_recording(work, message)
    elif message.type == "camera":
        # A car's clock that ran ahead must not shut out what it says once it is right again.
        said_at = min(message.sent_at or message.received_at, message.received_at)
        if await keep_camera_state(work.connection, message.unit_id, said_at, body):
            measured = {name: body.get(name) for name in ("battery_pct", "free_mb", "recording_id")}
            data = {"camera_id": body["camera_id"], "state": body["state"], **measured}
            work.record(_by_crew(EventKind.CAMERA_CHANGED, message, said_at, data))


async def _status(work: Work, message: CarMessage) -> None:
    body = message.body
    unit = await unit_now(work.connection, message.unit_id)
    step = protocol.Step(body["status"])
    testimony = Testimony(SaidBy.BUTTON, message.received_at, message.sent_at, unit.name)
    data = {name: body.get(name) for name in ("reason", "disposition", "note")}
    if "clock_ms" in body:  # the car corrected its clock: what that one said is kept too
        data["clock_ms"] = body["clock_ms"]
    if body.get("time_unsure"):
        data["time_unsure"] = True
    await record_step(
        work, body["assignment_id"], AssignmentState(str(step)), testimony, unit_id=message.unit_id, data=data
    )


async def _availability(work: Work, message: CarMessage) -> None:
    body = message.body
    said_at = min(message.sent_at or message.received_at, message.received_at)
    reason = body.get("reason")
    changed = await set_availability(
        work.connection, message.unit_id, available=body["available"], reason=reason, at=said_at
    )
    if changed:
        data: dict[str, Any] = {"available": body["available"]} | ({"reason": reason} if reason else {})
        work.record(_by_crew(EventKind.UNIT_AVAILABILITY_CHANGED, message, said_at, data))


async def _refuse(work: Work, message: CarMessage, refusal: Refused) -> None:
    code = protocol.RejectedCode.BAD_STEP if isinstance(refusal, BadStep) else protocol.RejectedCode.BAD_MESSAGE
    reason = f"{refusal.member}: {refusal.detail}" if refusal.member else refusal.detail
    await mark_handled(work.connection, message.message_id, work.now, code=str(code), reason=reason)
    boot = None if message.boot is None else str(message.boot)
    await work.tell(message.unit_id, protocol.Rejected(seq=message.seq, code=code, message=reason, boot=boot))
    data = {"type": message.type, "seq": message.seq, "code": str(code), "reason": reason}
    for name in ("status", "assignment_id"):
        if name in message.body:
            data[name] = message.body[name]
    work.record(_by_crew(EventKind.STEP_REFUSED, message, message.received_at, data))


def _by_crew(kind: EventKind, message: CarMessage, happened_at: datetime, data: dict[str, Any]) -> Event:
    return Event(
        kind=kind,
        happened_at=happened_at,
        said_by=SaidBy.BUTTON,
        car_time=message.sent_at,
        unit_id=message.unit_id,
        incident_id=None,
        data=data,
    )


def _place(body: dict[str, Any]) -> Position | None:
    if body.get("lat") is None or body.get("lon") is None:
        return None
    return Position(body["lat"], body["lon"])
