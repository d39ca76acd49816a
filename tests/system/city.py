"""Sets the city of the great system test up by the real command: streets, accounts, cars with their agents."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from tests.support import city_day
from tests.support.agent_process import AgentProcess
from tests.support.athens import arrivals, tracks
from tests.support.bureau import PASSWORD, Addresses, add_account, add_vehicle, run
from tests.support.command import running_up
from tests.support.crew import Crew, now_ms
from tests.support.data import shared
from tests.support.desk import Desk
from tests.support.nmea_writer import Epoch, sentences
from tests.support.plane import Place, apart, metres
from tests.support.receiver import Receiver
from tests.system.day import Day, until
from tests.system.life import live

CREWS: Final = 6
TOWN: Final[Place] = (42.507, 1.527)
APART_M: Final = 150.0
REPLAY_RATE: Final = "20"
UP_SETTINGS: Final = {
    "PATROL_ACK_TIMEOUT_S": "40",
    "PATROL_AUTOMATIC_DIVERSION": "false",
    "PATROL_POLICY_TWO_UNITS_PRIORITY": "0",
}
"""The time-out is longer than the drive and stand of a crew that presses nothing before GPS has seen it. The script of
this day says what becomes of each order: one unit a call, and nobody is sent elsewhere under way; diversions and second
units have tests of their own (tests/integration/test_dispatch_diversion.py, test_dispatch_rules.py)."""


@asynccontextmanager
async def city(folder: Path) -> AsyncIterator[Day]:
    """Set up and running: streets, accounts, cars that are connected and on the map."""
    data = folder / "data"
    map_file = shared("roads/andorra.osm.pbf")
    drives = arrivals(city_day.PLANS["athens"])
    log_file = shared("gps/nmea/haicom-305N.log")
    epochs = _athens_file(folder / "athens.nmea")
    await run("map", "import", map_file, data=data)
    async with AsyncExitStack() as stack:
        up = stack.enter_context(running_up(data, around=UP_SETTINGS))
        addresses = Addresses.of(data)
        desk = Desk(addresses.api_url)
        stack.push_async_callback(desk.close)
        await add_account(data, "desk", "dispatcher")
        await desk.sign_in("desk", PASSWORD)
        places = await _places(desk, CREWS + len(city_day.plans()))
        cars = await asyncio.gather(
            *(_patrol_car(stack, data, addresses, n, places[n]) for n in range(CREWS)),
            _car(stack, data, addresses, "LOG", f"nmea:{log_file}", "--rate", REPLAY_RATE),
            _car(stack, data, addresses, "ATHENS", f"nmea:{folder / 'athens.nmea'}", "--rate", REPLAY_RATE),
        )
        *crews, log_car, athens_car = cars
        day = Day(data, up, addresses, desk, city_day.calls(places[CREWS:]), crews, log_car, athens_car, epochs)
        await athens_car.wait(bool, "has no screen")
        await athens_car.set_available(False, "not of this town")
        for crew in cars:
            await crew.wait(lambda state: state["connected"], "is not connected")
        await until(lambda: _on_the_map(desk, crews), "not all cars are on the map")
        await live(day, drives)
        yield day


async def _patrol_car(stack: AsyncExitStack, data: Path, addresses: Addresses, number: int, home: Place) -> Crew:
    receiver = Receiver(home, random.Random(number))
    await stack.enter_async_context(receiver.speaking())
    crew = await _car(stack, data, addresses, f"AND{number}", f"tcp:127.0.0.1:{receiver.port}")
    crew.receiver = receiver
    return crew


async def _car(stack: AsyncExitStack, data: Path, addresses: Addresses, unit: str, gnss: str, *options: str) -> Crew:
    token = await add_vehicle(data, f"P-{unit}", unit)
    agent = AgentProcess(data.parent / unit, addresses.gateway_url, token, gnss, *options)
    stack.callback(agent.kill)
    crew = Crew(unit, agent)
    stack.push_async_callback(crew.close)
    agent.start()
    return crew


def _athens_file(path: Path) -> list[Epoch]:
    """One real track as NMEA of the minutes just gone."""
    points = tracks()["365"]
    start_ms = (int(now_ms()) // 1000 - len(points)) * 1000
    epochs = [Epoch(start_ms + 1000 * i, *point) for i, point in enumerate(points)]
    path.write_bytes(b"".join(sentences(epoch) for epoch in epochs))
    return epochs


async def _places(desk: Desk, wanted: int) -> list[Place]:
    """Corners of the town's streets, so far apart that a car at one is not near another."""
    streets = (await desk.api.get("/streets")).raise_for_status().json()
    corners = {(lat, lon) for street in streets["features"] for lon, lat in street["geometry"]["coordinates"]}
    return apart(sorted(corners, key=lambda corner: metres(TOWN, corner)), APART_M, wanted)


async def _on_the_map(desk: Desk, crews: list[Crew]) -> bool:
    units = (await desk.api.get("/units")).raise_for_status().json()["items"]
    seen = {unit["name"] for unit in units if unit["connected"] and unit["position"]}
    away = {unit["name"] for unit in units if unit["status"] == "OUT_OF_SERVICE"}
    return {crew.unit for crew in crews} <= seen and away == {"ATHENS"}
