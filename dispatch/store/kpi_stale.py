"""Days whose figures have to be made again, where no event of the log tells of the change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.kpi_tables import kpi_stale_days


async def mark_stale(connection: AsyncConnection, days: Iterable[date]) -> None:
    """Days of Asia/Taipei by the receipt of the calls; in the transaction that changes what they rest on."""
    values = [{"day": day} for day in sorted(set(days))]
    if values:
        await connection.execute(insert(kpi_stale_days).on_conflict_do_nothing(), values)
