"""The live server at the demo's busiest pace takes the decisions that the simulator takes on the same inputs."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.policy import decide
from dispatch.domain.situation import Situation
from dispatch.service.streets import Streets
from dispatch.simulator import replay as replaying
from dispatch.simulator.replay import replay
from dispatch.store.database import create_engine
from dispatch.store.policy_tables import decision_rounds
from tests.support.bureau import Addresses
from tests.support.command import patrol, running_up

CALLS_PER_HOUR = "3600"
"""One a second for 24 cars: within half a minute everybody is on a job, and calls wait."""
ROUNDS = 20
WITHIN_S = 200.0
BETWEEN_S = 6.0
"""Several rounds of the loop."""


@pytest.fixture(scope="module")
def demo() -> Iterator[Path]:
    """A demo city that is overrun with calls."""
    folder = Path(tempfile.mkdtemp(prefix="pr-"))
    try:
        with running_up(folder / "data", "--demo", around={"PATROL_DEMO_CALLS_PER_HOUR": CALLS_PER_HOUR}):
            yield folder / "data"
    finally:
        shutil.rmtree(folder)


@pytest.mark.timeout(400)
async def test_the_simulator_decides_a_recorded_day_as_the_server_did(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kept round again, from calls, steps and fixes: the same orders, releases and waiting calls.

    The city goes on meanwhile, for seconds between one reading and the next. And the comparison can fail: with ETAs
    that are turned round, the same rounds come out otherwise.
    """
    engine = create_engine(Addresses.of(demo).database_url, application="patrol-replay")
    try:
        async with asyncio.timeout(WITHIN_S):
            while await _rounds(engine) < ROUNDS:  # noqa: ASYNC110 - another process writes them
                await asyncio.sleep(1)
        streets = Streets()
        await streets.refresh(engine)
        began, now = datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(hours=1)
        event.listen(engine.sync_engine, "before_cursor_execute", _late_to_the_rounds)
        done = await replay(engine, streets.travel, began, now)
        event.remove(engine.sync_engine, "before_cursor_execute", _late_to_the_rounds)
        assert done.rounds + done.without_record >= ROUNDS
        assert done.orders >= ROUNDS // 2
        assert done.differences == []

        printed = await asyncio.to_thread(patrol, "replay", data=demo)
        assert (printed.returncode, " 0 otherwise" in printed.stdout) == (0, True), printed.stdout + printed.stderr
        honest = decide

        def farthest_first(situation: Situation, *more: object) -> object:
            return honest(replace(situation, eta_s=2000 - situation.eta_s), *more)  # type: ignore[arg-type]

        monkeypatch.setattr(replaying, "decide", farthest_first)
        assert (await replay(engine, streets.travel, began, now)).differences
    finally:
        await engine.dispose()


def _late_to_the_rounds(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    """The steps were read already; more of them, and rounds that know them, come before the rounds are read."""
    if "FROM decision_rounds" in statement:
        time.sleep(BETWEEN_S)


async def _rounds(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(decision_rounds)) or 0)
