"""The bounds of a scenario: below every run of their class, named with it, and printed with it."""

from __future__ import annotations

from dataclasses import replace

from dispatch.domain.incident import Category
from dispatch.simulator.bounds import CLAIRVOYANT, QUEUEING, scenario_bounds
from dispatch.simulator.city import City
from dispatch.simulator.demand_kinds import Mix, SurfaceDemand
from dispatch.simulator.engine_run import EngineRun, engine_version, junctions
from dispatch.simulator.scenario_toml import parse_scenario
from dispatch.simulator.study import Ground, Study, run_study
from dispatch.simulator.study_table import bound_lines
from dispatch.simulator.variants import PolicyChoice, Variant
from tests.support.cities import generated_chiayi

SCENARIO = {
    "name": "Small",
    "days": 1.0,
    "warm_up_days": 0.0,
    "idle": "stay",
    "streets": {"source": "generated", "seed": 110},
    "stations": [{"name": "N", "lat": 23.49, "lon": 120.45}, {"name": "S", "lat": 23.47, "lon": 120.44}],
    "units": [{"station": "N", "count": 4}, {"station": "S", "count": 3, "type": "motorcycle"}],
    "demand": {
        "source": "surface",
        "calls_per_day": 70,
    },
}


def test_both_bounds_lie_below_a_policy_of_their_class() -> None:
    """Over the very calls of the runs; motorcycles are counted in the bound's favour."""
    scenario = parse_scenario(SCENARIO)
    assert isinstance(scenario.demand, SurfaceDemand)
    plain = replace(scenario.demand, mix=Mix(categories=((Category.OTHER, 1.0),)))
    scenario = replace(scenario, demand=plain)  # one unit a call: the class of the bound
    streets = generated_chiayi(7)
    engine = EngineRun(City.of(streets, junctions(streets)[::10]))
    ground = Ground(node_lat=engine.city.node_lat, node_lon=engine.city.node_lon, recorded=None, inputs={})
    study = Study(
        name="Small",
        scenario=scenario,
        variants=(Variant(name="street", policy=PolicyChoice(name="street-priority")),),
        seed=3,
        replications=2,
    )
    told: list[tuple[int, int]] = []
    foreseen, queued = scenario_bounds(study, ground, engine, lambda done, total: told.append((done, total)))
    runs = run_study(study, ground, engine, engine=engine_version()).variants[0].runs
    means = [run.weighted_mean_s for run in runs if run.weighted_mean_s is not None]
    assert foreseen.weighted_mean_s.mean is not None
    assert queued.weighted_mean_s.mean is not None
    assert 60 <= queued.weighted_mean_s.mean < foreseen.weighted_mean_s.mean < sum(means) / len(means)
    assert told[-1] == (2, 2)
    lines = list(bound_lines((foreseen, queued)))
    starts = [line.split(":")[0] for line in lines if "weighted mean" in line]
    assert starts == [CLAIRVOYANT, QUEUEING]
    assert any("no diversion" in line for line in lines)
