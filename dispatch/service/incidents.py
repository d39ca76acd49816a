"""What a dispatcher does to an incident: enter, change, close, cancel, merge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from dispatch.domain.alarm_rules import AlarmKind
from dispatch.domain.assignment import AssignmentState
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.geometry import Position
from dispatch.domain.incident import (
    AccidentClass,
    Category,
    Incident,
    IncidentState,
    Priority,
    check_accident_class,
    check_received_at,
)
from dispatch.domain.refusals import ChangedMeanwhile, Invalid
from dispatch.service.assigning import NEED_ALARMS, take_off
from dispatch.service.desk import Desk
from dispatch.service.orders import order_update, way
from dispatch.service.situations import conditions_at, driven_to
from dispatch.service.transaction import Work, transaction
from dispatch.store import alarms
from dispatch.store.assignments import active_assignments
from dispatch.store.incidents import (
    add_incident,
    carry_on_merged,
    change_incident,
    end_incident,
    incident_of_key,
    keep_key,
    lock_incident,
    next_number,
)
from dispatch.store.past_kept import born_with, keep_words
from dispatch.store.units import nearest_station, unit_now

TAIPEI: Final = ZoneInfo("Asia/Taipei")
LOGGED_MEMBERS: Final = frozenset({"category", "priority", "lat", "lon", "accident_class"})
INCIDENT_WARNINGS: Final = ("no_acknowledgement", "declined", *NEED_ALARMS, *AlarmKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A 110 call as a dispatcher enters it."""

    category: Category
    priority: Priority
    place: Position
    address: str | None = None
    description: str | None = None
    caller_name: str | None = None
    caller_phone: str | None = None
    received_at: datetime | None = None
    accident_class: AccidentClass | None = None
    exclusion: str | None = None
    confirm_outside: bool = False
    same_as: UUID | None = None
    """The open incident that this call is about as well."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who does it: the signed-in user."""

    user_id: UUID
    username: str


async def enter_incident(desk: Desk, entry: Entry, by: Person, key: str | None) -> tuple[UUID, bool]:
    """A new incident's id and True; the earlier one's and False where this key made one already.

    A call about an open incident (`same_as`) is entered as merged into it, in one step: nobody could ever be sent
    for it. Raises OutsideArea, Invalid; NotFound, IncidentEnded for `same_as`.
    """
    if key is not None:
        async with desk.engine.connect() as connection:
            earlier = await incident_of_key(connection, by.user_id, key)
        if earlier is not None:
            return earlier, False
    if not entry.confirm_outside:
        desk.streets.require_inside(entry.place)
    check_accident_class(entry.category, entry.accident_class)
    try:
        return await _enter(desk, entry, by, key), True
    except IntegrityError as error:
        # Only the key can collide: the same request, sent twice at once.
        if key is None or "idempotency_keys" not in str(error.orig):
            raise
    async with desk.engine.connect() as connection:
        earlier = await incident_of_key(connection, by.user_id, key)
    if earlier is None:
        raise RuntimeError("the idempotency key collided with one that is not there")
    return earlier, False


async def _enter(desk: Desk, entry: Entry, by: Person, key: str | None) -> UUID:
    incident_id = uuid4()
    async with transaction(desk) as work:
        received_at = entry.received_at or work.now
        check_received_at(received_at, work.now)
        other = await lock_incident(work.connection, entry.same_as) if entry.same_as else None
        if other is not None:
            other.require_open()
        incident = await add_incident(
            work.connection,
            incident_id=incident_id,
            number=await next_number(work.connection, received_at.astimezone(TAIPEI).date()),
            category=str(entry.category),
            priority=int(entry.priority),
            accident_class=entry.accident_class and str(entry.accident_class),
            lat=entry.place.lat,
            lon=entry.place.lon,
            address=entry.address or None,
            description=entry.description or None,
            caller_name=entry.caller_name,
            caller_phone=entry.caller_phone,
            station_id=await nearest_station(work.connection, entry.place),
            received_at=received_at,
            created_at=work.now,
            exclusion=entry.exclusion,
            created_by=by.user_id,
        )
        if key is not None:
            await keep_key(work.connection, by.user_id, key, incident_id)
        work.record(
            Event(
                kind=EventKind.INCIDENT_CREATED,
                happened_at=received_at,
                said_by=SaidBy.DISPATCHER,
                actor=by.username,
                incident_id=incident_id,
                data=await born_with(work.connection, incident_id),
            )
        )
        if other is not None:
            await _join(work, incident, other, by)
    return incident_id


async def amend_incident(
    desk: Desk, incident_id: UUID, changes: dict[str, Any], by: Person, *, version: int | None, confirm_outside: bool
) -> None:
    """Changes what is given; the cars on it get an `order_update`. Raises ChangedMeanwhile, OutsideArea, Invalid."""
    async with transaction(desk) as work:
        before = await lock_incident(work.connection, incident_id)
        before.require_open()
        if version is not None and version != before.version:
            raise ChangedMeanwhile(
                f"Incident {before.number} was changed meanwhile (version {before.version}); look at it again, then "
                "send the change with that version.",
                member="version",
            )
        _check_change(desk, before, changes, confirm_outside=confirm_outside)
        if not changes:
            return
        if "lat" in changes or "lon" in changes:
            place = Position(changes.get("lat", before.place.lat), changes.get("lon", before.place.lon))
            changes = changes | {"station_id": await nearest_station(work.connection, place)}
        await keep_words(work.connection, incident_id, changes, work.now)
        after = await change_incident(work.connection, incident_id, **changes)
        for assignment in await active_assignments(work.connection, incident_id):
            unit = await unit_now(work.connection, assignment.unit_id)
            conditions = driven_to(after, conditions_at(desk, work.now))
            frame = order_update(assignment, after, way(desk.streets.travel, unit, after, conditions))
            await work.tell(assignment.unit_id, frame, assignment_id=assignment.assignment_id)
        # The log names what changed; free text and the caller's data stay where retention can reach them.
        kept = {n: v for n, v in changes.items() if n in LOGGED_MEMBERS}
        kept |= {"station_id": str(changes["station_id"])} if changes.get("station_id") else {}
        named = sorted(set(changes) - {"station_id"})
        work.record(
            _by_dispatcher(EventKind.INCIDENT_CHANGED, work, incident_id, by, {"members": named, "values": kept})
        )


def _check_change(desk: Desk, before: Incident, changes: dict[str, Any], *, confirm_outside: bool) -> None:
    for member in ("category", "priority", "lat", "lon"):
        if member in changes and changes[member] is None:
            raise Invalid("can't be taken away; leave it out, or give another value", member=member)
    category = Category(changes.get("category", before.category))
    accident_class = changes.get("accident_class", before.accident_class)
    if "accident_class" not in changes and category is not Category.TRAFFIC_ACCIDENT and accident_class:
        changes["accident_class"] = accident_class = None
    check_accident_class(category, AccidentClass(accident_class) if accident_class else None)
    if ("lat" in changes or "lon" in changes) and not confirm_outside:
        desk.streets.require_inside(
            Position(changes.get("lat", before.place.lat), changes.get("lon", before.place.lon))
        )


async def close_incident(desk: Desk, incident_id: UUID, by: Person, *, disposition: str, note: str | None) -> None:
    """The work is done; units still on it are free. Raises IncidentEnded, NotFound."""
    async with transaction(desk) as work:
        incident = await lock_incident(work.connection, incident_id)
        incident.require_open()
        await _free_units(work, incident_id, AssignmentState.CLOSED, by, disposition)
        await finish(work, incident_id, IncidentState.CLOSED, disposition=disposition)
        data = {"disposition": disposition} | ({"note": note} if note else {})
        work.record(_by_dispatcher(EventKind.INCIDENT_CLOSED, work, incident_id, by, data))


async def cancel_incident(desk: Desk, incident_id: UUID, by: Person, *, reason: str) -> None:
    """It was none, or is none any more. The clock leaves it out if nobody had arrived."""
    async with transaction(desk) as work:
        incident = await lock_incident(work.connection, incident_id)
        incident.require_open()
        await _free_units(work, incident_id, AssignmentState.CANCELLED, by, reason)
        await finish(work, incident_id, IncidentState.CANCELLED, disposition=reason)
        work.record(_by_dispatcher(EventKind.INCIDENT_CANCELLED, work, incident_id, by, {"reason": reason}))


async def merge_incident(desk: Desk, incident_id: UUID, into: UUID, by: Person) -> None:
    """Several calls, one incident. Its units stand down; the other's clock runs from the earlier of the two calls."""
    if incident_id == into:
        raise Invalid("an incident can't be merged into itself", member="into")
    async with transaction(desk) as work:
        locked = {i: await lock_incident(work.connection, i) for i in sorted((incident_id, into))}
        incident, other = locked[incident_id], locked[into]
        incident.require_open()
        other.require_open()
        await _free_units(work, incident_id, AssignmentState.CANCELLED, by, f"merged into {other.number}")
        await _join(work, incident, other, by)


async def _join(work: Work, incident: Incident, other: Incident, by: Person) -> None:
    incident_id, into = incident.incident_id, other.incident_id
    await finish(work, incident_id, IncidentState.MERGED, merged_into=into, exclusion="duplicate")
    await carry_on_merged(work.connection, incident_id, into)
    data: dict[str, Any] = {"into": str(into), "into_number": other.number}
    work.record(_by_dispatcher(EventKind.INCIDENT_MERGED, work, incident_id, by, data))
    earlier = incident.received_at < other.received_at
    if earlier:
        await change_incident(work.connection, into, received_at=incident.received_at)
    data = {
        "members": ["received_at"] if earlier else [],
        "merged": incident.number,
        "received_at_before": other.received_at.isoformat(),
    }
    work.record(_by_dispatcher(EventKind.INCIDENT_CHANGED, work, into, by, data))


async def close_when_cleared(work: Work, incident_id: UUID, disposition: str | None, cleared: Event) -> None:
    """The last unit that clears an incident closes it, with that unit's disposition."""
    if await active_assignments(work.connection, incident_id):
        return
    await finish(work, incident_id, IncidentState.CLOSED, disposition=disposition)
    work.record(
        Event(
            kind=EventKind.INCIDENT_CLOSED,
            happened_at=cleared.happened_at,
            said_by=cleared.said_by,
            actor=cleared.actor,
            incident_id=incident_id,
            unit_id=cleared.unit_id,
            data={"disposition": disposition},
        )
    )


async def finish(work: Work, incident_id: UUID, state: IncidentState, **values: Any) -> None:
    """Ends an incident and resolves the warnings about it."""
    await end_incident(work.connection, incident_id, state, work.now, **values)
    await alarms.resolve_alarms(
        work.connection, at=work.now, by="server", kinds=INCIDENT_WARNINGS, incident_id=incident_id
    )


async def _free_units(work: Work, incident_id: UUID, state: AssignmentState, by: Person, reason: str) -> None:
    for assignment in await active_assignments(work.connection, incident_id):
        await take_off(work, assignment, state, reason=reason, said_by=SaidBy.DISPATCHER, actor=by.username)


def _by_dispatcher(kind: EventKind, work: Work, incident_id: UUID, by: Person, data: dict[str, Any]) -> Event:
    return Event(
        kind=kind,
        happened_at=work.now,
        said_by=SaidBy.DISPATCHER,
        actor=by.username,
        incident_id=incident_id,
        data=data,
    )
