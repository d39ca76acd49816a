"""From `POST /incidents` to the `order` frame in the car, with 500 cars at 1 Hz on the same machine.

Beside it, in the same run and under the same load, the round trip of a bare `websockets` echo: the least that a frame
there and back can take in this language on this machine. `python -m bench.first_call [--quick] [--json FILE]`
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from asyncio.subprocess import PIPE, Process
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench.fleet import LAT, LON, SPREAD_DEG
from bench.report import arguments, report, summary
from bench.system import USER, System, running_system

CARS, QUICK_CARS = 500, 50
CALLS, QUICK_CALLS = 300, 30
WARM_UP = 5
ORDER_WITHIN_S = 30
BETWEEN_S = (0.05, 0.25)


async def measure(system: System, calls: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each call, and of an echo right before it."""
    fleet = await _python("bench.fleet")
    echo = await _python("bench.echo")
    arrived: dict[str, asyncio.Future[int]] = {}
    reader = asyncio.create_task(_orders(fleet, system, arrived))
    try:
        port = int(await _line(echo))
        async with (
            connect(f"ws://127.0.0.1:{port}", compression=None) as socket,
            httpx.AsyncClient(base_url=f"{system.api_url}/api/v1", timeout=30) as api,
        ):
            answer = await api.post("/session", json={"username": USER, "password": system.password})
            api.cookies.clear()
            api.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
            await asyncio.wait_for(arrived.setdefault("up", _future()), 120)
            return await _run(api, socket, arrived, calls)
    finally:
        reader.cancel()
        for process in (fleet, echo):
            process.terminate()
            await process.wait()


async def _run(
    api: httpx.AsyncClient, socket: ClientConnection, arrived: dict[str, asyncio.Future[int]], calls: int
) -> tuple[list[float], list[float]]:
    rng = random.Random(2)
    ours: list[float] = []
    bare: list[float] = []
    frame = "x" * 1200  # as long as an order with its route
    for number in range(WARM_UP + calls):
        start_ns = time.monotonic_ns()
        await socket.send(frame)
        await socket.recv()
        echo_ms = (time.monotonic_ns() - start_ns) / 1e6
        body = {
            "category": "service",
            "priority": 2,
            "lat": LAT + rng.uniform(-SPREAD_DEG, SPREAD_DEG),
            "lon": LON + rng.uniform(-SPREAD_DEG, SPREAD_DEG),
            "confirm_outside": True,
        }
        start_ns = time.monotonic_ns()
        answer = await api.post("/incidents", json=body)
        incident_id = answer.raise_for_status().json()["id"]
        at_ns = await asyncio.wait_for(arrived.setdefault(incident_id, _future()), ORDER_WITHIN_S)
        if number >= WARM_UP:
            ours.append((at_ns - start_ns) / 1e6)
            bare.append(echo_ms)
        await asyncio.sleep(rng.uniform(*BETWEEN_S))
    return ours, bare


async def _orders(fleet: Process, system: System, arrived: dict[str, asyncio.Future[int]]) -> None:
    if fleet.stdin is None:
        raise RuntimeError("the fleet has no standard input")
    asked = {"gateway_url": system.gateway_url, "tokens": system.tokens}
    fleet.stdin.write(json.dumps(asked).encode() + b"\n")
    await fleet.stdin.drain()
    while line := await _line(fleet):
        said: dict[str, Any] = json.loads(line)
        future = arrived.setdefault("up" if "up" in said else said["incident_id"], _future())
        if not future.done():
            future.set_result(said.get("at_ns", 0))


def _future() -> asyncio.Future[int]:
    return asyncio.get_running_loop().create_future()


async def _python(module: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, stdin=PIPE, stdout=PIPE)


async def _line(process: Process) -> str:
    if process.stdout is None:
        raise RuntimeError("the process has no standard output")
    return (await process.stdout.readline()).decode().strip()


async def main() -> None:
    """Runs it and prints."""
    asked = arguments(__doc__ or "")
    cars, calls = (QUICK_CARS, QUICK_CALLS) if asked.quick else (CARS, CALLS)
    async with running_system(cars) as system:
        ours, bare = await measure(system, calls)
    results = [
        summary(f"POST /incidents to the order in the car, {cars} cars at 1 Hz", ours),
        summary("bare websockets echo, round trip", bare),
    ]
    ratios = {
        "first_call_p50_over_echo_p50": results[0]["p50_ms"] / results[1]["p50_ms"],
        "first_call_p99_over_echo_p99": results[0]["p99_ms"] / results[1]["p99_ms"],
    }
    report(results, ratios, asked.json)


if __name__ == "__main__":
    asyncio.run(main())
