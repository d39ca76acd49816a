"""What the bureau promised for each year. Each word on it stays; the newest counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.kpi_tables import kpi_targets
from dispatch.store.rows import AnyRow


async def target_of(connection: AsyncConnection, year: int) -> float | None:
    """The share within ten minutes, 0 to 1; None where none is set."""
    query = select(kpi_targets.c.share).where(kpi_targets.c.year == year).order_by(kpi_targets.c.number.desc()).limit(1)
    found: float | None = await connection.scalar(query)
    return found


async def target_history(connection: AsyncConnection) -> Mapping[int, Sequence[AnyRow]]:
    """By year each word on it, oldest first: the last one counts; its share is None where it was taken back."""
    rows = (await connection.execute(select(kpi_targets).order_by(kpi_targets.c.year, kpi_targets.c.number))).all()
    return {year: list(its) for year, its in groupby(rows, key=lambda row: row.year)}


async def set_target(connection: AsyncConnection, year: int, share: float | None, by: str, at: datetime) -> None:
    """None takes it back. What counts already is not said again."""
    if share == await target_of(connection, year):
        return
    await connection.execute(insert(kpi_targets).values(year=year, share=share, set_by=by, set_at=at))
