"""What each dispatch server keeps to answer questions of coverage: the map's places, the demand, the last pictures.

Computed in a thread when it is first needed, and again for another map, other stations, or after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
import structlog

from dispatch.roads.conditions import Conditions
from dispatch.roads.coverage import coverage
from dispatch.roads.isochrones import isochrones
from dispatch.service.coverage import Base, IdleUnits, Picture, hour_of, idle_with_position, picture, reach
from dispatch.service.coverage_demand import ExpectedCalls, fit, read_calls
from dispatch.service.coverage_names import Station
from dispatch.service.coverage_places import MapPlaces, places_of
from dispatch.service.desk import Desk
from dispatch.store.standby import placed_stations
from dispatch.store.units import UnitNow, units_now

_log = structlog.get_logger()
DEMAND_S: Final = 900.0
AREAS_S: Final = 15.0
"""To draw them takes most of a second of one core."""


@dataclass(frozen=True, slots=True)
class Areas:
    """The areas within reach as GeoJSON bytes, with a tag that changes when they do."""

    made_at: datetime
    map_id: int
    content: bytes
    tag: str


class CoverageKeeper:
    """One per server process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._building, self._drawing = asyncio.Lock(), asyncio.Lock()
        self._places: MapPlaces | None = None
        self._expected: ExpectedCalls | None = None
        self._areas: Areas | None = None

    async def base(self, now: datetime) -> Base:
        """Places and demand of the loaded map, at most 15 minutes old. Raises NoMap."""
        async with self._building:
            loaded = self._desk.streets.require()
            places, expected = self._places, self._expected
            travel = self._desk.streets.travel  # another one for another map, and for another version of the speeds
            if places is not None and places.travel is travel and expected is not None:
                age_s = (now - expected.fitted_at).total_seconds()
                if 0 <= age_s < DEMAND_S:
                    return Base(places, expected)
            async with self._desk.engine.connect() as connection:
                stations = tuple(Station(*row) for row in await placed_stations(connection))
                calls, since = await read_calls(connection, now)
            if places is None or places.travel is not travel or places.names.stations != stations:
                places = await asyncio.to_thread(places_of, loaded.map_id, travel, stations)
                _log.info("standby_places_made", map_id=loaded.map_id, posts=len(places.posts))
            expected = await asyncio.to_thread(fit, places, calls, since, now)
            self._places, self._expected = places, expected
            return Base(places, expected)

    async def idle(self, base: Base, units: Sequence[UnitNow], at: datetime) -> IdleUnits:
        """How far the idle ones of these units stand from everything."""
        located = idle_with_position(units, at)
        return await asyncio.to_thread(reach, base.places, located, at)

    async def picture(self, at: datetime) -> Picture:
        """Coverage of the hour from `at` on by the units that are idle now. Raises NoMap."""
        now, settings = self._desk.clock(), self._desk.settings
        base = await self.base(now)
        async with self._desk.engine.connect() as connection:
            located = idle_with_position(await units_now(connection), now)
        idle = await asyncio.to_thread(reach, base.places, located, at)
        return picture(base, idle, at, settings.coverage_limit_s, settings.coverage_threshold)

    async def areas(self) -> Areas:
        """What is within reach of the idle units, drawn anew every 15 seconds at most. Raises NoMap."""
        async with self._drawing:
            now, loaded = self._desk.clock(), self._desk.streets.require()
            kept = self._areas
            if kept is not None and kept.map_id == loaded.map_id:
                age_s = (now - kept.made_at).total_seconds()
                if 0 <= age_s < AREAS_S:
                    return kept
            async with self._desk.engine.connect() as connection:
                located = idle_with_position(await units_now(connection), now)
            content = await asyncio.to_thread(self._draw, located, now)
            tag = f'"{loaded.map_id}-{sha256(content).hexdigest()[:16]}"'
            self._areas = Areas(now, loaded.map_id, content, tag)
            return self._areas

    def _draw(self, units: Sequence[UnitNow], now: datetime) -> bytes:
        travel, conditions = self._desk.streets.travel, Conditions(hour=hour_of(now))
        street_map = travel.street_map
        drawn: dict[str, Any] = {"type": "FeatureCollection", "features": []}
        if units and street_map is not None:
            stands = travel.stand([unit.position for unit in units if unit.position is not None])
            seconds = coverage(travel, stands, conditions)
            drawn = isochrones(street_map, seconds, conditions=conditions, speeds=travel.speeds)
        return msgspec.json.encode(drawn)
