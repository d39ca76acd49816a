"""The loaded street map and the bureau's area, kept by each dispatch server and read again when another is loaded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.domain.geometry import Position, point_in_polygon
from dispatch.domain.refusals import NoMap, OutsideArea
from dispatch.roads import street_map_codec
from dispatch.roads.conditions import Slowdown
from dispatch.roads.speed_factors import PRIORS, SpeedFactors
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import TravelTimes
from dispatch.store.speed_versions import factors_of, version_in_force
from dispatch.store.tables import bureaus, street_maps

_log = structlog.get_logger()
AREA_MARGIN_M: Final = 2000.0


async def speeds_of(connection: AsyncConnection, version: int) -> SpeedFactors:
    """A version of the speeds, in force or not. Raises NotFound."""
    if version == PRIORS.version:
        return PRIORS
    return SpeedFactors.of_cells(version, await factors_of(connection, version))


@dataclass(frozen=True, slots=True)
class LoadedMap:
    """A street map and what is known of it."""

    map_id: int
    source: str
    sha256: str
    generated: bool
    loaded_at: datetime
    facts: dict[str, Any]
    streets: StreetMap


class Streets:
    """Travel times over the loaded map; geodesic ones, and saying so, while none is loaded."""

    def __init__(self) -> None:
        self.loaded: LoadedMap | None = None
        self.travel = TravelTimes(None)
        self.slowdown: Slowdown | None = None
        """Jams of this moment, where this server leads and has seen any."""
        self.bureau_name: str | None = None
        self.outline: dict[str, Any] | None = None

    async def refresh(self, engine: AsyncEngine) -> bool:
        """Loads the newest map, and the speeds in force, unless they are loaded already; True where a map was."""
        async with engine.connect() as connection:
            bureau = (await connection.execute(select(bureaus).limit(1))).one_or_none()
            if bureau is not None:
                self.bureau_name, self.outline = bureau.name, bureau.outline
            known = self.loaded.map_id if self.loaded else 0
            query = select(street_maps).where(street_maps.c.map_id > known).order_by(street_maps.c.map_id.desc())
            row = (await connection.execute(query.limit(1))).one_or_none()
            speeds = await self._speeds_in_force(connection)
        if row is None:
            if speeds is not self.travel.speeds:
                self.travel = self.travel.with_speeds(speeds)
                _log.info("speeds_changed", version=speeds.version)
            return False
        streets = await asyncio.to_thread(street_map_codec.decode, row.content)
        travel = await asyncio.to_thread(TravelTimes, streets, speeds)
        self.travel, self.slowdown = travel, None
        self.loaded = LoadedMap(
            map_id=row.map_id,
            source=row.source,
            sha256=row.sha256,
            generated=row.generated,
            loaded_at=row.loaded_at,
            facts=row.facts,
            streets=streets,
        )
        _log.info("street_map_loaded", map_id=row.map_id, source=row.source)
        return True

    async def _speeds_in_force(self, connection: AsyncConnection) -> SpeedFactors:
        """Those that are loaded, where they still are; a version never changes."""
        version = await version_in_force(connection)
        return self.travel.speeds if version == self.travel.speeds.version else await speeds_of(connection, version)

    def require(self) -> LoadedMap:
        """Raises NoMap."""
        if self.loaded is None:
            raise NoMap("No street map is loaded; load one with `patrol map import FILE`.")
        return self.loaded

    def require_inside(self, place: Position) -> None:
        """Raises OutsideArea: outside the bureau's outline, else the extent of the streets plus 2 km."""
        if self.outline is not None:
            ring = [Position(lat, lon) for lon, lat in self.outline["coordinates"][0]]
            inside = point_in_polygon(place, ring)
        elif self.loaded is not None:
            inside = self.loaded.streets.contains(place, AREA_MARGIN_M)
        else:
            inside = True
        if not inside:
            raise OutsideArea(
                "The place lies outside the bureau's area. Check it; to enter the call all the same, send it again "
                "with confirm_outside: true.",
                member="lat",
            )
