"""Places of a street map as rows: written in one stream, read in one go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.place_tables import places


class PlaceRow(NamedTuple):
    """One place, as the table holds it; degrees."""

    kind: str
    name: str
    number: str
    sort: str
    aliases: list[str]
    lat: float
    lon: float


_COLUMNS: Final = ("map_id", *PlaceRow._fields)


async def store_places(connection: AsyncConnection, map_id: int, rows: Iterable[PlaceRow]) -> None:
    """Adds them to the map, by COPY, in the connection's transaction, which has to have begun."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if driver is None:
        raise RuntimeError("the connection was closed before its places were written")
    records = ((map_id, *row) for row in rows)
    await driver.copy_records_to_table("places", records=records, columns=_COLUMNS)


async def map_places(connection: AsyncConnection, map_id: int) -> list[PlaceRow]:
    """All places of a map, in the order they were written."""
    query = select(*(places.c[name] for name in PlaceRow._fields)).where(places.c.map_id == map_id)
    return [PlaceRow(*row) for row in await connection.execute(query.order_by(places.c.place_id))]
