"""What-ifs that are run by a real worker process: to the digit again, killed, cancelled, left behind, taken over."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert, select, text, update

from dispatch.service.what_if_runner import WhatIfRunner
from dispatch.store.tables import access_log, incidents
from dispatch.store.what_if_tables import what_ifs
from dispatch.store.what_ifs import take_next
from tests.support.bureau import alive
from tests.support.server import Server, eventually, running_server
from tests.support.what_if import CALLS, FIRST_CALL, PERIOD, WEST, ask, founded, long, refused, until, variant


@pytest.fixture(scope="module")
async def asked(module_database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server with streets and a known past, which runs what it is asked."""
    async with running_server(module_database_url, nats_url, dispatch_mode="recommend") as running:
        yield await founded(running)


@pytest.fixture
async def boss(asked: Server) -> httpx.AsyncClient:
    """A supervisor's client."""
    return await asked.client("sup", "supervisor")


@pytest.fixture
async def idle(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server that leaves the work to others."""
    async with running_server(database_url, nats_url, what_if_worker=False) as running:
        yield await founded(running)


async def test_a_question_is_run_and_repeated_to_the_digit(asked: Server, boss: httpx.AsyncClient) -> None:
    """Progress ends at the total; the table has every figure with its interval; a repeat gives the same bytes and says
    so; on other streets it says what differs. That the period was read stands in the access log."""
    made = await ask(boss)
    assert (made["state"], made["done"], made["total"], made["result"]) == ("queued", 0, 4, None)
    done = await until(boss, made["id"], "done", "failed")
    assert done["state"] == "done", done["error"]
    assert (done["done"], done["left_s"], done["error"]) == (4, None, None)
    first, second = done["result"]["variants"]
    assert first["against_first"] == {}
    for figure in ("share", "p90_s", "mean_s", "late_priority_1", "utilisation", "kilometres"):
        assert first["summary"][figure]["n"] == 2
        assert {"difference", "relative"} == set(second["against_first"][figure])
    assert 0 < first["summary"]["share"]["mean"] <= 1
    assert second["summary"]["calls"]["mean"] > first["summary"]["calls"]["mean"] > 30
    assert set(done["inputs"]) == {"asked", "streets", "calls"}
    assert "numpy" in done["engine"]

    repeated = (await boss.post(f"/what-ifs/{made['id']}/repeat")).json()
    assert (repeated["seed"], repeated["repeats"], repeated["repeat"]) == (7, made["id"], None)
    again = await until(boss, repeated["id"], "done", "failed")
    assert json.dumps(again["result"]) == json.dumps(done["result"])
    assert again["result_sha256"] == done["result_sha256"]
    assert again["repeat"] == {"of": made["id"], "differing": [], "same_result": True}

    async with asked.engine.connect() as connection:
        read = (await connection.execute(select(access_log).where(access_log.c.what == "period"))).all()
    assert [(row.username, row.subject) for row in read] == [("sup", "2026-10-05/2026-10-09")] * 2
    assert read[0].detail == {"what_if_id": made["id"]}

    other = await ask(boss, seed=8)
    assert (await until(boss, other["id"], "done"))["result_sha256"] != done["result_sha256"]


async def test_other_inputs_are_named(asked: Server, boss: httpx.AsyncClient) -> None:
    """A call that was entered later makes another result, and the repeat says that the calls differ."""
    made = await ask(
        boss,
        replications=1,
        period={**PERIOD, "mode": "replay"},
        days=4,
        variants=[variant("a"), variant("b", demand_scale=0.5, idle="posts")],
    )
    done = await until(boss, made["id"], "done", "failed")
    assert done["state"] == "done", done["error"]
    assert done["result"]["variants"][0]["summary"]["calls"] == {"mean": CALLS, "low": None, "high": None, "n": 1}
    async with asked.engine.begin() as connection:
        await connection.execute(text("UPDATE incidents SET exclusion = 'test' WHERE number = 'past-100'"))
    repeated = (await boss.post(f"/what-ifs/{made['id']}/repeat")).json()
    again = await until(boss, repeated["id"], "done", "failed")
    assert again["repeat"] == {"of": made["id"], "differing": ["calls"], "same_result": False}
    assert (await boss.delete(f"/what-ifs/{made['id']}")).status_code == 204
    left = (await boss.get(f"/what-ifs/{repeated['id']}")).json()
    assert (left["repeats"], left["repeat"]) == (None, None)


async def test_presets_shifts_and_stations_make_another_city(asked: Server, boss: httpx.AsyncClient) -> None:
    """A typhoon brings calls, a festival too; a closed station and a new one with specialists run."""
    specialist = [
        {"station": "North", "cars": 2, "capabilities": ["accident"]},
        {"station": "North", "cars": 1, "capabilities": ["accident"]},
        {"station": "West", "cars": 1, "starts": "20:00", "ends": "08:00"},
    ]
    north = {"name": "North", "lat": 23.495, "lon": 120.445}
    made = await ask(
        boss,
        period=None,
        calls_per_day=150,
        variants=[
            variant("Base", policy="batch-reoptimised"),
            variant("Typhoon", preset="typhoon", policy="batch-reoptimised"),
            variant("Festival", preset="festival", policy="straight-fcfs"),
            variant("Moved", stations=[north, {**WEST, "lat": 23.487}], units=specialist, policy="batch-posts"),
        ],
    )
    done = await until(boss, made["id"], "done", "failed")
    assert done["state"] == "done", done["error"]
    calls = [one["summary"]["calls"]["mean"] for one in done["result"]["variants"]]
    assert calls[1] > calls[0]
    assert calls[2] > calls[0]
    assert calls[3] == calls[0]
    assert set(done["inputs"]) == {"asked", "streets"}


async def test_the_server_answers_while_a_study_runs_and_a_cancel_ends_the_worker(
    asked: Server, boss: httpx.AsyncClient
) -> None:
    """The worker is a nice process of its own; cancelled, it is gone at once, and what waited behind it is run."""
    made, behind = await ask(boss, **long()), await ask(boss, replications=1)
    running = await until(boss, made["id"], "running")
    runner: WhatIfRunner = asked.app.state.what_ifs
    pid = await eventually(_pid(runner), lambda found: found is not None)
    assert pid is not None
    assert pid != os.getpid()
    assert running["ended_at"] is None
    await eventually(_niceness(pid), lambda nice: nice == 10)

    async def progress() -> int:
        return int((await boss.get(f"/what-ifs/{made['id']}")).json()["done"])

    await eventually(progress, lambda done: done > 0)
    seen = (await boss.get(f"/what-ifs/{made['id']}")).json()
    assert seen["left_s"] > 0
    assert seen["total"] == 100
    assert (await boss.get(f"/what-ifs/{behind['id']}")).json()["state"] == "queued"
    assert (await boss.post(f"/what-ifs/{made['id']}/cancel")).json()["state"] == "cancelled"
    await eventually(_gone(pid))
    assert (await until(boss, behind["id"], "done"))["result"] is not None
    over = (await boss.get(f"/what-ifs/{made['id']}")).json()
    assert (over["state"], over["result"]) == ("cancelled", None)
    refused(await boss.post(f"/what-ifs/{behind['id']}/cancel"), 409, "bad_step")


async def test_a_killed_worker_is_started_once_more(asked: Server, boss: httpx.AsyncClient) -> None:
    """kill -9 once: it runs again, from the beginning. Twice: it has failed, with a sentence that says why."""
    made = await ask(boss, **long())

    async def worker() -> int | None:
        async with asked.engine.connect() as connection:
            return await connection.scalar(select(what_ifs.c.worker_pid).where(what_ifs.c.what_if_id == made["id"]))

    killed: set[int] = set()
    for _ in range(2):
        pid = await eventually(worker, lambda found: found is not None and found not in killed)
        assert pid is not None
        killed.add(pid)
        os.kill(pid, signal.SIGKILL)
        await eventually(_gone(pid))
    failed = await until(boss, made["id"], "failed")
    assert failed["error_code"] == "worker_died"
    assert "2 times" in failed["error"]
    async with asked.engine.connect() as connection:
        attempts = await connection.scalar(select(what_ifs.c.attempts).where(what_ifs.c.what_if_id == made["id"]))
    assert attempts == 2


async def test_no_process_to_be_had_does_not_end_the_server(
    idle: Server, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system gives no process the question fails after its second try, and the server goes on answering."""

    async def none(*_arguments: object, **_options: object) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", none)
    made = await ask(await idle.client("sup", "supervisor"))
    async with running_server(idle.desk.settings.database_url, nats_url) as server:
        boss = await server.client("sup", "supervisor")
        assert (await until(boss, made["id"], "failed"))["error_code"] == "worker_died"
        assert (await boss.get("/units")).status_code == 200


async def test_what_can_t_be_run_fails_with_a_sentence(asked: Server, boss: httpx.AsyncClient) -> None:
    """Calls that all lie beyond the streets are found out by the worker; to try again would not help."""
    far = FIRST_CALL - timedelta(days=30)
    async with asked.engine.begin() as connection:
        rows = [
            {
                "incident_id": uuid4(),
                "number": f"far-{number}",
                "category": "service",
                "priority": 3,
                "lat": 24.9,
                "lon": 121.4,
                "received_at": far + timedelta(minutes=number),
                "created_at": far,
                "state": "closed",
            }
            for number in range(60)
        ]
        await connection.execute(insert(incidents), rows)
    made = await ask(boss, period={"from": "2026-09-04", "to": "2026-09-08"})
    failed = await until(boss, made["id"], "failed", "done")
    assert (failed["state"], failed["error_code"]) == ("failed", "validation")
    assert failed["error"]


async def test_a_stopped_server_queues_its_work_again_and_the_next_one_runs_it(
    database_url: str, nats_url: str
) -> None:
    """A server that stops in good order ends its worker, and no attempt is counted; the next server runs it."""
    async with running_server(database_url, nats_url) as first:
        await founded(first)
        made = await ask(await first.client("sup", "supervisor"), **long(replications=2))
        pid = await eventually(_pid(first.app.state.what_ifs), lambda found: found is not None)
    assert pid is not None
    assert not alive(pid)
    async with running_server(database_url, nats_url, what_if_worker=False) as second:
        boss = await second.client("sup", "supervisor")
        assert (await boss.get(f"/what-ifs/{made['id']}")).json()["state"] == "queued"
        async with second.engine.connect() as connection:
            assert await connection.scalar(select(what_ifs.c.attempts)) == 0
    async with running_server(database_url, nats_url) as third:
        boss = await third.client("sup", "supervisor")
        await until(boss, made["id"], "running")
        await boss.post(f"/what-ifs/{made['id']}/cancel")


async def test_what_a_lost_server_left_behind_is_taken_by_another(idle: Server, nats_url: str) -> None:
    """A running row whose worker has been silent for minutes is queued again, and failed when that happened before."""
    boss = await idle.client("sup", "supervisor")
    lost, twice = await ask(boss, replications=1), await ask(boss, replications=1)
    long_ago = text("now() - interval '1 hour'")
    async with idle.engine.begin() as connection:
        for made, attempts in ((lost, 1), (twice, 2)):
            await connection.execute(
                update(what_ifs)
                .where(what_ifs.c.what_if_id == made["id"])
                .values(state="running", attempts=attempts, worker=uuid4(), heartbeat_at=long_ago)
            )
    url = idle.desk.settings.database_url
    async with running_server(url, nats_url), running_server(url, nats_url):
        assert (await until(boss, lost["id"], "done", "failed"))["state"] == "done"
        assert (await until(boss, twice["id"], "failed"))["error_code"] == "worker_died"


async def test_a_worker_that_is_not_wanted_ends_by_itself(idle: Server) -> None:
    """Without a row that carries its mark, or without arguments, it does nothing."""
    environment = {**os.environ, "DATABASE_URL": idle.desk.settings.database_url}
    for arguments, status in (((str(uuid4()), str(uuid4())), 3), ((), 2)):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "dispatch.simulator.worker", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
        await process.wait()
        assert process.returncode == status


async def test_a_worker_ends_with_its_server(idle: Server) -> None:
    """Its standard input is held by the server: when that is gone, however it came, the worker is too."""
    boss = await idle.client("sup", "supervisor")
    await ask(boss, **long())
    async with idle.desk.engine.begin() as connection:
        taken = await take_next(connection)
    assert taken is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "dispatch.simulator.worker", str(taken.what_if_id), str(taken.worker)),
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, "DATABASE_URL": idle.desk.settings.database_url},
    )

    async def claimed() -> int | None:
        async with idle.engine.connect() as connection:
            return await connection.scalar(select(what_ifs.c.worker_pid))

    await eventually(claimed, lambda pid: pid == process.pid)
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 30) == 3


def _pid(runner: WhatIfRunner) -> Any:
    async def look() -> int | None:
        return runner.pid

    return look


def _gone(pid: int) -> Any:
    async def look() -> bool:
        return not alive(pid)

    return look


def _niceness(pid: int) -> Any:
    async def look() -> int:
        return os.getpriority(os.PRIO_PROCESS, pid)

    return look
