"""Decision records: every candidate with ETA and reason, so that "why this car?" has an answer a year later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, null, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.policy_tables import decision_rounds
from dispatch.store.rows import AnyRow
from dispatch.store.tables import decisions

Record = Mapping[str, Any]
"""A candidate as JSON, as the API shows it and a decision keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at everything, and what came of it. `seen` gives what is enough to decide it again."""

    round_id: UUID
    decided_at: datetime
    mode: str
    policy: str
    settings: dict[str, Any]
    method: str
    fallback: bool
    took_ms: float
    rows: int
    columns: int
    seen: Callable[[], dict[str, Any]]
    planned: dict[str, Any]


async def keep_round(connection: AsyncConnection, done: Round) -> None:
    """Once, with the first thing that is carried out of it, and in the same transaction."""
    values = {name: getattr(done, name) for name in Round.__dataclass_fields__} | {"seen": done.seen()}
    await connection.execute(pg_insert(decision_rounds).values(**values).on_conflict_do_nothing())


async def note_outcome(connection: AsyncConnection, round_id: UUID, planned: dict[str, Any]) -> None:
    """What of the plan was carried out; nothing where the round was not kept."""
    statement = update(decision_rounds).where(decision_rounds.c.round_id == round_id)
    await connection.execute(statement.values(planned=planned))


async def forget_seen(connection: AsyncConnection, before: datetime) -> int:
    """Takes out what old rounds saw, which holds where units were; how many rounds that was."""
    old = decision_rounds.c.decided_at < before, decision_rounds.c.seen.is_not(None)
    statement = update(decision_rounds).where(*old).values(seen=null())
    done = await connection.execute(statement.returning(decision_rounds.c.round_id))
    return len(done.all())


async def last_round(connection: AsyncConnection) -> AnyRow | None:
    """The newest round that changed something, without what it saw."""
    columns = [column for column in decision_rounds.c if column.name != "seen"]
    query = select(*columns).order_by(decision_rounds.c.decided_at.desc()).limit(1)
    return (await connection.execute(query)).one_or_none()


async def rounds_since(connection: AsyncConnection, since: datetime) -> tuple[int, int]:
    """(rounds that changed something, those of them that fell back on the greedy rule)."""
    query = select(func.count(), func.count().filter(decision_rounds.c.fallback)).where(
        decision_rounds.c.decided_at >= since
    )
    row = (await connection.execute(query)).one()
    return int(row[0]), int(row[1])


async def keep_decision(
    connection: AsyncConnection,
    *,
    incident_id: UUID,
    assignment_id: UUID | None,
    decided_at: datetime,
    decided_by: str,
    policy: str,
    candidates: Sequence[Record],
    override_reason: str | None = None,
    decided_in: Round | None = None,
    role: str | None = None,
    leaves: UUID | None = None,
) -> None:
    """One record; it is never changed. `leaves`: the incident that the unit was under way to."""
    await connection.execute(
        insert(decisions).values(
            decision_id=uuid4(),
            incident_id=incident_id,
            assignment_id=assignment_id,
            decided_at=decided_at,
            decided_by=decided_by,
            policy=policy,
            candidates=list(candidates),
            override_reason=override_reason,
            round_id=decided_in.round_id if decided_in else None,
            method=decided_in.method if decided_in else None,
            fallback=decided_in.fallback if decided_in else False,
            role=role,
            leaves=leaves,
        )
    )


async def decisions_of(connection: AsyncConnection, incident_id: UUID) -> Sequence[AnyRow]:
    """All decisions of one incident, oldest first."""
    query = select(decisions).where(decisions.c.incident_id == incident_id).order_by(decisions.c.decided_at)
    return (await connection.execute(query)).all()
