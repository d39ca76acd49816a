"""What one commit writes of what cars sent: the plan (pure), and the transaction that carries it out.

A plan holds every message once: what is at or below the journal's high-water mark is dropped, whoever sent it first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg

from gateway.late import Came, note_late
from gateway.parsing import Refusal
from gateway.protocol import Fix, encode
from gateway.session import Entry

Journal = tuple[UUID, UUID]
"""(device_id, boot): one run of a car's journal, in which `seq` counts."""

Numbered = tuple[UUID, UUID, int]
"""(device_id, boot, seq): one message."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Messages of one journal on their way into the store, in the order of `seq`."""

    device_id: UUID
    unit_id: UUID
    boot: UUID
    entries: Sequence[Entry]
    received_ms: int
    settle: Callable[[int | None, list[Refusal]], None]
    """Called once after the commit: the journal's high-water mark (None: there is no such device any more), and which
    of these entries are held as refused."""
    by_time: bool = False
    """Nobody numbered these (a phone): `seq` stands for kind and time, they come in any order, and each counts once."""

    @property
    def journal(self) -> Journal:
        """Whose sequence numbers these are."""
        return self.device_id, self.boot


@dataclass(frozen=True, slots=True)
class LiveFix:
    """A fix of a plan, and whether it is newer than all before it of its unit."""

    unit_id: UUID
    boot: UUID
    received_ms: int
    fix: Fix
    live: bool

    def announcement(self) -> dict[str, Any]:
        """What is said of it on the bus, after the commit."""
        return {
            "unit_id": str(self.unit_id),
            "time_ms": self.fix.time_ms,
            "received_ms": self.received_ms,
            "lat": self.fix.lat,
            "lon": self.fix.lon,
            "accuracy_m": self.fix.accuracy_m,
            "speed_mps": self.fix.speed_mps,
            "course_deg": self.fix.course_deg,
            "live": self.live,
        }


@dataclass(slots=True)
class Plan:
    """What one transaction writes."""

    fixes: list[LiveFix] = field(default_factory=list)
    messages: list[tuple[Parcel, Entry]] = field(default_factory=list)
    positions: dict[UUID, LiveFix] = field(default_factory=dict)
    high_water: dict[Journal, int] = field(default_factory=dict)


def plan(
    parcels: Sequence[Parcel],
    held: Mapping[Journal, int],
    newest_ms: Mapping[UUID, int],
    by_time: Collection[Numbered] = (),
) -> Plan:
    """What is new in `parcels`, given the high-water mark per journal and the newest fix (epoch ms) per unit.

    Parcels of a journal that `held` does not know are left out: their device is gone. `by_time`: what the store holds
    already of the messages that nobody numbered.
    """
    result = Plan(high_water=dict(held))
    newest = dict(newest_ms)
    seen = set(by_time)
    for parcel in parcels:
        if parcel.journal not in held:
            continue
        for entry in parcel.entries:
            if parcel.by_time:
                numbered = (*parcel.journal, entry.seq)
                if numbered in seen:
                    continue
                seen.add(numbered)
            elif entry.seq <= result.high_water[parcel.journal]:
                continue
            result.high_water[parcel.journal] = max(result.high_water[parcel.journal], entry.seq)
            if not isinstance(entry, Fix):
                result.messages.append((parcel, entry))
                continue
            live = entry.time_ms > newest.get(parcel.unit_id, -1)
            fix = LiveFix(parcel.unit_id, parcel.boot, parcel.received_ms, entry, live)
            result.fixes.append(fix)
            if live:
                newest[parcel.unit_id] = entry.time_ms
                result.positions[parcel.unit_id] = fix
    return result


async def write(connection: asyncpg.Connection, parcels: Sequence[Parcel]) -> Plan:
    """Commits what is new in `parcels` and returns it. All or nothing.

    The journals' rows are locked in one order everywhere, so that gateways that hold parcels of the same car (right
    after a takeover) neither write a message twice nor wait for each other in a ring.
    """
    journals = sorted({parcel.journal for parcel in parcels})
    units = sorted({parcel.unit_id for parcel in parcels})
    async with connection.transaction():
        locked = await connection.fetch(
            _LOCK_JOURNALS, [device for device, _ in journals], [boot for _, boot in journals]
        )
        held = {(row["device_id"], row["boot"]): row["last_seq"] for row in locked}
        newest = {row["unit_id"]: row["fixed_ms"] for row in await connection.fetch(_NEWEST, units)}
        result = plan(parcels, held, newest, await _held_by_time(connection, parcels))
        if result.fixes:
            await connection.execute(_INSERT_FIXES, *_fix_columns(result.fixes))
            await note_late(connection, [Came(row.unit_id, row.fix.time_ms, row.received_ms) for row in result.fixes])
        if result.positions:
            rows = [result.positions[unit] for unit in sorted(result.positions)]
            await connection.execute(_MOVE_POSITIONS, *_fix_columns(rows))
        if result.messages:
            await connection.execute(_INSERT_MESSAGES, *_message_columns(result.messages))
        moved = [(*journal, seq) for journal, seq in result.high_water.items() if seq > held[journal]]
        if moved:
            await connection.execute(_ADVANCE, *map(list, zip(*moved, strict=True)))
    return result


async def _held_by_time(connection: asyncpg.Connection, parcels: Sequence[Parcel]) -> set[Numbered]:
    """Which of the messages that nobody numbered stand in the store; their journals are locked."""
    rows = [
        (parcel.device_id, parcel.unit_id, parcel.boot, entry.seq, entry.time_ms or 0)
        for parcel in parcels
        if parcel.by_time
        for entry in parcel.entries
    ]
    if not rows:
        return set()
    found = await connection.fetch(_HELD_BY_TIME, *map(list, zip(*rows, strict=True)))
    return {(row["device_id"], row["boot"], row["seq"]) for row in found}


def _fix_columns(rows: Sequence[LiveFix]) -> list[list[Any]]:
    fixes = [row.fix for row in rows]
    return [
        [row.unit_id for row in rows],
        [row.boot for row in rows],
        [row.received_ms for row in rows],
        *([getattr(fix, name) for fix in fixes] for name in _FIX_MEMBERS),
    ]


def _message_columns(rows: Sequence[tuple[Parcel, Entry]]) -> list[list[Any]]:
    columns: list[list[Any]] = [[] for _ in range(10)]
    told: tuple[str, int | None, str, str | None, str | None]
    for parcel, entry in rows:
        if isinstance(entry, Refusal):
            told = (entry.type, entry.time_ms, entry.body, str(entry.code), entry.message)
        else:
            told = (str(entry.__struct_config__.tag), entry.time_ms, encode(entry), None, None)
        row = (parcel.device_id, parcel.unit_id, parcel.boot, entry.seq, parcel.received_ms, *told)
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


_FIX_MEMBERS: Final = ("seq", "time_ms", "lat", "lon", "accuracy_m", "speed_mps", "course_deg", "altitude_m", "source")

_LOCK_JOURNALS: Final = """
SELECT j.device_id, j.boot, j.last_seq
FROM journals j JOIN unnest($1::uuid[], $2::uuid[]) AS k(device_id, boot) USING (device_id, boot)
ORDER BY j.device_id, j.boot
FOR UPDATE OF j"""

_HELD_BY_TIME: Final = """
SELECT a.device_id, a.boot, a.seq
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[]) AS a(device_id, unit_id, boot, seq, time_ms)
WHERE EXISTS (SELECT FROM fixes f WHERE f.unit_id = a.unit_id AND f.boot = a.boot AND f.seq = a.seq
              AND f.fixed_at = 'epoch'::timestamptz + a.time_ms * interval '1 ms')
   OR EXISTS (SELECT FROM car_messages m WHERE m.device_id = a.device_id AND m.boot = a.boot AND m.seq = a.seq)"""

_NEWEST: Final = """
SELECT unit_id, (extract(epoch FROM fixed_at) * 1000)::bigint AS fixed_ms FROM unit_positions
WHERE unit_id = ANY($1::uuid[])"""

_FIX_ROWS: Final = """
unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::float8[], $7::float8[], $8::float8[],
       $9::float8[], $10::float8[], $11::float8[], $12::text[])
    AS f(unit_id, boot, received_ms, seq, time_ms, lat, lon, accuracy_m, speed_mps, course_deg, altitude_m, source)"""

# The same fix twice can only be the same fix: unit, time, boot and seq agree.
_INSERT_FIXES: Final = f"""
INSERT INTO fixes (unit_id, fixed_at, boot, seq, received_at, lat, lon, accuracy_m, speed_mps, course_deg, altitude_m,
                   source)
SELECT unit_id, 'epoch'::timestamptz + time_ms * interval '1 ms', boot, seq,
       'epoch'::timestamptz + received_ms * interval '1 ms', lat, lon, accuracy_m, speed_mps, course_deg, altitude_m,
       source
FROM {_FIX_ROWS}
ON CONFLICT DO NOTHING"""  # noqa: S608

_MOVE_POSITIONS: Final = f"""
INSERT INTO unit_positions (unit_id, fixed_at, received_at, lat, lon, accuracy_m, speed_mps, course_deg)
SELECT unit_id, 'epoch'::timestamptz + time_ms * interval '1 ms',
       'epoch'::timestamptz + received_ms * interval '1 ms', lat, lon, accuracy_m, speed_mps, course_deg
FROM {_FIX_ROWS}
ORDER BY unit_id
ON CONFLICT (unit_id) DO UPDATE SET
    fixed_at = excluded.fixed_at, received_at = excluded.received_at, lat = excluded.lat, lon = excluded.lon,
    accuracy_m = excluded.accuracy_m, speed_mps = excluded.speed_mps, course_deg = excluded.course_deg
WHERE excluded.fixed_at > unit_positions.fixed_at"""  # noqa: S608

# A refused message needs no decision any more: it is handled as it comes, and kept for audit.
_INSERT_MESSAGES: Final = """
INSERT INTO car_messages (device_id, unit_id, boot, seq, received_at, type, sent_at, body, rejected_code,
                          rejected_reason, handled_at)
SELECT device_id, unit_id, boot, seq, 'epoch'::timestamptz + received_ms * interval '1 ms', type,
       'epoch'::timestamptz + time_ms * interval '1 ms', body, rejected_code, rejected_reason,
       CASE WHEN rejected_code IS NOT NULL THEN 'epoch'::timestamptz + received_ms * interval '1 ms' END
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::jsonb[],
            $9::text[], $10::text[]) WITH ORDINALITY
    AS m(device_id, unit_id, boot, seq, received_ms, type, time_ms, body, rejected_code, rejected_reason, place)
ORDER BY place
ON CONFLICT (device_id, boot, seq) DO NOTHING"""

_ADVANCE: Final = """
UPDATE journals j SET last_seq = a.last_seq, seen_at = now()
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS a(device_id, boot, last_seq)
WHERE j.device_id = a.device_id AND j.boot = a.boot"""
