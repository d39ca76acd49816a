"""Reviews of figures: which to look at, what was ruled, and a new ruling."""

from __future__ import annotations

import math
from asyncio import to_thread
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query

from dispatch.api.cursor import from_page_end, to_page_end
from dispatch.api.known_query import ONLY_KNOWN
from dispatch.api.kpi_asked import AskedFor, TheMoment
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import reviews as schemas
from dispatch.api.signed_in import MAY_READ, TheDesk, role
from dispatch.domain.incident import TARGET_S
from dispatch.domain.kpi import Exclusion, IncidentRecord, outcome
from dispatch.domain.kpi_line import MARKS
from dispatch.domain.refusals import NotFound
from dispatch.domain.review import Ruling, RulingKind
from dispatch.domain.review_state import ReviewState
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.kpi_ledger import Pick, count_reviews, page
from dispatch.service.review_cases import Case, cases
from dispatch.service.reviewing import review
from dispatch.store.database import one_moment

router = api_router("reviews")
Supervising = Annotated[Person, Depends(role("supervisor"))]


@router.get("/kpi/reviews", responses=described(401, 403), dependencies=[MAY_READ, ONLY_KNOWN])
async def list_reviews(
    asked: AskedFor,
    moment: TheMoment,
    state: Annotated[ReviewState, Query(description="Still to be looked at, or ruled on")] = "open",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> schemas.ReviewCasePage:
    """Ended incidents that are asked for and whose figure rests on a marked or inferred arrival, the newest first.

    And those that were cancelled after their ten minutes were over, with nobody there.

    One that somebody ruled on is open again where something was heard of that arrival since.
    """
    books, connection = moment
    rows, more = await to_thread(
        page, books, asked, Pick(review=state), limit, from_page_end(cursor) if cursor else None
    )
    found = await cases(connection, [row.incident_id for row in rows])
    return schemas.ReviewCasePage(
        total=await to_thread(count_reviews, books, asked, state),
        items=[_view(case, asked.now) for case in found],
        next_cursor=to_page_end(rows[-1]) if more else None,
    )


@router.get("/incidents/{incident_id}/reviews", responses=described(401, 403, 404), dependencies=[MAY_READ])
async def look_at(incident_id: UUID, desk: TheDesk) -> schemas.ReviewCase:
    """Every word on the arrivals of one incident, its figure before and after review, and each ruling."""
    return await _case(desk, incident_id)


@router.post("/incidents/{incident_id}/reviews", status_code=201, responses=described(401, 403, 404, 409))
async def rule(incident_id: UUID, body: schemas.NewReview, desk: TheDesk, by: Supervising) -> schemas.ReviewCase:
    """Rule on a figure of an ended incident. What was recorded stays; the newest ruling counts, earlier ones stay."""
    wish = Ruling(
        RulingKind(body.ruling),
        body.assignment_id,
        body.on_scene_at,
        Exclusion(body.exclusion) if body.exclusion else None,
    )
    await review(desk, incident_id, wish, by, reason=body.reason, after=body.after)
    return await _case(desk, incident_id)


async def _case(desk: Desk, incident_id: UUID) -> schemas.ReviewCase:
    async with one_moment(desk.engine) as connection:
        found = await cases(connection, [incident_id])
    if not found:
        raise NotFound(f"There is no incident {incident_id}.", member="incident_id")
    return _view(found[0], desk.clock())


def _view(case: Case, now: datetime) -> schemas.ReviewCase:
    record = case.recorded
    return schemas.ReviewCase(
        incident_id=record.incident_id,
        number=record.number,
        received_at=record.received_at,
        category=record.category.value,
        priority=record.priority,
        precinct=record.precinct,
        station=record.station,
        state=record.state.value,
        is_imported=case.is_imported,
        marks=[mark.value for mark in MARKS if mark in case.marks],
        recorded=_figure(record, now),
        reviewed=_figure(case.reviewed, now),
        units=[
            schemas.WitnessedUnit(
                assignment_id=unit.sent.assignment_id,
                unit_id=unit.sent.unit_id,
                unit_name=unit.sent.unit_name,
                dispatched_at=unit.sent.dispatched_at,
                button_at=unit.witnessed.button_at,
                gps_at=unit.witnessed.gps_at,
                radio_at=unit.radio_at,
                recorded_at=unit.witnessed.recorded_at,
                counts_at=unit.counts_at,
                review=unit.sent.review,
                inferred=list(unit.inferred),
            )
            for unit in case.units
        ],
        reviews=[
            schemas.ReviewView(
                id=row.review_id,
                assignment_id=row.assignment_id,
                ruling=row.ruling,
                on_scene_at=row.on_scene_at,
                exclusion=row.exclusion,
                reason=row.reason,
                decided_at=row.decided_at,
                decided_by=row.decided_by,
                counts=row.review_id in case.counting,
            )
            for row in case.reviews
        ],
    )


def _figure(record: IncidentRecord, now: datetime) -> schemas.Figure:
    said = outcome(record, now, "received")
    if isinstance(said, Exclusion):
        name: Literal["excluded", "pending"] = "pending" if said is Exclusion.PENDING else "excluded"
        return schemas.Figure(outcome=name, exclusion=said.value, on_scene_at=record.on_scene_at, response_s=None)
    return schemas.Figure(
        outcome="within" if said <= TARGET_S else "late",
        exclusion=None,
        on_scene_at=record.on_scene_at,
        response_s=None if math.isinf(said) else said,
    )
