"""Incidents over the API: enter once, change, end, merge, page through; and who looked at them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, insert, select, update

from dispatch.service.desk import utc_now
from dispatch.store.tables import access_log, bureaus, events, incidents
from gateway.store import car_orders
from tests.support.cities import generated_chiayi
from tests.support.server import Server, assigned, enter, incident_when, kinds

CALL = {"category": "criminal", "priority": 2, "lat": 23.48, "lon": 120.45}
CALLER: dict[str, Any] = {"caller_name": "王小明", "caller_phone": "0912345678"}


@pytest.fixture
async def client(module_server: Server) -> httpx.AsyncClient:
    """A dispatcher's."""
    return await module_server.client()


def last(incident: dict[str, Any], kind: str) -> dict[str, Any]:
    """The newest event of that kind; the loop may write others beside it at any time."""
    found: dict[str, Any] = [event for event in incident["timeline"] if event["kind"] == kind][-1]
    return found


async def test_an_incident_comes_back_as_it_was_entered(client: httpx.AsyncClient) -> None:
    """All that was sent, the number of the day, the arrival due after ten minutes, times with their offset."""
    received_at = utc_now() - timedelta(minutes=3)
    sent = CALL | CALLER | {"address": "中山路1號", "description": "口角", "received_at": received_at.isoformat()}
    answer = await client.post("/incidents", json=sent)
    assert answer.status_code == 201
    incident = answer.json()
    assert {name: incident[name] for name in sent if name != "received_at"} == {
        name: value for name, value in sent.items() if name != "received_at"
    }
    assert incident["received_at"] == received_at.isoformat().replace("+00:00", "Z")
    assert incident["state"] == "open"
    assert len(incident["number"]) == len("20261123-0001")
    assert incident["arrive_by"] == (received_at + timedelta(seconds=600)).isoformat().replace("+00:00", "Z")
    assert kinds(incident)[0] == "incident_created"
    assert incident["assignments"] == []


async def test_the_same_key_returns_the_same_incident(module_server: Server, client: httpx.AsyncClient) -> None:
    """Sent again, the second answer is 201 with the first incident; another user's same key is another incident."""
    headers = {"Idempotency-Key": "call 1"}
    first = await client.post("/incidents", json=CALL, headers=headers)
    again = await client.post("/incidents", json=CALL, headers=headers)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    other = await module_server.client("somebody else")
    assert (await other.post("/incidents", json=CALL, headers=headers)).json()["id"] != first.json()["id"]
    assert (await client.post("/incidents", json=CALL)).json()["id"] != first.json()["id"]


async def test_the_same_key_twice_at_once_makes_one_incident(module_server: Server, client: httpx.AsyncClient) -> None:
    """A client that lost patience: all answers name one incident, and one row is all there is."""
    for n in range(5):
        answers = await asyncio.gather(
            *(client.post("/incidents", json=CALL, headers={"Idempotency-Key": f"at once {n}"}) for _ in range(4))
        )
        assert [answer.status_code for answer in answers] == [201] * 4
        assert len({answer.json()["id"] for answer in answers}) == 1
    numbers = [i["number"] for i in (await client.get("/incidents?limit=500")).json()["items"]]
    assert len(numbers) == len(set(numbers))


async def test_a_change_reaches_the_car_and_keeps_the_rest(module_server: Server, client: httpx.AsyncClient) -> None:
    """`order_update` with the new place; what was not sent stays; the log names members, never their free text."""
    unit_id = await module_server.add_unit("PATCH1", at=(23.481, 120.451))
    incident = await enter(client, **CALLER, description="old")
    body = {"unit_id": str(unit_id)}
    assert (await client.post(f"/incidents/{incident['id']}/assignments", json=body)).status_code == 201
    changed = await client.patch(
        f"/incidents/{incident['id']}",
        json={"lat": 23.49, "priority": 1, "description": "秘密", "caller_phone": None, "version": incident["version"]},
    )
    assert changed.status_code == 200
    seen = changed.json()
    assert (seen["lat"], seen["lon"], seen["priority"], seen["description"]) == (23.49, 120.45, 1, "秘密")
    assert (seen["caller_name"], seen["caller_phone"]) == ("王小明", None)
    assert seen["version"] == incident["version"] + 1
    (row,) = await module_server.told(unit_id, "order_update")
    assert (row.body["incident"]["lat"], row.body["incident"]["caller_note"]) == (23.49, "秘密")
    event = last(seen, "incident_changed")
    assert event["data"]["members"] == ["caller_phone", "description", "lat", "priority"]
    assert "秘密" not in str(event)
    await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "done"})


async def test_who_changes_what_another_changed_is_told(client: httpx.AsyncClient) -> None:
    """409 `changed_meanwhile` with the version that stands; without a version the last one wins."""
    incident = await enter(client)
    path = f"/incidents/{incident['id']}"
    assert (await client.patch(path, json={"priority": 1, "version": 1})).status_code == 200
    late = await client.patch(path, json={"priority": 4, "version": 1})
    assert (late.status_code, late.json()["code"], late.json()["errors"][0]["member"]) == (
        409,
        "changed_meanwhile",
        "version",
    )
    assert (await client.get(path)).json()["priority"] == 1
    assert (await client.patch(path, json={"priority": 4})).json()["priority"] == 4
    for member in ("category", "priority", "lat", "lon"):
        taken = await client.patch(path, json={member: None})
        assert (taken.status_code, taken.json()["errors"][0]["member"]) == (422, member)


async def test_two_changes_with_one_version_race_and_one_wins(client: httpx.AsyncClient) -> None:
    """At the same moment: one 200, one 409, never both lost or both kept."""
    incident = await enter(client)
    answers = await asyncio.gather(
        *(client.patch(f"/incidents/{incident['id']}", json={"priority": p, "version": 1}) for p in (1, 3, 4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_closing_frees_the_units_and_stands(module_server: Server, client: httpx.AsyncClient) -> None:
    """The car is told `closed`; every later change is 409 `incident_ended`."""
    unit_id = await module_server.add_unit("CLOSE1", at=(23.481, 120.451))
    incident = await enter(client)
    path = f"/incidents/{incident['id']}"
    sent = (await client.post(f"{path}/assignments", json={"unit_id": str(unit_id)})).json()
    closed = (await client.post(f"{path}/close", json={"disposition": "調解", "note": "ok"})).json()
    assert (closed["state"], closed["disposition"]) == ("closed", "調解")
    assert closed["ended_at"] is not None
    ends = [kind for kind in kinds(closed) if kind in {"assignment_ended", "incident_closed"}]
    assert ends == ["assignment_ended", "incident_closed"]
    assert [r.body["reason"] for r in await module_server.told(unit_id, "order_ended")] == ["closed"]
    assert (await client.get(f"/units/{unit_id}")).json()["status"] == "AVAILABLE"
    for method, end, body in (
        ("PATCH", "", {"priority": 1}),
        ("POST", "/close", {"disposition": "x"}),
        ("POST", "/cancel", {"reason": "x"}),
        ("POST", "/assignments", {"unit_id": str(unit_id)}),
        ("POST", "/merge", {"into": (await enter(client))["id"]}),
    ):
        refused = await client.request(method, path + end, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "incident_ended"), end
    over = await client.post(f"/assignments/{sent['assignment_id']}/end", json={"reason": "x"})
    assert (over.status_code, over.json()["code"]) == (409, "assignment_ended")


async def test_cancelling_tells_the_car_so(module_server: Server, client: httpx.AsyncClient) -> None:
    """`cancelled`, with the dispatcher's name and reason in the timeline."""
    unit_id = await module_server.add_unit("CANCEL1", at=(23.481, 120.451))
    incident = await enter(client)
    path = f"/incidents/{incident['id']}"
    await client.post(f"{path}/assignments", json={"unit_id": str(unit_id)})
    seen = (await client.post(f"{path}/cancel", json={"reason": "caller rang back"})).json()
    assert seen["state"] == "cancelled"
    event = last(seen, "incident_cancelled")
    assert (event["actor"], event["data"]) == ("dora", {"reason": "caller rang back"})
    assert [r.body["reason"] for r in await module_server.told(unit_id, "order_ended")] == ["cancelled"]


async def test_a_merge_keeps_the_earlier_call(client: httpx.AsyncClient) -> None:
    """The second report of one matter goes into the first, whose clock runs from whichever call came earlier."""
    early = (utc_now() - timedelta(minutes=9)).isoformat()
    first, second = await enter(client), await enter(client, received_at=early)
    merged = await client.post(f"/incidents/{second['id']}/merge", json={"into": first["id"]})
    assert (merged.json()["state"], merged.json()["merged_into"]) == ("merged", first["id"])
    assert merged.json()["exclusion"] == "duplicate"
    kept = (await client.get(f"/incidents/{first['id']}")).json()
    assert kept["received_at"] == second["received_at"]
    assert last(kept, "incident_changed")["data"]["merged"] == second["number"]
    for into, status, member in ((first["id"], 422, "into"), (str(uuid4()), 404, None)):
        refused = await client.post(f"/incidents/{first['id']}/merge", json={"into": into})
        assert refused.status_code == status
        if member:
            assert refused.json()["errors"][0]["member"] == member


async def test_an_arrival_is_not_lost_by_a_merge(module_server: Server, client: httpx.AsyncClient) -> None:
    """An officer stood at that door for another call about the same matter: both clocks know it, through two merges."""
    early = (utc_now() - timedelta(days=30)).isoformat()
    first, second, third = [await enter(client, received_at=early) for _ in range(3)]
    unit_id = await module_server.add_unit("MRG1", at=(23.481, 120.451))
    sent = await client.post(f"/incidents/{first['id']}/assignments", json={"unit_id": str(unit_id)})
    await module_server.steps(unit_id, sent.json()["assignment_id"], "on_scene")
    reached = await incident_when(client, first["id"], lambda i: i["on_scene_at"] is not None)
    for one, into in ((first, second), (second, third)):
        merged = await client.post(f"/incidents/{one['id']}/merge", json={"into": into["id"]})
        assert merged.status_code == 200, merged.text
    last_one = (await client.get(f"/incidents/{third['id']}")).json()
    assert last_one["on_scene_at"] == reached["on_scene_at"]
    around = {"from": early, "to": (utc_now() - timedelta(days=29, hours=23)).isoformat()}
    (figures,) = (await client.get("/kpi", params=around)).json()["items"]
    assert (figures["reached"], figures["unreached"], figures["excluded"]) == (1, 0, {"duplicate": 2})


async def test_a_dispatcher_takes_a_unit_off(module_server: Server, client: httpx.AsyncClient) -> None:
    """The incident stays open; the unit is free, told to stand down, and not recommended there again."""
    unit_id = await module_server.add_unit("END1", at=(23.481, 120.451))
    incident = await enter(client)
    sent = await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
    ended = await client.post(f"/assignments/{sent.json()['assignment_id']}/end", json={"reason": "needed elsewhere"})
    assert (ended.json()["state"], ended.json()["end_reason"]) == ("cancelled", "needed elsewhere")
    assert [r.body["reason"] for r in await module_server.told(unit_id, "order_ended")] == ["cancelled"]
    listed = (await client.get(f"/incidents/{incident['id']}/candidates")).json()["items"]
    (same,) = [c for c in listed if c["unit_id"] == str(unit_id)]
    assert (same["recommended"], "taken_off_before" in same["reasons"]) == (False, True)


async def test_pages_are_complete_and_repeat_nothing(module_server: Server, client: httpx.AsyncClient) -> None:
    """Forty incidents, most of the very same instant, in pages of seven: each once, newest first, whatever arrives."""
    day = utc_now() - timedelta(days=40)
    made = [await enter(client, received_at=(day + timedelta(seconds=n // 15)).isoformat()) for n in range(40)]
    period = {"from": (day - timedelta(seconds=1)).isoformat(), "to": (day + timedelta(hours=1)).isoformat()}
    seen: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = (
            await client.get("/incidents", params=period | {"limit": 7} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += page["items"]
        await enter(client, received_at=(day + timedelta(minutes=5)).isoformat())
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(i["id"] for i in seen) == sorted(i["id"] for i in made)
    times = [i["received_at"] for i in seen]
    assert times == sorted(times, reverse=True)
    assert "caller_name" not in seen[0]


async def test_lists_are_by_state_and_period(client: httpx.AsyncClient) -> None:
    """`closed` means ended in any way; `from` is inclusive, `to` is not; an unescaped plus is understood."""
    at = (utc_now() - timedelta(days=80)).replace(microsecond=0)
    opened = await enter(client, received_at=at.isoformat())
    ended = await enter(client, received_at=at.isoformat())
    await client.post(f"/incidents/{ended['id']}/cancel", json={"reason": "none"})
    second = timedelta(seconds=1)

    async def ids(**params: Any) -> set[str]:
        answer = await client.get("/incidents", params=params)
        assert answer.status_code == 200, answer.text
        return {i["id"] for i in answer.json()["items"]}

    period = {"from": at.isoformat(), "to": (at + second).isoformat()}
    assert await ids(**period) == await ids(state="all", **period) == {opened["id"], ended["id"]}
    assert await ids(state="open", **period) == {opened["id"]}
    assert await ids(state="closed", **period) == {ended["id"]}
    assert await ids(**{"from": (at - second).isoformat(), "to": at.isoformat()}) == set()
    plus = f"from={at:%Y-%m-%dT%H:%M:%S}+00:00&to={at + second:%Y-%m-%dT%H:%M:%S}+00:00"
    assert len((await client.get(f"/incidents?{plus}")).json()["items"]) == 2


async def test_every_look_at_a_caller_or_a_track_is_logged(module_server: Server) -> None:
    """Who, what and when; also where the look is the answer to a change, and not for lists, which show no caller."""
    eve = await module_server.client("eve", "supervisor")
    unit_id = await module_server.add_unit("TRACK1", at=(23.481, 120.451))
    incident = await enter(eve, **CALLER)
    await eve.get("/incidents")
    await eve.get(f"/incidents/{incident['id']}")
    await eve.patch(f"/incidents/{incident['id']}", json={})
    await eve.get(f"/units/{unit_id}/track")
    await eve.get(f"/incidents/{uuid4()}")
    query = select(access_log).where(access_log.c.username == "eve").order_by(access_log.c.access_id)
    async with module_server.engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    looks = [(row.what, row.subject) for row in rows]
    assert looks[-3:] == [("incident", incident["id"])] * 2 + [("track", str(unit_id))]
    assert set(rows[-1].detail) == {"from", "to"}


async def test_nothing_about_the_caller_leaves_its_row(
    module_server: Server, client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in the event log, not in what the car is told, not in lists, and not in the server's own log."""
    unit_id = await module_server.add_unit("CALLER1", at=(23.481, 120.451))
    marked: dict[str, Any] = {"caller_name": "獨一無二", "caller_phone": "0987654321"}
    incident = await enter(client, **marked)
    await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
    await client.patch(f"/incidents/{incident['id']}", json={"caller_name": "獨一無二之二"})
    await client.post("/incidents", json=CALL | marked | {"lat": 100})
    await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "done"})
    async with module_server.engine.connect() as connection:
        kept = (await connection.execute(select(events.c.data))).scalars().all()
        told = (await connection.execute(select(car_orders.c.body))).scalars().all()
    listed = (await client.get("/incidents")).text
    for text in (str(kept), str(told), listed, *capsys.readouterr()):
        assert "獨一無二" not in text
        assert "0987654321" not in text


async def test_the_event_log_cannot_be_rewritten(module_server: Server, client: httpx.AsyncClient) -> None:
    """Past every rule of the program: the database refuses a change of what happened."""
    await enter(client)
    async with module_server.engine.connect() as connection:
        with pytest.raises(Exception, match="append-only"):
            await connection.execute(update(events).values(actor="nobody"))


async def test_outside_the_area_asks_first(server: Server) -> None:
    """Nothing known: any place. With streets: their extent and 2 km. With an outline: that alone. Confirmed: taken."""
    client = await server.client()
    far = CALL | {"lat": 25.03, "lon": 121.56}
    assert (await client.post("/incidents", json=far)).status_code == 201
    city = generated_chiayi(1)
    await server.load(city)
    extent = city.extent
    key = {"Idempotency-Key": "far away"}
    refused = await client.post("/incidents", json=far, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "outside_area")
    assert refused.json()["errors"][0]["member"] in {"lat", "lon"}
    taken = await client.post("/incidents", json=far | {"confirm_outside": True}, headers=key)
    assert taken.status_code == 201
    for metres, status in ((1900, 201), (2100, 422)):
        edge = CALL | {"lat": extent.north + metres / 111_195, "lon": (extent.west + extent.east) / 2}
        assert (await client.post("/incidents", json=edge)).status_code == status, metres
    moved = await client.patch(f"/incidents/{taken.json()['id']}", json={"lat": 24.0})
    assert (moved.status_code, moved.json()["code"]) == (422, "outside_area")
    west, south, east, north = 120.44, 23.47, 120.46, 23.49
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    async with server.engine.begin() as connection:
        outline = {"type": "Polygon", "coordinates": [ring]}
        await connection.execute(insert(bureaus).values(bureau=server.bureau, name="第一分局", outline=outline))
    await server.desk.streets.refresh(server.desk.engine)
    assert (await client.post("/incidents", json=CALL)).status_code == 201
    assert (await client.post("/incidents", json=CALL | {"lon": 120.47})).status_code == 422
    bureau = (await client.get("/bureau")).json()
    assert (bureau["name"], bureau["outline"], bureau["map"]["generated"]) == ("第一分局", outline, True)


async def test_incident_numbers_have_no_twins(module_server: Server, client: httpx.AsyncClient) -> None:
    """Twenty at once, of one day: twenty numbers."""
    made = await asyncio.gather(*(enter(client) for _ in range(20)))
    assert len({i["number"] for i in made}) == 20
    async with module_server.engine.connect() as connection:
        rows = select(func.count(), func.count(incidents.c.number.distinct()))
        total, distinct = (await connection.execute(rows)).one()
    assert total == distinct


async def test_a_notice_reaches_the_crew(module_server: Server, client: httpx.AsyncClient) -> None:
    """202, a frame in the outbox; the log says that there was one, not what it said."""
    unit_id = await module_server.add_unit("NOTICE1")
    answer = await client.post(f"/units/{unit_id}/notices", json={"text": "注意安全", "level": "warning"})
    assert answer.status_code == 202
    (row,) = await module_server.told(unit_id, "notice")
    assert row.body == {"type": "notice", "text": "注意安全", "level": "warning"}
    async with module_server.engine.connect() as connection:
        (event,) = (await connection.execute(select(events).where(events.c.unit_id == unit_id))).all()
    assert (event.kind, event.data) == ("notice_sent", {"level": "warning"})


async def test_a_second_unit_is_sent_by_hand(server: Server) -> None:
    """One goes by itself, a backup by the dispatcher's word; the last to clear closes the incident."""
    first = await server.add_unit("first", at=(23.481, 120.451))
    backup = await server.add_unit("backup", at=(23.49, 120.46))
    client = await server.client()
    incident = await enter(client)
    one = await assigned(client, incident["id"], first)
    answer = await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(backup)})
    assert answer.status_code == 201
    await server.steps(first, one["assignment_id"], "cleared", disposition="left it to the backup")
    await server.inbox_read()
    assert (await client.get(f"/incidents/{incident['id']}")).json()["state"] == "open"
    await server.steps(backup, answer.json()["assignment_id"], "cleared", disposition="done")
    await server.inbox_read()
    closed = (await client.get(f"/incidents/{incident['id']}")).json()
    assert (closed["state"], closed["disposition"]) == ("closed", "done")
