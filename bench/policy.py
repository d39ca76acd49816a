"""Who goes: the policies side by side in the simulator, on the same calls, paired by seed.

`python -m bench.policy [--quick] [--json FILE] [--city NAME] [--replications N] [--surface N] [--load CALLS]
[--reference] …`
On Manhattan (../shared/data/roads/manhattan-scenario.md) and on Chiayi's proxy streets with the demand of its real
accidents, at 200, 465, 670 and 800 calls a day; where idle units wait, at 260 a day; and the distance to the
clairvoyant bound where they stay. Policies were tuned on other seeds and another surface (docs/policy-figures.md).
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench import policy_reference
from bench.policy_city import SURFACE_SEED, UNITS, PolicyCity, chiayi_city, manhattan_city
from bench.policy_reference import BASE
from bench.report import report
from dispatch.simulator.call_streams import make_calls
from dispatch.simulator.clairvoyant import clairvoyant_bound
from dispatch.simulator.conditions import Conditions
from dispatch.simulator.engine import run
from dispatch.simulator.intervals import Estimate, estimate, paired, summarise
from dispatch.simulator.policies import EAGER, POLICIES, Idle, Policy
from dispatch.simulator.queueing import queueing_limit
from dispatch.simulator.results import Figures, RunOutcome, figures
from dispatch.simulator.standby import Standby
from dispatch.simulator.stream import CallStream, Responses

LOADS: Final = (200, 465, 670, 800)
BOUND_LOADS: Final = (390, 590, 720, 810)
POSTS_LOAD: Final = 260
COMPARED: Final = (
    POLICIES["straight-fcfs"],
    POLICIES[BASE],
    POLICIES["street-priority"],
    POLICIES["street-divert"],
    POLICIES["batch-pending"],
    policy_reference.UNCAPPED,
    POLICIES["batch-reoptimised"],
    POLICIES["batch-eager"],
    POLICIES["batch-posts"],
    Policy("batch-eager-posts", EAGER, posts=True),
)
SHOWN: Final = ("weighted_mean_s", "mean_s", "p90_s", "late", "late_priority_1")
OVER_BOUND: Final = ("street-priority", "batch-pending", "batch-reoptimised", "batch-eager")
"""The first two are of the bound's class; the others divert and replace, and might even be below it."""
WEIGHTS: Final = {1: 8.0, 2: 3.0, 3: 1.0, 4: 0.5}
FIRST_SEED: Final = 1000
CITIES: Final = ("manhattan", "chiayi")

_place: PolicyCity
"""The city of the worker processes, which are forked after it is built."""


def _one(
    seed: int, *, policy: Policy, load: float, stations: int = 6, idle: Idle = "home", posts: bool = False
) -> tuple[Figures, float, int]:
    """(figures, seconds of processor, calls) of one run."""
    scenario = _place.at(load)
    calls = make_calls(scenario, _place.city.node_lat, _place.city.node_lon, seed)
    conditions = Conditions(call_taking_s=scenario.call_taking_s, idle=idle, lights=dict(enumerate(scenario.lights, 1)))
    standby = Standby(_place.city, _place.posts(UNITS)) if posts or policy.posts else None
    warm_up_s = scenario.warm_up_s
    began = time.process_time()
    done = run(_place.city, _place.cars(stations), calls, policy, conditions, count_from_s=warm_up_s, standby=standby)
    took_s = time.process_time() - began
    return _figures(calls, done.responses, done.busy_s, done.metres), took_s, len(calls)


def _figures(calls: CallStream, responses: Responses, busy_s: Any, metres: Any) -> Figures:
    scenario = _place.scenario
    on_duty_s = np.full(UNITS, scenario.end_s - scenario.warm_up_s)
    ended_s = max(float(np.nanmax(responses.cleared_s)), scenario.end_s)
    outcome = RunOutcome(responses, busy_s, metres, on_duty_s, ended_s)
    return figures(calls, outcome, warm_up_s=scenario.warm_up_s, weights=scenario.weights)


def _bound(seed: int, *, load: float) -> tuple[float, float]:
    """(clairvoyant bound, queueing limit) of the weighted mean response."""
    scenario, city = _place.at(load), _place.city
    calls = make_calls(scenario, city.node_lat, city.node_lon, seed)
    homes = np.array([car.home for car in _place.cars(6)], dtype=np.int32)
    common = {"weights": WEIGHTS, "call_taking_s": scenario.call_taking_s, "count_from_s": scenario.warm_up_s}
    bound = clairvoyant_bound(calls, city.time_s, homes, priority_factor={1: scenario.lights[0]}, **common)  # type: ignore[arg-type]
    limit = queueing_limit(calls, UNITS, **common)  # type: ignore[arg-type]
    return bound.weighted_mean_s, limit.weighted_mean_s


class _Bench:
    """The runs of one city, on several processes, and its results."""

    def __init__(
        self,
        place: PolicyCity,
        seeds: Sequence[int],
        pool: Any,
        results: list[dict[str, Any]],
        ratios: dict[str, float],
    ) -> None:
        self._place, self._seeds, self._pool = place, seeds, pool
        self.results, self.ratios = results, ratios

    def runs(self, **asked: Any) -> list[Figures]:
        """The figures of one policy, by seed."""
        found = self._pool.map(partial(_one, **asked), self._seeds, chunksize=1)
        self.microseconds = 1e6 * sum(took for _, took, _ in found) / sum(calls for _, _, calls in found)
        return [figure for figure, _, _ in found]

    def loads(
        self,
        loads: Sequence[int],
        compared: Sequence[Policy],
        beside: Callable[[str, int], dict[str, str]] = lambda _policy, _load: {},
    ) -> None:
        """All policies against straight-line by priority; `beside` has more to tell of one at a load."""
        for load in loads:
            base = self.runs(policy=POLICIES[BASE], load=load)
            for policy in compared:
                found = base if policy.name == BASE else self.runs(policy=policy, load=load)
                against = paired(base, found)
                change = against["weighted_mean_s"].relative
                row = {"city": self._place.name, "calls_per_day": load, "policy": policy.name}
                means = summarise(found)
                row |= {name: _text(means[name], percent=name.startswith("late")) for name in SHOWN}
                row |= {
                    f"{name}_vs_base": _text(against[name].difference, percent=name.startswith("late"))
                    for name in SHOWN[1:]
                }
                row |= {"weighted_vs_base": _text(change, percent=True), "us_per_call": round(self.microseconds)}
                self._tell(row | beside(policy.name, load))
                if policy.name != BASE and change.mean is not None:
                    self.ratios[f"{self._place.name}_{load}_{policy.name}_over_{BASE}"] = 1 + change.mean

    def posts(self) -> None:
        """Where idle units wait, at light load; all with the same policy."""
        policy = POLICIES["batch-reoptimised"]
        base = self.runs(policy=policy, load=POSTS_LOAD, stations=2)
        for name, asked in {
            "2 stations": None,
            "6 stations": {"stations": 6},
            "stay where cleared": {"stations": 6, "idle": "stay"},
            "24 posts of one": {"stations": 24},
            "2 stations, standby posts": {"stations": 2, "posts": True},
        }.items():
            found = base if asked is None else self.runs(policy=policy, load=POSTS_LOAD, **asked)
            change = paired(base, found)["mean_s"].relative
            row = {"city": self._place.name, "calls_per_day": POSTS_LOAD, "idle": name}
            self._tell(
                row | {"mean_s": _text(summarise(found)["mean_s"]), "vs_2_stations": _text(change, percent=True)}
            )
            if asked is not None and change.mean is not None:
                self.ratios[f"{self._place.name}_{name.replace(' ', '_')}_over_2_stations"] = 1 + change.mean

    def bounds(self, loads: Sequence[int], seeds: int) -> None:
        """Weighted mean response over the clairvoyant bound, units staying where they cleared."""
        kept, self._seeds = self._seeds, self._seeds[:seeds]
        for load in loads:
            found = self._pool.map(partial(_bound, load=load), self._seeds, chunksize=1)
            limits = [limit for _, limit in found]
            for policy in (POLICIES[name] for name in OVER_BOUND):
                means = [run.weighted_mean_s or 0.0 for run in self.runs(policy=policy, load=load, idle="stay")]
                ratio = estimate([mean / bound for mean, (bound, _) in zip(means, found, strict=True)])
                row = {"city": self._place.name, "calls_per_day": load, "policy": policy.name, "idle": "stay"}
                row |= {
                    "weighted_mean_s": _text(estimate(means)),
                    "clairvoyant_s": _text(estimate([b for b, _ in found])),
                }
                self._tell(
                    row | {"queueing_limit_s": _text(estimate(limits)), "over_clairvoyant": _text(ratio, digits=2)}
                )
                if ratio.mean is not None:
                    self.ratios[f"{self._place.name}_{load}_{policy.name}_over_clairvoyant"] = ratio.mean
        self._seeds = kept

    def _tell(self, row: dict[str, Any]) -> None:
        self.results.append(row)
        print("  ".join(f"{key}={value}" for key, value in row.items()), flush=True)


def _text(found: Estimate, *, percent: bool = False, digits: int = 1) -> str:
    """Mean and half of the 95 % interval."""
    if found.mean is None:
        return "-"
    scale, sign = (100.0, "%") if percent else (1.0, "")
    half = "" if found.high is None else f"±{scale * (found.high - found.mean):.{digits}f}"
    return f"{scale * found.mean:.{digits + (1 if percent else 0)}f}{half}{sign}"


def _cities(makers: Sequence[Callable[[], PolicyCity]], processes: int) -> Iterator[tuple[PolicyCity, Any]]:
    global _place  # noqa: PLW0603 - forked workers find the tables in it; they are too large to send
    for make in makers:
        _place = make()
        _ = _place.city.time_to_s, _place.city.straight_to_s
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            yield _place, pool


def main() -> None:
    """Runs it and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two loads, two runs each, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write {ratios, results} there")
    parser.add_argument("--city", choices=CITIES, action="append", help="both, where none is named")
    parser.add_argument("--replications", type=int, default=30)
    parser.add_argument("--bound-replications", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--surface", type=int, default=SURFACE_SEED, help="seed of Manhattan's demand surface")
    parser.add_argument("--load", type=int, action="append", metavar="CALLS", help="only this many calls a day")
    parser.add_argument("--policy", choices=[policy.name for policy in COMPARED], action="append")
    parser.add_argument("--reference", action="store_true", help="beside the figures that the scenario came with")
    asked = parser.parse_args()
    count = 2 if asked.quick else asked.replications
    results: list[dict[str, Any]] = []
    ratios: dict[str, float] = {}
    if asked.reference:
        for place, pool in _cities([partial(manhattan_city, policy_reference.SURFACE)], asked.processes):
            bench = _Bench(place, policy_reference.SEEDS, pool, results, ratios)
            bench.loads(asked.load or policy_reference.LOADS, policy_reference.COMPARED, policy_reference.theirs)
    makers: dict[str, Callable[[], PolicyCity]] = {
        "manhattan": partial(manhattan_city, asked.surface),
        "chiayi": chiayi_city,
    }
    compared = [policy for policy in COMPARED if not asked.policy or policy.name in (BASE, *asked.policy)]
    names = () if asked.reference else asked.city or CITIES
    for place, pool in _cities([makers[name] for name in names], asked.processes):
        bench = _Bench(place, range(asked.first_seed, asked.first_seed + count), pool, results, ratios)
        bench.loads(asked.load or (LOADS[::3] if asked.quick else LOADS), compared)
        if asked.load:
            continue
        bench.posts()
        bench.bounds(BOUND_LOADS[:1] if asked.quick else BOUND_LOADS, 1 if asked.quick else asked.bound_replications)
    report([], ratios, None)
    if asked.json is not None:
        report(results, ratios, asked.json)


if __name__ == "__main__":
    main()
