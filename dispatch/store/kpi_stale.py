"""Days whose figures have to be made again, where no event of the log tells of the change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.kpi_tables import kpi_stale_days

SHEETS_LOCK: Final = 0x_7A_70_14
"""Advisory lock of whoever makes sheets: one server at a time, so that their versions rise in the order of commit."""


async def hold_sheets(connection: AsyncConnection) -> None:
    """Nobody else makes sheets, or marks days, until the transaction ends."""
    await connection.execute(select(func.pg_advisory_xact_lock(SHEETS_LOCK)))


async def mark_stale(connection: AsyncConnection, days: Iterable[date]) -> None:
    """Days of Asia/Taipei by the receipt of the calls; the last statement of what changes them.

    With the lock: a mark that stands already may be of a sheet that is being made without these changes, and would be
    taken away with it.
    """
    values = [{"day": day} for day in sorted(set(days))]
    if values:
        await hold_sheets(connection)
        await connection.execute(insert(kpi_stale_days).on_conflict_do_nothing(), values)
