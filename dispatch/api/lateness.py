"""How likely each open incident is to miss the target."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import lateness as schemas
from dispatch.api.signed_in import MAY_DISPATCH
from dispatch.service.lateness import LatenessKeeper

router = api_router("incidents")


def keeper_of(connection: HTTPConnection) -> LatenessKeeper:
    """What this server keeps of it."""
    keeper: LatenessKeeper = connection.app.state.lateness
    return keeper


@router.get("/lateness", responses=described(401, 403), dependencies=[MAY_DISPATCH])
async def lateness(keeper: Annotated[LatenessKeeper, Depends(keeper_of)]) -> schemas.LatenessList:
    """All open incidents, the highest risk first; at most two seconds old, and never older than the last event."""
    seen = await keeper.now()
    items = [
        schemas.LatenessView(
            incident_id=one.incident_id,
            late_chance=None if one.lateness.chance is None else round(one.lateness.chance, 3),
            expected_on_scene_at=one.expected_on_scene_at,
            by_unit_id=one.by_unit_id,
            basis=one.lateness.basis.value,
            risk=round(one.risk, 4),
        )
        for one in seen.items
    ]
    return schemas.LatenessList(computed_at=seen.computed_at, items=items)
