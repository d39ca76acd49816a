"""The mode as a supervisor set it while the servers run; the newest row is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.mode import Mode
from dispatch.store.policy_tables import policy_modes


@dataclass(frozen=True, slots=True)
class ModeSet:
    """Who set it, and when."""

    mode: Mode
    set_at: datetime
    set_by: str


async def mode_set(connection: AsyncConnection) -> ModeSet | None:
    """The mode in force; None where nobody has set one: that of the settings is."""
    query = select(policy_modes).order_by(policy_modes.c.mode_id.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return ModeSet(Mode(row.mode), row.set_at, row.set_by) if row else None


async def set_mode(connection: AsyncConnection, mode: Mode, *, by: str, at: datetime) -> None:
    """From now on this one."""
    await connection.execute(insert(policy_modes).values(mode=str(mode), set_at=at, set_by=by))
