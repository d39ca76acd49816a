"""What a dispatcher enters for a crew on the radio: steps in an assignment, on patrol or out of service."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.feed import watching
from tests.support.server import Server, assigned, enter, eventually, incident_when, kinds

SCENE = (23.48, 120.45)
NEAR, FAR = (23.481, 120.451), (23.49, 120.46)


@pytest.fixture
async def client(server: Server) -> httpx.AsyncClient:
    """A dispatcher's, by the name of dora."""
    return await server.client()


async def step(client: httpx.AsyncClient, assignment: dict[str, Any], status: str, **members: Any) -> httpx.Response:
    """Enters a step for the assignment's unit."""
    return await client.post(f"/assignments/{assignment['id']}/steps", json={"status": status, **members})


async def test_steps_by_radio_count_at_the_servers_time(server: Server, client: httpx.AsyncClient) -> None:
    """Each is in the timeline as said by the dispatcher, by name; the last one's clear closes the incident."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"], unit_id)
    for status in ("acknowledged", "en_route", "on_scene"):
        answer = await step(client, assignment, status, note="by radio")
        assert (answer.status_code, answer.json()["state"]) == (200, status), answer.text
        assert answer.json()[f"{status}_at"] is not None
    assert await server.told(unit_id, "order_ended") == []
    cleared = (await step(client, assignment, "cleared", disposition="勸離")).json()
    assert (cleared["state"], cleared["end_reason"]) == ("cleared", "勸離")
    seen = (await client.get(f"/incidents/{incident['id']}")).json()
    assert (seen["state"], seen["disposition"]) == ("closed", "勸離")
    assert kinds(seen)[2:] == [
        "unit_acknowledged",
        "unit_en_route",
        "unit_on_scene",
        "unit_cleared",
        "incident_closed",
    ]
    assert {(event["said_by"], event["actor"], event["car_time"]) for event in seen["timeline"][2:]} == {
        ("dispatcher", "dora", None)
    }
    assert seen["timeline"][2]["data"] == {"note": "by radio"}
    (ended,) = await server.told(unit_id, "order_ended")
    assert ended.body["reason"] == "closed"
    assert [row.is_open for row in await server.told(unit_id, "order")] == [False]


async def test_a_step_that_is_none_is_refused_with_the_reason(server: Server, client: httpx.AsyncClient) -> None:
    """409 `bad_step` back and past the end; the present step again changes nothing; skipped ones are inferred."""
    await server.add_unit("北興101", at=NEAR)
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"])
    assert (await step(client, assignment, "on_scene")).json()["en_route_at"] is None
    back = await step(client, assignment, "en_route")
    assert (back.status_code, back.json()["code"]) == (409, "bad_step")
    assert "on_scene" in back.json()["detail"]
    await step(client, assignment, "cleared")
    before = kinds((await client.get(f"/incidents/{incident['id']}")).json())
    assert before[2:4] == ["unit_acknowledged", "unit_en_route"]
    late = await step(client, assignment, "on_scene")
    assert (late.status_code, late.json()["code"]) == (409, "bad_step")
    assert kinds((await client.get(f"/incidents/{incident['id']}")).json()) == before

    second = await enter(client, *SCENE)
    again = await assigned(client, second["id"])
    for _ in range(2):
        assert (await step(client, again, "en_route")).status_code == 200
    assert kinds((await client.get(f"/incidents/{second['id']}")).json()).count("unit_en_route") == 1


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"status": "declined"}, "status"),
        ({"status": "on_scene", "disposition": "done"}, "disposition"),
        ({"status": "on_scene", "time": "2026-11-23T10:00:00+08:00"}, "time"),
    ],
)
async def test_what_no_dispatcher_may_say(
    server: Server, client: httpx.AsyncClient, body: dict[str, Any], member: str
) -> None:
    """A crew declines for itself, a disposition belongs to a clear, and the time is the server's."""
    await server.add_unit("北興101", at=NEAR)
    assignment = await assigned(client, (await enter(client, *SCENE))["id"])
    refused = await client.post(f"/assignments/{assignment['id']}/steps", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["member"]) == (422, member), refused.text


async def test_ending_one_assignment_never_disturbs_another(server: Server, client: httpx.AsyncClient) -> None:
    """Two units on one incident and one on another: one clears, all else stays as it was."""
    units = {name: await server.add_unit(name, at=at) for name, at in (("101", NEAR), ("102", NEAR), ("103", FAR))}
    shared, other = await enter(client, *SCENE, priority=3), await enter(client, *FAR, priority=3)
    await assigned(client, shared["id"])
    await assigned(client, other["id"])
    open_now = (await client.get("/units")).json()["items"]
    (idle,) = [unit for unit in open_now if unit["assignment"] is None]
    await client.post(f"/incidents/{shared['id']}/assignments", json={"unit_id": idle["id"], "override_reason": "x"})
    seen = await incident_when(client, shared["id"], lambda found: len(found["assignments"]) == 2)
    clears, stays = seen["assignments"]
    elsewhere = (await client.get(f"/incidents/{other['id']}")).json()["assignments"][0]
    await step(client, stays, "on_scene")
    await step(client, elsewhere, "en_route")
    kept = {a["id"]: a for a in [(await client.get(f"/incidents/{shared['id']}")).json()["assignments"][1]]}
    assert (await step(client, clears, "cleared")).json()["state"] == "cleared"

    after = (await client.get(f"/incidents/{shared['id']}")).json()
    assert (after["state"], [a["state"] for a in after["assignments"]]) == ("open", ["cleared", "on_scene"])
    assert after["assignments"][1] == kept[stays["id"]]
    untouched = (await client.get(f"/incidents/{other['id']}")).json()
    assert (untouched["state"], untouched["assignments"][0]["state"]) == ("open", "en_route")
    now = {unit["id"]: unit["status"] for unit in (await client.get("/units")).json()["items"]}
    assert now[clears["unit_id"]] == "AVAILABLE"
    assert (now[stays["unit_id"]], now[elsewhere["unit_id"]]) == ("ON_SCENE", "EN_ROUTE")
    for unit_id in units.values():
        ended = await server.told(unit_id, "order_ended")
        assert len(ended) == (str(unit_id) == clears["unit_id"])


async def test_the_crews_own_word_stays_beside_the_dispatchers(server: Server, client: httpx.AsyncClient) -> None:
    """Arrival by radio, then by button: both in the log, the earlier time counts."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"], unit_id)
    by_radio = (await step(client, assignment, "on_scene")).json()["on_scene_at"]
    await server.steps(unit_id, assignment["id"], "on_scene")
    seen = await incident_when(client, incident["id"], lambda found: kinds(found).count("unit_on_scene") == 2)
    said = [event["said_by"] for event in seen["timeline"] if event["kind"] == "unit_on_scene"]
    assert said == ["dispatcher", "button"]
    assert seen["assignments"][0]["on_scene_at"] <= by_radio


async def test_who_may_enter_steps(server: Server, client: httpx.AsyncClient) -> None:
    """Dispatchers and supervisors; an auditor reads only; nobody for an assignment that isn't there."""
    await server.add_unit("北興101", at=NEAR)
    assignment = await assigned(client, (await enter(client, *SCENE))["id"])
    auditor, supervisor = await server.client("aud", "auditor"), await server.client("sue", "supervisor")
    assert (await step(auditor, assignment, "en_route")).status_code == 403
    assert (await step(supervisor, assignment, "en_route")).status_code == 200
    assert (await step(client, {"id": uuid4()}, "en_route")).status_code == 404
    body = {"available": True}
    assert (await auditor.post(f"/units/{assignment['unit_id']}/availability", json=body)).status_code == 403
    assert (await client.post(f"/units/{uuid4()}/availability", json=body)).status_code == 404


async def test_out_of_service_and_back(server: Server, client: httpx.AsyncClient) -> None:
    """With a reason, told to the car and seen on every screen; said twice it is one change."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    path = f"/units/{unit_id}/availability"
    assert (await client.post(path, json={"available": False})).status_code == 422
    async with watching(server) as screen:
        for _ in range(2):
            answer = await client.post(path, json={"available": False, "reason": "meal"})
            assert (answer.json()["status"], answer.json()["unavailable_reason"]) == ("OUT_OF_SERVICE", "meal")
        told = await screen.until_event("unit_availability_changed")
        assert told["event"]["said_by"] == "dispatcher"
        assert told["units"][0]["status"] == "OUT_OF_SERVICE"
        back = await client.post(path, json={"available": True})
        assert (back.json()["status"], back.json()["unavailable_reason"]) == ("AVAILABLE", None)
    notices = await eventually(lambda: server.told(unit_id, "notice"))
    assert ["停勤" in notice.body["text"] for notice in notices] == [True, False]


async def test_a_break_ends_no_assignment(server: Server, client: httpx.AsyncClient) -> None:
    """Out of service while on an incident: the assignment goes on, and its status goes before the break."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"], unit_id)
    answer = await client.post(f"/units/{unit_id}/availability", json={"available": False, "reason": "refuel"})
    assert (answer.json()["status"], answer.json()["assignment"]["assignment_id"]) == ("DISPATCHED", assignment["id"])
    await step(client, assignment, "cleared")
    assert (await client.get(f"/units/{unit_id}")).json()["status"] == "OUT_OF_SERVICE"
