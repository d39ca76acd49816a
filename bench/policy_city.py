"""The two cities that policies are measured on: Manhattan as its scenario page says, and Chiayi's proxy streets.

Read in place: ../shared/data/roads/manhattan-scenario.md, ../shared/data/chiayi/accidents.csv.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from bench.chiayi_streets import chiayi
from bench.manhattan_streets import manhattan
from dispatch.domain.coverage import Goal
from dispatch.domain.incident import Category
from dispatch.domain.posts_greedy import greedy_posts
from dispatch.simulator.call_sources import surface_weights
from dispatch.simulator.car import CarPlan
from dispatch.simulator.city import City
from dispatch.simulator.demand_kinds import Cell, Clusters, Mix, SurfaceDemand
from dispatch.simulator.scenario import EtaError, Scenario, ServiceTime, Streets, StreetSource
from dispatch.simulator.stream import Floats, Ints

ACCIDENTS: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "chiayi" / "accidents.csv"
UNITS: Final = 24
CANDIDATES: Final = 600
CANDIDATES_SEED: Final = 7
SURFACE_SEED: Final = 5
"""The surface that the policies were tuned on. The one that comes nearest to the reference: policy_reference.py."""


@dataclass(frozen=True)
class PolicyCity:
    """A city with its demand."""

    name: str
    city: City
    scenario: Scenario
    weights: Floats
    candidates: Ints

    def posts(self, count: int) -> list[int]:
        """The best posts for so many units, in the order in which the greedy p-median takes them."""
        rows = self.city.time_s[self.candidates]
        return [int(self.candidates[i]) for i in greedy_posts(self.weights, rows, count, Goal(busy=0.0))]

    def cars(self, stations: int) -> list[CarPlan]:
        """The units, spread evenly over so many stations at the best places."""
        homes = [post for post in self.posts(stations) for _ in range(UNITS // stations)]
        return [CarPlan(f"U{number:02d}", home) for number, home in enumerate(homes, 1)]

    def at(self, calls_per_day: float) -> Scenario:
        """The scenario at this load."""
        demand = self.scenario.demand
        assert isinstance(demand, SurfaceDemand)
        return replace(self.scenario, demand=replace(demand, calls_per_day=calls_per_day))


def manhattan_city(surface_seed: int = SURFACE_SEED) -> PolicyCity:
    """Vehicles and calls on the 4,305 intersections; demand by twelve Gaussian clusters over a floor."""
    streets, intersections = manhattan()
    demand = SurfaceDemand(clusters=Clusters(seed=surface_seed), mix=_mix())
    return _city("manhattan", City.of(streets, intersections), demand)


def chiayi_city() -> PolicyCity:
    """Vehicles and calls on all junctions; demand where 809 accidents happened, each in the streets round it."""
    streets = chiayi()
    with ACCIDENTS.open(encoding="utf-8", newline="") as file:
        cells = tuple(Cell(lat=float(row["lat"]), lon=float(row["lon"]), weight=1.0) for row in csv.DictReader(file))
    return _city("chiayi", City.of(streets), SurfaceDemand(cells=cells, mix=_mix()))


def _mix() -> Mix:
    return Mix(categories=((Category.OTHER, 1.0),), priorities=(0.15, 0.45, 0.40, 0.0))


def _city(name: str, city: City, demand: SurfaceDemand) -> PolicyCity:
    scenario = Scenario(
        name=name,
        streets=Streets(source=StreetSource.FILE, file=name),
        stations=(),
        groups=(),
        demand=demand,
        service=ServiceTime(mean_s=1500.0, sigma=0.8),
        eta_error=EtaError(log_mean=-0.02, log_sigma=0.2),
        lights=(0.75, 1.0, 1.0, 1.0),
    )
    weights = surface_weights(demand, city.node_lat, city.node_lon)
    drawn = np.random.default_rng(CANDIDATES_SEED).choice(len(city), CANDIDATES, replace=False)
    return PolicyCity(name, city, scenario, weights, np.sort(drawn).astype(np.int32))
