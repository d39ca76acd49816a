"""The watchers of the leading server: each alarm is raised for its reason, and gone by itself when that is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.dialects.postgresql import insert

from dispatch.service.desk import utc_now
from gateway.store import car_links
from tests.support.server import Server, enter, eventually, incident_when, running_server

FAST: dict[str, Any] = {
    "dispatch_mode": "recommend",
    "alarm_look_s": 0.3,
    "alarm_standing_s": 20,
    "alarm_crew_first_s": 10,
    "alarm_link_lost_s": 1,
    "alarm_camera_grace_s": 1,
    "ack_timeout_s": 3600,
}
PLACE = (23.50, 120.47)


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that looks often, and calls somebody standing after 20 s of the car's time."""
    async with running_server(database_url, nats_url, **FAST) as running:
        yield running


async def of_kind(client: httpx.AsyncClient, kind: str, state: str = "open") -> list[dict[str, Any]]:
    """Alarms of one kind."""
    items = (await client.get(f"/alarms?state={state}")).json()["items"]
    return [item for item in items if item["kind"] == kind]


async def sent(server: Server, client: httpx.AsyncClient, *steps: str, **call: Any) -> tuple[UUID, dict[str, Any]]:
    """A unit on a call, by hand, that has taken these steps."""
    unit_id = await server.add_unit("北興101", at=(23.48, 120.45))
    incident = await enter(client, *PLACE, **call)
    answer = await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
    assert answer.status_code == 201, answer.text
    for step in steps:
        await server.steps(unit_id, answer.json()["id"], step)
    await server.inbox_read()
    return unit_id, incident


async def link(server: Server, unit_id: UUID, *, up: bool) -> None:
    """As the gateway notes it."""
    now = server.desk.clock()
    values = {"connected_at": now, "connection_id": uuid4(), "disconnected_at": None if up else now}
    async with server.engine.begin() as connection:
        statement = insert(car_links).values(unit_id=unit_id, **values)
        await connection.execute(statement.on_conflict_do_update(index_elements=[car_links.c.unit_id], set_=values))


async def ahead(server: Server, seconds: float, unit_id: UUID | None = None, at: tuple[float, float] = PLACE) -> None:
    """The server's clock goes on in steps, and the unit says where it is at each."""
    for _ in range(int(seconds // 5)):
        server.clock_ahead_by(server.desk.clock() - utc_now() + timedelta(seconds=5))
        if unit_id is not None:
            await server.stands(unit_id, *at)
        await server.app.state.loop.alarms.look()


async def test_a_unit_that_stands_under_way_is_said_and_unsaid(server: Server) -> None:
    """En route and in one place: a warning with the distance; as soon as it drives on the alarm is over, and both are
    lines of the incident's timeline, said by the server."""
    client = await server.client()
    unit_id, incident = await sent(server, client, "acknowledged", "en_route")
    await eventually(lambda: incident_when(client, incident["id"], lambda i: bool(i["en_route_at"])))
    await ahead(server, 40, unit_id, (23.48, 120.45))
    (alarm,) = await eventually(lambda: of_kind(client, "stationary"))
    assert (alarm["level"], alarm["data"]["reason"], alarm["unit_id"]) == ("warning", "standing", str(unit_id))
    assert alarm["data"]["distance_m"] > 2000
    assert (alarm["lat"], alarm["lon"]) == (23.48, 120.45)
    await ahead(server, 5, unit_id, (23.482, 120.45))
    await ahead(server, 5, unit_id, (23.484, 120.45))
    await ahead(server, 15, unit_id, (23.486, 120.45))
    await eventually(lambda: of_kind(client, "stationary"), lambda items: not items)
    (ended,) = await of_kind(client, "stationary", "all")
    assert (ended["resolved_by"], ended["acknowledged_at"]) == ("server", None)
    told = (await client.get(f"/incidents/{incident['id']}")).json()["timeline"]
    about = [event for event in told if event["data"].get("alarm") == "stationary"]
    assert [(e["kind"], e["said_by"]) for e in about] == [("alarm_raised", "server"), ("alarm_resolved", "server")]


async def test_a_lost_link_on_an_assignment_is_over_when_it_is_back(server: Server) -> None:
    """A unit without work is no alarm; on an assignment it is, and resolved by itself when the car is back."""
    client = await server.client()
    idle = await server.add_unit("idle", at=(23.48, 120.45))
    await link(server, idle, up=False)
    unit_id, _ = await sent(server, client, "acknowledged")
    await link(server, unit_id, up=False)
    (alarm,) = await eventually(lambda: of_kind(client, "link_lost"))
    assert (alarm["unit_id"], alarm["level"]) == (str(unit_id), "warning")
    await link(server, unit_id, up=True)
    await ahead(server, 20)
    await eventually(lambda: of_kind(client, "link_lost"), lambda items: not items)


async def test_a_call_about_to_be_late_is_an_alarm_until_somebody_goes_in_time(server: Server) -> None:
    """Nobody sent to priority 1 with little time left: an alarm. A unit that is near ends it; a call that the clock
    leaves out is none."""
    client = await server.client()
    near = await server.add_unit("near", at=(23.501, 120.47))
    early = (utc_now() - timedelta(seconds=400)).isoformat()
    await enter(client, *PLACE, priority=1, received_at=early, exclusion="test")
    incident = await enter(client, *PLACE, priority=1, received_at=early)
    (alarm,) = await eventually(lambda: of_kind(client, "late"))
    assert (alarm["incident_id"], alarm["level"], alarm["data"]["reason"]) == (incident["id"], "alarm", "nobody")
    await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(near)})
    await ahead(server, 20, near, (23.501, 120.47))
    await eventually(lambda: of_kind(client, "late"), lambda items: not items)


async def test_a_camera_that_does_not_record_on_priority_1_is_said_and_one_that_does_ends_it(server: Server) -> None:
    """Only on priority 1, only with a camera registered; a fault beside a recording one is a notice."""
    client = await server.client()
    unit_id, incident = await sent(server, client, "acknowledged", "en_route", priority=1)
    await server.says(unit_id, "camera", camera_id="bwc", state="standby")
    (alarm,) = await eventually(lambda: of_kind(client, "camera"))
    assert (alarm["level"], alarm["data"]["reason"]) == ("warning", "not_recording")
    assert alarm["data"]["cameras"] == {"bwc": "standby"}
    await server.says(unit_id, "camera", camera_id="bwc", state="recording")
    await server.inbox_read()
    await ahead(server, 20)
    await eventually(lambda: of_kind(client, "camera"), lambda items: not items)
    await server.says(unit_id, "camera", camera_id="front", state="fault")
    await server.inbox_read()
    await ahead(server, 10)
    (alarm,) = await eventually(lambda: of_kind(client, "camera"))
    assert (alarm["level"], alarm["data"]["reason"]) == ("notice", "fault")
    await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "done"})
    await eventually(lambda: of_kind(client, "camera"), lambda items: not items)


async def test_what_a_person_resolved_is_not_raised_again_while_its_reason_stands(
    database_url: str, nats_url: str
) -> None:
    """Neither by this server nor by the one that leads after it; when the reason was gone and comes back, it is."""
    bureau = f"test{uuid4().hex[:8]}"
    async with running_server(database_url, nats_url, bureau=bureau, **FAST) as server:
        client = await server.client("anna")
        unit_id, _ = await sent(server, client, "acknowledged")
        await link(server, unit_id, up=False)
        (alarm,) = await eventually(lambda: of_kind(client, "link_lost"))
        assert (await client.post(f"/alarms/{alarm['id']}/resolve")).status_code == 200
        await ahead(server, 30)
        assert await of_kind(client, "link_lost") == []
    async with running_server(database_url, nats_url, bureau=bureau, **FAST) as server:
        client = await server.client("anna")
        await eventually(lambda: _leads(server))
        await ahead(server, 30)
        assert await of_kind(client, "link_lost") == []
        await link(server, unit_id, up=True)
        await ahead(server, 30)
        await link(server, unit_id, up=False)
        await ahead(server, 30)
        (again,) = await eventually(lambda: of_kind(client, "link_lost"))
        assert again["id"] != alarm["id"]


async def test_an_alarm_that_stands_when_another_server_leads_is_neither_doubled_nor_lost(
    database_url: str, nats_url: str
) -> None:
    """What stands is in the table."""
    bureau = f"test{uuid4().hex[:8]}"
    async with running_server(database_url, nats_url, bureau=bureau, **FAST) as server:
        client = await server.client()
        unit_id, incident = await sent(server, client, "acknowledged")
        await link(server, unit_id, up=False)
        (alarm,) = await eventually(lambda: of_kind(client, "link_lost"))
    async with running_server(database_url, nats_url, bureau=bureau, **FAST) as server:
        client = await server.client()
        await eventually(lambda: _leads(server))
        await ahead(server, 20)
        assert [a["id"] for a in await of_kind(client, "link_lost", "all")] == [alarm["id"]]
        told = (await client.get(f"/incidents/{incident['id']}")).json()["timeline"]
        assert [event["kind"] for event in told if event["data"].get("alarm") == "link_lost"] == ["alarm_raised"]


async def _leads(server: Server) -> bool:
    leading: bool = server.app.state.loop.leading
    return leading and server.app.state.loop.alarms is not None
