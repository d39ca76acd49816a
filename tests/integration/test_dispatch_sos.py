"""An officer needs help: the alarm, its place, who is near, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from gateway.store import car_messages
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


async def test_an_sos_that_comes_late_names_where_the_unit_is_now(server: Server) -> None:
    """Pressed in a dead spot ten minutes ago: since then the unit was seen elsewhere, and that is where to go. A unit
    that was last seen before the press is where it was pressed."""
    moved = await server.add_unit("moved", at=(23.49, 120.46))
    stayed = await server.add_unit("stayed")
    await server.stands(stayed, 23.40, 120.40, age=timedelta(minutes=20))
    client = await server.client()
    pressed = server.desk.clock() - timedelta(minutes=10)
    for unit_id in (moved, stayed):
        await server.says(unit_id, "sos", at=pressed, active=True, lat=23.48, lon=120.45)
    found = {alarm["unit_name"]: alarm for alarm in await eventually(lambda: alarms(client), lambda a: len(a) == 2)}
    assert (found["moved"]["lat"], found["moved"]["data"]["place"]) == (23.49, "last_position")
    assert (found["stayed"]["lat"], found["stayed"]["data"]["place"]) == (23.48, "sos")


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


async def test_the_crew_is_told_what_the_desk_does_with_its_sos(server: Server) -> None:
    """Seen, silently, and once; over, aloud; each about the newest call of that alarm. Another alarm is no crew's."""
    unit_id = await server.add_unit("北興101")
    anna, ben = await server.client("anna"), await server.client("ben")
    await server.says(unit_id, "sos", active=True, lat=23.48, lon=120.45)
    await eventually(lambda: alarms(anna))
    seq = await server.says(unit_id, "sos", active=True, lat=23.49, lon=120.46)
    (alarm,) = await eventually(lambda: alarms(anna), lambda items: items[0]["lat"] == 23.49)
    for by in (anna, ben):
        assert (await by.post(f"/alarms/{alarm['id']}/acknowledge")).status_code == 200
    (seen,) = await server.told(unit_id, "notice")
    assert (seen.body["code"], seen.body["level"], seen.body["seq"]) == ("sos_acknowledged", "info", seq)
    assert (await ben.post(f"/alarms/{alarm['id']}/resolve")).status_code == 200
    _, over = await server.told(unit_id, "notice")
    assert (over.body["code"], over.body["level"], over.body["seq"]) == ("sos_resolved", "warning", seq)
    assert over.body["boot"] == seen.body["boot"]
    async with server.engine.connect() as connection:
        query = select(car_messages.c.seq).where(car_messages.c.boot == UUID(over.body["boot"]))
        assert await connection.scalar(query) == seq


async def test_an_answer_to_an_sos_is_told_too(server: Server) -> None:
    """A dispatcher who calls the crew by radio has seen it; one who does more later is no news."""
    unit_id = await server.add_unit("北興101")
    client = await server.client()
    await server.says(unit_id, "sos", active=True)
    (alarm,) = await eventually(lambda: alarms(client))
    for answer in ("radio", "message"):
        assert (await client.post(f"/alarms/{alarm['id']}/answer", json={"answer": answer})).status_code == 200
    assert [row.body["code"] for row in await server.told(unit_id, "notice")] == ["sos_acknowledged"]


async def test_resolving_what_nobody_acknowledged_acknowledges_it(server: Server) -> None:
    """Whoever resolves an alarm has seen it."""
    unit_id = await server.add_unit("北興101")
    client = await server.client()
    await server.says(unit_id, "sos", active=True)
    (alarm,) = await eventually(lambda: alarms(client))
    resolved = (await client.post(f"/alarms/{alarm['id']}/resolve")).json()
    assert resolved["acknowledged_by"] == resolved["resolved_by"] == "dora"
