"""A scenario brought to the engine: its city, its units as cars, its conditions."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from dispatch.domain.coverage import Goal
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.posts_greedy import greedy_posts
from dispatch.domain.refusals import Invalid
from dispatch.roads.speeds import vehicle_factor
from dispatch.roads.street_map import StreetMap
from dispatch.simulator.call_sources import expected_weights
from dispatch.simulator.car import CarPlan
from dispatch.simulator.city import City
from dispatch.simulator.conditions import Conditions
from dispatch.simulator.demand_kinds import CsvDemand
from dispatch.simulator.engine import run
from dispatch.simulator.gps_gaps import gps_gaps
from dispatch.simulator.policies import POLICIES, Policy
from dispatch.simulator.recorded_calls import RecordedCalls
from dispatch.simulator.recorded_calls_csv import read_recorded_calls
from dispatch.simulator.results import RunOutcome
from dispatch.simulator.scenario import Idle, Scenario, VehicleType
from dispatch.simulator.standby import Standby
from dispatch.simulator.stream import CallStream, Ints
from dispatch.simulator.street_source import open_streets
from dispatch.simulator.study import Ground
from dispatch.simulator.variants import PolicyChoice

SIMULATOR: Final = 1
"""Rises with whatever changes the digits of a study."""
MOST_JUNCTIONS: Final = 4000
"""Of a larger city an even choice: the table between all of them grows with the square."""
POST_CANDIDATES: Final = 600
STREETS: Final = "streets"
CALLS: Final = "calls"


def engine_version() -> str:
    """What the digits of a result depend on beside the study."""
    return f"patrol {version('patrol')}, simulator {SIMULATOR}, numpy {version('numpy')}, scipy {version('scipy')}"


@dataclass(frozen=True, slots=True, eq=False)
class EngineRun:
    """One run of the engine in a city: what a study calls."""

    city: City
    recorded: RecordedCalls | None = None

    def __call__(self, scenario: Scenario, policy: PolicyChoice, calls: CallStream, seed: int) -> RunOutcome:
        """Raises Invalid for a policy or a setting that there isn't."""
        chosen = policy_of(policy)
        units = scenario.units()
        homes = {station.name: self.city.nearest(station.place) for station in scenario.stations}
        number = {station.name: index for index, station in enumerate(scenario.stations)}
        cars = [
            CarPlan(
                name=unit.name,
                home=homes[unit.station.name],
                station=number[unit.station.name],
                motorcycle=unit.group.vehicle_type is VehicleType.MOTORCYCLE,
                capabilities=frozenset(unit.group.capabilities),
                crew=unit.group.crew,
                time_factor=vehicle_factor(motorcycle=unit.group.vehicle_type is VehicleType.MOTORCYCLE),
                shifts=() if unit.group.shift is None else tuple(unit.on_duty(0.0, scenario.end_s)),
            )
            for unit in units
        ]
        nearest = np.argmin(self.city.time_s[list(homes.values())], axis=0)
        conditions = Conditions(
            call_taking_s=scenario.call_taking_s,
            turnout_s=scenario.turnout_s,
            idle="home" if scenario.idle is Idle.HOME else "stay",
            lights=dict(enumerate(scenario.lights, 1)),
            stations=nearest.astype(np.int32),
            silence=gps_gaps(scenario.gps_loss, len(units), scenario.end_s, seed),
            end_s=scenario.end_s,
        )
        standby = self._standby(scenario, len(units)) if chosen.posts or scenario.idle is Idle.POSTS else None
        done = run(self.city, cars, calls, chosen, conditions, count_from_s=scenario.warm_up_s, standby=standby)
        on_duty_s = [unit.on_duty_s(scenario.warm_up_s, scenario.end_s) for unit in units]
        return RunOutcome(done.responses, done.busy_s, done.metres, np.array(on_duty_s), scenario.end_s, done.fallbacks)

    def _standby(self, scenario: Scenario, units: int) -> Standby:
        """Posts in the order of their worth, as many as units; chosen among junctions drawn once for the city."""
        weights = expected_weights(scenario, self.city.node_lat, self.city.node_lon, self.recorded)
        candidates = _even_choice(np.arange(len(self.city), dtype=np.int32), POST_CANDIDATES)
        count = min(units, len(candidates))
        order = greedy_posts(weights, self.city.time_s[candidates], count, Goal())
        return Standby(self.city, candidates[order].tolist())


def prepare(
    scenario: Scenario, folder: Path, *, loaded: StreetMap | None = None, recorded: RecordedCalls | None = None
) -> tuple[Ground, EngineRun]:
    """What a study of the scenario needs: its files are read here, sought from `folder`.

    `loaded` and `recorded`: streets and calls of the database, where the scenario asks for them. Raises Refused (which
    knows why) and OSError.
    """
    street_map = open_streets(scenario.streets, folder, loaded)
    if isinstance(scenario.demand, CsvDemand):
        recorded = read_recorded_calls(scenario.demand, folder)
    inputs = {STREETS: street_map.info.sha256}
    if recorded is not None:
        inputs[CALLS] = recorded.digest()
    city = City.of(street_map, junctions(street_map))
    ground = Ground(node_lat=city.node_lat, node_lon=city.node_lon, recorded=recorded, inputs=inputs)
    return ground, EngineRun(city, recorded)


def policy_of(choice: PolicyChoice) -> Policy:
    """The policy of that name with the choice's own settings. Raises Invalid, naming what there is."""
    policy = POLICIES.get(choice.name)
    if policy is None:
        raise Invalid(f"there is no policy {choice.name}; allowed: {', '.join(POLICIES)}", member="policy")
    known = {field.name for field in fields(PolicySettings)}
    changes: dict[str, Any] = dict(choice.settings)
    for name in changes:
        if name not in known:
            raise Invalid(f"{choice.name}: no setting {name}; allowed: {', '.join(sorted(known))}", member="settings")
    return replace(policy, settings=replace(policy.settings, **changes)) if changes else policy


def junctions(street_map: StreetMap) -> Ints:
    """Where vehicles and calls of a simulation are: places where streets meet or end, at most MOST_JUNCTIONS."""
    ends = np.concatenate((street_map.edge_from, street_map.edge_to))
    meets = np.flatnonzero(np.bincount(ends, minlength=street_map.nodes) != 2).astype(np.int32)
    return _even_choice(meets, MOST_JUNCTIONS)


def _even_choice(nodes: Ints, most: int) -> Ints:
    """At most so many of them, the same ones each time, in their order."""
    if len(nodes) <= most:
        return nodes
    return np.sort(np.random.default_rng(0).choice(nodes, most, replace=False))
