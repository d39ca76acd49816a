"""The process that runs one what-if: `python -m dispatch.simulator.worker WHAT_IF_ID MARK`.

A dispatch server starts it. It reads the job from the database of $DATABASE_URL, and writes progress and result there.
It ends at once when the row is no longer its own (cancelled, given to another one), when the database stays away, and
when its standard input ends: the server that started it holds the other end.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.refusals import Refused
from dispatch.roads.street_map import StreetMap
from dispatch.simulator.demand_kinds import DatabaseDemand
from dispatch.simulator.engine_run import engine_version, prepare
from dispatch.simulator.recorded_calls import RecordedCalls
from dispatch.simulator.recorded_calls_database import load_recorded_calls, load_streets
from dispatch.simulator.study import Study, StudyResult, run_study
from dispatch.simulator.what_if_study import study_of
from dispatch.store import what_ifs
from dispatch.store.access import log_access
from dispatch.store.database import create_engine
from dispatch.store.what_if_asked import Asked, asked_of
from dispatch.store.what_ifs import Taken

_log = structlog.get_logger()
NICE: Final = 10
BEAT_S: Final = 1.0
DATABASE_AWAY_S: Final = 30.0
ASKED: Final = "asked"
NOT_MINE: Final = 3
"""Exit status: somebody cancelled it, or the server is gone."""


class Progress:
    """How far the study is; written by the thread that runs it, read by the one that tells."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = clock()
        self.done = 0
        self.left_s: float | None = None

    def __call__(self, done: int, total: int) -> None:
        """As run_study tells it: once before the first run, then after each."""
        if done == 0:
            self._began_s = self._clock()
        else:
            self.left_s = (self._clock() - self._began_s) / done * (total - done)
        self.done = done


async def work(engine: AsyncEngine, taken: Taken) -> int:
    """Runs it; the exit status. Raises nothing that another try would not meet as well, but for bugs."""
    async with engine.begin() as connection:
        row = await what_ifs.begin_work(connection, taken, os.getpid())
    if row is None:
        return NOT_MINE
    progress = Progress()
    heart = asyncio.create_task(_beat(engine, taken, progress))
    try:
        found = await _run(engine, taken, asked_of(row.asked), row.username, progress)
    except Refused as refused:
        async with engine.begin() as connection:
            await what_ifs.fail(connection, taken, refused.code, refused.detail)
        return 0
    finally:
        heart.cancel()
        await asyncio.gather(heart, return_exceptions=True)
    async with engine.begin() as connection:
        held = await what_ifs.finish(connection, taken, **found)
    return 0 if held else NOT_MINE


async def _run(engine: AsyncEngine, taken: Taken, asked: Asked, username: str, progress: Progress) -> dict[str, Any]:
    study = study_of(asked)
    demand = study.scenario.demand
    recorded = None
    if isinstance(demand, DatabaseDemand):
        await _log_reading(engine, taken, demand, username)
        recorded = await load_recorded_calls(engine, demand)
    streets = await load_streets(engine)
    result = await asyncio.to_thread(_simulate, study, streets, recorded, progress)
    text = result.as_json()
    return {
        "result": json.loads(text),
        "result_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "inputs": {**result.inputs, ASKED: asked.digest()},
        "engine": result.engine,
    }


async def _log_reading(engine: AsyncEngine, taken: Taken, demand: DatabaseDemand, username: str) -> None:
    """Before the calls are read: what is not logged is not read."""
    async with engine.begin() as connection:
        subject = f"{demand.from_date}/{demand.to_date}"
        await log_access(connection, username, "period", subject, {"what_if_id": str(taken.what_if_id)})


def _simulate(
    study: Study, streets: StreetMap | None, recorded: RecordedCalls | None, progress: Progress
) -> StudyResult:
    ground, engine = prepare(study.scenario, Path(), loaded=streets, recorded=recorded)
    return run_study(study, ground, engine, engine=engine_version(), progress=progress)


async def _beat(engine: AsyncEngine, taken: Taken, progress: Progress) -> None:
    """Every second, until it is cancelled; ends the process where there is nobody to work for."""
    heard_s = time.monotonic()
    while True:
        await asyncio.sleep(BEAT_S)
        try:
            async with engine.begin() as connection:
                held = await what_ifs.beat(connection, taken, progress.done, progress.left_s)
        except (SQLAlchemyError, OSError) as error:
            if time.monotonic() - heard_s > DATABASE_AWAY_S:
                _end(f"the database is away: {type(error).__name__}")
            continue
        heard_s = time.monotonic()
        if not held:
            _end("it was cancelled, or given to another worker")


def _end(why: str) -> NoReturn:
    """At once: the thread that simulates can't be asked to stop between two events."""
    _log.info("what_if_worker_ends", why=why)
    os._exit(NOT_MINE)


def _end_with_the_server() -> None:
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    _end("its server is gone")


async def _main(taken: Taken) -> int:
    engine = create_engine(os.environ["DATABASE_URL"], application="patrol-what-if", pool_size=2)
    try:
        return await work(engine, taken)
    finally:
        await engine.dispose()


def main(arguments: list[str]) -> int:
    """The exit status: 0 the row says what came of it, 3 it is no longer this worker's; else a bug, or no database."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m dispatch.simulator.worker WHAT_IF_ID MARK\n")
        return 2
    os.nice(NICE)
    threading.Thread(target=_end_with_the_server, name="server-watch", daemon=True).start()
    return asyncio.run(_main(Taken(UUID(arguments[0]), UUID(arguments[1]))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
