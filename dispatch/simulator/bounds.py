"""The two bounds of a scenario, over the same calls as its runs: what foresight, and what queueing alone, would give.

Each holds for the class of policies that it names, and for no other (docs/simulator-bounds.md). What the bounds do not
know is relaxed in their favour: everybody is on duty day and night, and as fast as the fastest vehicle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from dispatch.roads.speeds import vehicle_factor
from dispatch.simulator.call_streams import make_calls
from dispatch.simulator.clairvoyant import CLASS, clairvoyant_bound
from dispatch.simulator.engine_run import EngineRun
from dispatch.simulator.intervals import estimate
from dispatch.simulator.queueing import LIMIT_CLASS, queueing_limit
from dispatch.simulator.scenario import VehicleType
from dispatch.simulator.study import Ground, ScenarioBound, Study, replication_seed

CLAIRVOYANT: Final = "clairvoyant"
QUEUEING: Final = "queueing-limit"


def scenario_bounds(
    study: Study, ground: Ground, engine: EngineRun, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> tuple[ScenarioBound, ScenarioBound]:
    """Both bounds, over the calls of each replication of the study. Takes up to half a minute for 6,500 calls."""
    scenario, city = study.scenario, engine.city
    units = scenario.units()
    homes = np.array([city.nearest(unit.station.place) for unit in units], dtype=np.int32)
    share = min(vehicle_factor(motorcycle=unit.group.vehicle_type is VehicleType.MOTORCYCLE) for unit in units)
    weights = dict(enumerate(scenario.weights, 1))
    foreseen, queued = [], []
    for replication in range(study.replications):
        progress(replication, study.replications)
        seed = replication_seed(study.seed, replication)
        calls = make_calls(scenario, ground.node_lat, ground.node_lon, seed, ground.recorded)
        bound = clairvoyant_bound(
            calls,
            (city.time_s * np.float32(share)).astype(np.float32, copy=False),
            homes,
            weights=weights,
            call_taking_s=scenario.call_taking_s,
            priority_factor=dict(enumerate(scenario.lights, 1)),
            count_from_s=scenario.warm_up_s,
        )
        foreseen.append(bound.weighted_mean_s)
        limit = queueing_limit(calls, len(units), weights, scenario.call_taking_s, scenario.warm_up_s)
        queued.append(limit.weighted_mean_s)
    progress(study.replications, study.replications)
    return (
        ScenarioBound(CLAIRVOYANT, CLASS, estimate(foreseen)),
        ScenarioBound(QUEUEING, LIMIT_CLASS, estimate(queued)),
    )
