"""A supervisor rules on a figure: a row is added, and a line in the timeline. What was recorded stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.incident import Incident, IncidentState
from dispatch.domain.kpi import cancelled_late, left_out
from dispatch.domain.refusals import ChangedMeanwhile, IncidentEnded, IncidentOpen
from dispatch.domain.review import OnRecord, Ruling, checked
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.review_cases import Case, cases
from dispatch.service.transaction import transaction
from dispatch.store.incidents import lock_incident
from dispatch.store.reviews import add_review


async def review(desk: Desk, incident_id: UUID, wish: Ruling, by: Person, *, reason: str, after: UUID | None) -> UUID:
    """The new review's id. `after`: the newest review of the incident that the supervisor saw, None: there was none.

    Raises NotFound; IncidentOpen, IncidentEnded (merged); ChangedMeanwhile where somebody ruled since; Invalid.
    """
    async with transaction(desk) as work:
        incident = await lock_incident(work.connection, incident_id)
        _require_ended(incident)
        (before,) = await cases(work.connection, [incident_id])
        _require_as_seen(before, after)
        known = OnRecord(
            incident.received_at,
            {unit.sent.assignment_id: unit.witnessed for unit in before.units},
            left_out(before.reviewed),
            before.ended_at,
            before.unsent_at,
            before.reviewed.on_scene_at,
            before.is_imported,
            cancelled_late(replace(before.recorded, exclusion=None, on_scene_at=before.reviewed.on_scene_at)),
        )
        ruling = checked(wish, known, work.now)
        review_id = await add_review(work.connection, incident_id, ruling, reason=reason, at=work.now, by=by.username)
        (now,) = await cases(work.connection, [incident_id])
        unit = next((unit.sent for unit in now.units if unit.sent.assignment_id == ruling.assignment_id), None)
        work.record(
            Event(
                kind=EventKind.INCIDENT_REVIEWED,
                happened_at=work.now,
                said_by=SaidBy.DISPATCHER,
                actor=by.username,
                incident_id=incident_id,
                assignment_id=ruling.assignment_id,
                unit_id=unit.unit_id if unit else None,
                data={"review_id": str(review_id), "ruling": str(ruling.kind), "reason": reason}
                | _before_and_after(before, now, ruling),
            )
        )
    return review_id


def _require_ended(incident: Incident) -> None:
    if incident.state is IncidentState.OPEN:
        raise IncidentOpen(
            f"Incident {incident.number} is still open: what is recorded of it may change. Review it once it has ended."
        )
    if incident.state is IncidentState.MERGED:
        raise IncidentEnded(
            f"Incident {incident.number} is merged into another; review that one, which its units count for."
        )


def _require_as_seen(before: Case, after: UUID | None) -> None:
    newest = before.reviews[-1] if before.reviews else None
    if (newest.review_id if newest else None) == after:
        return
    who = f"{newest.decided_by} ruled on it" if newest else "nobody has ruled on it"
    raise ChangedMeanwhile(
        f"Incident {before.recorded.number} is not as you saw it: {who}. Look at it again, then send the review with "
        "that last review's id as `after`.",
        member="after",
    )


def _before_and_after(before: Case, now: Case, ruling: Ruling) -> dict[str, Any]:
    """What counted and what counts: of the arrival it is about, and of the incident."""

    def arrival(case: Case) -> datetime | None:
        if ruling.assignment_id is None:
            return case.unsent_at
        return next((unit.counts_at for unit in case.units if unit.sent.assignment_id == ruling.assignment_id), None)

    said: dict[str, Any] = {
        "response_s_before": _response_s(before),
        "response_s": _response_s(now),
    }
    if ruling.subject is not None:
        return said | {"on_scene_at_before": _iso(arrival(before)), "on_scene_at": _iso(arrival(now))}
    was, now_is = left_out(before.reviewed), left_out(now.reviewed)
    return said | {"exclusion_before": was and str(was), "exclusion": now_is and str(now_is)}


def _response_s(case: Case) -> float | None:
    arrived = case.reviewed.on_scene_at
    return None if arrived is None else max(0.0, (arrived - case.reviewed.received_at).total_seconds())


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
