"""Route and ETA of each unit that is on its way, from where it is now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import under_way as schemas
from dispatch.api.signed_in import MAY_DISPATCH
from dispatch.service.under_way import UnderWayKeeper

router = api_router("units")


def keeper_of(connection: HTTPConnection) -> UnderWayKeeper:
    """What this server keeps of them."""
    keeper: UnderWayKeeper = connection.app.state.under_way
    return keeper


@router.get("/under-way", responses=described(401, 403), dependencies=[MAY_DISPATCH])
async def under_way(keeper: Annotated[UnderWayKeeper, Depends(keeper_of)]) -> schemas.UnderWayList:
    """Each active assignment whose unit is not on scene, by call sign; at most two seconds old."""
    seen = await keeper.now()
    return schemas.UnderWayList(
        computed_at=seen.computed_at, items=[schemas.WayView.model_validate(asdict(way)) for way in seen.ways]
    )
