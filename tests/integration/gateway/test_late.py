"""Late fixes on the real gateway: noted with the fixes themselves, once, for whoever reads tracks."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from gateway.late import LATE_MS
from gateway.settings import Settings
from tests.support.cars import Device, car, fix, now_ms, running


async def test_a_backlog_leaves_a_note_and_a_drive_leaves_none(
    settings: Settings, device: Device, database: asyncpg.Connection
) -> None:
    """The note says from when to when; what was sent twice after a break is noted once."""
    begin_ms = now_ms() - 3 * 86_400_000
    day_ms = begin_ms - begin_ms % 86_400_000
    backlog = [fix(seq, day_ms + 1000 * seq) for seq in range(1, 11)]
    async with running(settings) as address, car(address, device) as sender:
        await sender.hello()
        await sender.send([*backlog, fix(11)])
        await sender.acked(11)
    async with running(settings) as address, car(address, device) as sender:
        await sender.hello()
        await sender.send([*backlog, fix(12, now_ms() - LATE_MS + 60_000)])
        await sender.acked(12)
    assert await database.fetchval("SELECT count(*) FROM fixes") == 12
    (note,) = await database.fetch("SELECT * FROM late_fixes")
    assert note["unit_id"] == device.unit_id
    assert [note["first_fixed_at"], note["last_fixed_at"]] == [
        datetime.fromtimestamp((day_ms + 1000 * seq) / 1000, UTC) for seq in (1, 10)
    ]
