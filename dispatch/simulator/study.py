"""A study: variants of one scenario side by side, each with as many runs, all meeting the same calls run by run.

The result depends on the study alone: not on how many processes share the work, nor on who is done first.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np

from dispatch.simulator.call_streams import make_calls
from dispatch.simulator.intervals import Comparison, Estimate, paired, summarise
from dispatch.simulator.recorded_calls import RecordedCalls
from dispatch.simulator.results import Figures, RunOutcome, figures
from dispatch.simulator.scenario import Scenario
from dispatch.simulator.stream import CallStream, Floats
from dispatch.simulator.variants import PolicyChoice, Variant, applied

ASKED_EVERY_S = 0.2


class StudyCancelled(Exception):
    """Somebody stopped the study; there is no result."""


class RunOne(Protocol):
    """One run of the engine. For several processes it must be picklable: a function of a module, or a dataclass."""

    def __call__(self, scenario: Scenario, policy: PolicyChoice, calls: CallStream, seed: int) -> RunOutcome:
        """The outcome; `seed` is for what the engine draws beside the calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is asked. The first variant is the one that the others are compared with."""

    name: str
    scenario: Scenario
    variants: tuple[Variant, ...]
    seed: int
    replications: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ground:
    """What all runs of a study share: the city's junctions (degrees), and past calls where the demand is of such."""

    node_lat: Floats
    node_lon: Floats
    recorded: RecordedCalls | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Digests of what was read beside the scenario, by what it is: they belong to the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantResult:
    """One column of the table."""

    name: str
    policy: PolicyChoice
    scenario_digest: str
    runs: tuple[Figures, ...]
    summary: Mapping[str, Estimate]
    against_first: Mapping[str, Comparison]
    """Empty for the first variant."""


@dataclass(frozen=True, slots=True)
class ScenarioBound:
    """A bound of the weighted mean response in seconds, for the class of policies that it names."""

    name: str
    class_: str
    weighted_mean_s: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """What a study found, with all that is needed to find it again to the digit."""

    name: str
    seed: int
    replications: int
    engine: str
    """Programs and versions that the digits depend on."""
    scenario: Mapping[str, Any]
    scenario_digest: str
    inputs: Mapping[str, str]
    variants: tuple[VariantResult, ...]
    bounds: tuple[ScenarioBound, ...] = ()
    """Of the scenario itself, where they were asked for."""

    def as_json(self) -> str:
        """The same bytes for the same study: keys sorted, floats as Python writes them; ends with a line break."""
        return json.dumps(asdict(self), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def replication_seed(seed: int, replication: int) -> int:
    """The seed of the calls of one replication, in every variant."""
    return int(np.random.SeedSequence(seed, spawn_key=(replication,)).generate_state(1, np.uint64)[0])


def run_study(
    study: Study,
    ground: Ground,
    run_one: RunOne,
    *,
    engine: str,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
    processes: int = 1,
) -> StudyResult:
    """Runs it all. `progress(done, total)` and `cancelled()` are asked between runs, in the caller's process.

    Raises Invalid where a variant doesn't fit the scenario, StudyCancelled where `cancelled` said so.
    """
    plan = _Plan(study, [applied(study.scenario, variant) for variant in study.variants], ground, run_one)
    jobs = [(variant, replication) for replication in range(study.replications) for variant in range(len(plan.cities))]
    found: dict[tuple[int, int], Figures] = {}
    progress(0, len(jobs))
    finished = _here(plan, jobs, cancelled) if processes == 1 else _shared(plan, jobs, cancelled, processes)
    for job, result in finished:
        found[job] = result
        progress(len(found), len(jobs))
    return _result(plan, found, engine)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    study: Study
    cities: Sequence[Scenario]
    """The scenario of each variant."""
    ground: Ground
    run_one: RunOne

    def run(self, variant: int, replication: int) -> Figures:
        scenario, ground = self.cities[variant], self.ground
        seed = replication_seed(self.study.seed, replication)
        calls = make_calls(scenario, ground.node_lat, ground.node_lon, seed, ground.recorded)
        outcome = self.run_one(scenario, self.study.variants[variant].policy, calls, seed)
        return figures(
            calls, outcome, warm_up_s=scenario.warm_up_s, target_s=scenario.target_s, weights=scenario.weights
        )


Job = tuple[int, int]


def _here(plan: _Plan, jobs: Sequence[Job], cancelled: Callable[[], bool]) -> Iterator[tuple[Job, Figures]]:
    for job in jobs:
        if cancelled():
            raise StudyCancelled
        yield job, plan.run(*job)


def _shared(
    plan: _Plan, jobs: Sequence[Job], cancelled: Callable[[], bool], processes: int
) -> Iterator[tuple[Job, Figures]]:
    # forked children would inherit the server's threads and sockets
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_receive, initargs=(plan,))
    try:
        waiting: dict[Future[Figures], Job] = {pool.submit(_run, *job): job for job in jobs}
        while waiting:
            if cancelled():
                raise StudyCancelled
            done, _ = wait(waiting, ASKED_EVERY_S, FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(cancel_futures=True)


_received: list[_Plan] = []


def _receive(plan: _Plan) -> None:
    """In a worker process: the plan comes once, not with every run."""
    _received[:] = [plan]


def _run(variant: int, replication: int) -> Figures:
    return _received[0].run(variant, replication)


def _result(plan: _Plan, found: Mapping[Job, Figures], engine: str) -> StudyResult:
    study = plan.study
    runs = [
        tuple(found[variant, replication] for replication in range(study.replications))
        for variant in range(len(plan.cities))
    ]
    return StudyResult(
        name=study.name,
        seed=study.seed,
        replications=study.replications,
        engine=engine,
        scenario=asdict(study.scenario),
        scenario_digest=study.scenario.digest(),
        inputs=dict(plan.ground.inputs),
        variants=tuple(
            VariantResult(
                name=variant.name,
                policy=variant.policy,
                scenario_digest=plan.cities[index].digest(),
                runs=runs[index],
                summary=summarise(runs[index]),
                against_first=paired(runs[0], runs[index]) if index else {},
            )
            for index, variant in enumerate(study.variants)
        ),
    )
