"""Is a what-if one that can be run? Stations are looked up, and what makes no sense is refused by the member's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from dispatch.domain.geometry import Position
from dispatch.domain.refusals import Invalid
from dispatch.roads.street_map import StreetMap
from dispatch.store.rows import AnyRow
from dispatch.store.what_if_asked import (
    LONGEST_DAYS,
    MOST_UNITS,
    Asked,
    AskedVariant,
    Period,
    StationAt,
)

TAIPEI: Final = ZoneInfo("Asia/Taipei")
LONGEST_PERIOD_DAYS: Final = 366
FAR_M: Final = 10_000.0
"""A station farther than this from all streets is a slip."""


def resolved(asked: Asked, registered: Sequence[AnyRow], streets: StreetMap) -> Asked:
    """With every station's name and place. Raises Invalid, naming the member, for what can't be run."""
    if (asked.period is None) == (asked.calls_per_day is None):
        raise Invalid("give either period or calls_per_day", member="period")
    if asked.period is not None:
        _check_period(asked.period, asked.days)
    known = {row.station_id: row for row in registered}
    names = Counter(variant.name for variant in asked.variants)
    variants = []
    for index, variant in enumerate(asked.variants):
        member = f"variants.{index}"
        if names[variant.name] > 1:
            raise Invalid(f"another variant is called {variant.name}", member=f"{member}.name")
        if asked.period is not None and asked.period.mode == "replay":
            _check_replay(variant, member)
        variants.append(_variant(variant, known, streets, member))
    return msgspec.structs.replace(asked, variants=tuple(variants))


def instants(period: Period, days_before: int = 0) -> tuple[datetime, datetime]:
    """From the first midnight of Asia/Taipei to that after its last day."""
    return _midnight(period.begin - timedelta(days=days_before)), _midnight(period.end)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), TAIPEI)


def _check_period(period: Period, days: int) -> None:
    if not 1 <= period.days <= LONGEST_PERIOD_DAYS:
        raise Invalid(f"the period has 1 to {LONGEST_PERIOD_DAYS} days; `to` is the day after its last", member="to")
    if not (period.begin.year >= 1971 and period.end.year <= 9998):
        raise Invalid("lies between the years 1971 and 9998", member="from")
    if period.mode == "replay" and period.days > LONGEST_DAYS:
        raise Invalid(f"at most {LONGEST_DAYS} days can be replayed; resample a longer period", member="period.mode")
    if period.mode == "replay" and days != period.days:
        raise Invalid(f"a replay runs as long as its period: {period.days} days", member="days")


def _check_replay(variant: AskedVariant, member: str) -> None:
    """Past calls come as they were: there are none to add."""
    if variant.demand_scale > 1.0:
        raise Invalid("replayed calls can't become more; resample them", member=f"{member}.demand_scale")
    if variant.preset != "none":
        raise Invalid(f"a {variant.preset} needs more calls than there were; resample them", member=f"{member}.preset")


def _variant(
    variant: AskedVariant, known: Mapping[UUID | None, AnyRow], streets: StreetMap, member: str
) -> AskedVariant:
    stations = []
    names: set[str] = set()
    for index, wish in enumerate(variant.stations):
        here = f"{member}.stations.{index}"
        station = _station(wish, known, streets, here)
        if station.name in names:
            raise Invalid(f"another station is called {station.name}", member=f"{here}.name")
        names.add(str(station.name))
        stations.append(station)
    count = 0
    for index, crews in enumerate(variant.units):
        here = f"{member}.units.{index}"
        count += crews.cars + crews.motorcycles
        if crews.station not in names:
            raise Invalid(f"there is no station {crews.station} in this variant", member=f"{here}.station")
        if (crews.starts is None) != (crews.ends is None):
            raise Invalid("a shift has a beginning and an end", member=f"{here}.ends")
        if crews.starts is not None and crews.starts == crews.ends:
            raise Invalid("a shift ends when it begins; leave both out for day and night", member=f"{here}.ends")
    if not 1 <= count <= MOST_UNITS:
        raise Invalid(f"{count} units; a variant has 1 to {MOST_UNITS}", member=f"{member}.units")
    return msgspec.structs.replace(variant, stations=tuple(stations))


def _station(wish: StationAt, known: Mapping[UUID | None, AnyRow], streets: StreetMap, member: str) -> StationAt:
    row = known.get(wish.station_id) if wish.station_id is not None else None
    if wish.station_id is not None and row is None:
        raise Invalid(f"there is no station {wish.station_id}", member=f"{member}.station_id")
    name = wish.name or (row.name if row is not None else None)
    if name is None:
        raise Invalid("a new station needs a name", member=f"{member}.name")
    if (wish.lat is None) != (wish.lon is None):
        raise Invalid("a place has both lat and lon", member=f"{member}.lon")
    lat, lon = (wish.lat, wish.lon) if wish.lat is not None or row is None else (row.lat, row.lon)
    if lat is None or lon is None:
        raise Invalid(f"where {name} stands is not known; give lat and lon", member=f"{member}.lat")
    if not streets.contains(Position(lat, lon), FAR_M):
        raise Invalid(f"{name} lies far from all streets of the map", member=f"{member}.lat")
    return StationAt(wish.station_id, name, lat, lon)
