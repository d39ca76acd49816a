"""Suggestions where idle units should wait: listed, accepted, dismissed. Nothing moves by itself."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import standby as schemas
from dispatch.api.signed_in import MAY_READ, Dispatching, TheDesk
from dispatch.service.desk import Desk
from dispatch.service.standby import accept_suggestion, dismiss_suggestion
from dispatch.store import standby as store

router = api_router("standby")


@router.get("/standby/suggestions", responses=described(401, 403), dependencies=[MAY_READ])
async def list_suggestions(desk: TheDesk, state: Literal["standing", "all"] = "standing") -> schemas.SuggestionList:
    """`standing`: open, or accepted and not reached yet, oldest first; `all`: the last 500, newest first."""
    async with desk.engine.connect() as connection:
        if state == "standing":
            rows = await store.standing_suggestions(connection)
        else:
            rows = await store.suggestion_rows(connection)
    return schemas.SuggestionList(items=[suggestion_view(row) for row in rows])


@router.post("/standby/suggestions/{suggestion_id}/accept", responses=described(401, 403, 404, 409))
async def accept(suggestion_id: UUID, desk: TheDesk, by: Dispatching) -> schemas.SuggestionView:
    """The car gets a notice where to wait; until it has a job it counts as waiting there."""
    await accept_suggestion(desk, suggestion_id, by)
    return await _suggestion(desk, suggestion_id)


@router.post("/standby/suggestions/{suggestion_id}/dismiss", responses=described(401, 403, 404, 409))
async def dismiss(
    suggestion_id: UUID, desk: TheDesk, by: Dispatching, body: schemas.DismissSuggestion | None = None
) -> schemas.SuggestionView:
    """The unit is not asked to move for half an hour."""
    await dismiss_suggestion(desk, suggestion_id, by, body.reason if body else None)
    return await _suggestion(desk, suggestion_id)


async def _suggestion(desk: Desk, suggestion_id: UUID) -> schemas.SuggestionView:
    async with desk.engine.connect() as connection:
        return suggestion_view((await store.suggestion_rows(connection, suggestion_ids=[suggestion_id]))[0])


def suggestion_view(row: Any) -> schemas.SuggestionView:
    """A suggestion with its unit's call sign."""
    return schemas.SuggestionView(
        id=row.suggestion_id,
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        place=row.place,
        lat=row.lat,
        lon=row.lon,
        drive_s=row.drive_s,
        gain_share=row.gain_share,
        gain_s=row.gain_s,
        share_before=row.share_before,
        share_after=row.share_after,
        state=row.state,
        made_at=row.made_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        ended_at=row.ended_at,
        reason=row.reason,
    )
