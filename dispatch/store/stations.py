"""The bureau's stations and the precincts that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import literal, select
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


async def place_names(connection: AsyncConnection) -> Mapping[str, set[str]]:
    """The names that there are today, by `precinct` and `station`."""
    found: dict[str, set[str]] = {"precinct": set(), "station": set()}
    named = select(literal("precinct"), precincts.c.name).union_all(select(literal("station"), stations.c.name))
    for kind, name in await connection.execute(named):
        found[kind].add(name)
    return found
