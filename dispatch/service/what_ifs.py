"""What a manager does to a what-if: ask it, cancel it, run it again, delete it; and what there is to begin with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.geometry import Position, distance_m
from dispatch.domain.refusals import BadStep, TooFewCalls
from dispatch.roads.street_map import StreetMap
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.what_if_asking import TAIPEI, instants, resolved
from dispatch.store import what_ifs
from dispatch.store.database import one_moment
from dispatch.store.past_calls import count_past_calls, span_of_past_calls
from dispatch.store.rows import AnyRow
from dispatch.store.what_if_asked import FEWEST_CALLS, Asked, Crews, asked_of
from dispatch.store.what_if_base import registered_crews, registered_stations

_log = structlog.get_logger()
MOST_WAITING: Final = 20
UNFINISHED: Final = frozenset({"queued", "running"})
NAMELESS: Final = "110"
"""The station of a bureau that has none registered yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseStation:
    """A registered station. `is_assumed`: where it stands is not registered, the place is a guess."""

    station_id: UUID | None
    name: str
    lat: float | None
    lon: float | None
    is_assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The bureau as it is now, and the past calls that there are. Days are those of Asia/Taipei."""

    stations: Sequence[BaseStation]
    units: Sequence[Crews]
    units_without_station: int
    calls: int
    first_day: date | None
    last_day: date | None
    has_map: bool


async def base_of(desk: Desk) -> Base:
    """What a what-if begins with."""
    async with one_moment(desk.engine) as connection:
        rows = await registered_stations(connection)
        crews = await registered_crews(connection)
        span = await span_of_past_calls(connection)
    loaded = desk.streets.loaded
    stations = [_base_station(row, crews, loaded.streets if loaded else None) for row in rows]
    if not stations:
        place = _middle([], loaded.streets if loaded else None)
        lat, lon = (place.lat, place.lon) if place else (None, None)
        stations = [BaseStation(station_id=None, name=NAMELESS, lat=lat, lon=lon, is_assumed=True)]
    return Base(
        stations=stations,
        units=_lines(stations, crews),
        units_without_station=sum(row.station_id is None for row in crews),
        calls=span.calls,
        first_day=span.first.astimezone(TAIPEI).date() if span.first else None,
        last_day=span.last.astimezone(TAIPEI).date() if span.last else None,
        has_map=loaded is not None,
    )


async def ask(desk: Desk, by: Person, wish: Asked) -> UUID:
    """Queues it. Raises NoMap, Invalid, TooFewCalls, BadStep where too many wait."""
    streets = desk.streets.require().streets
    async with desk.engine.begin() as connection:
        asked = resolved(wish, await registered_stations(connection), streets)
        await _require_calls(connection, asked)
        what_if_id = await _queue(connection, asked, by)
    _log.info("what_if_asked", what_if_id=str(what_if_id), runs=asked.runs)
    return what_if_id


async def repeat(desk: Desk, by: Person, what_if_id: UUID) -> UUID:
    """The same question with the same seed, as a new one. Raises NotFound, NoMap, TooFewCalls, BadStep."""
    desk.streets.require()
    async with desk.engine.begin() as connection:
        row = await what_ifs.find_what_if(connection, what_if_id)
        asked = asked_of(row.asked)
        await _require_calls(connection, asked)
        again = await _queue(connection, asked, by, what_if_id)
    _log.info("what_if_asked", what_if_id=str(again), repeats=str(what_if_id), runs=asked.runs)
    return again


async def cancel(desk: Desk, what_if_id: UUID) -> None:
    """Its worker ends within seconds. Cancelled already: nothing. Raises NotFound, BadStep where it is over."""
    async with desk.engine.begin() as connection:
        row = await what_ifs.lock_what_if(connection, what_if_id)
        if row.state == "cancelled":
            return
        if row.state not in UNFINISHED:
            raise BadStep(f"It is {row.state} already.")
        await what_ifs.cancel_what_if(connection, what_if_id)
    _log.info("what_if_cancelled", what_if_id=str(what_if_id))


async def remove(desk: Desk, what_if_id: UUID) -> None:
    """Deletes it with its result. Raises NotFound, BadStep while it is not over."""
    async with desk.engine.begin() as connection:
        row = await what_ifs.lock_what_if(connection, what_if_id)
        if row.state in UNFINISHED:
            raise BadStep(f"It is {row.state}; cancel it first.")
        await what_ifs.delete_what_if(connection, what_if_id)
    _log.info("what_if_deleted", what_if_id=str(what_if_id))


def differing(first: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """Which inputs of a repeat are not those of the first time; the same inputs give the same digits."""
    return sorted(name for name in {*first, *again} if first.get(name) != again.get(name))


async def _require_calls(connection: AsyncConnection, asked: Asked) -> None:
    if asked.period is None:
        return
    calls = await count_past_calls(connection, *instants(asked.period))
    if calls < FEWEST_CALLS:
        raise TooFewCalls(
            f"There are {calls} calls from {asked.period.begin} to before {asked.period.end}; {FEWEST_CALLS} are "
            "needed. Choose a longer period, or leave it out and give calls_per_day: calls at random places.",
            member="period",
        )


async def _queue(connection: AsyncConnection, asked: Asked, by: Person, repeats: UUID | None = None) -> UUID:
    if await what_ifs.waiting_count(connection) >= MOST_WAITING:
        raise BadStep(f"{MOST_WAITING} what-ifs wait already; cancel one, or ask again when some are done.")
    return await what_ifs.add_what_if(connection, asked, by.user_id, repeats)


def _base_station(row: AnyRow, crews: Sequence[AnyRow], streets: StreetMap | None) -> BaseStation:
    if row.lat is not None and row.lon is not None:
        return BaseStation(station_id=row.station_id, name=row.name, lat=row.lat, lon=row.lon, is_assumed=False)
    own = [Position(crew.lat, crew.lon) for crew in crews if crew.station_id == row.station_id and crew.lat is not None]
    place = _middle(own, streets)
    lat, lon = (place.lat, place.lon) if place else (None, None)
    return BaseStation(station_id=row.station_id, name=row.name, lat=lat, lon=lon, is_assumed=True)


def _middle(places: Sequence[Position], streets: StreetMap | None) -> Position | None:
    """Where its own units are at this moment, else the middle of the streets."""
    if places:
        lats, lons = [place.lat for place in places], [place.lon for place in places]
        return Position(round(sum(lats) / len(lats), 6), round(sum(lons) / len(lons), 6))
    if streets is None:
        return None
    extent = streets.extent
    return Position(round((extent.south + extent.north) / 2, 6), round((extent.west + extent.east) / 2, 6))


def _lines(stations: Sequence[BaseStation], crews: Sequence[AnyRow]) -> list[Crews]:
    """Vehicles counted by station, type and capabilities; on duty day and night, since no shifts are registered."""
    name_of = {station.station_id: station.name for station in stations}
    counts: dict[tuple[str, tuple[str, ...]], Counter[str]] = {(station.name, ()): Counter() for station in stations}
    for row in crews:
        station = name_of.get(row.station_id) or _nearest(stations, row)
        kind = "motorcycle" if row.type == "motorcycle" else "car"
        counts.setdefault((station, tuple(sorted(row.capabilities))), Counter())[kind] += 1
    return [
        Crews(station=station, cars=count["car"], motorcycles=count["motorcycle"], capabilities=capabilities)
        for (station, capabilities), count in sorted(counts.items())
    ]


def _nearest(stations: Sequence[BaseStation], row: AnyRow) -> str:
    """For a unit of no station: the one nearest to where it is, else the first."""
    if row.lat is None:
        return stations[0].name
    here = Position(row.lat, row.lon)
    placed = [station for station in stations if station.lat is not None and station.lon is not None]
    far = {station.name: distance_m(here, Position(station.lat or 0.0, station.lon or 0.0)) for station in placed}
    return min(far, key=lambda name: (far[name], name)) if far else stations[0].name
