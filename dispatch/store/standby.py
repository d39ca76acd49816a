"""Suggestions where to wait: made, decided, ended; and which units moved or were left in peace lately."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import NotFound
from dispatch.store.rows import AnyRow
from dispatch.store.standby_tables import standby_suggestions as suggestions
from dispatch.store.tables import stations, units

STANDBY_LOCK: Final = 0x_7A_70_04
"""Advisory lock of who writes suggestions or the alarm by itself: two servers that both believe to lead take turns."""

_with_unit_name = select(suggestions, units.c.name.label("unit_name")).join(
    units, units.c.unit_id == suggestions.c.unit_id
)


async def hold_standby(connection: AsyncConnection) -> None:
    """Until the end of the transaction nobody else writes suggestions by itself."""
    await connection.execute(select(func.pg_advisory_xact_lock(STANDBY_LOCK)))


async def standing_suggestions(connection: AsyncConnection) -> Sequence[AnyRow]:
    """Those that are open, or accepted and not reached yet, with the call signs, oldest first.

    Of one round the move that the next ones build on comes first.
    """
    query = _with_unit_name.where(suggestions.c.ended_at.is_(None))
    return (
        await connection.execute(
            query.order_by(suggestions.c.made_at, suggestions.c.share_before, suggestions.c.suggestion_id)
        )
    ).all()


async def suggestion_rows(
    connection: AsyncConnection, *, suggestion_ids: Iterable[UUID] | None = None, limit: int = 500
) -> Sequence[AnyRow]:
    """Suggestions of any state, or these, newest first."""
    query = _with_unit_name.order_by(suggestions.c.made_at.desc(), suggestions.c.suggestion_id).limit(limit)
    if suggestion_ids is not None:
        query = query.where(suggestions.c.suggestion_id.in_(list(suggestion_ids)))
    return (await connection.execute(query)).all()


async def lock_suggestion(connection: AsyncConnection, suggestion_id: UUID) -> AnyRow:
    """Raises NotFound."""
    query = _with_unit_name.where(suggestions.c.suggestion_id == suggestion_id).with_for_update(of=suggestions)
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound(f"There is no suggestion {suggestion_id}.", member="suggestion_id")
    return row


async def keep_suggestion(connection: AsyncConnection, **values: Any) -> bool:
    """A new one; False where the unit has a standing one already."""
    statement = insert(suggestions).values(**values).on_conflict_do_nothing().returning(suggestions.c.suggestion_id)
    return (await connection.execute(statement)).first() is not None


async def change_suggestion(connection: AsyncConnection, suggestion_id: UUID, before: str, **values: Any) -> bool:
    """What became of it; False where it is no longer in the state `before`."""
    statement = (
        update(suggestions)
        .where(suggestions.c.suggestion_id == suggestion_id, suggestions.c.state == before)
        .values(**values)
        .returning(suggestions.c.suggestion_id)
    )
    return (await connection.execute(statement)).first() is not None


async def moved_since(connection: AsyncConnection, since: datetime) -> dict[UUID, datetime]:
    """When each unit that accepted a move since then did so, or ended it, whichever was later."""
    last = func.max(func.coalesce(suggestions.c.ended_at, suggestions.c.decided_at))
    query = (
        select(suggestions.c.unit_id, last.label("last"))
        .where(suggestions.c.decided_at.is_not(None), suggestions.c.state != "dismissed")
        .where(func.coalesce(suggestions.c.ended_at, suggestions.c.decided_at) >= since)
        .group_by(suggestions.c.unit_id)
    )
    return {row.unit_id: row.last for row in await connection.execute(query)}


async def dismissed_since(connection: AsyncConnection, since: datetime) -> set[UUID]:
    """Units for which a suggestion was dismissed since then."""
    query = select(suggestions.c.unit_id).where(suggestions.c.state == "dismissed", suggestions.c.decided_at >= since)
    return set((await connection.execute(query)).scalars())


async def placed_stations(connection: AsyncConnection) -> tuple[tuple[str, float, float], ...]:
    """Name, lat and lon of the stations whose position is known, by name."""
    query = select(stations.c.name, stations.c.lat, stations.c.lon)
    query = query.where(stations.c.lat.is_not(None), stations.c.lon.is_not(None)).order_by(stations.c.name)
    return tuple((row.name, row.lat, row.lon) for row in await connection.execute(query))
