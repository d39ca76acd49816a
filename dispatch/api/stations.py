"""Where the bureau's stations stand."""

from __future__ import annotations

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import under_way as schemas
from dispatch.api.signed_in import IS_SIGNED_IN, TheDesk
from dispatch.store.stations import station_rows

router = api_router("map")


@router.get("/stations", responses=described(401), dependencies=[IS_SIGNED_IN])
async def stations(desk: TheDesk) -> schemas.StationList:
    """Every station, by precinct and name. A precinct is the group of its stations: no outline of it is kept."""
    async with desk.engine.connect() as connection:
        rows = await station_rows(connection)
    return schemas.StationList(items=[schemas.StationView.model_validate(row) for row in rows])
