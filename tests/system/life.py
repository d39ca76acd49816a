"""The day itself: calls come in, crews and desk work, a gateway and an agent are killed, and the books are closed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import asyncpg

from tests.support import city_day, crew_plans
from tests.support.agent_process import JournalState
from tests.support.athens import Drive
from tests.support.bureau import child_pid
from tests.support.crew import LOOK_EVERY_S, Crew, now_ms
from tests.support.desk import Desk
from tests.support.truth import Call
from tests.system.day import Day, until

BETWEEN_CALLS_S: Final = 0.35

Plan = Callable[[Crew, dict[str, Any], Call], Awaitable[None]]


async def live(day: Day, drives: list[Drive]) -> None:
    """All fifty calls, from the first to the closed books."""
    plans = _plans(day, drives)
    async with asyncio.TaskGroup() as group:
        crews = [group.create_task(_work(crew, day.desk, plans)) for crew in day.crews]
        desk = [group.create_task(task) for task in _desk_work(day)]
        for call in day.calls[: -len(city_day.LAST)]:
            await _enter(day.desk, call)
            await asyncio.sleep(BETWEEN_CALLS_S)
        await asyncio.gather(*desk)
        await until(lambda: _nothing_open(day.desk), "some calls never end")
        for call in day.calls[-len(city_day.LAST) :]:
            call.is_open = True
            await _enter(day.desk, call)
            await day.desk.when(call, lambda it: it["en_route_at"], "nobody comes")
        for call in day.calls:
            if call.arrivals:
                await day.desk.when(call, lambda it: it["on_scene_at"], "nobody has seen the arrival")
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


def _plans(day: Day, drives: list[Drive]) -> dict[str, Plan]:
    async def athens(crew: Crew, order: dict[str, Any], call: Call) -> None:
        await crew_plans.athens(drives.pop())(crew, order, call)

    async def power_cut(crew: Crew, order: dict[str, Any], call: Call) -> None:
        await crew.step(order["assignment_id"], "acknowledged")
        await _cut(day, crew, order)
        await crew_plans.skip(crew, order, call)

    by_button = ("button", "outside", "late", *city_day.EXCLUSIONS)
    until_told = ("cancelled", "closed_unreached")
    there_until_told = ("cancelled_there", "merged")
    return {
        **dict.fromkeys(by_button, crew_plans.button),
        **dict.fromkeys(until_told, crew_plans.until_told),
        **dict.fromkeys(there_until_told, crew_plans.there_until_told),
        **dict.fromkeys(city_day.LAST, crew_plans.on_the_way),
        "skip": crew_plans.skip,
        "gps": crew_plans.gps,
        "gps_alone": crew_plans.gps_alone,
        "gps_before_button": crew_plans.gps_before_button,
        "button_before_gps": crew_plans.button_before_gps,
        "athens": athens,
        "unreached": crew_plans.unreached,
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
    others = len(crew.presses) + await _said_of_itself(day, day.cut_journal)
    del crew.receiver.epochs[day.cut_journal.last_seq - others :]
    await asyncio.sleep(2)
    crew.agent.start()
    await crew.wait(lambda _: crew.order(order["assignment_id"]) is not None, "forgot its order")
    await crew.wait(lambda state: state["connected"], "does not come back")
    day.gateway_pids = [before, child_pid(day.up.process.pid, "gateway")]


async def _said_of_itself(day: Day, journal: JournalState) -> int:
    """How many messages of a run are the agent's own, known to the database or not yet."""
    connection = await asyncpg.connect(day.addresses.database_url)
    try:
        query = "SELECT seq FROM car_messages WHERE boot = $1 AND type = 'health'"
        known = {row["seq"] for row in await connection.fetch(query, journal.boot)}
    finally:
        await connection.close()
    return len(known | {one["seq"] for one in journal.waiting if one["type"] == "health"})


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
        await desk.when(call, lambda it: it["on_scene_at"], "nobody arrives")
        await desk.when(into, lambda it: it["acknowledged_at"], "nobody acknowledges")
        await desk.end(call, "merge", {"into": into.incident_id})
        call.excluded = "duplicate"
        # One incident from now on: its clock runs from the earlier call to whoever came first to either.
        into.arrivals += call.arrivals
        into.received = min(call.received, into.received, key=lambda moment: moment.at_ms)
        into.go.set()

    return [cancel(), cancel_there(), close(), merge()]


async def _close_the_books(day: Day) -> None:
    """Cars fall silent and hand over all they have; then everything is read once."""
    for car in day.cars:
        if car.receiver is None:
            await car.wait(partial(_replayed, car), "replays on and on")
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


def _replayed(car: Crew, _: dict[str, Any]) -> bool:
    return "replay_ended" in car.agent.log()
