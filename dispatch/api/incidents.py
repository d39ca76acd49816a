"""Incidents: enter, list, look at, change, end; who could go, and who goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from dispatch.api import present, schemas
from dispatch.api.cursor import from_cursor, to_cursor
from dispatch.api.idempotency import IdempotencyKey, say_replayed
from dispatch.api.period import PeriodOf
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.signed_in import MAY_DISPATCH, MAY_READ, Dispatching, Reading, TheDesk
from dispatch.domain.geometry import Position
from dispatch.domain.incident import AccidentClass, Category, IncidentState, Priority
from dispatch.service import assigning, incidents
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.ranking import ranking_at, ranking_of
from dispatch.store import views
from dispatch.store.access import log_access
from dispatch.store.database import one_moment
from dispatch.store.decisions import Record
from dispatch.store.incidents import find_incident

router = api_router("incidents")


async def _detail(desk: Desk, incident_id: UUID, by: Person) -> schemas.IncidentDetail:
    """With the caller's data, so that the look is logged, also where it answers a change."""
    async with one_moment(desk.engine) as connection:
        detail = await present.incident_detail(connection, incident_id)
        await log_access(connection, by.username, "incident", str(incident_id))
    return detail


@router.post("/incidents", status_code=201, responses=described(401, 403, 404, 409))
async def enter(
    body: schemas.NewIncident, desk: TheDesk, by: Dispatching, response: Response, key: IdempotencyKey = None
) -> schemas.IncidentDetail:
    """Enter a 110 call. Outside the bureau's area: 422 `outside_area`, unless `confirm_outside` is true."""
    entry = incidents.Entry(
        category=Category(body.category),
        priority=Priority(body.priority),
        place=Position(body.lat, body.lon),
        address=body.address,
        description=body.description,
        caller_name=body.caller_name,
        caller_phone=body.caller_phone,
        received_at=body.received_at,
        accident_class=AccidentClass(body.accident_class) if body.accident_class else None,
        exclusion=body.exclusion,
        confirm_outside=body.confirm_outside,
        same_as=body.same_as,
    )
    incident_id, is_new = await incidents.enter_incident(desk, entry, by, key)
    say_replayed(response, is_new=is_new)
    return await _detail(desk, incident_id, by)


@router.get("/incidents", responses=described(401, 403), dependencies=[MAY_READ])
async def list_incidents(
    desk: TheDesk,
    period: PeriodOf,
    state: Literal["open", "closed", "all"] = "all",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    search: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            pattern=schemas.NO_NUL,
            description="Letters of the number, address, description, disposition or of a call sign that was sent",
        ),
    ] = None,
) -> schemas.IncidentPage:
    """Newest first, by the time of the call. `closed` means ended in any way."""
    async with one_moment(desk.engine) as connection:
        rows = await views.incident_page(
            connection,
            state=state,
            start=period.start,
            end=period.end,
            before=from_cursor(cursor) if cursor else None,
            limit=limit + 1,
            search=search,
        )
        page = rows[:limit]
        items = await present.incident_views(connection, page)
    more = len(rows) > limit
    return schemas.IncidentPage(
        items=items, next_cursor=to_cursor(page[-1].received_at, page[-1].incident_id) if more else None
    )


@router.get("/incidents/{incident_id}", responses=described(401, 403, 404))
async def look_at(incident_id: UUID, desk: TheDesk, by: Reading) -> schemas.IncidentDetail:
    """One incident with its assignments, its full timeline and the caller. The look is logged."""
    return await _detail(desk, incident_id, by)


@router.patch("/incidents/{incident_id}", responses=described(401, 403, 404, 409))
async def change(
    incident_id: UUID, body: schemas.IncidentChange, desk: TheDesk, by: Dispatching
) -> schemas.IncidentDetail:
    """Change what is given. With `version`, 409 `changed_meanwhile` where somebody else was faster."""
    changes = body.model_dump(exclude_unset=True, exclude={"version", "confirm_outside"})
    await incidents.amend_incident(
        desk, incident_id, changes, by, version=body.version, confirm_outside=body.confirm_outside
    )
    return await _detail(desk, incident_id, by)


@router.post("/incidents/{incident_id}/close", responses=described(401, 403, 404, 409))
async def close(
    incident_id: UUID, body: schemas.CloseIncident, desk: TheDesk, by: Dispatching
) -> schemas.IncidentDetail:
    """The work is done; units still on it are free."""
    await incidents.close_incident(desk, incident_id, by, disposition=body.disposition, note=body.note)
    return await _detail(desk, incident_id, by)


@router.post("/incidents/{incident_id}/cancel", responses=described(401, 403, 404, 409))
async def cancel(
    incident_id: UUID, body: schemas.CancelIncident, desk: TheDesk, by: Dispatching
) -> schemas.IncidentDetail:
    """It was none, or is none any more."""
    await incidents.cancel_incident(desk, incident_id, by, reason=body.reason)
    return await _detail(desk, incident_id, by)


@router.post("/incidents/{incident_id}/merge", responses=described(401, 403, 404, 409))
async def merge(
    incident_id: UUID, body: schemas.MergeIncident, desk: TheDesk, by: Dispatching
) -> schemas.IncidentDetail:
    """Several calls, one incident: this one goes into the other, whose clock runs from the earlier call."""
    await incidents.merge_incident(desk, incident_id, body.into, by)
    return await _detail(desk, incident_id, by)


@router.get("/incidents/{incident_id}/candidates", responses=described(401, 403, 404), dependencies=[MAY_DISPATCH])
async def candidates(incident_id: UUID, desk: TheDesk) -> schemas.CandidateList:
    """Units in recommended order: those that may be sent first, by ETA over the streets."""
    async with one_moment(desk.engine) as connection:
        incident = await find_incident(connection, incident_id)
        if incident.state is IncidentState.OPEN:
            return _candidate_list(await ranking_of(connection, desk, incident_id))
        return _candidate_list(await ranking_at(connection, desk, incident.place, incident.priority))


@router.get("/candidates", responses=described(401, 403), dependencies=[MAY_DISPATCH])
async def candidates_for_place(
    desk: TheDesk, lat: schemas.QueryLatitude, lon: schemas.QueryLongitude, priority: schemas.QueryPriority = 2
) -> schemas.CandidateList:
    """The same for a place that has no incident yet, while the call is being taken."""
    async with one_moment(desk.engine) as connection:
        return _candidate_list(await ranking_at(connection, desk, Position(lat, lon), Priority(priority)))


@router.post("/incidents/{incident_id}/assignments", status_code=201, responses=described(401, 403, 404, 409))
async def assign(
    incident_id: UUID, body: schemas.NewAssignment, desk: TheDesk, by: Dispatching
) -> schemas.AssignmentView:
    """Assign by hand. 409 `unit_busy` or `unit_unavailable`, with the reason, where the unit can't go.

    A unit that is under way to another incident leaves it only with `divert`; one that has arrived is busy. With
    `seen`, 409 `changed_meanwhile` where somebody else sent a unit that the dispatcher did not know of.
    """
    assignment_id = await assigning.assign_by_hand(
        desk,
        incident_id,
        body.unit_id,
        dispatcher=by.username,
        override_reason=body.override_reason,
        replaces=body.replaces,
        divert=body.divert,
        seen=body.seen,
    )
    return await _assignment(desk, assignment_id)


@router.post("/assignments/{assignment_id}/end", tags=["assignments"], responses=described(401, 403, 404, 409))
async def end_assignment(
    assignment_id: UUID, body: schemas.EndAssignment, desk: TheDesk, by: Dispatching
) -> schemas.AssignmentView:
    """Take a unit off. The incident stays open and gets another one."""
    await assigning.end_by_hand(desk, assignment_id, dispatcher=by.username, reason=body.reason)
    return await _assignment(desk, assignment_id)


async def _assignment(desk: Desk, assignment_id: UUID) -> schemas.AssignmentView:
    async with desk.engine.connect() as connection:
        return present.assignment_view(await views.assignment_row(connection, assignment_id))


def _candidate_list(ranked: Sequence[Record]) -> schemas.CandidateList:
    return schemas.CandidateList(items=[schemas.Candidate(**record) for record in ranked])
