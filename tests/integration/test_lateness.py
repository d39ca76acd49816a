"""GET /lateness on the real server: who is about to miss the target, on what grounds, and in which order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from dispatch.domain.lateness import BY_HAND_S
from tests.support.server import Server, assigned, enter, incident_when, running_server

PLACE = (23.48, 120.45)
NEAR = (23.4809, 120.45)  # 100 m
FAR = (23.516, 120.45)  # 4 km: some six minutes with lights, as the crow flies times the usual detour


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that recommends and sends nobody."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as running:
        yield running


async def _items(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await client.get("/lateness")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def _one(client: httpx.AsyncClient, incident_id: str) -> dict[str, Any]:
    return next(item for item in await _items(client) if item["incident_id"] == incident_id)


async def _send(client: httpx.AsyncClient, incident_id: str, unit_id: UUID) -> str:
    answer = await client.post(f"/incidents/{incident_id}/assignments", json={"unit_id": str(unit_id)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _goes(server: Server, client: httpx.AsyncClient, incident_id: str, unit_id: UUID) -> None:
    """Sent, and answered: an order that nobody acknowledges lapses."""
    await server.steps(unit_id, await _send(client, incident_id, unit_id), "en_route")
    await incident_when(client, incident_id, lambda seen: seen["en_route_at"] is not None)


async def test_from_nobody_to_somebody_at_the_door(server: Server) -> None:
    """Nobody idle: 1. A candidate: its ETA and the wait for a dispatcher. Under way: its ETA alone. There: decided."""
    client = await server.client()
    call = await enter(client, *PLACE)
    alone = await _one(client, call["id"])
    assert (alone["basis"], alone["late_chance"], alone["expected_on_scene_at"]) == ("nobody", 1, None)

    unit = await server.add_unit("A", at=FAR)
    server.clock_ahead_by(timedelta(seconds=3))  # a unit that moves or comes on duty is no event: the answer is kept
    await server.stands(unit, *FAR)
    could = await _one(client, call["id"])
    assert (could["basis"], could["by_unit_id"]) == ("candidate", str(unit))

    assignment_id = await _send(client, call["id"], unit)
    goes = await _one(client, call["id"])
    assert (goes["basis"], goes["by_unit_id"]) == ("under_way", str(unit))
    assert goes["risk"] < could["risk"] < alone["risk"]
    assert could["expected_on_scene_at"] > goes["expected_on_scene_at"]

    await server.steps(unit, assignment_id, "on_scene")
    await incident_when(client, call["id"], lambda seen: seen["on_scene_at"] is not None)
    there = await _one(client, call["id"])
    assert (there["basis"], there["late_chance"], there["risk"], there["by_unit_id"]) == ("reached", 0, 0, None)


async def test_the_chance_grows_with_what_has_passed_until_it_is_certain(server: Server) -> None:
    """The same unit at the same place: the later it gets the less is left, and past ten minutes it is late."""
    client = await server.client()
    unit = await server.add_unit("A", at=FAR)
    call = await enter(client, *PLACE)
    await _goes(server, client, call["id"], unit)
    chances = []
    for passed_s in (60, 240, 330, 601):
        server.clock_ahead_by(timedelta(seconds=passed_s))
        await server.stands(unit, *FAR)
        chances.append((await _one(client, call["id"]))["late_chance"])
    assert chances == sorted(chances)
    assert chances[0] < chances[1] < chances[2]
    assert chances[-1] == 1


async def test_an_old_position_makes_the_arrival_later_and_less_sure(server: Server) -> None:
    """Two minutes without a fix: the unit may be anywhere by now."""
    client = await server.client()
    unit = await server.add_unit("A", at=FAR)
    call = await enter(client, *PLACE)
    await _goes(server, client, call["id"], unit)
    server.clock_ahead_by(timedelta(seconds=200))
    await server.stands(unit, *FAR)
    fresh = await _one(client, call["id"])
    server.clock_ahead_by(timedelta(seconds=203))
    await server.stands(unit, *FAR, age=timedelta(seconds=120))
    stale = await _one(client, call["id"])
    assert stale["late_chance"] > fresh["late_chance"]
    assert stale["expected_on_scene_at"] > fresh["expected_on_scene_at"]


async def test_a_unit_that_was_never_heard_of_gives_no_figure(server: Server) -> None:
    """Sent by hand, and nobody knows where it is: null, until the target has passed."""
    client = await server.client()
    unit = await server.add_unit("silent")
    call = await enter(client, *PLACE)
    await _send(client, call["id"], unit)
    goes = await _one(client, call["id"])
    assert (goes["basis"], goes["late_chance"], goes["expected_on_scene_at"]) == ("under_way", None, None)
    server.clock_ahead_by(timedelta(seconds=601))
    assert (await _one(client, call["id"]))["late_chance"] == 1


async def test_the_queue_is_ordered_by_risk_and_priority(server: Server) -> None:
    """With a unit beside all of them, priority decides; one that is late for sure stands above a safe equal."""
    client = await server.client()
    for name in "ABCDE":
        await server.add_unit(name, at=NEAR)
    calls = [await enter(client, *PLACE, priority=priority) for priority in (4, 1, 3)]
    early = (server.desk.clock() - timedelta(minutes=11)).isoformat()
    late = await enter(client, *PLACE, priority=3, received_at=early)
    items = await _items(client)
    order = [item["incident_id"] for item in items]
    assert order == [calls[1]["id"], late["id"], calls[2]["id"], calls[0]["id"]]
    assert [item["risk"] for item in items] == sorted((item["risk"] for item in items), reverse=True)


async def test_one_unit_is_the_hope_of_one_incident(server: Server) -> None:
    """Two calls and one unit: it would go to the more urgent one, and the other has nobody, as the plan says; also
    where that is a diversion."""
    client = await server.client()
    unit = await server.add_unit("A", at=FAR)
    routine, urgent = [await enter(client, *PLACE, priority=priority) for priority in (3, 2)]
    assert (await _one(client, urgent["id"]))["by_unit_id"] == str(unit)
    assert (await _one(client, routine["id"]))["basis"] == "nobody"
    await _send(client, routine["id"], unit)
    diverted = await _one(client, urgent["id"])
    assert (diverted["basis"], diverted["by_unit_id"]) == ("candidate", str(unit))
    assert (await _one(client, routine["id"]))["basis"] == "under_way"


async def test_where_the_server_sends_by_itself_nobody_waits_for_a_dispatcher(database_url: str, nats_url: str) -> None:
    """In the mode by priority a routine call's arrival holds the wait for a person; an urgent one has its unit."""
    async with running_server(database_url, nats_url, dispatch_mode="by_priority") as server:
        client = await server.client()
        unit = await server.add_unit("A", at=NEAR)
        routine = await enter(client, *PLACE, priority=3)
        by_hand = await _one(client, routine["id"])
        assert by_hand["basis"] == "candidate"
        waits = datetime.fromisoformat(by_hand["expected_on_scene_at"]) - server.desk.clock()
        assert waits.total_seconds() > BY_HAND_S / 2
        urgent = await enter(client, *PLACE, priority=1)
        await assigned(client, urgent["id"], unit)
        assert (await _one(client, urgent["id"]))["basis"] == "under_way"


async def test_only_those_who_dispatch_may_ask(server: Server) -> None:
    """A dispatcher and a supervisor; nobody else, and no stranger."""
    assert (await (await server.stranger()).get("/lateness")).status_code == 401
    for role, status in (("dispatcher", 200), ("supervisor", 200), ("auditor", 403), ("officer", 403), ("admin", 403)):
        client = await server.client(role, role)
        assert (await client.get("/lateness")).status_code == status, role
