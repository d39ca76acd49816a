"""The power goes: every process of the system is killed at once, with work under way, and comes back on its folder."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatch.engines.process import reserve_port
from tests.support.agent_process import AgentProcess
from tests.support.bureau import PASSWORD, Addresses, add_account, add_vehicle
from tests.support.command import kill_9, processes_on, running_up, wait_until
from tests.support.crew import Crew
from tests.support.desk import Desk
from tests.support.held import held, same
from tests.support.plane import moved
from tests.support.receiver import Receiver
from tests.support.truth import Call, ms

HOME = (23.48, 120.45)
"""No map is loaded: there is no area to be outside of, and travel times go by the straight line."""
ALL_NUMBERS = """
    SELECT seq FROM fixes WHERE boot = $1 UNION ALL SELECT seq FROM car_messages WHERE boot = $1 ORDER BY seq
"""


@pytest.mark.timeout(240)
async def test_nothing_is_lost_when_everything_is_killed() -> None:
    """Calls, steps and open orders are there again; cars hand over what they journalled meanwhile, once; then
    Ctrl-C stops the restarted system and leaves no process."""
    folder = Path(tempfile.mkdtemp(prefix="pc-"))
    data = folder / "data"
    ports = ("--port", str(reserve_port()), "--gateway-port", str(reserve_port()))
    try:
        async with AsyncExitStack() as cars:
            with running_up(data, *ports) as up:
                addresses = Addresses.of(data)
                desk = Desk(addresses.api_url)
                cars.push_async_callback(desk.close)
                await add_account(data, "desk", "dispatcher")
                await desk.sign_in("desk", PASSWORD)
                tokens = await asyncio.gather(add_vehicle(data, "P-1", "EAST"), add_vehicle(data, "P-2", "WEST"))
                crews = [await _crew(cars, folder, addresses, n, token) for n, token in enumerate(tokens)]
                for crew in crews:
                    await crew.wait(lambda state: state["connected"] and state["fix"], "is not on the map")
                calls = [await _call(desk, n) for n in range(3)]
                on_way = [await _ordered(crew) for crew in crews]
                await crews[0].step(on_way[0]["assignment_id"], "acknowledged")
                await crews[1].step(on_way[1]["assignment_id"], "acknowledged")
                by_id = {call.incident_id: call for call in calls}
                near, far = (by_id[order["incident"]["id"]] for order in on_way)
                for call in (near, far):
                    await desk.when(call, lambda it: it["acknowledged_at"], "nobody acknowledges")
                before = [await desk.incident(call) for call in calls]
                kill_9(*processes_on(data))
                up.process.wait()
                await crews[0].step(on_way[0]["assignment_id"], "en_route")
                arrived = await crews[0].step(on_way[0]["assignment_id"], "on_scene")
                assert not (await crews[0].wait(lambda state: state["waiting"] > 2, "journals nothing"))["connected"]
                crews[1].agent.kill()
                crews[1].agent.start_afresh()

            with running_up(data, *ports) as again:
                addresses = Addresses.of(data)
                await crews[1].wait(lambda state: state["connected"], "does not come back")
                open_order = await crews[1].wait(lambda state: state["orders"], "has lost its order")
                assert [order["assignment_id"] for order in open_order["orders"]] == [on_way[1]["assignment_id"]]
                it = await desk.when(near, lambda it: it["on_scene_at"], "the arrival is lost")
                assert abs(ms(it["on_scene_at"]) - arrived.at_ms) <= arrived.within_ms + 1
                for call, was in zip(calls, before, strict=True):
                    now = await desk.incident(call)
                    assert now["timeline"][: len(was["timeline"])] == was["timeline"]
                    assert {name: now[name] for name in ("id", "number", "received_at", "lat")} == {
                        name: was[name] for name in ("id", "number", "received_at", "lat")
                    }
                    assert len(now["assignments"]) == len(was["assignments"])
                await crews[0].step(on_way[0]["assignment_id"], "cleared")
                waiting = next(call for call in calls if call not in (near, far))
                third = await desk.when(waiting, lambda it: it["assignments"], "the waiting call is forgotten")
                assert [a["unit_name"] for a in third["assignments"]] == ["EAST"]
                await _all_held(addresses, crews)
                assert again.stop(signal.SIGINT) == 0
                wait_until(lambda: not processes_on(data), "a process outlives the stop")
    finally:
        shutil.rmtree(folder)


async def _crew(stack: AsyncExitStack, folder: Path, addresses: Addresses, number: int, token: str) -> Crew:
    receiver = Receiver(moved(HOME, 0, 600.0 * number), random.Random(number))
    await stack.enter_async_context(receiver.speaking())
    gnss = f"tcp:127.0.0.1:{receiver.port}"
    agent = AgentProcess(folder / f"car{number}", addresses.gateway_url, token, gnss)
    stack.callback(agent.kill)
    crew = Crew(("EAST", "WEST")[number], agent, receiver)
    stack.push_async_callback(crew.close)
    agent.start()
    return crew


async def _call(desk: Desk, number: int) -> Call:
    place = moved(HOME, 2_000, 500.0 * number)
    call = Call(number, "", {"category": "service", "priority": 1 + number, "lat": place[0], "lon": place[1]})
    await desk.enter(call)
    return call


async def _ordered(crew: Crew) -> dict[str, Any]:
    order: dict[str, Any] = (await crew.wait(lambda state: state["orders"], "gets no order"))["orders"][0]
    return order


async def _all_held(addresses: Addresses, crews: list[Crew]) -> None:
    """Both cars hand over what they have; the one that kept its journal is compared message by message."""
    for crew in crews:
        assert crew.receiver is not None
        await crew.silent()
        assert crew.agent.stop() == 0
    connection = await asyncpg.connect(addresses.database_url)
    try:
        keeper = crews[0]
        assert keeper.receiver is not None
        same(await held(connection, keeper.agent.journal(), keeper.presses), keeper.receiver.epochs)
        boots = await connection.fetch("SELECT boot, last_seq FROM journals")
        for row in boots:
            numbers = await connection.fetch(
                ALL_NUMBERS,
                row["boot"],
            )
            assert [number["seq"] for number in numbers] == list(range(1, row["last_seq"] + 1))
        assert len(boots) == 3
    finally:
        await connection.close()
