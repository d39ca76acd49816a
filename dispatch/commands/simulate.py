"""`patrol simulate`: a scenario's days in virtual time, policies side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.commands.access import Access, DataOption, with_data

if TYPE_CHECKING:
    from dispatch.simulator.engine_run import EngineRun
    from dispatch.simulator.scenario import Scenario
    from dispatch.simulator.study import Ground, ScenarioBound


def simulate(
    scenario_file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (TOML), see the docs.")],
    *,
    policy: Annotated[
        list[str] | None,
        typer.Option(metavar="P", help="A policy to compare; may be repeated. [default: the scenario's, else all]"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Of the calls. [default: the scenario's]")
    ] = None,
    replications: Annotated[
        int | None, typer.Option(min=1, max=10_000, metavar="N", help="Runs of each policy. [default: the scenario's]")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all results there.")] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Processes that share the work.")] = 1,
    bounds: Annotated[
        bool, typer.Option("--bounds", help="Also what foresight, and what queueing alone, would give.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Simulate a city's days, policies side by side; the same seed gives the same digits."""
    # numpy, scipy, osmium: no other command has to wait for them
    from dispatch.simulator.bounds import scenario_bounds  # noqa: PLC0415
    from dispatch.simulator.engine_run import engine_version  # noqa: PLC0415
    from dispatch.simulator.policies import POLICIES  # noqa: PLC0415
    from dispatch.simulator.scenario_toml import read_scenario  # noqa: PLC0415
    from dispatch.simulator.study import Study, run_study  # noqa: PLC0415
    from dispatch.simulator.study_table import bound_lines, study_table  # noqa: PLC0415
    from dispatch.simulator.variants import PolicyChoice, Variant  # noqa: PLC0415

    for name in policy or ():
        if name not in POLICIES:
            raise typer.BadParameter(f"{name} is none of {', '.join(POLICIES)}", param_hint="--policy")
    scenario = read_scenario(scenario_file)
    names = list(dict.fromkeys(policy or scenario.policies or POLICIES))
    study = Study(
        name=scenario.name,
        scenario=scenario,
        variants=tuple(Variant(name=name, policy=PolicyChoice(name=name)) for name in names),
        seed=scenario.seed if seed is None else seed,
        replications=replications or scenario.replications,
    )
    ground, engine = _prepared(scenario, scenario_file.parent, data)
    with _bar(len(names) * study.replications) as progress:
        result = run_study(study, ground, engine, engine=engine_version(), progress=progress, processes=processes)
    found: tuple[ScenarioBound, ...] = ()
    if bounds:
        with _bar(study.replications) as progress:
            found = scenario_bounds(study, ground, engine, progress)
    if json_file is not None:
        json_file.write_text(replace(result, bounds=found).as_json(), encoding="utf-8")
    for line in [*study_table(result), *bound_lines(found)]:
        typer.echo(line)


def _prepared(scenario: Scenario, folder: Path, data: Path | None) -> tuple[Ground, EngineRun]:
    """The city and the past calls; the database is opened for those alone that are in it."""
    from dispatch.simulator.demand_kinds import DatabaseDemand  # noqa: PLC0415
    from dispatch.simulator.engine_run import prepare  # noqa: PLC0415
    from dispatch.simulator.recorded_calls_database import load_recorded_calls, load_streets  # noqa: PLC0415
    from dispatch.simulator.scenario import StreetSource  # noqa: PLC0415

    demand = scenario.demand
    streets_wanted = scenario.streets.source is StreetSource.LOADED
    if not streets_wanted and not isinstance(demand, DatabaseDemand):
        return prepare(scenario, folder)

    async def read(access: Access) -> tuple[Ground, EngineRun]:
        loaded = await load_streets(access.engine) if streets_wanted else None
        calls = await load_recorded_calls(access.engine, demand) if isinstance(demand, DatabaseDemand) else None
        return prepare(scenario, folder, loaded=loaded, recorded=calls)

    return with_data(data, read)


@contextmanager
def _bar(runs: int) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; nothing where that is no terminal."""
    with typer.progressbar(length=runs, label="runs", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield lambda done, _total: bar.update(done - bar.pos)
