"""A scenario reaches the engine as it is written: vehicles, shifts, silences, posts, policies, size of the city."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dispatch.domain.refusals import Invalid
from dispatch.simulator import engine_run
from dispatch.simulator.call_streams import make_calls
from dispatch.simulator.city import City
from dispatch.simulator.engine_run import EngineRun, engine_version, junctions, policy_of, prepare
from dispatch.simulator.policies import POLICIES
from dispatch.simulator.results import Figures, figures
from dispatch.simulator.variants import PolicyChoice
from tests.support.cities import generated_chiayi
from tests.unit.simulator.towns import town

PLAIN = PolicyChoice(name="street-priority")


@cache
def city() -> City:
    """Every tenth junction of the generated city."""
    streets = generated_chiayi(7)
    return City.of(streets, junctions(streets)[::10])


def measured(policy: PolicyChoice = PLAIN, **changes: Any) -> Figures:
    """A quiet day and a half of the test town, with these members changed."""
    scenario = town(days=1.5, warm_up_days=0.25, **{"demand": {"calls_per_day": 60}, **changes})
    calls = make_calls(scenario, city().node_lat, city().node_lon, 5)
    outcome = EngineRun(city())(scenario, policy, calls, 5)
    return figures(calls, outcome, warm_up_s=scenario.warm_up_s)


def mean_s(found: Figures) -> float:
    """The mean response; there is one."""
    assert found.mean_s is not None
    return found.mean_s


def test_what_the_scenario_says_is_felt() -> None:
    """Motorcycles are faster, lights shorten, turnout and call taking lengthen, silence hides, posts help."""
    as_it_is = mean_s(measured())
    motorcycles = [{"station": "North", "count": 3, "type": "motorcycle"}, {"station": "South", "type": "motorcycle"}]
    cars = [{"station": "North", "count": 3}, {"station": "South"}]
    assert mean_s(measured(units=motorcycles)) < mean_s(measured(units=cars))
    assert mean_s(measured(lights=[0.5] * 4)) < as_it_is < mean_s(measured(lights=[1] * 4))
    assert mean_s(measured(call_taking_s=160)) > as_it_is + 90
    assert as_it_is < mean_s(measured(turnout_s=30)) <= as_it_is + 40
    assert mean_s(measured(gps_loss={"share": 0.9, "mean_s": 3600})) > as_it_is
    assert mean_s(measured(idle="posts")) < as_it_is
    assert mean_s(measured(idle="stay")) != as_it_is


def test_units_are_on_duty_in_their_shift_alone() -> None:
    """A bureau with a night shift alone answers by day what waits till evening."""
    night = measured(units=[{"station": "North", "count": 4, "from": "19:00", "to": "07:00"}])
    assert night.share is not None
    assert night.share < 0.7
    assert mean_s(night) > 3600


def test_a_study_sets_a_policy_otherwise_by_its_settings() -> None:
    """Only where the name of the policy and of the setting exist, and the value can be decided with."""
    changed = policy_of(PolicyChoice(name="batch-reoptimised", settings=(("keep_s", 120.0),)))
    assert changed.settings.keep_s == 120
    assert policy_of(PLAIN) is POLICIES["street-priority"]
    with pytest.raises(Invalid, match="no policy by-lot; allowed: straight-fcfs"):
        policy_of(PolicyChoice(name="by-lot"))
    with pytest.raises(Invalid, match=r"no setting haste; allowed: .*keep_s"):
        policy_of(PolicyChoice(name="batch-reoptimised", settings=(("haste", 1.0),)))
    with pytest.raises(Invalid):
        policy_of(PolicyChoice(name="batch-reoptimised", settings=(("keep_s", -1.0),)))


def test_a_large_city_is_thinned_evenly_and_always_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bends are no junctions; of more than the most an even choice is taken, the same each time."""
    streets = generated_chiayi(7)
    monkeypatch.setattr(engine_run, "MOST_JUNCTIONS", 10**6)
    everywhere = junctions(streets)
    degree = np.bincount(np.concatenate((streets.edge_from, streets.edge_to)))
    assert (degree[everywhere] != 2).all()
    monkeypatch.setattr(engine_run, "MOST_JUNCTIONS", 300)
    some = junctions(streets)
    assert len(np.unique(some)) == 300
    assert set(some.tolist()) < set(everywhere.tolist())
    np.testing.assert_array_equal(some, junctions(streets))
    assert streets.node_lat[some].mean() == pytest.approx(streets.node_lat[everywhere].mean(), abs=0.003)


def test_inputs_are_told_by_their_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streets always; past calls where the demand is of such."""
    monkeypatch.setattr(engine_run, "MOST_JUNCTIONS", 100)
    ground, _ = prepare(town(), tmp_path)
    assert set(ground.inputs) == {"streets"}
    (tmp_path / "calls.csv").write_text("at,lat,lon\n2026-11-02T08:00:00,23.48,120.45\n")
    columns = {"received_at": "at", "lat": "lat", "lon": "lon"}
    ground, engine = prepare(town(demand={"source": "csv", "file": "calls.csv", "columns": columns}), tmp_path)
    assert ground.recorded is engine.recorded
    assert ground.recorded is not None
    assert ground.inputs["calls"] == ground.recorded.digest()
    assert "numpy" in engine_version()
