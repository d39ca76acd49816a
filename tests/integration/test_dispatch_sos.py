"""An officer needs help: the alarm, its place, who is near, and how it ends."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.server import Server, eventually


async def alarms(client: httpx.AsyncClient, state: str = "open") -> list[dict[str, Any]]:
    """The list, newest first."""
    items: list[dict[str, Any]] = (await client.get(f"/alarms?state={state}")).json()["items"]
    return items


async def test_an_sos_raises_an_alarm_with_the_nearest_units(server: Server) -> None:
    """At once, at the place that it names, with those who could help by ETA and without the caller itself."""
    unit_id = await server.add_unit("北興101", at=(23.40, 120.40))
    far = await server.add_unit("far", at=(23.50, 120.47))
    near = await server.add_unit("near", at=(23.481, 120.451))
    client = await server.client()
    await server.says(unit_id, "sos", active=True, lat=23.48, lon=120.45, note="歹徒持刀")
    (alarm,) = await eventually(lambda: alarms(client))
    assert (alarm["kind"], alarm["level"], alarm["unit_id"]) == ("sos", "alarm", str(unit_id))
    assert (alarm["lat"], alarm["lon"], alarm["data"]["place"]) == (23.48, 120.45, "sos")
    assert alarm["data"]["note"] == "歹徒持刀"
    assert [c["unit_id"] for c in alarm["data"]["nearest"]] == [str(near), str(far)]
    assert all(c["eta_s"] > 0 for c in alarm["data"]["nearest"])


async def test_an_sos_without_a_position_uses_the_last_one_or_none(server: Server) -> None:
    """It works with no position at all, and says where its place comes from."""
    seen = await server.add_unit("seen", at=(23.481, 120.451))
    unseen = await server.add_unit("unseen")
    client = await server.client()
    await server.says(seen, "sos", active=True, hint=False)
    await server.says(unseen, "sos", active=True)
    found = {alarm["unit_name"]: alarm for alarm in await eventually(lambda: alarms(client), lambda a: len(a) == 2)}
    assert (found["seen"]["lat"], found["seen"]["data"]["place"]) == (23.481, "last_position")
    assert (found["unseen"]["lat"], found["unseen"]["data"]["place"]) == (None, "unknown")
    assert "nearest" not in found["unseen"]["data"]


async def test_a_repeated_sos_brings_the_standing_alarm_up_to_date(server: Server) -> None:
    """One alarm, its place moved along; each call for help is a line of the log."""
    unit_id = await server.add_unit("北興101")
    client = await server.client()
    await server.says(unit_id, "sos", active=True, lat=23.48, lon=120.45)
    (first,) = await eventually(lambda: alarms(client))
    await server.says(unit_id, "sos", active=True, lat=23.49, lon=120.46)
    (second,) = await eventually(lambda: alarms(client), lambda items: items[0]["lat"] == 23.49)
    assert (second["id"], second["raised_at"]) == (first["id"], first["raised_at"])


async def test_the_crew_says_that_it_is_over(server: Server) -> None:
    """The alarm is resolved in the unit's name; another "over" changes nothing; a new SOS is a new alarm."""
    unit_id = await server.add_unit("北興101")
    client = await server.client()
    await server.says(unit_id, "sos", active=True)
    (alarm,) = await eventually(lambda: alarms(client))
    await server.says(unit_id, "sos", active=False, hint=False)
    await server.says(unit_id, "sos", active=False)
    await eventually(lambda: alarms(client), lambda items: items == [])
    (ended,) = await alarms(client, "all")
    assert (ended["id"], ended["resolved_by"]) == (alarm["id"], "北興101")
    await server.says(unit_id, "sos", active=True)
    (again,) = await eventually(lambda: alarms(client))
    assert again["id"] != alarm["id"]


async def test_dispatchers_acknowledge_and_resolve_by_name(server: Server) -> None:
    """Who saw it first stays; who resolved it is named; a second time is refused with that name."""
    unit_id = await server.add_unit("北興101")
    anna, ben = await server.client("anna"), await server.client("ben", "supervisor")
    await server.says(unit_id, "sos", active=True)
    (alarm,) = await eventually(lambda: alarms(anna))
    assert (await anna.post(f"/alarms/{alarm['id']}/acknowledge")).json()["acknowledged_by"] == "anna"
    assert (await ben.post(f"/alarms/{alarm['id']}/acknowledge")).json()["acknowledged_by"] == "anna"
    resolved = (await ben.post(f"/alarms/{alarm['id']}/resolve")).json()
    assert (resolved["resolved_by"], resolved["acknowledged_by"]) == ("ben", "anna")
    again = await anna.post(f"/alarms/{alarm['id']}/resolve")
    assert (again.status_code, again.json()["code"]) == (409, "alarm_resolved")
    assert "ben" in again.json()["detail"]
    missing = await anna.post("/alarms/00000000-0000-0000-0000-000000000007/resolve")
    assert (missing.status_code, missing.json()["errors"][0]["member"]) == (404, "alarm_id")


async def test_resolving_what_nobody_acknowledged_acknowledges_it(server: Server) -> None:
    """Whoever resolves an alarm has seen it."""
    unit_id = await server.add_unit("北興101")
    client = await server.client()
    await server.says(unit_id, "sos", active=True)
    (alarm,) = await eventually(lambda: alarms(client))
    resolved = (await client.post(f"/alarms/{alarm['id']}/resolve")).json()
    assert resolved["acknowledged_by"] == resolved["resolved_by"] == "dora"
