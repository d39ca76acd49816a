"""How each car's agent is, as it last said: one row a unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text, Uuid, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from gateway.store import Timestamp, metadata

agent_health = Table(
    "agent_health",
    metadata,
    Column("unit_id", Uuid, ForeignKey("units.unit_id"), primary_key=True),
    Column("said_at", Timestamp, nullable=False, comment="the car's time, no later than received_at"),
    Column("received_at", Timestamp, nullable=False, comment="the gateway's clock"),
    Column("agent", Text, nullable=False),
    Column("uptime_s", BigInteger, nullable=False),
    Column("waiting", BigInteger, nullable=False, comment="messages in the car that are not acknowledged"),
    Column("clock_offset_ms", BigInteger, comment="server's clock minus the car computer's"),
    Column("gnss_offset_ms", BigInteger, comment="GNSS time minus the car computer's clock"),
    Column("troubles", JSONB, nullable=False, comment="codes, the oldest first"),
    comment="What the agent in the car last said of itself",
)
_MEMBERS = ("agent", "uptime_s", "waiting", "clock_offset_ms", "gnss_offset_ms", "troubles")


async def keep_agent_health(
    connection: AsyncConnection, unit_id: UUID, said_at: datetime, received_at: datetime, body: dict[str, Any]
) -> None:
    """The newest word takes the place of the one before; an older one, late from a backlog, does not."""
    values = {name: body.get(name) for name in _MEMBERS} | {"said_at": said_at, "received_at": received_at}
    statement = insert(agent_health).values(unit_id=unit_id, **values)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[agent_health.c.unit_id], set_=values, where=agent_health.c.said_at <= said_at
        )
    )


async def health_rows(connection: AsyncConnection, unit_ids: Iterable[UUID] | None = None) -> Sequence[AnyRow]:
    """Of all units, or of these; none for a unit whose agent never said anything."""
    query = select(agent_health)
    if unit_ids is not None:
        query = query.where(agent_health.c.unit_id.in_(list(unit_ids)))
    return (await connection.execute(query)).all()
