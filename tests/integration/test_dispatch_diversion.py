"""Units under way that are sent elsewhere, and who never is: on the real database and bus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from dispatch.domain.assignment import Assignment
from dispatch.service import carrying_out
from dispatch.service.assigning import send_unit
from tests.support.server import Server, assigned, enter, eventually, incident_when, kinds, running_server

START, FAR, NEAR = (23.48, 120.45), (23.507, 120.45), (23.486, 120.45)
"""Where the unit is; three kilometres and one from there."""


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that decides again every half second."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


async def under_way(server: Server, client: httpx.AsyncClient, priority: int) -> tuple[UUID, dict[str, Any]]:
    """A unit that drives to a call three kilometres away; nobody else is on duty."""
    unit_id = await server.add_unit("北興101", at=START)
    incident = await enter(client, *FAR, priority=priority, category="other")
    assignment = await assigned(client, incident["id"], unit_id)
    await server.steps(unit_id, assignment["assignment_id"], "en_route")
    await incident_when(client, incident["id"], lambda i: i["en_route_at"] is not None)
    return unit_id, incident


async def told(server: Server, unit_id: UUID) -> list[str]:
    """What the car was told, by type."""
    return [row.type for row in await server.told(unit_id)]


async def test_an_urgent_call_takes_the_unit_of_a_routine_one(server: Server) -> None:
    """The car stands down from the one and gets the other; the first gets the next unit; every record says why."""
    client = await server.client()
    unit_id, routine = await under_way(server, client, priority=3)
    urgent = await enter(client, *NEAR, priority=1, category="other")
    assignment = await assigned(client, urgent["id"], unit_id)
    assert await told(server, unit_id) == ["order", "order_ended", "order"]
    (ended,) = await server.told(unit_id, "order_ended")
    assert ended.body["reason"] == "reassigned"
    assert [row.is_open for row in await server.told(unit_id, "order")] == [False, True]

    left = await incident_when(client, routine["id"], lambda i: "nobody_available" in kinds(i))
    assert [(a["state"], a["end_reason"]) for a in left["assignments"]] == [("reassigned", "diverted")]
    (off,) = [event for event in left["timeline"] if event["kind"] == "assignment_ended"]
    assert (off["data"]["diverted_to"], off["data"]["diverted_to_number"]) == (urgent["id"], urgent["number"])
    got = (await client.get(f"/incidents/{urgent['id']}")).json()
    (sent,) = [event for event in got["timeline"] if event["kind"] == "unit_dispatched"]
    assert (sent["data"]["diverted_from"], sent["data"]["role"]) == (routine["id"], "first")
    (decision,) = [d for d in got["decisions"] if d["assignment_id"] == assignment["assignment_id"]]
    assert (decision["leaves"], decision["role"], decision["method"]) == (routine["id"], "first", "batch")
    assert (decision["fallback"], decision["round_id"] is not None) == (False, True)
    assert decision["candidates"][0]["would_divert_from"] == routine["id"]
    assert "under_way_elsewhere" in decision["candidates"][0]["reasons"]

    following = await server.add_unit("北興102", at=START)
    await assigned(client, routine["id"], following)
    assert [a["kind"] for a in (await client.get("/alarms")).json()["items"]] == []


async def test_priority_1_is_never_stripped(server: Server) -> None:
    """Another call of priority 1, nearer and with nobody: the unit goes on, and the dispatcher is told."""
    client = await server.client()
    unit_id, first = await under_way(server, client, priority=1)
    second = await enter(client, *NEAR, priority=1, category="other")
    await incident_when(client, second["id"], lambda i: "nobody_available" in kinds(i))
    assert (await client.get(f"/units/{unit_id}")).json()["assignment"]["incident_id"] == first["id"]
    assert await told(server, unit_id) == ["order"]
    (seen,) = (await client.get(f"/incidents/{second['id']}/candidates")).json()["items"]
    assert (seen["recommended"], seen["would_divert_from"]) == (False, None)
    assert "on_priority_1" in seen["reasons"]


async def test_a_unit_is_not_diverted_twice(server: Server) -> None:
    """Sent elsewhere once, it goes where it was sent to; the chain counts over both assignments."""
    client = await server.client()
    unit_id, _ = await under_way(server, client, priority=4)
    middle = await enter(client, 23.50, 120.47, priority=3, category="other")
    await assigned(client, middle["id"], unit_id)
    urgent = await enter(client, *NEAR, priority=1, category="other")
    await incident_when(client, urgent["id"], lambda i: "nobody_available" in kinds(i))
    await assigned(client, middle["id"], unit_id)
    (seen,) = (await client.get(f"/incidents/{urgent['id']}/candidates")).json()["items"]
    assert "diverted_before" in seen["reasons"]


async def test_a_faster_unit_takes_the_place_of_one_under_way(server: Server) -> None:
    """It is sent first, then the slower one stands down; both stand in the timeline, in that order."""
    client = await server.client()
    unit_id, incident = await under_way(server, client, priority=2)
    faster = await server.add_unit("北興102", at=(FAR[0] - 0.002, FAR[1]))
    await assigned(client, incident["id"], faster)
    seen = await incident_when(client, incident["id"], lambda i: "assignment_ended" in kinds(i))
    assert kinds(seen)[-2:] == ["unit_dispatched", "assignment_ended"]
    assert {a["unit_name"]: (a["state"], a["end_reason"]) for a in seen["assignments"]} == {
        "北興101": ("reassigned", "replaced"),
        "北興102": ("dispatched", None),
    }
    assert await told(server, unit_id) == ["order", "order_ended"]
    again = await enter(client, *START, priority=2, category="other")
    await assigned(client, again["id"], unit_id)


async def test_what_a_dispatcher_ordered_stands(server: Server) -> None:
    """Neither a nearer unit nor a more urgent call undoes it; where diverting is right, a person says so."""
    client, chief = await server.client(), await server.client("chief", "supervisor")
    await chief.put("/policy/mode", json={"mode": "recommend"})
    unit_id = await server.add_unit("by hand", at=START)
    routine = await enter(client, *FAR, priority=3, category="other")
    await client.post(f"/incidents/{routine['id']}/assignments", json={"unit_id": str(unit_id)})
    await chief.put("/policy/mode", json={"mode": "automatic"})
    await server.add_unit("nearer", at=(FAR[0] - 0.002, FAR[1]), crew=1)
    urgent = await enter(client, *NEAR, priority=1, category="criminal")
    seen = await incident_when(client, urgent["id"], lambda i: "unit_missing" in kinds(i))
    assert [(a["unit_name"], a["role"]) for a in seen["assignments"]] == [("nearer", "second")]
    assert await told(server, unit_id) == ["order"]

    busy = await client.post(f"/incidents/{urgent['id']}/assignments", json={"unit_id": str(unit_id)})
    assert (busy.status_code, busy.json()["code"]) == (409, "unit_busy")
    diverted = await client.post(
        f"/incidents/{urgent['id']}/assignments", json={"unit_id": str(unit_id), "divert": True}
    )
    assert diverted.status_code == 201
    assert await told(server, unit_id) == ["order", "order_ended", "order"]
    left = (await client.get(f"/incidents/{routine['id']}")).json()
    assert [(a["state"], a["end_reason"]) for a in left["assignments"]] == [("reassigned", "diverted")]
    (off,) = [event for event in left["timeline"] if event["kind"] == "assignment_ended"]
    assert (off["said_by"], off["actor"], off["data"]["diverted_to"]) == ("dispatcher", "dora", urgent["id"])
    there = diverted.json()["assignment_id"]
    await server.steps(unit_id, there, "on_scene")
    await incident_when(client, urgent["id"], lambda i: i["on_scene_at"] is not None)
    other = await enter(client, *FAR, priority=4, category="other")
    arrived = await client.post(f"/incidents/{other['id']}/assignments", json={"unit_id": str(unit_id), "divert": True})
    assert (arrived.status_code, arrived.json()["code"]) == (409, "unit_busy")


async def test_a_server_that_dies_in_mid_diversion_leaves_it_undone(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is cut after the old order was ended: nothing of it happened; the next round does it whole."""
    client = await server.client()
    unit_id, routine = await under_way(server, client, priority=3)
    cut: list[list[str]] = []

    async def dies_once(desk: Any, work: Any, *args: Any) -> Assignment:
        if not cut:
            cut.append([])
            await work.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        cut[-1] = await told(server, unit_id)
        return await send_unit(desk, work, *args)

    monkeypatch.setattr(carrying_out, "send_unit", dies_once)
    urgent = await enter(client, *NEAR, priority=1, category="other")
    await assigned(client, urgent["id"], unit_id)
    assert cut == [["order"]]
    assert await told(server, unit_id) == ["order", "order_ended", "order"]
    seen = (await client.get(f"/incidents/{routine['id']}")).json()
    assert kinds(seen).count("assignment_ended") == 1


async def test_near_its_scene_a_unit_goes_on(server: Server) -> None:
    """A minute before it arrives nobody sends it elsewhere."""
    client = await server.client()
    unit_id, routine = await under_way(server, client, priority=3)
    await server.stands(unit_id, FAR[0] - 0.002, FAR[1])
    urgent = await enter(client, *NEAR, priority=1, category="other")
    await incident_when(client, urgent["id"], lambda i: "nobody_available" in kinds(i))
    assert (await client.get(f"/units/{unit_id}")).json()["assignment"]["incident_id"] == routine["id"]
    (seen,) = (await client.get(f"/incidents/{urgent['id']}/candidates")).json()["items"]
    assert "nearly_there" in seen["reasons"]


async def test_diversion_can_be_switched_off(database_url: str, nats_url: str) -> None:
    """Then a unit stays on what it was sent to, whatever comes in, until it is free."""
    async with running_server(database_url, nats_url, tick_s=0.5, automatic_diversion=False) as server:
        client = await server.client()
        unit_id, _ = await under_way(server, client, priority=4)
        await server.add_unit("busy elsewhere")
        urgent = await enter(client, *NEAR, priority=1, category="other")
        await incident_when(client, urgent["id"], lambda i: "nobody_available" in kinds(i))
        assert await told(server, unit_id) == ["order"]
        server.clock_ahead_by(timedelta(seconds=1))

        async def free() -> str:
            return str((await client.get(f"/units/{unit_id}")).json()["status"])

        (order,) = await server.told(unit_id, "order")
        await server.steps(unit_id, order.body["assignment_id"], "cleared")
        await eventually(free, lambda status: status != "EN_ROUTE")
        await assigned(client, urgent["id"], unit_id)
