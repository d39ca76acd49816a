"""The live map with 600 units at one position a second each, beside the same streets with no unit, in a real Chromium.

`python -m bench.console [--quick] [--json FILE]`; needs `make build` and the browser of web/node_modules. Two systems
run at once: one with 600 units on generated streets, 60 of them under way to as many calls, and one with neither.
Positions go into `unit_positions` and are announced on the bus as the gateway does it, without its sockets, which
bench.first_call measures. A second listener drains the feed all the time, so the server works alike whichever page is
looked at. The driver looks at both pages in turn, at the same place and size, in one browser that draws WebGL in
software: absolute figures are those of this machine, the ratios say what the units cost. `main_thread` is CDP's
TaskDuration over wall time, `over_50_ms` the share of frames that took longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import secrets
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx
import numpy as np
from websockets.asyncio.client import connect

from bench.report import arguments, report
from bench.streets_drive import Drive
from bench.system import USER, System, running_system
from dispatch.roads.generated_city import generate_chiayi
from dispatch.service.bus import Bus

UNITS, CALLS = 600, 60
SECONDS, ROUNDS = 20, 3
QUICK_UNITS, QUICK_CALLS, QUICK_SECONDS, QUICK_ROUNDS = 100, 10, 5, 1
TICKS_A_SECOND: Final = 10
"""Units report in as many groups, as a real fleet is spread over the second."""
DRIVER: Final = Path(__file__).with_name("console.mjs")
LONG_FRAME_MS: Final = 50.0


async def drive(system: System, bus: Bus, drives: dict[UUID, Drive]) -> None:
    """Moves every unit once a second: the table, then the announcement."""
    connection = await asyncpg.connect(system.database_url)
    groups = [list(drives.items())[group::TICKS_A_SECOND] for group in range(TICKS_A_SECOND)]
    try:
        await _link_up(connection, list(drives))
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for group in groups:
                due += 1 / TICKS_A_SECOND
                await asyncio.sleep(max(due - loop.time(), 0))
                now = datetime.now(UTC)
                rows = [(unit_id, now, now, *moves.step(1.0)) for unit_id, moves in group]
                await connection.executemany(_MOVE, rows)
                now_ms = round(now.timestamp() * 1000)
                await bus.publish("fixes", [_announcement(row, now_ms) for row in rows])
    finally:
        await connection.close()


async def _link_up(connection: asyncpg.Connection, unit_ids: list[UUID]) -> None:
    """The links are up for as long as this connection holds the lock of their run, as a gateway's are."""
    run, now = secrets.randbits(63), datetime.now(UTC)
    await connection.execute("SELECT pg_advisory_lock($1)", run)
    links = [(unit_id, now, UUID(int=run << 64 | number)) for number, unit_id in enumerate(unit_ids)]
    columns = ["unit_id", "connected_at", "connection_id"]
    await connection.copy_records_to_table("car_links", records=links, columns=columns)


_MOVE: Final = """
INSERT INTO unit_positions (unit_id, fixed_at, received_at, lat, lon, accuracy_m, speed_mps, course_deg)
VALUES ($1, $2, $3, $4, $5, 4, $6, $7) ON CONFLICT (unit_id) DO UPDATE SET fixed_at = $2, received_at = $3, lat = $4,
lon = $5, accuracy_m = 4, speed_mps = $6, course_deg = $7
"""


def _announcement(row: tuple[Any, ...], now_ms: int) -> dict[str, Any]:
    unit_id, _, _, lat, lon, speed_mps, course_deg = row
    measured = {"lat": lat, "lon": lon, "accuracy_m": 4.0, "speed_mps": speed_mps, "course_deg": course_deg}
    return {"unit_id": str(unit_id), "time_ms": now_ms, "received_ms": now_ms, "live": True, **measured}


async def fill(system: System, calls: int) -> dict[UUID, Drive]:
    """Every unit somewhere on the streets; the first ones under way to calls of the last five minutes."""
    rng, streets = random.Random(4), generate_chiayi(1)
    connection = await asyncpg.connect(system.database_url)
    try:
        ids = [row["unit_id"] for row in await connection.fetch("SELECT unit_id FROM units ORDER BY name")]
        await connection.execute("UPDATE vehicles SET type = 'motorcycle' WHERE right(plate, 1) IN ('3', '7')")
        now = datetime.now(UTC)
        for number, unit_id in enumerate(ids[:calls]):
            node, received = rng.randrange(streets.nodes), now - timedelta(seconds=rng.uniform(0, 300))
            incident_id = uuid4()
            await connection.execute(
                "INSERT INTO incidents (incident_id, number, category, priority, lat, lon, received_at, created_at) "
                "VALUES ($1, $2, 'criminal', $3, $4, $5, $6, $6)",
                incident_id,
                f"B-{number:04d}",
                1 + number % 4,
                float(streets.node_lat[node]),
                float(streets.node_lon[node]),
                received,
            )
            await connection.execute(
                "INSERT INTO assignments (assignment_id, incident_id, unit_id, state, dispatched_at, acknowledged_at, "
                "en_route_at) VALUES ($1, $2, $3, 'en_route', $4, $4, $4)",
                uuid4(),
                incident_id,
                unit_id,
                received,
            )
    finally:
        await connection.close()
    return {unit_id: Drive(streets, random.Random(number)) for number, unit_id in enumerate(ids)}


async def drain(system: System) -> None:
    """Listens to the feed and forgets: what the server does for one screen it does all the time."""
    async with httpx.AsyncClient(base_url=f"{system.api_url}/api/v1", trust_env=False) as api:
        answer = await api.post("/session", json={"username": USER, "password": system.password})
        bearer = f"Bearer {answer.raise_for_status().json()['token']}"
    feed = f"{system.api_url.replace('http', 'ws')}/api/v1/feed"
    async with connect(feed, additional_headers={"Authorization": bearer}, max_size=None, proxy=None) as socket:
        async for _ in socket:
            pass


@contextlib.asynccontextmanager
async def fleet(system: System, calls: int) -> AsyncIterator[None]:
    """Drives for the length of the block."""
    drives = await fill(system, calls)
    bus = Bus(system.nats_url, system.bureau)
    await bus.start()
    tasks = [asyncio.create_task(drive(system, bus, drives)), asyncio.create_task(drain(system))]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bus.stop()


async def look(full: System, empty: System, seconds: int, rounds: int) -> list[dict[str, Any]]:
    """What the driver measured: one record a page, round and phase."""
    with tempfile.TemporaryDirectory(prefix="pb-") as shots:
        asked = {
            "PATROL_URL": "http://127.0.0.1",
            "PATROL_USER": USER,
            "PATROL_PASSWORD": "",
            "PATROL_SHOTS": os.environ.get("CONSOLE_SHOTS", shots),
            "BENCH_SHOTS": "1" if "CONSOLE_SHOTS" in os.environ else "",
            "BENCH_SECONDS": str(seconds),
            "BENCH_ROUNDS": str(rounds),
            "BENCH_PAGES": json.dumps(
                [
                    {"name": name, "url": system.api_url, "password": system.password}
                    for name, system in (("empty", empty), ("full", full))
                ]
            ),
        }
        process = await asyncio.create_subprocess_exec(
            "node", str(DRIVER), "measure", stdout=PIPE, env={**os.environ, **asked}
        )
        said, _ = await process.communicate()
    if process.returncode != 0:
        sys.exit("the driver failed; see above")
    return [json.loads(line) for line in said.decode().splitlines()]


def summarised(records: list[dict[str, Any]], page: str, phase: str) -> dict[str, Any]:
    """All rounds of one page in one phase."""
    chosen = [record for record in records if (record["page"], record["phase"]) == (page, phase)]
    frames = np.concatenate([np.asarray(record["frames_ms"]) for record in chosen])
    wall_s = sum(record["wall_s"] for record in chosen)
    return {
        "name": f"{page}, {phase}",
        "n": len(frames),
        "p50_ms": round(float(np.percentile(frames, 50)), 1),
        "p95_ms": round(float(np.percentile(frames, 95)), 1),
        "over_50_ms": round(float(np.mean(frames > LONG_FRAME_MS)), 4),
        "frames_a_s": round(len(frames) / wall_s, 1),
        "main_thread": round(sum(record["task_s"] for record in chosen) / wall_s, 3),
        "script": round(sum(record["script_s"] for record in chosen) / wall_s, 3),
        "long_tasks_a_min": round(sum(len(record["long_tasks_ms"]) for record in chosen) / wall_s * 60, 1),
    }


async def main() -> None:
    """Runs it and prints."""
    asked = arguments(__doc__ or "")
    quick = asked.quick
    units, calls = (QUICK_UNITS, QUICK_CALLS) if quick else (UNITS, CALLS)
    seconds, rounds = (QUICK_SECONDS, QUICK_ROUNDS) if quick else (SECONDS, ROUNDS)
    os.environ["PATROL_DISPATCH_MODE"] = "recommend"
    async with running_system(units) as full, running_system(0) as empty, fleet(full, calls):
        records = await look(full, empty, seconds, rounds)
    results = [summarised(records, page, phase) for phase in ("still", "dragged") for page in ("empty", "full")]
    still_empty, still_full, dragged_empty, dragged_full = results
    ratios = {
        f"{phase}_{what}_full_over_empty": full_one[key] / empty_one[key]
        for phase, empty_one, full_one in (
            ("still", still_empty, still_full),
            ("dragged", dragged_empty, dragged_full),
        )
        for what, key in (("frame_p50", "p50_ms"), ("frame_p95", "p95_ms"), ("main_thread", "main_thread"))
    }
    report(results, ratios, asked.json)


if __name__ == "__main__":
    asyncio.run(main())
