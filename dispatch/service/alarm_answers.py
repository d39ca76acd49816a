"""What dispatchers do about an alarm: put it off, note what they did, open a call, send help to an SOS."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.geometry import Position
from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.refusals import AlarmResolved, Invalid
from dispatch.service.assigning import assign_by_hand
from dispatch.service.desk import Desk
from dispatch.service.incidents import Entry, Person, enter_incident
from dispatch.service.sos import about_alarm, tell_the_crew
from dispatch.service.transaction import Work, transaction
from dispatch.store import alarms
from dispatch.store.incidents import find_incident, lock_incident, note_seen
from dispatch.store.rows import AnyRow
from dispatch.store.units import unit_now

Answer = Literal["message", "radio", "order_again", "send_another", "help"]
HELP: Final = "SOS 員警求援"


async def answer_alarm(desk: Desk, alarm_id: UUID, answer: Answer, by: Person) -> None:
    """Notes what a person did about it, which acknowledges it as well. Raises NotFound, AlarmResolved."""
    async with transaction(desk) as work:
        await _answer(work, alarm_id, answer, by)


async def snooze_alarm(desk: Desk, alarm_id: UUID, minutes: int, by: Person) -> None:
    """Quiet for so many minutes, then it rings again unless its reason is gone.

    Raises NotFound, AlarmResolved; Invalid for an SOS: it can't be put off.
    """
    async with transaction(desk) as work:
        alarm = await _standing(work, alarm_id)
        if alarm.kind == "sos":
            raise Invalid("an SOS can't be put off; acknowledge it, and resolve it when it is over", member="alarm_id")
        await alarms.change_alarm(
            work.connection,
            alarm_id,
            snoozed_until=work.now + timedelta(minutes=minutes),
            snoozed_by=by.username,
            acknowledged_at=work.now,
            acknowledged_by=by.username,
        )
        work.record(about_alarm(EventKind.ALARM_SNOOZED, work, alarm, by, minutes=minutes))


async def send_help(desk: Desk, alarm_id: UUID, unit_id: UUID, by: Person) -> UUID:
    """Sends a unit to an SOS, by an incident of its own; the incident's id. A unit under way elsewhere is diverted.

    The officer's own incident serves where the unit is on scene there. Raises NotFound, AlarmResolved, Invalid where
    nobody knows the place; UnitBusy, UnitUnavailable.
    """
    incident_id = await _incident_of(desk, alarm_id, by)
    await assign_by_hand(desk, incident_id, unit_id, dispatcher=by.username, override_reason=HELP, divert=True)
    await answer_alarm(desk, alarm_id, "help", by)
    return incident_id


async def _incident_of(desk: Desk, alarm_id: UUID, by: Person) -> UUID:
    async with transaction(desk) as work:
        alarm = await _standing(work, alarm_id)
        if alarm.kind != "sos" or alarm.unit_id is None:
            raise Invalid("help is sent to an SOS; send a unit to the incident instead", member="alarm_id")
        unit = await unit_now(work.connection, alarm.unit_id)
        known = alarm.incident_id or (unit.active_incident_id if unit.active == "on_scene" else None)
        if known is not None and (await find_incident(work.connection, known)).state is IncidentState.OPEN:
            if alarm.incident_id is None:
                await alarms.change_alarm(work.connection, alarm_id, incident_id=known)
            return known
        place = unit.position or (Position(alarm.lat, alarm.lon) if alarm.lat is not None else None)
        if place is None:
            raise Invalid("nobody knows where this officer is; enter a call where it may be", member="alarm_id")
        entry = Entry(
            category=Category.OTHER,
            priority=Priority.IMMEDIATE,
            place=place,
            address=alarm.data.get("address"),
            description=f"{HELP}：{unit.name}",
            exclusion="officer_initiated",
            confirm_outside=True,
        )
        # The alarm stays locked meanwhile, so that two dispatchers make one incident; the key, that a retry makes none.
        incident_id, _ = await enter_incident(desk, entry, by, f"sos-{alarm_id}-{unit.active_incident_id}")
        await alarms.change_alarm(work.connection, alarm_id, incident_id=incident_id)
    return incident_id


async def see_incident(desk: Desk, incident_id: UUID, by: Person) -> None:
    """Somebody has opened it; the first name stays. Raises NotFound."""
    async with transaction(desk) as work:
        await lock_incident(work.connection, incident_id)
        if await note_seen(work.connection, incident_id, work.now, by.username):
            work.record(
                Event(
                    kind=EventKind.INCIDENT_SEEN,
                    happened_at=work.now,
                    said_by=SaidBy.DISPATCHER,
                    actor=by.username,
                    incident_id=incident_id,
                )
            )


async def _standing(work: Work, alarm_id: UUID) -> AnyRow:
    alarm = await alarms.lock_alarm(work.connection, alarm_id)
    if alarm.resolved_at is not None:
        raise AlarmResolved(f"This alarm was resolved by {alarm.resolved_by}.", member="alarm_id")
    return alarm


async def _answer(work: Work, alarm_id: UUID, answer: Answer, by: Person) -> None:
    alarm = await _standing(work, alarm_id)
    if alarm.acknowledged_at is None or (alarm.snoozed_until is not None and alarm.snoozed_until <= work.now):
        await alarms.change_alarm(
            work.connection,
            alarm_id,
            acknowledged_at=work.now,
            acknowledged_by=by.username,
            snoozed_until=None,
            snoozed_by=None,
        )
        await tell_the_crew(work, alarm, "sos_acknowledged")
    work.record(about_alarm(EventKind.ALARM_ANSWERED, work, alarm, by, answer=answer))
