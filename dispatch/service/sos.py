"""An officer needs help: an alarm at once, with the nearest units, until somebody resolves it by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.geometry import Position
from dispatch.domain.refusals import AlarmResolved, Invalid
from dispatch.service.alarm_places import crossing_near
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.ranking import nearest
from dispatch.service.transaction import Work, transaction
from dispatch.store import alarms
from dispatch.store.inbox import CarMessage
from dispatch.store.past_kept import keep_sos
from dispatch.store.rows import AnyRow
from dispatch.store.sos_calls import newer_call_stands
from dispatch.store.units import unit_now
from gateway.protocol import Notice

NEAREST: Final = 5
TOLD: Final[dict[str, tuple[str, Literal["info", "warning"]]]] = {
    # Silent: an officer who hides must not be given away.
    "sos_acknowledged": ("勤務指揮中心值勤員已回應你的求援。", "info"),
    "sos_resolved": ("勤務指揮中心已解除你的求援。還需要幫忙就再按一次。", "warning"),
}


async def raise_sos(
    desk: Desk,
    work: Work,
    unit_id: UUID,
    place: Position | None,
    note: str | None,
    sent_at: datetime | None,
    said_in: tuple[UUID | None, int],
) -> None:
    """Raises the alarm, or brings the standing one up to date. Without a position, or with one that is older than
    the unit's last one, that serves.

    `said_in`: journal and number of the message, so that the desk's word goes back about no later one.
    """
    unit = await unit_now(work.connection, unit_id)
    if place and sent_at and unit.fixed_at and unit.fixed_at > min(sent_at, work.now):
        place = None  # it was pressed there a while ago, and the unit is seen since
    where = place or unit.position
    data: dict[str, Any] = {"note": note, "place": "sos" if place else "last_position" if where else "unknown"}
    data["crew"] = unit.crew
    data["boot"], data["seq"] = str(said_in[0]) if said_in[0] else None, said_in[1]
    if where is not None:
        fixed_at = (sent_at or work.now) if place else unit.fixed_at
        data["fixed_at"] = fixed_at.isoformat() if fixed_at else None
        data["address"] = await crossing_near(desk, where)
        others = await nearest(work.connection, desk, where)
        data["nearest"] = [record for record in others if record["unit_id"] != str(unit_id)][:NEAREST]
    await keep_sos(work.connection, unit_id, work.now)
    alarm_id = await alarms.update_open_sos(work.connection, unit_id, where, data)
    if alarm_id is None:
        alarm_id = await alarms.raise_alarm(
            work.connection, kind="sos", level="alarm", raised_at=work.now, unit_id=unit_id, place=where, data=data
        )
    work.record(
        Event(
            kind=EventKind.SOS_RAISED,
            happened_at=min(sent_at, work.now) if sent_at else work.now,
            said_by=SaidBy.BUTTON,
            car_time=sent_at,
            actor=unit.name,
            unit_id=unit_id,
            incident_id=unit.active_incident_id,
            data={"alarm_id": str(alarm_id)},
        )
    )


async def end_sos(work: Work, message: CarMessage) -> None:
    """The crew says that it is over. Raises Invalid where a call stands that somebody else pressed later."""
    unit_id, sent_at = message.unit_id, message.sent_at
    unit = await unit_now(work.connection, unit_id)
    if await newer_call_stands(work.connection, message) and unit_id in await alarms.units_in_sos(work.connection):
        raise Invalid("a call for help that was pressed later stands", member="time_ms")
    ended = await alarms.resolve_alarms(work.connection, at=work.now, by=unit.name, kinds=("sos",), unit_id=unit_id)
    for alarm_id in ended:
        work.record(
            Event(
                kind=EventKind.SOS_ENDED,
                happened_at=min(sent_at, work.now) if sent_at else work.now,
                said_by=SaidBy.BUTTON,
                car_time=sent_at,
                actor=unit.name,
                unit_id=unit_id,
                data={"alarm_id": str(alarm_id)},
            )
        )


async def acknowledge_alarm(desk: Desk, alarm_id: UUID, by: Person) -> None:
    """Somebody has seen it; the first name stays, until it was put off and rings again. Raises NotFound."""
    async with transaction(desk) as work:
        alarm = await alarms.lock_alarm(work.connection, alarm_id)
        rings_again = alarm.snoozed_until is not None and alarm.snoozed_until <= work.now
        if alarm.acknowledged_at is not None and not rings_again:
            return
        await alarms.change_alarm(
            work.connection,
            alarm_id,
            acknowledged_at=work.now,
            acknowledged_by=by.username,
            snoozed_until=None,
            snoozed_by=None,
        )
        work.record(about_alarm(EventKind.ALARM_ACKNOWLEDGED, work, alarm, by))
        await tell_the_crew(work, alarm, "sos_acknowledged")


async def resolve_alarm(desk: Desk, alarm_id: UUID, by: Person) -> None:
    """It is over, says a dispatcher by name. Raises NotFound, AlarmResolved where it is resolved already."""
    async with transaction(desk) as work:
        alarm = await alarms.lock_alarm(work.connection, alarm_id)
        if alarm.resolved_at is not None:
            raise AlarmResolved(f"This alarm was resolved by {alarm.resolved_by}.", member="alarm_id")
        changes: dict[str, Any] = {"resolved_at": work.now, "resolved_by": by.username}
        if alarm.acknowledged_at is None:
            changes |= {"acknowledged_at": work.now, "acknowledged_by": by.username}
        await alarms.change_alarm(work.connection, alarm_id, **changes)
        work.record(about_alarm(EventKind.ALARM_RESOLVED, work, alarm, by))
        await tell_the_crew(work, alarm, "sos_resolved")


async def tell_the_crew(work: Work, alarm: AnyRow, code: Literal["sos_acknowledged", "sos_resolved"]) -> None:
    """What the desk did with their SOS, to the crew that waits for a word; nothing for any other alarm."""
    if alarm.kind != "sos" or alarm.unit_id is None:
        return
    text, level = TOLD[code]
    said_in = {"boot": alarm.data.get("boot"), "seq": alarm.data.get("seq")}
    await work.tell(alarm.unit_id, Notice(text=text, level=level, code=code, **said_in))


def about_alarm(kind: EventKind, work: Work, alarm: AnyRow, by: Person, **more: Any) -> Event:
    """What a dispatcher did with an alarm, as a line of the log."""
    return Event(
        kind=kind,
        happened_at=work.now,
        said_by=SaidBy.DISPATCHER,
        actor=by.username,
        unit_id=alarm.unit_id,
        incident_id=alarm.incident_id,
        data={"alarm_id": str(alarm.alarm_id), "alarm": alarm.kind, **more},
    )
