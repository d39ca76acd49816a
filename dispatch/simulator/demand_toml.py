"""The table [demand] of a scenario file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dispatch.domain.incident import Category
from dispatch.simulator.demand_kinds import (
    HOURLY,
    Cell,
    Clusters,
    CsvDemand,
    DatabaseDemand,
    Demand,
    DemandSource,
    Mix,
    PastMode,
    SurfaceDemand,
)
from dispatch.simulator.recorded_calls import FIELDS, NEEDED
from dispatch.simulator.toml_table import Table

Four = tuple[float, float, float, float]


def read_demand(top: Table) -> Demand:
    """What [demand] says. Raises Invalid."""
    table = top.table("demand")
    source = table.word("source", DemandSource, DemandSource.SURFACE)
    demand = _READERS[source](table)
    table.done()
    return demand


def _surface(table: Table) -> SurfaceDemand:
    clusters = table.table("clusters")
    demand = SurfaceDemand(
        calls_per_day=table.number("calls_per_day", None, 0.0, 1e6, above=True),
        scale=_scale(table),
        hourly=table.numbers("hourly", 24, HOURLY),
        weekly=table.numbers("weekly", 7, (1.0,) * 7),
        clusters=Clusters(
            n=clusters.whole("n", 12, 0, 1000),
            sigma_m=clusters.number("sigma_m", 900.0, above=True),
            floor=clusters.number("floor", 0.15, above=True),
            seed=clusters.whole("seed", 1),
        ),
        cells=tuple(_cell(cell) for cell in table.tables("cells")),
        mix=_mix(table),
        first_weekday=_first_weekday(table),
    )
    clusters.done()
    if demand.cells and "clusters" in table:
        table.refuse("cells", "either cells or clusters")
    if demand.cells and not any(cell.weight for cell in demand.cells):
        table.refuse("cells", "cells of which one at least has a weight above 0")
    return demand


def _csv(table: Table) -> CsvDemand:
    columns = table.table("columns")
    named = {field: columns.text(field) for field in FIELDS if field in columns or field in NEEDED}
    columns.check_keys(FIELDS)
    categories, priorities = table.table("category_words"), table.table("priority_words")
    return CsvDemand(
        file=table.text("file"),
        columns=tuple(named.items()),
        category_words=tuple((said, categories.word(said, Category)) for said in sorted(categories.keys())),
        priority_words=tuple((said, priorities.whole(said, None, 1, 4)) for said in sorted(priorities.keys())),
        mode=table.word("mode", PastMode, PastMode.RESAMPLE),
        scale=_scale(table),
        zone=_zone(table),
        mix=_mix(table),
        first_weekday=_first_weekday(table),
    )


def _database(table: Table) -> DatabaseDemand:
    begin, end = _date(table, "from"), _date(table, "to")
    if begin >= end:
        table.refuse("to", f"a date after {begin}; it is the first day that no longer counts")
    return DatabaseDemand(
        from_date=begin.isoformat(),
        to_date=end.isoformat(),
        mode=table.word("mode", PastMode, PastMode.RESAMPLE),
        scale=_scale(table),
        zone=_zone(table),
        mix=_mix(table),
        first_weekday=_first_weekday(table),
    )


_READERS: Final[Mapping[DemandSource, Callable[[Table], Demand]]] = {
    DemandSource.SURFACE: _surface,
    DemandSource.CSV: _csv,
    DemandSource.DATABASE: _database,
}


def _scale(table: Table) -> float:
    return table.number("scale", 1.0, 0.0, 1000.0, above=True)


def _first_weekday(table: Table) -> int:
    return table.whole("first_weekday", 1, 1, 7)


def _cell(table: Table) -> Cell:
    place = table.position()
    cell = Cell(lat=place.lat, lon=place.lon, weight=table.number("weight", 1.0))
    table.done()
    return cell


def _mix(table: Table) -> Mix:
    default = Mix()
    categories = default.categories
    if "category_shares" in table:
        shares = table.table("category_shares")
        shares.check_keys(Category)
        categories = tuple((category, shares.number(category)) for category in Category if category in shares)
        if not any(share for _, share in categories):
            table.refuse("category_shares", "shares of which one at least is above 0")
    by_category = table.table("priority_shares_by_category")
    by_category.check_keys(Category)
    a1, a2, a3 = table.numbers("accident_class_shares", 3, default.accident_classes)
    return Mix(
        categories=categories,
        priorities=_four(table, "priority_shares", default.priorities),
        priorities_by_category=tuple(
            (category, _four(by_category, category, None)) for category in Category if category in by_category
        ),
        accident_classes=(a1, a2, a3),
    )


def _four(table: Table, key: str, default: Four | None) -> Four:
    one, two, three, four = table.numbers(key, 4, default)
    return one, two, three, four


def _zone(table: Table) -> str:
    zone = table.text("zone", "Asia/Taipei")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        table.refuse("zone", "a time zone such as Asia/Taipei")
    return zone


def _date(table: Table, key: str) -> date:
    value = table.raw(key)
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(table.text(key))
    except ValueError:
        table.refuse(key, "a date such as 2026-11-01")
