"""What a variant of a study changes of its scenario: units, stations, demand, surges, idle units, and who goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from dispatch.domain.geometry import Position
from dispatch.domain.incident import Category
from dispatch.domain.refusals import Invalid
from dispatch.simulator.scenario import HOUR_S, Idle, Scenario, Station, UnitGroup
from dispatch.simulator.surge import Surge

Setting = float | int | str | bool

FESTIVAL_RADIUS_M: Final = 1500.0
FESTIVAL: Final = "festival"
TYPHOON: Final = "typhoon"
PRESETS: Final = (FESTIVAL, TYPHOON)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChoice:
    """A policy by name, and settings of its that are set otherwise."""

    name: str
    settings: tuple[tuple[str, Setting], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One column of a study; what is not said stays as the scenario has it."""

    name: str
    policy: PolicyChoice
    units: tuple[tuple[str, int], ...] = ()
    """How many units a group has, by the group's name."""
    groups: tuple[UnitGroup, ...] = ()
    """New groups of units."""
    stations: tuple[Station, ...] = ()
    """New stations; one with the name of an old one is where that one moves to."""
    closed: tuple[str, ...] = ()
    """Stations that there are no more, and their groups of units with them."""
    demand_scale: float = 1.0
    """On top of the scenario's own: 1.2 is 20 % more calls."""
    presets: tuple[str, ...] = ()
    """Of PRESETS."""
    surges: tuple[Surge, ...] = ()
    """Beside those of the scenario."""
    idle: Idle | None = None


def applied(scenario: Scenario, variant: Variant) -> Scenario:
    """The variant's scenario. Raises Invalid, naming the member, where the variant speaks of what is not there."""
    stations = {station.name: station for station in (*scenario.stations, *variant.stations)}
    for name in variant.closed:
        if stations.pop(name, None) is None:
            raise Invalid(f"{variant.name}: no station {name} to close", member="closed")
    if variant.demand_scale <= 0:
        raise Invalid(f"{variant.name}: demand_scale is {variant.demand_scale}; it is above 0", member="demand_scale")
    return replace(
        scenario,
        stations=tuple(stations.values()),
        groups=_groups(scenario, variant, stations),
        demand=replace(scenario.demand, scale=scenario.demand.scale * variant.demand_scale),
        surges=(*scenario.surges, *variant.surges, *_presets(scenario, variant)),
        idle=variant.idle or scenario.idle,
    )


def _groups(scenario: Scenario, variant: Variant, stations: Mapping[str, Station]) -> tuple[UnitGroup, ...]:
    staying = [group for group in scenario.groups if group.station not in variant.closed]
    groups = {group.name: group for group in (*staying, *variant.groups)}
    if len(groups) < len(staying) + len(variant.groups):
        raise Invalid(f"{variant.name}: a new group of units has the name of another one", member="groups")
    for name, count in variant.units:
        if name not in groups:
            raise Invalid(f"{variant.name}: no group {name}; there are {', '.join(groups)}", member="units")
        if count < 0:
            raise Invalid(f"{variant.name}: {name} can't have {count} units", member="units")
        groups[name] = replace(groups[name], count=count)
    for group in groups.values():
        if group.station not in stations:
            raise Invalid(f"{variant.name}: {group.name} is of {group.station}, which is no station", member="groups")
    if not sum(group.count for group in groups.values()):
        raise Invalid(f"{variant.name}: no unit is left", member="units")
    return tuple(groups.values())


def _presets(scenario: Scenario, variant: Variant) -> tuple[Surge, ...]:
    surges: tuple[Surge, ...] = ()
    for name in variant.presets:
        if name not in PRESETS:
            raise Invalid(f"{variant.name}: no preset {name}; there are {', '.join(PRESETS)}", member="presets")
        surges += _PRESETS[name](scenario)
    return surges


def festival(scenario: Scenario) -> tuple[Surge, ...]:
    """Every evening from 17:00 to 23:00, within 1.5 km of the middle of the stations: three times the calls, and
    driving takes a third longer. Assumed figures, for a first look; a scenario's own surges say it better."""
    lats = [station.place.lat for station in scenario.stations]
    lons = [station.place.lon for station in scenario.stations]
    middle = Position(sum(lats) / len(lats), sum(lons) / len(lons))
    return (
        Surge(
            name=FESTIVAL,
            from_s=17 * HOUR_S,
            to_s=23 * HOUR_S,
            daily=True,
            factor=3.0,
            centre=middle,
            radius_m=FESTIVAL_RADIUS_M,
            travel_factor=1.33,
        ),
    )


def typhoon(scenario: Scenario) -> tuple[Surge, ...]:
    """For a day from the warm-up's end: ten times the disaster calls, half as many accidents again, and driving takes
    half as long again. Assumed figures, for a first look; a scenario's own surges say it better."""
    begin_s, end_s = scenario.warm_up_s, scenario.warm_up_s + 24 * HOUR_S
    everywhere = Surge(name=TYPHOON, from_s=begin_s, to_s=end_s, travel_factor=1.5)
    return (
        everywhere,
        Surge(name=f"{TYPHOON} damage", from_s=begin_s, to_s=end_s, factor=10.0, category=Category.DISASTER),
        Surge(name=f"{TYPHOON} accidents", from_s=begin_s, to_s=end_s, factor=1.5, category=Category.TRAFFIC_ACCIDENT),
    )


_PRESETS: Final = {FESTIVAL: festival, TYPHOON: typhoon}
