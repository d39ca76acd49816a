"""Where a car's journal stands: looked up, and opened where it is new, when the car says hello."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import asyncpg

from gateway.protocol import Hello


async def resume_after(pool: asyncpg.Pool, device_id: UUID, hello: Hello, server_ms: int) -> int:
    """The highest `seq` of this boot that is held durably, 0 if none; notes the agent and how far the clocks differ.

    It waits for a batch of the same journal that is being committed. Raises asyncpg.ForeignKeyViolationError where the
    device is gone.
    """
    held: int = await pool.fetchval(_OPEN, device_id, UUID(hello.boot), hello.agent, server_ms - hello.clock_ms)
    return held


_OPEN: Final = """
INSERT INTO journals (device_id, boot, last_seq, agent, clock_offset_ms) VALUES ($1, $2, 0, $3, $4)
ON CONFLICT (device_id, boot) DO UPDATE SET
    agent = excluded.agent, clock_offset_ms = excluded.clock_offset_ms, seen_at = now()
RETURNING last_seq"""
