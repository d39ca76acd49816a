"""Places on the loaded map: what a typed line may mean, and what is at a point."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas.basics import NO_NUL, QueryLatitude, QueryLongitude
from dispatch.api.schemas.places import PlaceList, PlaceView
from dispatch.api.signed_in import MAY_DISPATCH
from dispatch.domain.geometry import Position
from dispatch.domain.refusals import Invalid
from dispatch.service.place_search import PlaceSearch

router = api_router("places")

TypedLine = Annotated[str, Query(min_length=1, max_length=200, pattern=NO_NUL, description="As it is typed")]
Limit = Annotated[int, Query(ge=1, le=50)]


def _search(request: Request) -> PlaceSearch:
    search: PlaceSearch = request.app.state.places
    return search


@router.get("/places", responses=described(401, 403, 404), dependencies=[MAY_DISPATCH])
async def find(
    request: Request,
    q: TypedLine,
    limit: Limit = 10,
    near_lat: QueryLatitude | None = None,
    near_lon: QueryLongitude | None = None,
) -> PlaceList:
    """The best places for a typed line, best first; with `near_lat` and `near_lon` nearer ones go before.

    Tolerates full and half width, 臺 and 台, spaces, numerals in either script. A house number that the map does not
    have is told from its neighbours, and says so in `precision` and `near`. 404 `no_map` while no streets are loaded.
    """
    if (near_lat is None) != (near_lon is None):
        raise Invalid(
            "give both near_lat and near_lon, or neither", member="near_lat" if near_lat is None else "near_lon"
        )
    near = None if near_lat is None or near_lon is None else Position(near_lat, near_lon)
    found = await _search(request).search(q, limit, near)
    return PlaceList(items=[PlaceView.model_validate(one) for one in found])


@router.get("/places/at", responses=described(401, 403, 404), dependencies=[MAY_DISPATCH])
async def at(request: Request, lat: QueryLatitude, lon: QueryLongitude) -> PlaceList:
    """What is at a point, or near it: an address, else a crossing; an empty list where nothing has a name."""
    found = await _search(request).there(Position(lat, lon))
    return PlaceList(items=[PlaceView.model_validate(found)] if found else [])
