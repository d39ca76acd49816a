"""Runs the day of 50 calls through real processes and keeps all that is needed to judge it afterwards."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.support import city_day, crew_plans
from tests.support.agent_process import AgentProcess, JournalState
from tests.support.athens import arrivals, tracks
from tests.support.bureau import PASSWORD, Addresses, add_account, add_vehicle, child_pid, run
from tests.support.command import Up, running_up
from tests.support.crew import LOOK_EVERY_S, Crew, now_ms
from tests.support.data import shared
from tests.support.desk import Desk
from tests.support.nmea_writer import Epoch, sentences
from tests.support.plane import Place, apart, metres
from tests.support.receiver import Receiver
from tests.support.truth import Call

CREWS: Final = 6
TOWN: Final[Place] = (42.507, 1.527)
APART_M: Final = 150.0
REPLAY_RATE: Final = "20"
BETWEEN_CALLS_S: Final = 0.5
UP_SETTINGS: Final = {"PATROL_ACK_TIMEOUT_S": "40"}
"""Longer than the drive and stand of a crew that presses nothing before GPS has seen it."""

Plan = Callable[[Crew, dict[str, Any], Call], Awaitable[None]]


@dataclass
class Day:
    """The city at work, and at the end what it looked like."""

    data: Path
    up: Up
    addresses: Addresses
    desk: Desk
    calls: list[Call]
    crews: list[Crew]
    log_car: Crew
    athens_car: Crew
    athens_epochs: list[Epoch]
    gateway_pids: list[int] = field(default_factory=list)
    cut_journal: JournalState | None = None
    details: dict[int, dict[str, Any]] = field(default_factory=dict)
    journals: dict[str, JournalState] = field(default_factory=dict)
    kpi: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    kpi_asked_ms: float = 0.0

    @property
    def cars(self) -> list[Crew]:
        """All that have an agent."""
        return [*self.crews, self.log_car, self.athens_car]


@asynccontextmanager
async def city(folder: Path) -> AsyncIterator[Day]:
    """Set up and running: streets, accounts, cars that are connected and on the map."""
    data = folder / "data"
    map_file = shared("roads/andorra.osm.pbf")
    drives = iter(arrivals(city_day.PLANS["athens"]))
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
        await athens_car.set_available(False, "not of this town")
        for crew in cars:
            await crew.wait(lambda state: state["connected"], "is not connected")
        await _until(lambda: _on_the_map(desk, crews), "not all cars are on the map")
        await _live(day, _plans(day, list(drives)))
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


async def _until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(90):
        while not await true():
            await asyncio.sleep(LOOK_EVERY_S)


# ---- the day


async def _live(day: Day, plans: dict[str, Plan]) -> None:
    async with asyncio.TaskGroup() as group:
        crews = [group.create_task(_work(crew, day.desk, plans)) for crew in day.crews]
        desk = [group.create_task(task) for task in _desk_work(day)]
        for call in day.calls[: -len(city_day.LAST)]:
            await _enter(day.desk, call)
            await asyncio.sleep(BETWEEN_CALLS_S)
        await asyncio.gather(*desk)
        await _until(lambda: _nothing_open(day.desk), "some calls never end")
        for call in day.calls[-len(city_day.LAST) :]:
            call.is_open = True
            await _enter(day.desk, call)
            await day.desk.when(call, lambda it: it["en_route_at"], "nobody comes")
        for call in day.calls:
            await day.desk.when(call, lambda it, call=call: bool(it["on_scene_at"]) == bool(call.arrivals), "arrival")
        for crew in crews:
            crew.cancel()
    await _close_the_books(day)


async def _enter(desk: Desk, call: Call) -> None:
    city_day.came_in(call)
    await desk.enter(call, outside=call.plan == "outside")


async def _nothing_open(desk: Desk) -> bool:
    return not (await desk.api.get("/incidents?state=open")).raise_for_status().json()["items"]


async def _work(crew: Crew, desk: Desk, plans: dict[str, Plan]) -> None:
    done: set[str] = set()
    while True:
        await crew.look()
        for order in crew.state.get("orders", []):
            if order["assignment_id"] not in done:
                done.add(order["assignment_id"])
                call = await desk.call_of(order["incident"]["id"])
                call.orders.add(order["assignment_id"])
                await plans[call.plan](crew, order, call)
                break
        await asyncio.sleep(LOOK_EVERY_S)


def _plans(day: Day, drives: list[Any]) -> dict[str, Plan]:
    async def athens(crew: Crew, order: dict[str, Any], call: Call) -> None:
        await crew_plans.athens(drives.pop())(crew, order, call)

    async def power_cut(crew: Crew, order: dict[str, Any], call: Call) -> None:
        await crew.step(order["assignment_id"], "acknowledged")
        await _cut(day, crew, order)
        await crew_plans.skip(crew, order, call)

    by_button = ("button", "outside", "late", *city_day.EXCLUSIONS)
    until_told = ("cancelled", "closed_unreached", "merged")
    return {
        **dict.fromkeys(by_button, crew_plans.button),
        **dict.fromkeys(until_told, crew_plans.until_told),
        **dict.fromkeys(city_day.LAST, crew_plans.on_the_way),
        "skip": crew_plans.skip,
        "gps": crew_plans.gps,
        "gps_alone": crew_plans.gps_alone,
        "gps_before_button": crew_plans.gps_before_button,
        "button_before_gps": crew_plans.button_before_gps,
        "athens": athens,
        "unreached": crew_plans.unreached,
        "cancelled_there": crew_plans.there_until_told,
        "merged_into": crew_plans.after_go,
        "silent": crew_plans.silent_at_first,
        "declined": crew_plans.declined_at_first,
        "power_cut": power_cut,
    }


async def _cut(day: Day, crew: Crew, order: dict[str, Any]) -> None:
    """The gateway is killed; the crew presses on without a link; then its agent is killed, and comes back later."""
    assert crew.receiver is not None
    before = child_pid(day.up.process.pid, "gateway")
    os.kill(before, signal.SIGKILL)
    await crew.step(order["assignment_id"], "en_route")
    crew.agent.kill()
    crew.receiver.hang_up()
    crew.state = {}
    day.cut_journal = crew.agent.journal()
    # What the receiver said and the agent had not journalled when it died, nobody can know of.
    del crew.receiver.epochs[day.cut_journal.last_seq - len(crew.presses) :]
    await asyncio.sleep(2)
    crew.agent.start()
    await crew.wait(lambda _: crew.order(order["assignment_id"]) is not None, "forgot its order")
    await crew.wait(lambda state: state["connected"], "does not come back")
    day.gateway_pids = [before, child_pid(day.up.process.pid, "gateway")]


def _desk_work(day: Day) -> list[Any]:
    """What the desk does with single calls."""
    by_plan = {call.plan: call for call in day.calls}
    desk = day.desk

    async def cancel() -> None:
        call = by_plan["cancelled"]
        await desk.when(call, lambda it: it["acknowledged_at"], "nobody acknowledges")
        await desk.end(call, "cancel", {"reason": "the caller rang again"})
        call.excluded = "cancelled"

    async def cancel_there() -> None:
        call = by_plan["cancelled_there"]
        await desk.when(call, lambda it: it["on_scene_at"], "nobody arrives")
        await desk.end(call, "cancel", {"reason": "false alarm"})

    async def close() -> None:
        call = by_plan["closed_unreached"]
        await desk.when(call, lambda it: it["acknowledged_at"], "nobody acknowledges")
        await desk.end(call, "close", {"disposition": "settled by telephone"})

    async def merge() -> None:
        call, into = by_plan["merged"], by_plan["merged_into"]
        for one in (call, into):
            await desk.when(one, lambda it: it["acknowledged_at"], "nobody acknowledges")
        await desk.end(call, "merge", {"into": into.incident_id})
        call.excluded = "duplicate"
        into.received = min(call.received, into.received, key=lambda moment: moment.at_ms)
        into.go.set()

    return [cancel(), cancel_there(), close(), merge()]


async def _close_the_books(day: Day) -> None:
    """Cars fall silent and hand over all they have; then everything is read once."""
    for car in day.cars:
        if car.receiver is None:
            await car.wait(lambda _, car=car: "replay_ended" in car.agent.log(), "replays on and on")
        await car.silent()
    for call in day.calls:
        day.details[call.number] = await day.desk.incident(call)
    day.kpi_asked_ms = now_ms()
    for group_by in ("", "priority", "category"):
        asked = {"group_by": group_by} if group_by else {}
        answer = await day.desk.api.get("/kpi", params=asked)
        day.kpi[group_by] = answer.raise_for_status().json()["items"]
    for car in day.cars:
        assert car.agent.stop() == 0, car.agent.log()[-2000:]
        day.journals[car.unit] = car.agent.journal()
