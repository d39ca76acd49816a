"""Simulated cars for benchmarks, many in one process: a fix a second each, and every order answered at once.

`python -m bench.fleet` reads {gateway_url, tokens} as JSON on standard input and writes one JSON line an
order that arrives: {"incident_id", "at_ns"}; times are CLOCK_MONOTONIC, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

from gateway.protocol import PATH, SUBPROTOCOL

CONNECTING_AT_ONCE = 20
LAT, LON, SPREAD_DEG = 23.48, 120.45, 0.025


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Car:
    """One car: connects, sends, answers."""

    def __init__(self, token: str, rng: random.Random) -> None:
        self._token, self._rng = token, rng
        self._lat = LAT + rng.uniform(-SPREAD_DEG, SPREAD_DEG)
        self._lon = LON + rng.uniform(-SPREAD_DEG, SPREAD_DEG)
        self._seq = 0

    async def run(self, url: str, gate: asyncio.Semaphore, up: asyncio.Semaphore) -> None:
        """Until it is cancelled."""
        async with gate:
            socket = await connect(
                f"{url}{PATH}",
                subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
                additional_headers={"Authorization": f"Bearer {self._token}"},
                compression=None,
            )
            hello = {"type": "hello", "boot": str(uuid4()), "agent": "bench/1", "clock_ms": _now_ms()}
            await socket.send(json.dumps(hello))
            await socket.recv()
        up.release()
        await asyncio.gather(self._drive(socket), self._listen(socket))

    async def _drive(self, socket: ClientConnection) -> None:
        await asyncio.sleep(self._rng.random())
        while True:
            position = {"lat": self._lat, "lon": self._lon, "speed_mps": 8.0, "accuracy_m": 4.0}
            await self._send(socket, {"type": "fix", **position})
            await asyncio.sleep(1)

    async def _listen(self, socket: ClientConnection) -> None:
        async for frame in socket:
            at_ns = time.monotonic_ns()
            message = json.loads(frame)
            if message["type"] == "order":
                _say({"incident_id": message["incident"]["id"], "at_ns": at_ns})
                for step in ("acknowledged", "on_scene", "cleared"):
                    about = {"assignment_id": message["assignment_id"], "status": step}
                    await self._send(socket, {"type": "status", **about})

    async def _send(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        self._seq += 1
        await socket.send(json.dumps({**message, "seq": self._seq, "time_ms": _now_ms()}))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def main() -> None:
    """Says {"up": n} when all are connected."""
    asked = json.loads(sys.stdin.readline())
    gate, up, rng = asyncio.Semaphore(CONNECTING_AT_ONCE), asyncio.Semaphore(0), random.Random(1)
    cars = [asyncio.create_task(Car(t, rng).run(asked["gateway_url"], gate, up)) for t in asked["tokens"]]
    for _ in cars:
        await up.acquire()
    _say({"up": len(cars)})
    await asyncio.gather(*cars)


if __name__ == "__main__":
    asyncio.run(main())
