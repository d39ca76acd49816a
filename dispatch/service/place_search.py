"""Looking for places on the loaded map: the index in memory, built beside the server and anew with each map."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from dispatch.domain.geometry import Position
from dispatch.roads.places import Place, PlaceKind
from dispatch.roads.places_index import PlaceIndex
from dispatch.roads.places_search import Found, search
from dispatch.roads.places_there import there
from dispatch.roads.street_map import StreetMap
from dispatch.service.desk import Desk
from dispatch.store.away import is_away
from dispatch.store.places import PlaceRow, map_places

_log = structlog.get_logger()
LOOK_AGAIN_S: Final = 5.0


class PlaceSearch:
    """One per server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._index: tuple[int, PlaceIndex] | None = None
        self._building = asyncio.Lock()

    async def search(self, text: str, limit: int, near: Position | None) -> list[Found]:
        """The best places for a typed line, best first. Raises NoMap."""
        return search(await self._current(), text, limit, near)

    async def there(self, at: Position) -> Found | None:
        """What is at a point, or near it. Raises NoMap."""
        return there(await self._current(), at)

    async def run(self) -> None:
        """Has the index ready before anybody asks: at the start, and after each new map."""
        while True:
            if self._desk.streets.loaded is not None:
                try:
                    await self._current()
                except Exception as error:
                    if not is_away(error):
                        raise
                    _log.warning("places_wait_for_database", error=type(error).__name__)
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _current(self) -> PlaceIndex:
        loaded = self._desk.streets.require()
        async with self._building:
            if self._index is None or self._index[0] != loaded.map_id:
                async with self._desk.engine.connect() as connection:
                    found = await map_places(connection, loaded.map_id)
                index = await asyncio.to_thread(_index, loaded.streets, found)
                self._index = loaded.map_id, index
                _log.info("place_index_built", map_id=loaded.map_id, places=len(found), streets=len(index.streets))
            return self._index[1]


def _index(streets: StreetMap, rows: Sequence[PlaceRow]) -> PlaceIndex:
    places = [
        Place(
            kind=PlaceKind(row.kind),
            name=row.name,
            number=row.number,
            sort=row.sort,
            aliases=tuple(row.aliases),
            lat=row.lat,
            lon=row.lon,
        )
        for row in rows
    ]
    return PlaceIndex(streets, places)
