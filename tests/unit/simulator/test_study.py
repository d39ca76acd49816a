"""A study: all variants meet the same calls, its result is the same to the digit however the work is shared."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from dispatch.domain.geometry import Position
from dispatch.domain.incident import Category
from dispatch.domain.refusals import Invalid
from dispatch.simulator.results import RunOutcome
from dispatch.simulator.scenario import Idle, Scenario, Station, UnitGroup
from dispatch.simulator.stream import CallStream, Responses
from dispatch.simulator.study import Ground, Study, StudyCancelled, StudyResult, replication_seed, run_study
from dispatch.simulator.study_table import study_table
from dispatch.simulator.variants import FESTIVAL, TYPHOON, PolicyChoice, Variant, applied
from tests.unit.simulator.towns import grid, town

LAT, LON = grid()
GROUND = Ground(node_lat=LAT, node_lon=LON, inputs={"streets": "abc"})
SLOW = Variant(name="as it is", policy=PolicyChoice(name="slow"))
FAST = Variant(name="quicker", policy=PolicyChoice(name="fast", settings=(("keep_s", 60.0),)))


@dataclass(frozen=True)
class Fake:
    """An engine that needs no time: everybody comes after 300 s times the call's factor, in half of that if `fast`."""

    def __call__(self, scenario: Scenario, policy: PolicyChoice, calls: CallStream, seed: int) -> RunOutcome:
        taken_s = 300.0 * calls.travel_factor * (0.5 if policy.name == "fast" else 1.0)
        units = len(scenario.units())
        nothing = np.zeros(len(calls), dtype=np.int32)
        arrived_s = calls.at_s + taken_s
        responses = Responses(calls.at_s + 60, arrived_s, arrived_s + calls.service_s, nothing, nothing)
        busy_s = np.full(units, calls.service_s.sum() / units)
        return RunOutcome(responses, busy_s, np.full(units, seed % 1000.0), np.full(units, 1e6), scenario.end_s + 1e5)


def study(*variants: Variant, **changes: Any) -> Study:
    """A small one."""
    scenario = town(days=1.5, warm_up_days=0.5, eta_error={"log_sigma": 0.3})
    members: dict[str, Any] = {"name": "Study", "seed": 110, "replications": 4, **changes}
    return Study(scenario=scenario, variants=variants or (SLOW, FAST), **members)


def run(asked: Study, **options: Any) -> StudyResult:
    """Its result by the engine that needs no time."""
    return run_study(asked, GROUND, Fake(), engine="fake 1", **options)


def test_all_variants_meet_the_same_calls_run_by_run() -> None:
    """Twice as fast is exactly half, in each run; runs differ from each other."""
    slow, fast = run(study()).variants
    for before, after in zip(slow.runs, fast.runs, strict=True):
        assert before.calls == after.calls
        assert after.mean_s is not None
        assert before.mean_s == pytest.approx(2 * after.mean_s)
    assert len({before.mean_s for before in slow.runs}) == 4
    change = fast.against_first["mean_s"].relative
    assert (change.mean, change.low, change.high) == pytest.approx((-0.5, -0.5, -0.5))
    assert slow.against_first == {}
    assert len({replication_seed(110, number) for number in range(1000)}) == 1000


def test_the_same_study_has_the_same_bytes_however_the_work_is_shared() -> None:
    """One process or three: the JSON is equal to the last digit; another seed makes another one."""
    alone = run(study()).as_json()
    assert run(study(), processes=3).as_json() == alone
    assert run(study(seed=111)).as_json() != alone


def test_more_replications_begin_with_the_fewer() -> None:
    """A study that is made longer keeps what it had."""
    assert run(study(replications=6)).variants[1].runs[:4] == run(study()).variants[1].runs


def test_the_result_says_all_that_is_needed_to_find_it_again() -> None:
    """Seed, scenario with its digest, settings of each variant, inputs and engine, as JSON without special numbers."""
    asked = study()
    told = json.loads(run(asked).as_json())
    assert (told["seed"], told["replications"], told["engine"], told["inputs"]) == (
        110,
        4,
        "fake 1",
        {"streets": "abc"},
    )
    assert told["scenario_digest"] == asked.scenario.digest()
    assert told["scenario"]["demand"]["calls_per_day"] == 300
    assert told["variants"][1]["policy"] == {"name": "fast", "settings": [["keep_s", 60.0]]}
    assert told["variants"][1]["summary"]["mean_s"]["n"] == 4
    assert set(told["variants"][1]["against_first"]) == set(told["variants"][0]["summary"])


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_is_told_and_a_study_can_be_stopped(processes: int) -> None:
    """It counts from 0 to all runs; once cancelled there is no result."""
    told: list[tuple[int, int]] = []
    run(study(), progress=lambda done, total: told.append((done, total)), processes=processes)
    assert told == [(done, 8) for done in range(9)]
    told.clear()
    with pytest.raises(StudyCancelled):
        run(
            study(replications=50),
            progress=lambda done, total: told.append((done, total)),
            cancelled=lambda: len(told) > 3,
            processes=processes,
        )
    assert 3 < len(told) < 101


def test_a_variant_changes_what_it_says_and_nothing_else() -> None:
    """Cars of a shift, a station moved, one added with its units, more calls, idle units."""
    scenario = town()
    east = Station(name="East", place=Position(23.48, 120.47))
    moved = Station(name="South", place=Position(23.455, 120.45))
    variant = Variant(
        name="more",
        policy=SLOW.policy,
        units=(("North", 5),),
        groups=(UnitGroup(name="East day", station="East", count=2),),
        stations=(east, moved),
        demand_scale=1.2,
        idle=Idle.STAY,
    )
    changed = applied(scenario, variant)
    assert [(group.name, group.count) for group in changed.groups] == [
        ("North", 5),
        ("South 19:00", 2),
        ("East day", 2),
    ]
    assert changed.stations == (scenario.stations[0], moved, east)
    assert (changed.demand.scale, changed.idle) == (1.2, Idle.STAY)
    same = replace(changed, stations=scenario.stations, groups=scenario.groups, idle=scenario.idle)
    assert replace(same, demand=scenario.demand) == scenario
    assert applied(scenario, SLOW) == scenario


def test_presets_are_surges() -> None:
    """A festival fills the middle of the evening; a typhoon the first day that counts, everywhere."""
    festival, *typhoon = applied(town(), replace(SLOW, presets=(FESTIVAL, TYPHOON))).surges
    assert (festival.daily, festival.centre) == (True, Position(23.475, 120.45))
    assert {(surge.from_s, surge.to_s, surge.centre) for surge in typhoon} == {(86_400, 172_800, None)}
    assert {surge.category for surge in typhoon} == {None, Category.DISASTER, Category.TRAFFIC_ACCIDENT}


@pytest.mark.parametrize(
    ("changes", "member", "said"),
    [
        ({"units": (("West", 1),)}, "units", "no group West; there are North, South 19:00"),
        ({"units": (("North", -1),)}, "units", "can't have -1"),
        ({"units": (("North", 0), ("South 19:00", 0))}, "units", "no unit is left"),
        ({"groups": (UnitGroup(name="North", station="North", count=1),)}, "groups", "the name of another"),
        ({"groups": (UnitGroup(name="W", station="West", count=1),)}, "groups", "which is no station"),
        ({"demand_scale": 0}, "demand_scale", "above 0"),
        ({"presets": ("carnival",)}, "presets", "festival, typhoon"),
    ],
)
def test_a_variant_that_does_not_fit_is_refused(changes: dict[str, Any], member: str, said: str) -> None:
    """Before anything runs, by name."""
    with pytest.raises(Invalid, match=said) as refusal:
        run(study(SLOW, replace(FAST, **changes)))
    assert refusal.value.member == member


def test_the_table_shows_variants_side_by_side() -> None:
    """Means with half widths, and paired changes against the first; one run has no widths, one variant no pairs."""
    lines = list(study_table(run(study())))
    assert lines[0].startswith("Study: 4 runs each, seed 110, ")
    row = next(line for line in lines if line.startswith("quicker"))
    assert "±" in row
    assert "-50.0 % ±0.0" in lines[-1]
    single = list(study_table(run(study(SLOW, replications=1))))
    assert single[0].startswith("Study: 1 run each")
    assert "±" not in "".join(single)
    assert not any(line.startswith("Against") for line in single)


def test_a_figure_without_a_number_is_a_dash() -> None:
    """No priority 1 call came in, so none was late or in time."""
    plain = study()
    demand = {"calls_per_day": 300, "priority_shares": [0, 1, 1, 0]}
    scenario = town(days=1.5, warm_up_days=0.5, demand=demand)
    lines = list(study_table(run(replace(plain, scenario=scenario))))
    assert all("–" in line for line in lines if line.startswith(("as it is", "quicker")))
