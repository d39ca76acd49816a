"""How well the idle units cover the calls of the next hour: figures, thin areas, and the areas within reach."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request, Response
from starlette.requests import HTTPConnection

from dispatch.api.period import QueryTime
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import coverage as schemas
from dispatch.api.signed_in import MAY_READ, TheDesk
from dispatch.service.coverage_keeper import CoverageKeeper

router = api_router("coverage")


def keeper_of(connection: HTTPConnection) -> CoverageKeeper:
    """What this server keeps of places and demand."""
    keeper: CoverageKeeper = connection.app.state.coverage
    return keeper


TheKeeper = Annotated[CoverageKeeper, Depends(keeper_of)]


@router.get("/coverage", responses=described(401, 403, 404), dependencies=[MAY_READ])
async def coverage(
    desk: TheDesk,
    keeper: TheKeeper,
    at: Annotated[
        QueryTime | None, Query(description="Calls of the hour from then on; now where it is missing")
    ] = None,
) -> schemas.CoverageView:
    """Shares of the expected calls, and where they are thin. Units stand where they are now, whatever `at` says."""
    seen = await keeper.picture(at or desk.clock())
    return schemas.CoverageView(
        at=seen.at,
        idle_units=seen.idle_units,
        calls=seen.calls,
        calls_since=seen.calls_since,
        expected_calls=seen.expected_calls,
        shares=[schemas.ShareWithin(within_s=within_s, share=share) for within_s, share in seen.shares],
        limit_s=seen.limit_s,
        share=seen.share,
        likely_share=seen.likely_share,
        response_s=seen.response_s,
        threshold=desk.settings.coverage_threshold,
        thin=[
            schemas.ThinAreaView(
                lat=area.position.lat,
                lon=area.position.lon,
                place=area.name,
                station=area.station,
                missing_share=area.missing_share,
                reached_share=area.reached_share,
            )
            for area in seen.thin
        ],
    )


@router.get(
    "/coverage/areas",
    responses=described(401, 403, 404)
    | {200: {"content": {"application/geo+json": {}}, "description": "A FeatureCollection, the widest area first"}}
    | {304: {"description": "The same areas as before"}},
    response_class=Response,
    dependencies=[MAY_READ],
)
async def areas(request: Request, keeper: TheKeeper) -> Response:
    """What an idle unit reaches within 3, 5 and 10 minutes (`within_s`), (lon, lat); drawn anew every 15 s at most."""
    drawn = await keeper.areas()
    headers = {"ETag": drawn.tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == drawn.tag:
        return Response(status_code=304, headers=headers)
    return Response(drawn.content, media_type="application/geo+json", headers=headers)
