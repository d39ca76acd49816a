"""A phone's side of a gateway in the test's own process: a client of its phone port, and what an app says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from gateway.server import Gateway
from gateway.settings import Settings
from tests.support.cars import WAIT_S, Device, now_ms


@asynccontextmanager
async def phones_of(
    settings: Settings, clock_ms: Callable[[], int] = now_ms
) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A client of a gateway's phone port, and the address of its vehicle link."""
    gateway, stop, started = Gateway(settings, clock_ms), asyncio.Event(), asyncio.Event()
    ports: list[int] = []

    def ready(port: int) -> None:
        ports.append(port)
        started.set()

    task = asyncio.create_task(gateway.run(stop, ready))
    task.add_done_callback(lambda _: started.set())
    await started.wait()
    if not ports:
        await task
    assert gateway.phones is not None
    base = f"http://127.0.0.1:{gateway.phones.port}"
    try:
        async with httpx.AsyncClient(base_url=base, timeout=WAIT_S, trust_env=False) as client:
            yield client, f"ws://127.0.0.1:{ports[0]}/vehicle/v1"
    finally:
        stop.set()
        await task


def query(device: Device, time_ms: int, **members: Any) -> dict[str, Any]:
    """OsmAnd's query."""
    return {"id": device.token, "lat": 23.48, "lon": 120.45, "timestamp": time_ms, **members}


def at(time_ms: int) -> datetime:
    """The same, as the database gives it."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)
