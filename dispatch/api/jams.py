"""Traffic of the own fleet: the streets where own units crawl, for the map."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Depends, Response
from starlette.requests import HTTPConnection

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.signed_in import MAY_READ
from dispatch.service.jam_lines import JamsKeeper

router = api_router("map")


def keeper_of(connection: HTTPConnection) -> JamsKeeper:
    """What this server keeps of them."""
    keeper: JamsKeeper = connection.app.state.jams
    return keeper


@router.get(
    "/jams",
    responses=described(401, 403, 404)
    | {200: {"content": {"application/geo+json": {}}, "description": "A FeatureCollection of LineStrings"}},
    response_class=Response,
    dependencies=[MAY_READ],
)
async def jams(keeper: Annotated[JamsKeeper, Depends(keeper_of)]) -> Response:
    """Each slow street in each slow direction: `factor` times its usual time, and `name`; no street that nobody drove.

    From the tracks of units on patrol or under way, of the last ten minutes; read anew every 10 s. (lon, lat), along
    the direction of driving. `computed_at` stands beside the features.
    """
    lines = await keeper.lines()
    content = {"type": "FeatureCollection", "computed_at": lines.computed_at, "features": lines.features}
    return Response(msgspec.json.encode(content), media_type="application/geo+json")
