"""What a simulated city is: its streets, stations, units, calls, and what goes wrong. Plain values.

How a scenario is written as a file is in scenario_toml.py, and in words in docs/simulator.md. Times count in seconds
from the run's start, which is midnight; hours and shifts are of the wall clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Final

from dispatch.domain.geometry import Position
from dispatch.domain.incident import TARGET_S, Category
from dispatch.simulator.demand_kinds import Demand, SurfaceDemand
from dispatch.simulator.surge import Surge

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0

LIGHTS: Final = (0.72, 0.72, 1.0, 1.0)
WEIGHTS: Final = (8.0, 3.0, 1.0, 0.5)
Four = tuple[float, float, float, float]
"""One number for each priority, 1 to 4."""


class StreetSource(StrEnum):
    """Where the streets come from."""

    LOADED = "loaded"
    GENERATED = "generated"
    FILE = "file"
    LINES = "lines"


class Idle(StrEnum):
    """What a unit does that has nothing to do: drive home, stay where it cleared, or go where it is told to wait."""

    HOME = "home"
    STAY = "stay"
    POSTS = "posts"


class VehicleType(StrEnum):
    """As the vehicles of the database."""

    CAR = "car"
    MOTORCYCLE = "motorcycle"
    OTHER = "other"


class Spread(StrEnum):
    """How service times scatter round their mean."""

    LOGNORMAL = "lognormal"
    EXPONENTIAL = "exponential"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Streets:
    """LOADED: those of the database. GENERATED: a made-up city of `seed`. FILE: OpenStreetMap. LINES: GeoJSON lines,
    each driven both ways at `speed_mps`."""

    source: StreetSource
    seed: int = 0
    file: str | None = None
    """As written in the scenario: relative to its own folder."""
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north, degrees."""
    speed_mps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A place that units come from."""

    name: str
    place: Position


@dataclass(frozen=True, slots=True)
class Shift:
    """From and to, seconds of the day; a shift may pass midnight."""

    from_s: float
    to_s: float

    def on_duty(self, start_s: float, end_s: float) -> Iterator[tuple[float, float]]:
        """The stretches of duty that lie between two times of the run, in order."""
        length_s = (self.to_s - self.from_s) % DAY_S or DAY_S
        day = int(start_s // DAY_S) - 1
        while day * DAY_S < end_s:
            begin_s = day * DAY_S + self.from_s
            stretch = max(begin_s, start_s), min(begin_s + length_s, end_s)
            if stretch[0] < stretch[1]:
                yield stretch
            day += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitGroup:
    """Some units of one station that are alike. `name` is how a study speaks of the group."""

    name: str
    station: str
    count: int
    vehicle_type: VehicleType = VehicleType.CAR
    capabilities: tuple[str, ...] = ()
    crew: int = 2
    shift: Shift | None = None
    """None: on duty day and night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioUnit:
    """One unit of a group."""

    name: str
    station: Station
    group: UnitGroup

    def on_duty(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """When it is on duty between two times of the run: stretches in order."""
        shift = self.group.shift
        return [(start_s, end_s)] if shift is None else list(shift.on_duty(start_s, end_s))

    def on_duty_s(self, start_s: float, end_s: float) -> float:
        """How long it is on duty between two times of the run."""
        return sum(end - begin for begin, end in self.on_duty(start_s, end_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTime:
    """Seconds on the scene. `sigma` is that of the logarithm, of use to LOGNORMAL alone."""

    mean_s: float
    sigma: float = 0.8
    spread: Spread = Spread.LOGNORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaError:
    """True travel time over the estimated one: lognormal, these are mean and sigma of its logarithm."""

    log_mean: float = 0.0
    log_sigma: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GpsLoss:
    """For this share of its time a unit sends no position, for `mean_s` (exponential) at a stretch: what is known of
    it stays the last one before."""

    share: float = 0.0
    mean_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All that a run needs beside a policy and a seed."""

    name: str
    streets: Streets
    stations: tuple[Station, ...]
    groups: tuple[UnitGroup, ...]
    demand: Demand = field(default_factory=SurfaceDemand)
    days: float = 8.0
    """Of the whole run, the warm-up included."""
    warm_up_days: float = 1.0
    """Not counted: the city is still filling."""
    idle: Idle = Idle.HOME
    service: ServiceTime = field(default_factory=lambda: ServiceTime(mean_s=1500.0))
    service_by_category: tuple[tuple[Category, ServiceTime], ...] = ()
    call_taking_s: float = 60.0
    turnout_s: float = 0.0
    """From the order until the wheels turn."""
    eta_error: EtaError = EtaError()
    lights: Four = LIGHTS
    """Travel time of a call's priority over a car's without lights."""
    gps_loss: GpsLoss = GpsLoss()
    surges: tuple[Surge, ...] = ()
    target_s: float = float(TARGET_S)
    weights: Four = WEIGHTS
    policies: tuple[str, ...] = ()
    """The policies to compare where nobody says others."""
    replications: int = 10
    seed: int = 1

    @property
    def end_s(self) -> float:
        """When no more calls come in."""
        return self.days * DAY_S

    @property
    def warm_up_s(self) -> float:
        """From here on things count."""
        return self.warm_up_days * DAY_S

    def units(self) -> list[ScenarioUnit]:
        """Every unit, in the order of the groups; names are those of the group with a number."""
        stations = {station.name: station for station in self.stations}
        return [
            ScenarioUnit(name=f"{group.name}-{number}", station=stations[group.station], group=group)
            for group in self.groups
            for number in range(1, group.count + 1)
        ]

    def service_of(self, category: Category) -> ServiceTime:
        """How long a call of this category takes on the scene."""
        return dict(self.service_by_category).get(category, self.service)

    def canonical_json(self) -> str:
        """The same text for the same scenario, whatever wrote it: keys sorted, no spaces."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def digest(self) -> str:
        """SHA-256 of the canonical JSON, hex."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()
