"""What dispatchers do about alarms: more time, a note of what was done, help for an SOS, opening a call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dispatch.api import waiting
from tests.support.server import Server, assigned, enter, eventually, incident_when, kinds, running_server


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """Units are sent by hand."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend", alarm_look_s=600) as running:
        yield running


async def open_alarms(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Unresolved ones."""
    items: list[dict[str, Any]] = (await client.get("/alarms")).json()["items"]
    return items


async def declined(server: Server, client: httpx.AsyncClient) -> dict[str, Any]:
    """The alarm of a unit that declined."""
    unit_id = await server.add_unit("北興101", at=(23.481, 120.451))
    incident = await enter(client)
    await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
    assignment = await assigned(client, incident["id"])
    await server.steps(unit_id, assignment["id"], "declined", reason="flat tyre")
    found = await eventually(lambda: open_alarms(client), lambda items: any(a["kind"] == "declined" for a in items))
    return next(alarm for alarm in found if alarm["kind"] == "declined")


async def test_more_time_is_quiet_for_a_while_and_then_rings_again(server: Server) -> None:
    """Who put it off is named; while it is quiet another acknowledgement changes nothing, afterwards it names anew."""
    anna, ben = await server.client("anna"), await server.client("ben")
    alarm = await declined(server, anna)
    put_off = (await anna.post(f"/alarms/{alarm['id']}/snooze", json={"minutes": 2})).json()
    assert (put_off["snoozed_by"], put_off["acknowledged_by"]) == ("anna", "anna")
    assert (await ben.post(f"/alarms/{alarm['id']}/acknowledge")).json()["acknowledged_by"] == "anna"
    server.clock_ahead_by(timedelta(minutes=3))
    again = (await ben.post(f"/alarms/{alarm['id']}/acknowledge")).json()
    assert (again["acknowledged_by"], again["snoozed_until"], again["snoozed_by"]) == ("ben", None, None)
    told = (await anna.get(f"/incidents/{alarm['incident_id']}")).json()
    assert [k for k in kinds(told) if k.startswith("alarm_")] == ["alarm_snoozed", "alarm_acknowledged"]


async def test_an_answer_acknowledges_and_stands_in_the_timeline_by_name(server: Server) -> None:
    """Called by radio: the log says so, by whom; a resolved alarm takes no answer."""
    client = await server.client("anna")
    alarm = await declined(server, client)
    answered = (await client.post(f"/alarms/{alarm['id']}/answer", json={"answer": "radio"})).json()
    assert answered["acknowledged_by"] == "anna"
    told = (await client.get(f"/incidents/{alarm['incident_id']}")).json()["timeline"]
    (event,) = [event for event in told if event["kind"] == "alarm_answered"]
    assert (event["actor"], event["data"]["answer"]) == ("anna", "radio")
    await client.post(f"/alarms/{alarm['id']}/resolve")
    for path, body in (("answer", {"answer": "radio"}), ("snooze", {"minutes": 1})):
        assert (await client.post(f"/alarms/{alarm['id']}/{path}", json=body)).status_code == 409


async def test_an_order_that_lapses_again_is_a_new_alarm(server: Server) -> None:
    """The first one is acknowledged and quiet; ordered again and unanswered again, a new one rings."""
    client = await server.client("anna")
    unit_id = await server.add_unit("北興101", at=(23.481, 120.451))
    incident = await enter(client)
    seen = set()
    for round_number in (1, 2):
        await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
        server.clock_ahead_by(timedelta(seconds=40 * round_number))

        def unheard(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [a for a in items if a["kind"] == "no_acknowledgement" and not a["acknowledged_at"]]

        (alarm,) = unheard(await eventually(lambda: open_alarms(client), lambda items: bool(unheard(items))))
        await client.post(f"/alarms/{alarm['id']}/answer", json={"answer": "order_again"})
        seen.add(alarm["id"])
    assert len(seen) == 2
    assert len([a for a in await open_alarms(client) if a["kind"] == "no_acknowledgement"]) == 1


async def test_an_sos_can_t_be_put_off(server: Server) -> None:
    """Acknowledged, or resolved when it is over: nothing between."""
    client = await server.client()
    unit_id = await server.add_unit("北興101")
    await server.says(unit_id, "sos", active=True)
    (alarm,) = await eventually(lambda: open_alarms(client))
    refused = await client.post(f"/alarms/{alarm['id']}/snooze", json={"minutes": 5})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation")


async def test_help_for_an_sos_makes_one_incident_and_sends_whoever_is_chosen(server: Server) -> None:
    """Also a unit that is under way elsewhere; the second one goes to the same incident, which the clock leaves out.
    The officer in need is never proposed."""
    client = await server.client("anna")
    officer = await server.add_unit("北興101", at=(23.4805, 120.4505))
    busy = await server.add_unit("北興102", at=(23.483, 120.45))
    idle = await server.add_unit("北興103", at=(23.49, 120.45))
    other = await enter(client, 23.5, 120.47, priority=3)
    await client.post(f"/incidents/{other['id']}/assignments", json={"unit_id": str(busy)})
    await server.says(officer, "sos", active=True, lat=23.48, lon=120.45)
    (alarm,) = await eventually(lambda: open_alarms(client))
    assert alarm["data"]["crew"] == 2
    assert alarm["data"]["fixed_at"] is not None
    first = (await client.post(f"/alarms/{alarm['id']}/help", json={"unit_id": str(busy)})).json()
    second = (await client.post(f"/alarms/{alarm['id']}/help", json={"unit_id": str(idle)})).json()
    assert first["incident_id"] == second["incident_id"] is not None
    assert first["acknowledged_by"] == "anna"
    incident = await incident_when(client, first["incident_id"], lambda i: len(i["assignments"]) == 2)
    assert (incident["priority"], incident["exclusion"]) == (1, "officer_initiated")
    assert "北興101" in incident["description"]
    items = (await client.get(f"/incidents/{first['incident_id']}/candidates")).json()["items"]
    (of_officer,) = [item for item in items if item["unit_id"] == str(officer)]
    assert "needs_help" in of_officer["reasons"]
    assert not of_officer["recommended"]
    taken = await client.post(f"/alarms/{alarm['id']}/help", json={"unit_id": str(idle)})
    assert (taken.status_code, taken.json()["code"]) == (409, "unit_busy")


async def test_help_for_an_officer_on_a_scene_goes_to_that_scene(server: Server) -> None:
    """The incident that the unit is on scene of serves; nobody's place unknown makes none."""
    client = await server.client()
    officer = await server.add_unit("北興101", at=(23.48, 120.45))
    helper = await server.add_unit("北興102", at=(23.483, 120.45))
    incident = await enter(client)
    await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(officer)})
    assignment = await assigned(client, incident["id"])
    await server.steps(officer, assignment["id"], "on_scene")
    await server.says(officer, "sos", active=True)
    (alarm,) = await eventually(lambda: open_alarms(client), lambda items: any(a["kind"] == "sos" for a in items))
    helped = await client.post(f"/alarms/{alarm['id']}/help", json={"unit_id": str(helper)})
    assert helped.json()["incident_id"] == incident["id"]


async def test_a_call_is_new_to_all_until_one_opens_it(server: Server) -> None:
    """The first name stays; the incident's version does not rise, so that nobody's change is refused for it."""
    anna, ben = await server.client("anna"), await server.client("ben")
    incident = await enter(anna)
    assert incident["seen_at"] is None
    assert (await ben.post(f"/incidents/{incident['id']}/seen")).status_code == 204
    assert (await anna.post(f"/incidents/{incident['id']}/seen")).status_code == 204
    now = (await anna.get(f"/incidents/{incident['id']}")).json()
    assert (now["seen_by"], now["version"]) == ("ben", incident["version"])
    assert kinds(now).count("incident_seen") == 1


async def test_two_counts_are_told_to_anybody_and_nothing_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open SOS and calls without a unit; asked too often it is refused, and says when to come back."""
    monkeypatch.setattr(waiting, "KEPT_S", 0.0)
    client, stranger = await server.client(), await server.stranger()
    assert (await stranger.get("/waiting")).json() == {"sos": 0, "unassigned": 0}
    incident = await enter(client)
    await enter(client)
    unit_id = await server.add_unit("北興101", at=(23.481, 120.451))
    await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
    await server.says(unit_id, "sos", active=True)
    await eventually(lambda: open_alarms(client), lambda items: any(a["kind"] == "sos" for a in items))
    assert (await stranger.get("/waiting")).json() == {"sos": 1, "unassigned": 1}
    monkeypatch.setattr(waiting, "ASKED_MAX", 3)
    refused = await stranger.get("/waiting")
    refused = await stranger.get("/waiting")
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (
        429,
        "too_many_attempts",
        "60",
    )


async def test_a_bureau_may_keep_its_counts_to_itself(database_url: str, nats_url: str) -> None:
    """Nulls, which the screen shows as nothing."""
    async with running_server(database_url, nats_url, waiting_counts=False) as server:
        stranger = await server.stranger()
        assert (await stranger.get("/waiting")).json() == {"sos": None, "unassigned": None}


def test_addresses_that_ask_are_counted_by_the_minute_and_forgotten_when_they_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """240 a minute; a minute later it may ask again; made-up addresses don't fill the memory."""
    counts = waiting.Counts()
    assert [counts.may_ask("a", second / 10) for second in range(241)] == [True] * 240 + [False]
    assert counts.may_ask("a", 60.0)
    monkeypatch.setattr(waiting, "ADDRESSES_MAX", 2)
    for address in "bcd":
        assert counts.may_ask(address, 61.0)
    assert len(counts._asked) == 2
