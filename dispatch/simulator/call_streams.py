"""The calls of one run, by common random numbers: the same seed gives the same calls as far as the scenarios agree.

Potential calls lie at random in time and in height, so many to a layer of LAYER_PER_DAY calls a day and to a day, each
layer and day with a generator of its own. A potential call rings where its height lies below the rate of its moment,
its place and its kind (thinning: P. A. W. Lewis, G. S. Shedler, Naval Research Logistics Quarterly 26, 1979). So a
demand of 20 % more rings with every call of the lesser one and with some more between them, a longer run begins with
the calls of the shorter one, and a surge leaves the hours beside it as they are. What a call is comes from uniform
draws of its own: a scenario with other service times keeps places, priorities and moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from dispatch.domain.refusals import Invalid
from dispatch.simulator.call_sources import LEAST, CallSource, Drawn, Draws, PastSource, SurfaceSource, recorded_source
from dispatch.simulator.demand_kinds import PastMode, SurfaceDemand
from dispatch.simulator.recorded_calls import RecordedCalls
from dispatch.simulator.scenario import DAY_S, Scenario
from dispatch.simulator.stream import CATEGORIES, CallStream, Floats

LAYER_PER_DAY: Final = 250.0
"""Another number makes other calls of every seed."""
MOST_PER_DAY: Final = 5e6
_COLUMNS: Final = 8
_REPLAY_KEY: Final = (2**32 - 1, 0)


@dataclass(frozen=True, slots=True)
class _Marks:
    """Potential calls: when, how high, and the draws of what they are."""

    at_s: Floats
    height: Floats
    place: Floats
    category: Floats
    priority: Floats
    accident_class: Floats
    service: Floats
    travel: Floats

    def draws(self) -> Draws:
        return Draws(self.place, self.category, self.priority, self.accident_class, self.service)


def make_calls(
    scenario: Scenario, node_lat: Floats, node_lon: Floats, seed: int, recorded: RecordedCalls | None = None
) -> CallStream:
    """The calls of a run of this seed, on the junctions of a city (degrees).

    `recorded` is needed where the demand is of past calls. Raises Invalid where that can't be simulated.
    """
    demand = scenario.demand
    if isinstance(demand, SurfaceDemand):
        source: CallSource = SurfaceSource(scenario, demand, node_lat, node_lon)
    else:
        source = recorded_source(scenario, node_lat, node_lon, recorded)
        if demand.mode is PastMode.REPLAY:
            return _replay(scenario, source, node_lat, node_lon, seed)
    marks = _marks(scenario, source, seed)
    drawn = source.draw(marks.at_s, marks.draws())
    rate = source.per_day(marks.at_s) * _factors(scenario, marks.at_s, drawn, node_lat, node_lon)
    return _stream(scenario, marks, drawn, marks.height < rate, node_lat, node_lon)


def _marks(scenario: Scenario, source: CallSource, seed: int) -> _Marks:
    """All potential calls that may be low enough to ring."""
    highest = source.highest_per_day() * _highest_factor(scenario)
    if highest > MOST_PER_DAY:
        raise Invalid(f"{highest:.0f} calls a day at the peak are more than {MOST_PER_DAY:.0f}", member="demand")
    blocks = [np.empty((0, _COLUMNS))]
    for day in range(ceil(scenario.days)):
        for layer in range(ceil(highest / LAYER_PER_DAY)):
            rng = _generator(seed, layer, day)
            block = rng.random((rng.poisson(LAYER_PER_DAY), _COLUMNS))
            block[:, 0] = (day + block[:, 0]) * DAY_S
            block[:, 1] = (layer + block[:, 1]) * LAYER_PER_DAY
            blocks.append(block[(block[:, 1] < highest) & (block[:, 0] < scenario.end_s)])
    table = np.concatenate(blocks)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return _Marks(*np.ascontiguousarray(table.T))


def _replay(scenario: Scenario, source: PastSource, node_lat: Floats, node_lon: Floats, seed: int) -> CallStream:
    """The past calls themselves. A scale below 1 leaves some of them out; there are none to add."""
    past = source.past
    kept = source.kept[past.at_s[source.kept] < scenario.end_s]
    table = _generator(seed, *_REPLAY_KEY).random((len(past), _COLUMNS))[kept]
    table[:, 0] = past.at_s[kept]
    marks = _Marks(*np.ascontiguousarray(table.T))
    drawn = source.drawn(kept, marks.draws())
    factors = scenario.demand.scale * _factors(scenario, marks.at_s, drawn, node_lat, node_lon)
    if len(factors) and factors.max() > 1.0:
        raise Invalid('replayed calls cannot become more; use mode = "resample"', member="demand.mode")
    return _stream(scenario, marks, drawn, marks.height < factors, node_lat, node_lon)


def _stream(
    scenario: Scenario, marks: _Marks, drawn: Drawn, rings: NDArray[np.bool_], node_lat: Floats, node_lon: Floats
) -> CallStream:
    error = scenario.eta_error
    travel = np.exp(error.log_mean + error.log_sigma * ndtri(np.maximum(marks.travel, LEAST)))
    for surge in scenario.surges:
        reached = surge.active(marks.at_s) & surge.inside(node_lat[drawn.node], node_lon[drawn.node])
        travel = np.where(reached, travel * surge.travel_factor, travel)
    kept = np.flatnonzero(rings)
    return CallStream(
        at_s=marks.at_s[kept],
        node=drawn.node[kept],
        priority=drawn.priority[kept],
        category=drawn.category[kept],
        accident_class=drawn.accident_class[kept],
        service_s=drawn.service_s[kept],
        travel_factor=travel[kept],
    )


def _factors(scenario: Scenario, at_s: Floats, drawn: Drawn, node_lat: Floats, node_lon: Floats) -> Floats:
    """By how much surges multiply the rate of each call's moment, place and kind."""
    factors = np.ones(len(at_s))
    for surge in scenario.surges:
        meant = surge.active(at_s) & surge.inside(node_lat[drawn.node], node_lon[drawn.node])
        if surge.category is not None:
            meant &= drawn.category == CATEGORIES.index(surge.category)
        factors[meant] *= surge.factor
    return factors


def _highest_factor(scenario: Scenario) -> float:
    """The largest product of surges that go on together: it is reached where one of them begins."""
    begins = {0.0}
    for surge in scenario.surges:
        days = range(ceil(scenario.days)) if surge.daily else range(1)
        begins.update(day * DAY_S + surge.from_s for day in days)
    at_s = np.array(sorted(begins))
    product = np.ones(len(at_s))
    for surge in scenario.surges:
        product[surge.active(at_s)] *= max(1.0, surge.factor)
    return float(product.max())


def _generator(seed: int, layer: int, day: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(layer, day))))
