"""What an officer's page reports, by the rules and with the code of the vehicle link: once each, in order, true times.

A page keeps a journal like a car's: `boot` names it, `seq` counts in it. On the server its messages stand under a boot
made from duty and `boot`, so that no page can write into the journal of a car, or of another officer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg
import msgspec

from dispatch.domain.refusals import Invalid
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.officer_duty import NoDuty
from dispatch.store import officers
from dispatch.store.officer_view import open_journal
from dispatch.store.rows import AnyRow
from gateway.batch import Parcel, Plan, write
from gateway.parsing import Fault, Refusal, parse_car_frame
from gateway.protocol import Availability, CheckIn, Fix, RejectedCode, Sos, Status, encode
from gateway.session import Entry, checked

_AN_OFFICERS: Final = (Fix, Status, Availability, Sos, CheckIn)
_AWAY: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Taken:
    """Up to which `seq` the page's journal is durable, and what of this batch was refused for good."""

    acked: int
    refused: list[Refusal]


def journal_boot(duty_id: UUID, boot: UUID) -> UUID:
    """The boot under which this page's messages stand."""
    return uuid5(duty_id, boot.hex)


async def take_messages(
    desk: Desk, by: Person, *, duty_id: UUID, boot: UUID, clock_ms: int, messages: list[dict[str, Any]]
) -> Taken:
    """Makes the batch durable, each message once. What was pressed in a duty that has ended counts as well.

    Raises NoDuty where the duty is not this officer's, Invalid where a message has no readable `seq` or is none that
    an officer may send.
    """
    server_ms = round(desk.clock().timestamp() * 1000)
    async with desk.engine.begin() as connection:
        duty = await officers.duty_of(connection, by.user_id, duty_id)
        if duty is None or duty.device_id is None:
            raise NoDuty("This is no duty of yours.", member="duty_id")
        entries = [_admitted(entry, duty, server_ms) for entry in _read(messages)]
        own_boot = journal_boot(duty_id, boot)
        agent = f"patrol-page/1 duty {duty_id}"
        acked = await open_journal(connection, duty.device_id, own_boot, agent, server_ms - clock_ms)
    if not entries:
        return Taken(acked, [])
    refused = [entry for entry in entries if isinstance(entry, Refusal)]
    parcel = Parcel(duty.device_id, duty.unit_id, own_boot, entries, server_ms, _settled)
    plan = await _write(desk, parcel)
    await _announce(desk, plan)
    return Taken(plan.high_water[parcel.journal], refused)


def _read(messages: list[dict[str, Any]]) -> list[Entry]:
    if not messages:
        return []
    entries: list[Entry] = []
    for place, item in enumerate(parse_car_frame(msgspec.json.encode(messages)), start=1):
        if isinstance(item, Fault):
            raise Invalid(item.message, member="messages")
        if not isinstance(item, (*_AN_OFFICERS, Refusal)):
            raise Invalid(f"message {place}: an officer's page reports no such thing", member="messages")
        entries.append(item)
    return sorted(entries, key=lambda entry: entry.seq)


def _admitted(entry: Entry, duty: AnyRow, server_ms: int) -> Entry:
    """The entry, or its refusal: a fix from too far ahead, or what was pressed after somebody else took the unit.

    A call for help is never refused; the word that it is over is: the call may be that of whoever came after.
    """
    entry = checked(entry, server_ms)
    if isinstance(entry, Refusal) or (isinstance(entry, Sos) and entry.active):
        return entry
    if duty.ended_at is None or entry.time_ms <= _ms(duty.ended_at):
        return entry
    return Refusal(
        seq=entry.seq,
        code=RejectedCode.BAD_MESSAGE,
        message="time_ms: after the end of this duty on the unit",
        type=str(entry.__struct_config__.tag),
        time_ms=entry.time_ms,
        body=encode(entry),
    )


async def _write(desk: Desk, parcel: Parcel) -> Plan:
    async with desk.engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)  # noqa: S101 - the engine has no other driver
        try:
            return await write(raw, [parcel])
        except asyncpg.DataError as error:
            raise Invalid(f"the store refuses it: {type(error).__name__}", member="messages") from error
        except _AWAY as error:
            raise ConnectionError("the database went away; nothing was acknowledged") from error


async def _announce(desk: Desk, plan: Plan) -> None:
    """As the gateway does after its commits."""
    if plan.messages:
        desk.wake.set()
        await desk.bus.publish("inbox", {})
    if plan.fixes:
        await desk.bus.publish("fixes", [fix.announcement() for fix in plan.fixes])


def _settled(_durable_seq: int | None, _refused: list[Refusal]) -> None:
    """Nobody waits for it here: the answer is made from the plan."""


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
