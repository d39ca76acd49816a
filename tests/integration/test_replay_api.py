"""The replay over HTTP: who may look back and how far, what is logged, what was known when, positions, decisions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from dispatch.domain.geometry import Position
from dispatch.service.desk import utc_now
from dispatch.store.past import CANDIDATES
from dispatch.store.past_kept import forget_overwritten
from dispatch.store.past_tables import overwritten
from dispatch.store.tables import access_log, incidents, vehicles
from gateway.store import fixes
from tests.support.feed import watching
from tests.support.replay import fetch, place_at, shown_at
from tests.support.server import Server, assigned, enter, eventually, fix_at, running_server

NEAR = (23.481, 120.451)
S = timedelta(seconds=1)


def span(start: datetime, end: datetime) -> dict[str, str]:
    """As a query."""
    return {"from": start.isoformat(), "to": end.isoformat()}


async def test_who_may_look_back_and_how_far(module_server: Server) -> None:
    """Dispatchers a day, supervisors and auditors as far as there is something; crews and administrators not."""
    now = utc_now()
    long_ago = span(now - timedelta(days=3), now - timedelta(days=3) + S)
    lately = span(now - timedelta(hours=1), now)
    wanted = {"dispatcher": (200, 403), "supervisor": (200, 200), "auditor": (200, 200), "officer": (403, 403)}
    for role, statuses in (wanted | {"admin": (403, 403)}).items():
        client = await module_server.client(f"replay-{role}", role)
        got = [(await client.get("/replay", params=params)).status_code for params in (lately, long_ago)]
        assert tuple(got) == statuses, role
    assert (await (await module_server.stranger()).get("/replay", params=lately)).status_code == 401


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ({"to": "2026-11-25T02:00:00Z"}, "from"),
        ({"from": "2026-11-25T02:00:00Z"}, "to"),
        ({"from": "2026-11-25T02:00:00Z", "to": "2026-11-25T04:00:01Z"}, "to"),
        ({"from": "2026-11-25T02:00:00Z", "to": "2026-11-25T01:00:00Z"}, "to"),
        ({"from": "2100-01-01T00:00:00Z", "to": "2100-01-01T01:00:00Z"}, "from"),
        ({"from": "2026-11-25T02:00:00Z", "to": "2026-11-25T03:00:00Z", "every_s": "0"}, "every_s"),
    ],
)
async def test_an_impossible_period_is_refused_by_name(
    module_server: Server, query: dict[str, str], member: str
) -> None:
    """Half a period, one that is too long, backwards, in the future, or too fine."""
    client = await module_server.client("sue", "supervisor")
    answer = await client.get("/replay", params=query)
    assert answer.status_code == 422, answer.text
    assert member in answer.json()["errors"][0]["member"]


async def test_each_look_is_logged(module_server: Server) -> None:
    """Who, and which period: where officers were is personal."""
    client = await module_server.client("sue", "supervisor")
    start = utc_now() - timedelta(minutes=7)
    await fetch(client, start, start + timedelta(minutes=5))
    async with module_server.engine.connect() as connection:
        query = select(access_log).where(access_log.c.what == "replay").order_by(access_log.c.access_id.desc()).limit(1)
        row = (await connection.execute(query)).one()
    assert (row.username, row.subject, row.detail["from"]) == ("sue", module_server.bureau, start.isoformat())


async def test_it_is_packed_for_who_can_unpack(module_server: Server) -> None:
    """And plain for who can't; neither is kept by anybody on the way."""
    client = await module_server.client("sue", "supervisor")
    period = span(utc_now() - timedelta(minutes=1), utc_now())
    packed = await client.get("/replay", params=period)
    plain = await client.get("/replay", params=period, headers={"Accept-Encoding": "identity"})
    assert (packed.headers["Content-Encoding"], packed.headers["Cache-Control"]) == ("gzip", "no-store")
    assert "Content-Encoding" not in plain.headers
    assert packed.json().keys() == plain.json().keys()
    assert packed.json()["snapshot"] == plain.json()["snapshot"]


async def test_what_was_said_late_is_shown_when_it_was_said(server: Server) -> None:
    """A step of ten seconds ago changes the picture with its message, and its line says when it counts."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    client = await server.client()
    incident = await enter(client)
    assignment = await assigned(client, incident["id"], unit_id)
    server.clock_ahead_by(20 * S)
    before = server.desk.clock()
    pressed_at = before - 10 * S
    await server.steps(unit_id, assignment["id"], "en_route", at=pressed_at)
    await server.inbox_read()
    after = server.desk.clock()
    replay = await fetch(client, before - timedelta(minutes=1), after + S)

    def unit(at: datetime) -> dict[str, Any]:
        return shown_at(replay, at)["units"][str(unit_id)]

    assert (unit(pressed_at + 5 * S)["status"], unit(before)["status"]) == ("DISPATCHED", "DISPATCHED")
    assert unit(after)["status"] == "EN_ROUTE"
    shown = shown_at(replay, after)["incidents"][incident["id"]]
    assert datetime.fromisoformat(shown["en_route_at"]) - pressed_at < 0.01 * S
    assert shown_at(replay, before)["incidents"][incident["id"]]["en_route_at"] is None


async def test_words_and_an_sos_are_those_of_the_time_and_go_with_retention(server: Server) -> None:
    """An address put right later, the place of an SOS told anew; once forgotten, the newest is shown."""
    unit_id = await server.add_unit("北興101")
    client = await server.client()
    begun = server.desk.clock()
    incident = await enter(client, address="first", description="early")
    moments = [server.desk.clock()]
    await client.patch(f"/incidents/{incident['id']}", json={"address": "second"})
    await client.patch(f"/incidents/{incident['id']}", json={"address": "third", "description": "late", "lat": 23.6})
    await server.says(unit_id, "sos", active=True, lat=23.4, lon=120.4)
    await server.inbox_read()
    moments.append(server.desk.clock())
    await server.says(unit_id, "sos", active=True, lat=23.5, lon=120.5)
    await server.inbox_read()
    end = server.desk.clock() + S
    replay = await fetch(client, begun, end)
    shown = shown_at(replay, moments[0])["incidents"][incident["id"]]
    assert (shown["address"], shown["description"], shown["lat"]) == ("first", "early", 23.48)
    (alarm,) = (one for one in shown_at(replay, moments[1])["alarms"].values() if one["kind"] == "sos")
    assert (alarm["lat"], replay["approximate_incidents"]) == (23.4, [])
    async with server.engine.begin() as connection:
        assert await forget_overwritten(connection, begun) == 0
        assert await forget_overwritten(connection, end) == 3
        assert (await connection.execute(select(overwritten))).all() == []
    later = shown_at(await fetch(client, begun, end), moments[0])["incidents"][incident["id"]]
    assert (later["address"], later["lat"]) == ("third", 23.48)


async def test_units_are_where_they_were_known_to_be(server: Server) -> None:
    """Thinned to what was asked for; a backlog moves nothing until it comes in, and never backwards."""
    unit_id = await server.add_unit("北興101")
    client = await server.client("sue", "supervisor")
    start = utc_now() - timedelta(minutes=10)
    async with server.engine.begin() as connection:
        await connection.execute(update(vehicles).values(added_at=start - timedelta(days=1)))
    rows = [_fix(unit_id, start + n * S, start + n * S, 23.0 + n / 1000) for n in range(-30, 60)]
    # Out of reach for a minute; then its backlog comes at once, the newest fix last.
    rows += [_fix(unit_id, start + n * S, start + 120 * S, 24.0 + n / 1000) for n in range(60, 120)]
    rows += [_fix(unit_id, start + 50.5 * S, start + 130 * S, 29.0)]
    async with server.engine.begin() as connection:
        await connection.execute(insert(fixes), rows)
    replay = await fetch(client, start, start + timedelta(minutes=3), every_s=5)

    def lat(second: float) -> float:
        found = place_at(replay, str(unit_id), start + second * S)
        assert found is not None
        return round(found[0], 6)

    assert lat(0) == 22.999
    assert lat(30) == pytest.approx(23.03, abs=0.005)
    assert lat(110) == 23.059
    assert [lat(121), lat(150)] == [24.119, 24.119]
    (track,) = replay["tracks"]
    assert len(track["at_ms"]) <= 60 / 5 + 2
    fine = await fetch(client, start, start + timedelta(minutes=3), every_s=1)
    assert len(fine["tracks"][0]["at_ms"]) == 61
    assert place_at(fine, str(unit_id), start + 30 * S) == (23.03, 120.4, start + 30 * S)


def _fix(unit_id: Any, fixed_at: datetime, received_at: datetime, lat: float) -> dict[str, Any]:
    place = {"lat": lat, "lon": 120.4, "accuracy_m": 4.0, "speed_mps": 9.5, "course_deg": 90.0}
    times = {"fixed_at": fixed_at, "received_at": received_at}
    return {"unit_id": unit_id, "boot": unit_id, "seq": round(fixed_at.timestamp() * 1000), **times, **place}


async def test_a_moving_unit_is_where_the_live_screen_had_it(server: Server) -> None:
    """Position by position, to a metre, with the age that each fix had."""
    unit_id = await server.add_unit("北興101")
    client = await server.client()
    await server.drives(unit_id, [fix_at(utc_now(), Position(23.4, 120.4), 8.0)])
    begun = server.desk.clock()
    live: list[tuple[datetime, float]] = []
    async with watching(server) as screen:
        for n in range(1, 7):
            fix = fix_at(utc_now(), Position(23.4 + n / 1000, 120.4), 8.0)
            await server.drives(unit_id, [fix])
            lat = fix.position.lat
            await screen.until("positions", lambda frame, lat=lat: frame["items"][0]["lat"] == lat)  # type: ignore[misc]
            live.append((server.desk.clock(), lat))
            await _a_second(server, fix.fixed_at)
    replay = await fetch(client, begun, server.desk.clock() + S, every_s=1)
    for at, lat in live:
        found = place_at(replay, str(unit_id), at + 0.5 * S)
        assert found is not None
        assert found[0] == pytest.approx(lat, abs=1e-5)
        assert abs(found[2] - at) < 5 * S


async def _a_second(server: Server, since: datetime) -> None:
    async def passed() -> bool:
        return server.desk.clock() - since > S

    await eventually(passed)


async def test_decisions_come_with_their_candidates(database_url: str, nats_url: str) -> None:
    """The first of them and whoever was chosen, by number and name; the last one before the period as well."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as server:
        units = [await server.add_unit(f"U{n:02}", at=(23.48 + n / 100, 120.45)) for n in range(CANDIDATES + 4)]
        client = await server.client()
        begun = server.desk.clock()
        incident = await enter(client)
        body = {"unit_id": str(units[-1]), "override_reason": "knows the dog"}
        answer = await client.post(f"/incidents/{incident['id']}/assignments", json=body)
        assert answer.status_code == 201, answer.text
        end = server.desk.clock()
        for period in ((begun, end), (end, end + S)):
            (decision,) = (await fetch(client, *period))["decisions"]
            assert (decision["incident_number"], decision["unit_name"]) == (incident["number"], "U13")
            assert (decision["override_reason"], decision["decided_by"]) == ("knows the dog", "dora")
            assert len(decision["candidates"]) == CANDIDATES + 1
            assert decision["candidates_left_out"] == 3
            assert decision["unit_id"] in {one["unit_id"] for one in decision["candidates"]}


async def test_what_an_older_version_logged_less_of_is_said_to_be_approximate(server: Server) -> None:
    """A call whose first line has no place is named; its place is the one that is kept now. An import is shown too."""
    client = await server.client("sue", "supervisor")
    begun = server.desk.clock()
    incident, imported = await enter(client), await enter(client)
    async with server.engine.begin() as connection:
        # In the order in which the dispatcher loop takes them.
        await connection.execute(text("LOCK TABLE incidents IN EXCLUSIVE MODE"))
        await connection.execute(text("ALTER TABLE events DISABLE TRIGGER USER"))
        old = 'UPDATE events SET data = \'{"number": "N", "priority": 2}\' WHERE incident_id = :id'
        await connection.execute(text(old), {"id": incident["id"]})
        await connection.execute(text("DELETE FROM events WHERE incident_id = :id"), {"id": imported["id"]})
        await connection.execute(update(incidents).where(incidents.c.incident_id == imported["id"]).values(address="x"))
    end = server.desk.clock()
    replay = await fetch(client, begun, end)
    assert replay["approximate_incidents"] == [incident["id"]]
    shown = shown_at(await fetch(client, end, end), end)["incidents"]
    assert (shown[incident["id"]]["lat"], shown[imported["id"]]["address"]) == (23.48, "x")
