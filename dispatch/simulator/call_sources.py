"""What the potential calls of a scenario are: how often they come, and what uniform draws make of each.

Two sources: a rate surface over the city's junctions, and past calls that are drawn again. Pure functions of the
draws, so that two scenarios with the same draws differ only in what they say differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import ndtri

from dispatch.domain.geometry import distances_m
from dispatch.domain.incident import Category
from dispatch.domain.refusals import Invalid
from dispatch.roads.metric import ground_scale, plane_m
from dispatch.simulator.demand_kinds import Mix, SurfaceDemand
from dispatch.simulator.recorded_calls import WEEK_HOURS, RecordedCalls
from dispatch.simulator.scenario import HOUR_S, Scenario, ServiceTime, Spread
from dispatch.simulator.stream import CATEGORIES, Floats, Ints

FARTHEST_M: Final = 2000.0
"""A past call farther than this from every junction is not of this city."""
LEAST: Final = 1e-16
"""Draws are kept off 0, where quantiles are infinite."""
_ACCIDENT: Final = CATEGORIES.index(Category.TRAFFIC_ACCIDENT)


@dataclass(frozen=True, slots=True)
class Draws:
    """Uniform numbers in [0, 1) for each potential call: columns of equal length."""

    place: Floats
    category: Floats
    priority: Floats
    accident_class: Floats
    service: Floats


@dataclass(frozen=True, slots=True)
class Drawn:
    """What potential calls are: columns of equal length, as those of a CallStream."""

    node: Ints
    priority: Ints
    category: Ints
    accident_class: Ints
    service_s: Floats


class CallSource(Protocol):
    """How often calls come, and what they are."""

    def per_day(self, at_s: Floats) -> Floats:
        """The rate at each of these times of the run, in calls a day."""

    def highest_per_day(self) -> float:
        """The rate never exceeds this."""

    def draw(self, at_s: Floats, draws: Draws) -> Drawn:
        """The calls that come in at these times."""


class SurfaceSource:
    """Calls of a rate surface."""

    def __init__(self, scenario: Scenario, demand: SurfaceDemand, node_lat: Floats, node_lon: Floats) -> None:
        self._scenario = scenario
        self._mix = demand.mix
        hourly, weekly = np.array(demand.hourly), np.array(demand.weekly)
        by_hour = np.outer(weekly / weekly.mean(), hourly / hourly.mean()).ravel()
        self._per_day = demand.calls_per_day * demand.scale * by_hour
        self._first_hour = 24 * (demand.first_weekday - 1)
        self._cumulative = np.cumsum(surface_weights(demand, node_lat, node_lon))

    def per_day(self, at_s: Floats) -> Floats:
        return self._per_day[_hour_of_week(at_s, self._first_hour)]

    def highest_per_day(self) -> float:
        return float(self._per_day.max())

    def draw(self, at_s: Floats, draws: Draws) -> Drawn:  # noqa: ARG002 - kinds and places don't follow the hour
        node = _chosen(self._cumulative, draws.place)
        category = draw_category(self._mix, draws.category)
        priority = draw_priority(self._mix, category, draws.priority)
        accident_class = draw_accident_class(self._mix, category, draws.accident_class)
        return Drawn(node, priority, category, accident_class, draw_service_s(self._scenario, category, draws.service))


class PastSource:
    """Calls like past ones of the same hour of the week, as often as they came in that hour."""

    def __init__(self, scenario: Scenario, past: RecordedCalls, node_lat: Floats, node_lon: Floats) -> None:
        demand = scenario.demand
        assert not isinstance(demand, SurfaceDemand)  # noqa: S101 - the caller chose by it
        self._scenario = scenario
        self._mix = demand.mix
        self._first_hour = 24 * (demand.first_weekday - 1)
        self.past = past
        self.node, near = nearest_nodes(past.lat, past.lon, node_lat, node_lon)
        self.kept = np.flatnonzero(near)
        if not len(self.kept):
            raise Invalid(
                f"none of the {len(past)} past calls lies within {FARTHEST_M:.0f} m of the streets", member="demand"
            )
        hours = past.hour_of_week()[self.kept]
        self._order = self.kept[np.argsort(hours, kind="stable")]
        self._count = np.bincount(hours, minlength=WEEK_HOURS)
        self._start = np.cumsum(self._count) - self._count
        covered = past.covered()
        self._per_day = 24 * demand.scale * np.divide(self._count, covered, out=np.zeros(WEEK_HOURS), where=covered > 0)

    def per_day(self, at_s: Floats) -> Floats:
        return self._per_day[_hour_of_week(at_s, self._first_hour)]

    def highest_per_day(self) -> float:
        return float(self._per_day.max())

    def draw(self, at_s: Floats, draws: Draws) -> Drawn:
        hour = _hour_of_week(at_s, self._first_hour)
        # calls of hours without any are thinned away afterwards; until then they are like any call
        within = np.minimum(
            self._start[hour] + (draws.place * self._count[hour]).astype(np.int64), len(self._order) - 1
        )
        return self.drawn(self._order[within], draws)

    def drawn(self, call: NDArray[np.int64], draws: Draws) -> Drawn:
        """These past calls by index, with what is not on record drawn."""
        past, scenario = self.past, self._scenario
        known = past.category[call].astype(np.int32)
        category = np.where(known >= 0, known, draw_category(self._mix, draws.category)).astype(np.int32)
        priority = np.where(
            past.priority[call] > 0, past.priority[call], draw_priority(self._mix, category, draws.priority)
        )
        accident_class = np.where(
            past.accident_class[call] > 0,
            past.accident_class[call],
            draw_accident_class(self._mix, category, draws.accident_class),
        )
        service_s = past.service_s[call]
        service_s = np.where(np.isnan(service_s), draw_service_s(scenario, category, draws.service), service_s)
        node, small = self.node[call], np.int32
        return Drawn(node, priority.astype(small), category, accident_class.astype(small), service_s)


def surface_weights(demand: SurfaceDemand, node_lat: Floats, node_lon: Floats) -> Floats:
    """How much of the demand each junction has, summing to 1."""
    if demand.cells:
        weights = _cell_weights(demand, node_lat, node_lon)
    else:
        clusters = demand.clusters
        rng = np.random.default_rng(clusters.seed)
        centres = rng.integers(0, len(node_lat), clusters.n)
        heights = rng.uniform(0.3, 1.5, clusters.n)
        weights = np.full(len(node_lat), clusters.floor)
        for centre, height in zip(centres, heights, strict=True):
            away_m = distances_m(node_lat[centre], node_lon[centre], node_lat, node_lon)
            weights += height * np.exp(-0.5 * (away_m / clusters.sigma_m) ** 2)
    return np.asarray(weights / weights.sum())


def expected_weights(
    scenario: Scenario, node_lat: Floats, node_lon: Floats, recorded: RecordedCalls | None = None
) -> Floats:
    """How much of the expected calls each junction has, all hours together, summing to 1. For standby posts."""
    if isinstance(scenario.demand, SurfaceDemand):
        return surface_weights(scenario.demand, node_lat, node_lon)
    source = recorded_source(scenario, node_lat, node_lon, recorded)
    counts = np.bincount(source.node[source.kept], minlength=len(node_lat))
    return np.asarray(counts / counts.sum())


def recorded_source(
    scenario: Scenario, node_lat: Floats, node_lon: Floats, recorded: RecordedCalls | None
) -> PastSource:
    """Raises Invalid where there are no past calls, or none on these streets."""
    if recorded is None:
        raise Invalid("this scenario's demand is of past calls, and none are given", member="demand")
    return PastSource(scenario, recorded, node_lat, node_lon)


def nearest_nodes(lats: Floats, lons: Floats, node_lat: Floats, node_lon: Floats) -> tuple[Ints, NDArray[np.bool_]]:
    """The junction nearest to each place, and whether it lies within FARTHEST_M."""
    away, node = cKDTree(plane_m(node_lat, node_lon)).query(plane_m(lats, lons))
    return node.astype(np.int32), np.asarray(away * ground_scale(lats) <= FARTHEST_M)


def draw_category(mix: Mix, draws: Floats) -> Ints:
    """Indices into CATEGORIES."""
    order = np.array([CATEGORIES.index(category) for category, _ in mix.categories], dtype=np.int32)
    return order[_chosen(np.cumsum([share for _, share in mix.categories]), draws)]


def draw_priority(mix: Mix, category: Ints, draws: Floats) -> Ints:
    """Priorities 1 to 4, by the shares of the category where it has its own."""
    priority = 1 + _chosen(np.cumsum(mix.priorities), draws)
    for own, shares in mix.priorities_by_category:
        among = category == CATEGORIES.index(own)
        priority[among] = 1 + _chosen(np.cumsum(shares), draws[among])
    return priority


def draw_accident_class(mix: Mix, category: Ints, draws: Floats) -> Ints:
    """1 to 3 for traffic accidents, else 0."""
    drawn = 1 + _chosen(np.cumsum(mix.accident_classes), draws)
    return np.where(category == _ACCIDENT, drawn, 0).astype(np.int32)


def draw_service_s(scenario: Scenario, category: Ints, draws: Floats) -> Floats:
    """Seconds on the scene, by the distribution of each call's category."""
    seconds = np.empty(len(category))
    for index in np.unique(category):
        among = category == index
        seconds[among] = quantile_s(scenario.service_of(CATEGORIES[int(index)]), draws[among])
    return seconds


def quantile_s(service: ServiceTime, draws: Floats) -> Floats:
    """The service times that uniform draws stand for: a greater draw is a longer time, whatever the distribution."""
    if service.spread is Spread.FIXED:
        return np.full(len(draws), service.mean_s)
    if service.spread is Spread.EXPONENTIAL:
        return np.asarray(-service.mean_s * np.log1p(-draws))
    normal = ndtri(np.maximum(draws, LEAST))
    return np.asarray(service.mean_s * np.exp(service.sigma * normal - service.sigma**2 / 2))


def _cell_weights(demand: SurfaceDemand, node_lat: Floats, node_lon: Floats) -> Floats:
    lats = np.array([cell.lat for cell in demand.cells])
    lons = np.array([cell.lon for cell in demand.cells])
    _, owner = cKDTree(plane_m(lats, lons)).query(plane_m(node_lat, node_lon))
    members = np.bincount(owner, minlength=len(demand.cells))
    shares = np.array([cell.weight for cell in demand.cells])
    weights = shares[owner] / members[owner]
    # a cell smaller than a block owns no junction: the nearest one has its calls
    nearest, _ = nearest_nodes(lats, lons, node_lat, node_lon)
    np.add.at(weights, nearest[members == 0], shares[members == 0])
    return np.asarray(weights)


def _chosen(cumulative: Sequence[float] | Floats, draws: Floats) -> Ints:
    """The index whose share of the whole each draw falls into."""
    steps = np.asarray(cumulative)
    return np.minimum(np.searchsorted(steps / steps[-1], draws, side="right"), len(steps) - 1).astype(np.int32)


def _hour_of_week(at_s: Floats, first_hour: int) -> NDArray[np.int64]:
    return np.asarray(((at_s // HOUR_S).astype(np.int64) + first_hour) % WEEK_HOURS)
