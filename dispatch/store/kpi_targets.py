"""What the bureau promised for each year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.kpi_tables import kpi_targets
from dispatch.store.rows import AnyRow


async def target_of(connection: AsyncConnection, year: int) -> float | None:
    """The share within ten minutes, 0 to 1; None where none is set."""
    found: float | None = await connection.scalar(select(kpi_targets.c.share).where(kpi_targets.c.year == year))
    return found


async def all_targets(connection: AsyncConnection) -> Sequence[AnyRow]:
    """By year."""
    return (await connection.execute(select(kpi_targets).order_by(kpi_targets.c.year))).all()


async def set_target(connection: AsyncConnection, year: int, share: float | None, by: str, at: datetime) -> None:
    """None takes it away."""
    if share is None:
        await connection.execute(delete(kpi_targets).where(kpi_targets.c.year == year))
        return
    values = {"share": share, "set_by": by, "set_at": at}
    statement = insert(kpi_targets).values(year=year, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=[kpi_targets.c.year], set_=values))
