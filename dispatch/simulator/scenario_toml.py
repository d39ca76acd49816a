"""A scenario file (TOML) becomes a Scenario, or is refused by the key that is wrong. See docs/simulator.md."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dispatch.domain.incident import TARGET_S, Category
from dispatch.domain.refusals import Invalid
from dispatch.simulator.demand_toml import read_demand
from dispatch.simulator.policies import POLICIES
from dispatch.simulator.scenario import (
    HOUR_S,
    LIGHTS,
    WEIGHTS,
    EtaError,
    Four,
    GpsLoss,
    Idle,
    Scenario,
    ServiceTime,
    Shift,
    Spread,
    Station,
    Streets,
    StreetSource,
    UnitGroup,
    VehicleType,
)
from dispatch.simulator.surge import Surge
from dispatch.simulator.toml_table import Table

LONGEST_DAYS: Final = 3660.0
MOST_UNITS: Final = 5000


def read_scenario(path: Path) -> Scenario:
    """The scenario of a file. Raises Invalid, naming the file and the key; OSError where it cannot be opened."""
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as defect:
        raise Invalid(f"{path.name}: this is no TOML ({defect})", member="scenario") from defect
    return parse_scenario(values, path.name)


def parse_scenario(values: Mapping[str, Any], file: str = "scenario") -> Scenario:
    """The scenario that a table of TOML, or of JSON, describes. Raises Invalid; `file` is what it calls the source."""
    top = Table(file, "", values)
    stations = _stations(top)
    days = top.number("days", 8.0, 0.0, LONGEST_DAYS, above=True)
    warm_up_days = top.number("warm_up_days", min(1.0, days / 4), 0.0, LONGEST_DAYS)
    if warm_up_days >= days:
        top.refuse("warm_up_days", f"less than `days`, which is {days:g}")
    service, service_by_category = _services(top)
    scenario = Scenario(
        name=top.text("name"),
        streets=_streets(top),
        stations=stations,
        groups=_groups(top, stations),
        demand=read_demand(top),
        days=days,
        warm_up_days=warm_up_days,
        idle=top.word("idle", Idle, Idle.HOME),
        service=service,
        service_by_category=service_by_category,
        call_taking_s=top.number("call_taking_s", 60.0, 0.0, 3600.0),
        turnout_s=top.number("turnout_s", 0.0, 0.0, 3600.0),
        eta_error=_eta_error(top),
        lights=_lights(top),
        gps_loss=_gps_loss(top),
        surges=tuple(_surge(table) for table in top.tables("surges")),
        target_s=top.number("target_s", float(TARGET_S), above=True),
        weights=_four(top, "weights", WEIGHTS),
        policies=_policies(top),
        replications=top.whole("replications", 10, 1, 10_000),
        seed=top.whole("seed", 1),
    )
    top.done()
    return scenario


def _four(table: Table, key: str, default: Four) -> Four:
    one, two, three, four = table.numbers(key, 4, default)
    return one, two, three, four


def _policies(top: Table) -> tuple[str, ...]:
    names = top.texts("policies")
    if not set(names) <= set(POLICIES):
        top.refuse("policies", ", ".join(POLICIES))
    return names


def _streets(top: Table) -> Streets:
    if isinstance(top.raw("streets"), str):
        source = top.word("streets", StreetSource)
        if source not in {StreetSource.LOADED, StreetSource.GENERATED}:
            top.refuse("streets", f'"loaded", "generated", or a table [streets] with source = "{source}" and file')
        return Streets(source=source)
    table = top.table("streets")
    source = table.word("source", StreetSource)
    box = table.box("bbox")
    streets = Streets(
        source=source,
        seed=table.whole("seed", 0) if source is StreetSource.GENERATED else 0,
        file=table.text("file") if source in {StreetSource.FILE, StreetSource.LINES} else None,
        bbox=box,
        speed_mps=table.number("speed_mps", None, 0.0, 100.0, above=True) if source is StreetSource.LINES else None,
    )
    if box is not None and source is not StreetSource.FILE:
        table.refuse("bbox", "a box beside an OpenStreetMap file alone")
    table.done()
    return streets


def _stations(top: Table) -> tuple[Station, ...]:
    stations = []
    names: set[str] = set()
    for table in top.tables("stations"):
        name = table.text("name")
        if name in names:
            table.refuse("name", "a name that no other station has")
        names.add(name)
        stations.append(Station(name=name, place=table.position()))
        table.done()
    if not stations:
        top.refuse("stations", "at least one table [[stations]] with name, lat, lon")
    return tuple(stations)


def _groups(top: Table, stations: tuple[Station, ...]) -> tuple[UnitGroup, ...]:
    known = [station.name for station in stations]
    groups: list[UnitGroup] = []
    for table in top.tables("units"):
        station = table.text("station")
        if station not in known:
            table.refuse("station", f"one of the stations: {', '.join(known)}")
        shift = _shift(table)
        name = table.text("name", station if shift is None else f"{station} {table.raw('from')}")
        if name in {group.name for group in groups}:
            table.refuse("name", f"a name that no other group of units has; {name} is taken")
        groups.append(
            UnitGroup(
                name=name,
                station=station,
                count=table.whole("count", 1, 0, MOST_UNITS),
                vehicle_type=table.word("type", VehicleType, VehicleType.CAR),
                capabilities=table.texts("capabilities"),
                crew=table.whole("crew", 2, 1, 20),
                shift=shift,
            )
        )
        table.done()
    if not sum(group.count for group in groups):
        top.refuse("units", "at least one table [[units]] with station and count")
    return tuple(groups)


def _shift(table: Table) -> Shift | None:
    if "from" not in table and "to" not in table:
        return None
    return Shift(table.clock_s("from"), table.clock_s("to"))


def _services(top: Table) -> tuple[ServiceTime, tuple[tuple[Category, ServiceTime], ...]]:
    table = top.table("service")
    service = _service(table, ServiceTime(mean_s=1500.0))
    within = table.table("by_category")
    within.check_keys(Category)
    by_category = []
    for category in Category:
        if category in within:
            one = within.table(category)
            by_category.append((category, _service(one, service)))
            one.done()
    table.done()
    return service, tuple(by_category)


def _service(table: Table, default: ServiceTime) -> ServiceTime:
    return ServiceTime(
        mean_s=table.number("mean_s", default.mean_s, 0.0, 864_000.0, above=True),
        sigma=table.number("sigma", default.sigma, 0.0, 3.0),
        spread=table.word("spread", Spread, default.spread),
    )


def _eta_error(top: Table) -> EtaError:
    table = top.table("eta_error")
    error = EtaError(
        log_mean=table.number("log_mean", 0.0, -2.0, 2.0), log_sigma=table.number("log_sigma", 0.0, 0.0, 2.0)
    )
    table.done()
    return error


def _lights(top: Table) -> Four:
    lights = _four(top, "lights", LIGHTS)
    if not all(0.1 <= factor <= 2.0 for factor in lights):
        top.refuse("lights", "4 factors of the travel time, by priority, from 0.1 to 2")
    return lights


def _gps_loss(top: Table) -> GpsLoss:
    table = top.table("gps_loss")
    loss = GpsLoss(share=table.number("share", 0.0, 0.0, 0.95), mean_s=table.number("mean_s", 120.0, above=True))
    table.done()
    return loss


def _surge(table: Table) -> Surge:
    in_hours = "from_h" in table
    day = None if in_hours else table.whole("day", 0, 0, int(LONGEST_DAYS))
    begin_s = table.number("from_h") * HOUR_S if in_hours else table.clock_s("from")
    end_s = table.number("to_h") * HOUR_S if in_hours else table.clock_s("to")
    key = "to_h" if in_hours else "to"
    if begin_s == end_s or (begin_s > end_s and (in_hours or day)):
        table.refuse(key, "a time after the beginning; one that ends on the next day is given by from_h and to_h")
    midnight_s = (day - 1) * 24 * HOUR_S if day else 0.0
    circle = "lat" in table or "lon" in table or "radius_m" in table
    surge = Surge(
        name=table.text("name"),
        from_s=begin_s + midnight_s,
        to_s=end_s + midnight_s,
        daily=day == 0,
        factor=table.number("factor", 1.0, 0.0, 100.0),
        category=table.word("category", Category) if "category" in table else None,
        centre=table.position() if circle else None,
        radius_m=table.number("radius_m", None, above=True) if circle else 0.0,
        travel_factor=table.number("travel_factor", 1.0, 0.1, 10.0),
    )
    table.done()
    return surge
