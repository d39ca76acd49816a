"""The bureau's stations and the precincts that they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.tables import precincts, stations


async def station_rows(connection: AsyncConnection) -> Sequence[AnyRow]:
    """All stations with their precinct's name, by precinct and name; those of no precinct last."""
    query = (
        select(
            stations.c.station_id.label("id"),
            stations.c.name,
            precincts.c.name.label("precinct"),
            stations.c.lat,
            stations.c.lon,
        )
        .outerjoin(precincts, precincts.c.precinct_id == stations.c.precinct_id)
        .order_by(precincts.c.name.nulls_last(), stations.c.name)
    )
    return (await connection.execute(query)).all()
