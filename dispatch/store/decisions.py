"""Decision records: every candidate with ETA and reason, so that "why this car?" has an answer a year later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.policy import Candidate
from dispatch.store.rows import AnyRow
from dispatch.store.tables import decisions


def candidate_record(candidate: Candidate) -> dict[str, Any]:
    """A candidate as JSON, as the API shows it and the decision keeps it."""
    return {
        "unit_id": str(candidate.unit_id),
        "name": candidate.name,
        "status": str(candidate.status),
        "eta_s": round(candidate.eta_s, 1) if candidate.eta_s is not None else None,
        "distance_m": round(candidate.distance_m) if candidate.distance_m is not None else None,
        "reasons": list(candidate.reasons),
        "recommended": candidate.recommended,
        "would_divert_from": str(candidate.active_incident_id) if candidate.active_incident_id else None,
    }


async def keep_decision(
    connection: AsyncConnection,
    *,
    incident_id: UUID,
    assignment_id: UUID | None,
    decided_at: datetime,
    decided_by: str,
    policy: str,
    candidates: Sequence[Candidate],
    override_reason: str | None = None,
) -> None:
    """One record; it is never changed."""
    await connection.execute(
        insert(decisions).values(
            decision_id=uuid4(),
            incident_id=incident_id,
            assignment_id=assignment_id,
            decided_at=decided_at,
            decided_by=decided_by,
            policy=policy,
            candidates=[candidate_record(candidate) for candidate in candidates],
            override_reason=override_reason,
        )
    )


async def decisions_of(connection: AsyncConnection, incident_id: UUID) -> Sequence[AnyRow]:
    """All decisions of one incident, oldest first."""
    query = select(decisions).where(decisions.c.incident_id == incident_id).order_by(decisions.c.decided_at)
    return (await connection.execute(query)).all()
