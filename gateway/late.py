"""Notes of fixes that come in late: whoever follows the newest ones has gone past their time and has to look again.

Written in the transaction that stores the fixes, so that none is ever missed, however old it is and whoever is not
running. Dispatch takes a note out once it has looked (decision 0034).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

LATE_MS: Final = 5 * 60_000
"""A fix that is older than this when it is received is late."""
HELD_UP_MS: Final = 10_000
"""So is one that waited longer than this for its commit: the database was away."""
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Came:
    """One fix that is being written: of which unit and time, and when it was received; epoch ms."""

    unit_id: UUID
    fixed_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class LateStretch:
    """From when to when late fixes of a unit are, within one day (UTC) of the receiver's time."""

    unit_id: UUID
    first_ms: int
    last_ms: int


def late_stretches(fixes: Iterable[Came], now_ms: int) -> list[LateStretch]:
    """What of these fixes is late where they are written now: one stretch for each unit and day.

    By days, so that one fix of a receiver that lost its date does not call for a look at all the years between.
    """
    days: dict[tuple[UUID, int], list[int]] = {}
    for fix in fixes:
        if fix.received_ms - fix.fixed_ms > LATE_MS or now_ms - fix.received_ms > HELD_UP_MS:
            days.setdefault((fix.unit_id, fix.fixed_ms // _DAY_MS), []).append(fix.fixed_ms)
    return [LateStretch(unit_id, min(times), max(times)) for (unit_id, _), times in sorted(days.items())]


async def note_late(connection: asyncpg.Connection, fixes: Iterable[Came]) -> None:
    """Notes what is late of them; in the transaction that writes them."""
    late = late_stretches(fixes, time.time_ns() // 1_000_000)
    if late:
        columns = ([one.unit_id for one in late], [one.first_ms for one in late], [one.last_ms for one in late])
        await connection.execute(_NOTE, *columns)


_NOTE: Final = """
INSERT INTO late_fixes (unit_id, first_fixed_at, last_fixed_at)
SELECT unit_id, 'epoch'::timestamptz + first_ms * interval '1 ms', 'epoch'::timestamptz + last_ms * interval '1 ms'
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS l(unit_id, first_ms, last_ms)"""
