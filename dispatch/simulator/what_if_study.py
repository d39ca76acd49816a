"""A what-if as a study: what managers asked, in the simulator's own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from dispatch.domain.geometry import Position
from dispatch.roads.eta_spread import STREET_SIGMA
from dispatch.simulator.demand_kinds import DatabaseDemand, Demand, PastMode, SurfaceDemand
from dispatch.simulator.scenario import (
    HOUR_S,
    EtaError,
    Idle,
    Scenario,
    Shift,
    Station,
    Streets,
    StreetSource,
    UnitGroup,
    VehicleType,
)
from dispatch.simulator.study import Study
from dispatch.simulator.variants import PolicyChoice, Variant
from dispatch.store.what_if_asked import Asked, AskedVariant, Crews

WARM_UP_DAYS: Final = 1
CREW_OF: Final = {VehicleType.CAR: 2, VehicleType.MOTORCYCLE: 1}


def study_of(asked: Asked) -> Study:
    """The first variant's city is the scenario; the others say what they change of it."""
    base = asked.variants[0]
    scenario = Scenario(
        name=asked.name,
        streets=Streets(source=StreetSource.LOADED),
        stations=_stations(base),
        groups=_groups(base),
        demand=demand_of(asked),
        days=float(asked.days + WARM_UP_DAYS),
        warm_up_days=float(WARM_UP_DAYS),
        eta_error=EtaError(log_sigma=STREET_SIGMA),
        replications=asked.replications,
        seed=asked.seed,
    )
    return Study(
        name=asked.name,
        scenario=scenario,
        variants=tuple(_variant(scenario, variant) for variant in asked.variants),
        seed=asked.seed,
        replications=asked.replications,
    )


def demand_of(asked: Asked) -> Demand:
    """The run's first day, which isn't counted, is the day before the period."""
    period = asked.period
    if period is None:
        return SurfaceDemand(calls_per_day=asked.calls_per_day or 0.0)
    day_before = period.begin - timedelta(days=WARM_UP_DAYS)
    replayed = period.mode == "replay"
    return DatabaseDemand(
        mode=PastMode(period.mode),
        from_date=(day_before if replayed else period.begin).isoformat(),
        to_date=period.end.isoformat(),
        first_weekday=day_before.isoweekday(),
    )


def _stations(variant: AskedVariant) -> tuple[Station, ...]:
    return tuple(
        Station(name=station.name or "", place=Position(station.lat or 0.0, station.lon or 0.0))
        for station in variant.stations
    )


def _groups(variant: AskedVariant) -> tuple[UnitGroup, ...]:
    """Lines that are alike are one group."""
    found: dict[str, UnitGroup] = {}
    for crews in variant.units:
        for vehicle_type, count in ((VehicleType.CAR, crews.cars), (VehicleType.MOTORCYCLE, crews.motorcycles)):
            if count:
                group = _group(crews, vehicle_type, count)
                before = found.get(group.name)
                found[group.name] = replace(group, count=count + (before.count if before else 0))
    return tuple(found.values())


def _group(crews: Crews, vehicle_type: VehicleType, count: int) -> UnitGroup:
    shift = None if crews.starts is None or crews.ends is None else Shift(_clock_s(crews.starts), _clock_s(crews.ends))
    capabilities = tuple(sorted(set(crews.capabilities)))
    hours = "always" if shift is None else f"{crews.starts}-{crews.ends}"
    return UnitGroup(
        name=" ".join((crews.station, hours, vehicle_type, *capabilities)),
        station=crews.station,
        count=count,
        vehicle_type=vehicle_type,
        capabilities=capabilities,
        crew=CREW_OF[vehicle_type],
        shift=shift,
    )


def _clock_s(text: str) -> float:
    hours, minutes = text.split(":")
    return int(hours) * HOUR_S + int(minutes) * 60.0


def _variant(scenario: Scenario, asked: AskedVariant) -> Variant:
    stations = {station.name: station for station in _stations(asked)}
    groups = {group.name: group for group in _groups(asked)}
    closed = tuple(station.name for station in scenario.stations if station.name not in stations)
    old = {group.name for group in scenario.groups}
    return Variant(
        name=asked.name,
        policy=PolicyChoice(name=asked.policy),
        units=tuple(
            (group.name, groups[group.name].count if group.name in groups else 0)
            for group in scenario.groups
            if group.station not in closed
        ),
        groups=tuple(group for group in groups.values() if group.name not in old),
        stations=tuple(station for station in stations.values() if station not in scenario.stations),
        closed=closed,
        demand_scale=asked.demand_scale,
        presets=() if asked.preset == "none" else (asked.preset,),
        idle=Idle(asked.idle),
    )
