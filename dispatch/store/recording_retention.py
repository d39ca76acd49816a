"""Which recordings have had their time, and which files belong to none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.recording import RecordingState
from dispatch.store.recording_tables import recordings
from dispatch.store.recordings import held_now
from dispatch.store.rows import AnyRow


async def outlived(connection: AsyncConnection, before: datetime) -> Sequence[UUID]:
    """Recordings that ended and were told before then, whichever was later, and are not held.

    A camera whose clock stands in 2010 must not lose today's recordings.
    """
    aged = func.greatest(recordings.c.ended_at, recordings.c.told_at) < before
    query = select(recordings.c.recording_id).where(aged, recordings.c.state != str(RecordingState.DELETED), ~held_now)
    return (await connection.execute(query)).scalars().all()


async def unremoved(connection: AsyncConnection) -> Sequence[AnyRow]:
    """Deleted by the table, and their file perhaps still there."""
    query = select(recordings).where(
        recordings.c.state == str(RecordingState.DELETED),
        or_(recordings.c.path.is_not(None), recordings.c.upload_id.is_not(None)),
    )
    return (await connection.execute(query)).all()


async def unnamed(connection: AsyncConnection, places: Sequence[str]) -> list[str]:
    """Of these places in incoming and quarantine those that no recording names."""
    query = select(recordings.c.path, recordings.c.upload_id).where(
        or_(recordings.c.path.is_not(None), recordings.c.upload_id.is_not(None))
    )
    named: set[str] = set()
    for row in await connection.execute(query):
        named |= {row.path, f"incoming/{row.upload_id}"}
    return [place for place in places if place not in named]
