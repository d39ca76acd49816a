"""Half an hour of bad roads, or two minutes of it: agents, gateways, dispatch and database killed again and again.

`make soak` runs 1,800 s; SOAK_SECONDS and SOAK_SEED say otherwise. The seed gives who is hurt when and how; the rest is
the real system, which no seed rules.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.support.bureau import add_vehicle
from tests.support.fault_proxy import CLEAR, FaultProxy, Line, Weather
from tests.support.plane import Place, moved
from tests.support.soak_books import Figures, all_handled, open_books
from tests.support.soak_cars import SoakCar
from tests.support.soak_checker import faults
from tests.support.soak_system import System
from tests.support.soak_wire import NoWire, Wire

SECONDS: Final = float(os.environ.get("SOAK_SECONDS", "120"))
SEED: Final = int(os.environ.get("SOAK_SEED", "110"))
LOSS: Final = 0.3
CARS: Final = 3
WRONG_CLOCKS_MS: Final = (10_800_000, -10_800_000, 0)
"""The last car's computer is three hours ahead, behind, or right, another with each start."""
HOME: Final[Place] = (23.48, 120.45)
CALL_EVERY_S: Final = (5.0, 9.0)
KILL_EVERY_S: Final = (9.0, 18.0)
DOWN_S: Final = (0.2, 3.0)
SERVER_EVERY_S: Final = (18.0, 30.0)
SKY: Final = (
    (CLEAR, 5.0, 10.0),
    (Weather("delay", delay_s=2.0), 10.0, 18.0),
    (Weather("narrow", bytes_per_s=2_000), 6.0, 12.0),
    (Weather("blackout", passes=False), 5.0, 14.0),
    (Weather("reset"), 3.0, 6.0),
    (Weather("half_open"), 10.0, 20.0),
)


def say(line: str) -> None:
    """Shown by `make soak`, and where the test fails."""
    sys.stdout.write(f"\nsoak: {line}\n")


class Road:
    """The way from the cars to wherever the gateway is: over a wire that loses packets, where there can be one."""

    def __init__(self, system: System, wire: Wire | None) -> None:
        self._system = system
        self._wire = wire

    async def reach(self) -> Line:
        """A connection to the gateway."""
        if self._wire is not None:
            return await self._wire.reach()
        return await asyncio.open_connection("127.0.0.1", self._system.gateway_port)


@asynccontextmanager
async def wired(system: System, rng: random.Random) -> AsyncIterator[Wire | None]:
    """Says where there can be none, and why."""
    try:
        wire = Wire(rng, LOSS)
    except NoWire as why:
        say(f"no network namespaces here ({why}); loss is imitated by stalls")
        yield None
        return
    async with wire.laid(lambda: system.gateway_port):
        yield wire


@pytest.mark.timeout(SECONDS + 480)
async def test_nothing_is_lost_doubled_swapped_or_moved_in_time() -> None:
    """Each journalled message arrives once, in order, with its true time, and each assignment's steps are right."""
    say(f"{SECONDS:.0f} s, seed {SEED}")
    chance = random.Random(SEED)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        async with AsyncExitStack() as stack:
            system = await stack.enter_async_context(System.running(folder))
            wire = await stack.enter_async_context(wired(system, random.Random(chance.random())))
            road = Road(system, wire)
            cars = []
            for number in range(CARS):
                unit = f"SOAK{number}"
                token = await add_vehicle(system.data, f"P-{number}", unit)
                proxy = FaultProxy(road.reach, random.Random(chance.random()))
                if wire is None:
                    proxy.lossy(LOSS)
                home = moved(HOME, 0.0, 5_000.0 * number)
                rng = random.Random(chance.random())
                clocks = WRONG_CLOCKS_MS if number == CARS - 1 else (0,)
                running = SoakCar.running(folder, unit, token, home, proxy, rng, clocks)
                cars.append(await stack.enter_async_context(running))
            began_s = time.monotonic()
            skies, calls = await _storm(system, cars, chance, LOSS if wire is None else 0.0)
            stormed_s = time.monotonic() - began_s
            if wire is not None:
                wire.loss = 0.0
            await asyncio.gather(*(car.silent() for car in cars))
            connection = await asyncpg.connect(system.engines()["database_url"])
            try:
                for car in cars:
                    assert car.agent.stop() == 0, car.agent.log()[-3000:]
                await all_handled(connection)
                books = [await open_books(connection, car) for car in cars]
                figures = await Figures.of(connection, books)
            finally:
                await connection.close()
            lost = f"{wire.lost} of {wire.packets} packets lost" if wire else "loss imitated"
            say(
                f"{stormed_s:.0f} s; {calls} calls; killed: {sum(car.kills for car in cars)} agents, "
                f"{dict(system.kills)}; {sum(car.road.connections for car in cars)} connections tried, "
                f"{sum(car.connections() for car in cars)} welcomed; {lost}; weather {dict(skies)}"
            )
            say(str(figures))
            found = {car.unit: faults(it) for car, it in zip(cars, books, strict=True)}
            assert found == {car.unit: [] for car in cars}, found
            assert figures.taken > SECONDS / 10, "the crews pressed hardly anything"
            assert figures.cleared > 0, "no assignment came to its end"
            assert set(skies) == {weather.name for weather, _, _ in SKY}
            assert all(car.kills > 1 for car in cars)
            assert system.kills["gateway"] > 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _storm(system: System, cars: list[SoakCar], chance: random.Random, loss: float) -> tuple[Counter[str], int]:
    """Bad weather, kills and work for the length of the soak; which weathers there were, and how many calls."""
    stop = asyncio.Event()
    skies: Counter[str] = Counter()
    async with asyncio.TaskGroup() as group:
        working = [group.create_task(car.work(stop)) for car in cars]
        calling = group.create_task(_call(system, random.Random(chance.random()), stop))
        hurting = [group.create_task(_sky(car, random.Random(chance.random()), skies, loss)) for car in cars]
        hurting += [group.create_task(_kill(car, random.Random(chance.random()))) for car in cars]
        hurting += [group.create_task(car.drive()) for car in cars]
        hurting.append(group.create_task(_hurt_servers(system, random.Random(chance.random()))))
        await asyncio.sleep(SECONDS)
        stop.set()
        await asyncio.gather(*working, calling)
        for task in hurting:
            task.cancel()
    for car in cars:
        car.road.turn(CLEAR)
        await car.die(0.0)
    return skies, calling.result()


async def _sky(car: SoakCar, rng: random.Random, skies: Counter[str], loss: float) -> None:
    while True:
        for weather, least_s, most_s in rng.sample(SKY, len(SKY)):
            skies[weather.name] += 1
            car.road.turn(weather)
            car.road.lossy(loss)
            if weather.name == "reset":
                car.road.reset()
            elif weather.name == "half_open":
                car.road.half_open()
            await asyncio.sleep(rng.uniform(least_s, most_s))


async def _kill(car: SoakCar, rng: random.Random) -> None:
    while True:
        await asyncio.sleep(rng.uniform(*KILL_EVERY_S))
        await asyncio.shield(asyncio.ensure_future(car.die(rng.uniform(*DOWN_S))))


async def _hurt_servers(system: System, rng: random.Random) -> None:
    while True:
        for what in rng.sample(("gateway", "dispatch", "gateway", "database"), 4):
            await asyncio.sleep(rng.uniform(*SERVER_EVERY_S))
            if what == "gateway":
                await system.move_gateway(rng)
            elif what == "dispatch":
                await system.kill_dispatch()
            else:
                await system.kill_database()


async def _call(system: System, rng: random.Random, stop: asyncio.Event) -> int:
    """Enters calls until told to stop, each until the server has it; how many."""
    desk = await system.signed_in()
    calls = 0
    try:
        while not stop.is_set():
            lat, lon = moved(HOME, 4_000.0, rng.uniform(0, 10_000))
            body: dict[str, Any] = {"category": "service", "priority": rng.choice((1, 2, 3)), "lat": lat, "lon": lon}
            key = {"Idempotency-Key": str(uuid4())}
            while True:
                with suppress(httpx.TransportError):
                    if (await desk.post("/incidents", json=body, headers=key)).status_code == 201:
                        calls += 1
                        break
                await asyncio.sleep(0.5)
            with suppress(TimeoutError):
                async with asyncio.timeout(rng.uniform(*CALL_EVERY_S)):
                    await stop.wait()
    finally:
        await desk.aclose()
    return calls
