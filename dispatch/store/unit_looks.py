"""Who could go to incidents that nobody is on, as rounds of the dispatcher loop saw it: kept, read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.look_tables import unit_looks
from dispatch.store.review_facts import calls_of


@dataclass(frozen=True, slots=True)
class Look:
    """`free_eta_s`: of the nearest unit that was free, None: none was; `somebody`: the plan had a unit for it."""

    incident_id: UUID
    looked_at: datetime
    free_eta_s: float | None
    somebody: bool


async def keep_looks(connection: AsyncConnection, looks: Sequence[Look]) -> None:
    """Rows only come; a round that is kept twice is kept once."""
    await connection.execute(insert(unit_looks).on_conflict_do_nothing(), [asdict(look) for look in looks])


async def looks_of(connection: AsyncConnection, incident_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Look]]:
    """Of each of these incidents and of the calls merged into it, oldest first; without incidents that have none."""
    calls = calls_of(incident_ids)
    query = (
        select(unit_looks, calls.c.counts_for)
        .join(calls, calls.c.incident_id == unit_looks.c.incident_id)
        .order_by(unit_looks.c.looked_at)
    )
    found: defaultdict[UUID, list[Look]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.counts_for].append(Look(row.incident_id, row.looked_at, row.free_eta_s, row.somebody))
    return found
