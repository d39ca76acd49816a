"""What is kept for the replay of past hours, where a later change would take it away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.past import BORN_WITH
from dispatch.domain.past_rows import Overwritten
from dispatch.store.past_tables import overwritten
from dispatch.store.tables import alarms, incidents

WORDS: Final = ("address", "description")


async def born_with(connection: AsyncConnection, incident_id: UUID) -> dict[str, Any]:
    """What the first line of an incident says of it; its words and its caller stay where retention can reach them."""
    columns = [incidents.c[name] for name in (*BORN_WITH, "station_id")]
    row = (await connection.execute(select(*columns).where(incidents.c.incident_id == incident_id))).one()
    return {**row._mapping, "station_id": None if row.station_id is None else str(row.station_id)}


async def keep_words(connection: AsyncConnection, incident_id: UUID, changes: Mapping[str, Any], at: datetime) -> None:
    """Address and description as they were, where one of `changes` is about to replace them."""
    row = (
        await connection.execute(
            select(*(incidents.c[name] for name in WORDS)).where(incidents.c.incident_id == incident_id)
        )
    ).one()
    replaced = {name: value for name, value in row._mapping.items() if name in changes and changes[name] != value}
    if replaced:
        await connection.execute(insert(overwritten).values(subject_id=incident_id, until=at, members=replaced))


async def keep_sos(connection: AsyncConnection, unit_id: UUID, at: datetime) -> None:
    """Where and with whom near by the unit's standing SOS was, before a repeated one says it anew."""
    query = select(alarms.c.alarm_id, alarms.c.lat, alarms.c.lon, alarms.c.data).where(
        alarms.c.kind == "sos", alarms.c.unit_id == unit_id, alarms.c.resolved_at.is_(None)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is not None:
        members = {"lat": row.lat, "lon": row.lon, "data": row.data}
        await connection.execute(insert(overwritten).values(subject_id=row.alarm_id, until=at, members=members))


async def forget_overwritten(connection: AsyncConnection, before: datetime) -> int:
    """Takes out what was overwritten before that time; how much that was."""
    done = await connection.execute(delete(overwritten).where(overwritten.c.until < before))
    return done.rowcount


async def overwritten_of(
    connection: AsyncConnection, subject_ids: Iterable[UUID], since: datetime
) -> Mapping[UUID, Sequence[Overwritten]]:
    """What was overwritten in these incidents and alarms after `since`, in the order of time."""
    query = (
        select(overwritten)
        .where(overwritten.c.subject_id.in_(list(subject_ids)), overwritten.c.until > since)
        .order_by(overwritten.c.until, overwritten.c.overwritten_id)
    )
    found: defaultdict[UUID, list[Overwritten]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.subject_id].append(Overwritten(row.until, row.members))
    return found
