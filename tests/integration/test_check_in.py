"""The safety net: a silent or standing crew is asked first, then dispatch is alarmed; each sign of life ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from dispatch.service.desk import utc_now
from dispatch.store.rows import AnyRow
from tests.integration.test_alarms_watch import FAST, PLACE, of_kind, sent
from tests.integration.test_dispatch_link import enrolled
from tests.support.cars import car, gateway_settings, now_ms, running
from tests.support.server import Server, eventually, incident_when, running_server

CHECKS: dict[str, Any] = FAST | {
    "check_in_after_s": 100,
    "check_in_alarm_s": 40,
    "alarm_look_s": 3600,
    "alarm_link_lost_s": 86_400,
    "alarm_crew_first_s": 10,
}
ON_SCENE = ("acknowledged", "en_route", "on_scene")


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that looks only when the test says so, asks after 100 s and warns after 40 more, in the test's own time."""
    async with running_server(database_url, nats_url, **CHECKS) as running_one:
        yield running_one


async def later(server: Server, seconds: float) -> None:
    """The clock goes on in steps of 5 s, and the watchers look at each."""
    for _ in range(int(seconds // 5)):
        server.clock_ahead_by(server.desk.clock() - utc_now() + timedelta(seconds=5))
        await server.app.state.loop.alarms.look()


async def on_scene(server: Server, client: httpx.AsyncClient, **call: Any) -> tuple[UUID, dict[str, Any], str]:
    """A unit that has arrived; its assignment."""
    unit_id, incident = await sent(server, client, *ON_SCENE, **{"priority": 1, **call})
    seen = await incident_when(client, incident["id"], lambda it: bool(it["on_scene_at"]))
    return unit_id, incident, seen["assignments"][0]["id"]


async def asked(server: Server, unit_id: UUID) -> Sequence[AnyRow]:
    """The notices that the crew got."""
    return await server.told(unit_id, "notice")


async def test_a_silent_crew_is_asked_then_it_is_a_warning_then_an_alarm_then_over(server: Server) -> None:
    """Each once; a check-in ends all of it, and the next silence is a new one with a new question."""
    client = await server.client()
    unit_id, incident, assignment_id = await on_scene(server, client)
    await later(server, 95)
    assert not await asked(server, unit_id)
    await later(server, 10)
    (notice,) = await asked(server, unit_id)
    assert (notice.body["level"], notice.body["code"]) == ("warning", "asked_to_check_in")
    assert (incident["number"] in notice.body["text"], "回報平安" in notice.body["text"]) == (True, True)
    await later(server, 30)
    assert not await of_kind(client, "no_check_in")
    await later(server, 20)
    (warning,) = await of_kind(client, "no_check_in")
    assert (warning["level"], warning["unit_id"], warning["data"]["reason"]) == ("warning", str(unit_id), "silent")
    assert warning["data"]["for_s"] >= 140
    assert (await client.post(f"/alarms/{warning['id']}/snooze", json={"minutes": 1})).status_code == 200
    assert (await client.post(f"/alarms/{warning['id']}/answer", json={"answer": "radio"})).status_code == 200
    await later(server, 40)
    (alarm,) = await of_kind(client, "no_check_in")
    assert alarm["level"] == "alarm"
    await server.says(unit_id, "check_in", assignment_id=assignment_id)
    await server.inbox_read()
    await later(server, 25)
    assert not await of_kind(client, "no_check_in")
    told = (await client.get(f"/incidents/{incident['id']}")).json()["timeline"]
    about = [e["kind"] for e in told if e["kind"].startswith("crew_") or e["data"].get("alarm") == "no_check_in"]
    raised = ["alarm_raised", "alarm_snoozed", "alarm_answered", "alarm_resolved", "alarm_raised"]
    assert about == ["crew_asked", *raised, "crew_checked_in", "alarm_resolved"]
    await later(server, 85)
    assert len(await asked(server, unit_id)) == 2


@pytest.mark.parametrize(
    "sign", [("availability", {"available": True}), ("sos", {"active": False}), ("status", {"status": "on_scene"})]
)
async def test_any_press_is_a_sign_of_life(server: Server, sign: tuple[str, dict[str, Any]]) -> None:
    """Also one that changes nothing; a camera's state is none, and neither is a position."""
    client = await server.client()
    unit_id, _, assignment_id = await on_scene(server, client)
    await later(server, 60)
    kind, members = sign
    if kind == "status":
        members = members | {"assignment_id": assignment_id}
    await server.says(unit_id, kind, **members)
    await server.inbox_read()
    await later(server, 60)
    assert not await asked(server, unit_id)
    await server.says(unit_id, "camera", camera_id="bwc", state="recording")
    await server.stands(unit_id, *PLACE)
    await server.inbox_read()
    await later(server, 45)
    assert len(await asked(server, unit_id)) == 1


async def test_what_a_dispatcher_heard_is_a_sign_and_the_next_silence_counts_anew(server: Server) -> None:
    """A warning that a person resolved stays away for a period, not for ever: the crew is asked and alarmed again."""
    client = await server.client()
    unit_id, _, _ = await on_scene(server, client)
    await later(server, 155)
    (warning,) = await of_kind(client, "no_check_in")
    assert (await client.post(f"/alarms/{warning['id']}/resolve")).status_code == 200
    await later(server, 95)
    assert (len(await asked(server, unit_id)), await of_kind(client, "no_check_in")) == (1, [])
    await later(server, 60)
    (again,) = await of_kind(client, "no_check_in")
    assert (again["id"] != warning["id"], again["level"], len(await asked(server, unit_id))) == (True, "warning", 2)


async def test_only_priority_1_scenes_are_watched(server: Server) -> None:
    """A crew on a lesser call presses nothing for anybody."""
    client = await server.client()
    lesser, _, _ = await on_scene(server, client, priority=2)
    await later(server, 200)
    assert not await asked(server, lesser)


async def test_the_end_of_the_call_ends_the_alarm(server: Server) -> None:
    """Nobody is asked for a sign from a scene that is no more."""
    client = await server.client()
    _, incident, _ = await on_scene(server, client)
    await later(server, 160)
    assert await of_kind(client, "no_check_in")
    await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "done"})
    await later(server, 5)
    assert not await of_kind(client, "no_check_in")


async def test_a_server_that_leads_next_neither_asks_again_nor_forgets(database_url: str, nats_url: str) -> None:
    """Who was asked, and when, stands in the log."""
    bureau = f"test{uuid4().hex[:8]}"
    async with running_server(database_url, nats_url, bureau=bureau, **CHECKS) as first:
        unit_id, _, _ = await on_scene(first, await first.client())
        await later(first, 105)
        ahead = first.desk.clock() - utc_now()
    async with running_server(database_url, nats_url, bureau=bureau, **CHECKS) as second:
        second.clock_ahead_by(ahead)
        await eventually(lambda: _leads(second))
        await later(second, 55)
        assert len(await asked(second, unit_id)) == 1
        assert [a["level"] for a in await of_kind(await second.client(), "no_check_in")] == ["warning"]


async def test_a_crew_that_stands_under_way_is_asked_before_dispatch_is_warned(server: Server) -> None:
    """One notice, then the warning, as the same rule a little earlier; another stop is another question."""
    client = await server.client()
    unit_id, incident = await sent(server, client, "acknowledged", "en_route")
    await incident_when(client, incident["id"], lambda it: bool(it["en_route_at"]))

    async def stands(seconds: int, lat: float) -> None:
        for _ in range(seconds // 5):
            await server.stands(unit_id, lat, 120.45)
            await later(server, 5)

    await stands(20, 23.48)
    (notice,) = await asked(server, unit_id)
    assert notice.body["code"] == "asked_why_stationary"
    assert ("停滯" in notice.body["text"], await of_kind(client, "stationary")) == (True, [])
    await stands(15, 23.48)
    assert (len(await asked(server, unit_id)), len(await of_kind(client, "stationary"))) == (1, 1)
    for step in range(8):
        await stands(5, 23.482 + step * 0.001)
    assert not await of_kind(client, "stationary")
    await stands(25, 23.489)
    assert len(await asked(server, unit_id)) == 2


async def test_over_the_real_link_the_question_reaches_the_car_and_the_answer_the_log(
    server: Server, database_url: str, nats_url: str
) -> None:
    """A check-in is acknowledged as durable; one for another's assignment is refused."""
    client = await server.client()
    unit_id, incident, assignment_id = await on_scene(server, client)
    device = await enrolled(server, unit_id)
    settings = gateway_settings(database_url, nats_url, bureau=server.bureau)
    async with running(settings) as address, car(address, device) as patrol:
        await patrol.hello()
        await later(server, 110)
        assert "回報平安" in (await patrol.until("notice"))["text"]
        check_in = {"type": "check_in", "time_ms": now_ms(), "assignment_id": assignment_id}
        await patrol.send([check_in | {"seq": 1}, check_in | {"seq": 2, "assignment_id": str(uuid4())}])
        await patrol.send(check_in | {"seq": 3, "assignment_id": "none"})
        assert [(await patrol.until("rejected"))["seq"] for _ in range(2)] == [2, 3]
        seen = await incident_when(
            client, incident["id"], lambda it: any(e["kind"] == "crew_checked_in" for e in it["timeline"])
        )
        (line,) = [event for event in seen["timeline"] if event["kind"] == "crew_checked_in"]
        assert (line["said_by"], line["unit_id"]) == ("button", str(unit_id))


async def _leads(server: Server) -> bool:
    leading: bool = server.app.state.loop.leading
    return leading and server.app.state.loop.alarms is not None
