"""The browser feed: snapshot, numbered events, coalesced positions, heartbeats; and who gets none."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dispatch.api import feed
from dispatch.domain.geometry import Position
from dispatch.service.desk import utc_now
from tests.support.feed import dial, watching
from tests.support.server import PASSWORD, Server, enter, fix_at

NEAR = (23.481, 120.451)


async def test_a_snapshot_and_then_every_event_by_number(server: Server) -> None:
    """All units, open incidents and alarms at first; then each event once, in order, with what it changed."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    client = await server.client()
    closed = await enter(client, exclusion="test")
    await client.post(f"/incidents/{closed['id']}/close", json={"disposition": "done"})
    opened = await enter(client, 23.0, 120.0)
    async with watching(server) as screen:
        assert set(screen.units) == {str(unit_id)}
        assert set(screen.incidents) == {opened["id"]}
        assert screen.units[str(unit_id)]["position"]["lat"] == NEAR[0]
        incident = await enter(client, caller_phone="0912345678")
        created = await screen.until_event("incident_created")
        assert created["incidents"][0]["id"] == incident["id"]
        assert "0912345678" not in str(screen.frames)
        await server.says(unit_id, "sos", active=True)
        raised = await screen.until_event("sos_raised")
        assert (raised["alarms"][0]["kind"], raised["units"][0]["id"]) == ("sos", str(unit_id))
        await client.post(f"/incidents/{incident['id']}/cancel", json={"reason": "none"})
        await screen.until_event("incident_cancelled")
        assert incident["id"] not in screen.incidents
        numbers = [frame["seq"] for frame in screen.frames if frame["type"] == "event"]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_an_order_and_its_answers_reach_the_screen(server: Server) -> None:
    """The unit's status changes on the screen with each step, and silence is seen as an alarm."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    client = await server.client()
    async with watching(server) as screen:
        incident = await enter(client)
        await screen.until_event("unit_dispatched")
        assert screen.units[str(unit_id)]["status"] == "DISPATCHED"
        server.clock_ahead_by(timedelta(seconds=31))
        overdue = await screen.until_event("acknowledgement_overdue")
        assert overdue["alarms"][0]["kind"] == "no_acknowledgement"
        assert screen.units[str(unit_id)]["status"] == "AVAILABLE"
        await screen.until_event("nobody_available")
        assert {alarm["kind"] for alarm in screen.alarms.values()} == {"no_acknowledgement", "no_unit"}
        await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "by phone"})
        await screen.until_event("incident_closed")
        assert (screen.alarms, screen.incidents) == ({}, {})


async def test_who_asks_gets_a_fresh_snapshot(module_server: Server) -> None:
    """After a gap, as often as it likes; the numbers go on from it. What can't be read changes nothing."""
    client = await module_server.client()
    async with watching(module_server) as screen:
        incident = await enter(client)
        for nonsense in ("{", "[]", '"snapshot"', '{"type":"other"}', '{"type":{}}', "null", "\x00"):
            await screen.socket.send(nonsense)
        snapshot = await screen.ask_again()
        assert incident["id"] in {shown["id"] for shown in snapshot["incidents"]}
        again = await screen.ask_again()
        assert again["seq"] >= snapshot["seq"]
        await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "done"})
        await screen.until_event("incident_closed")
        assert incident["id"] not in screen.incidents


async def test_positions_are_coalesced_and_never_go_back(module_server: Server) -> None:
    """Forty fixes in a burst: the newest arrives, in far fewer frames; a late one moves nothing."""
    unit_id = await module_server.add_unit("COALESCE")
    start = utc_now() - timedelta(minutes=1)
    track = [fix_at(start + timedelta(seconds=s), Position(23.48 + s / 10_000, 120.45), 10.0) for s in range(40)]

    def mine(frame: dict[str, Any]) -> list[dict[str, Any]]:
        return [item for item in frame["items"] if item["unit_id"] == str(unit_id)]

    async with watching(module_server) as screen:
        for fix in track:
            await module_server.drives(unit_id, [fix])
        newest = await screen.until("positions", lambda f: any(i["lat"] == track[-1].position.lat for i in mine(f)))
        late = fix_at(start - timedelta(seconds=5), Position(23.0, 120.0))
        await module_server.drives(unit_id, [late])
        await screen.until("heartbeat")
        await screen.until("heartbeat")
        seen = [mine(frame) for frame in screen.frames if frame["type"] == "positions"]
        assert all(len(items) <= 1 for items in seen)
        assert sum(len(items) for items in seen) < len(track)
        lats = [items[0]["lat"] for items in seen if items]
        assert lats == sorted(lats)
        assert mine(newest)[0]["speed_mps"] == 10.0
    unit = (await (await module_server.client()).get(f"/units/{unit_id}")).json()
    assert unit["position"]["lat"] == track[-1].position.lat


async def test_positions_that_the_bus_lost_are_found_in_the_table(module_server: Server) -> None:
    """Without any announcement the newest position comes all the same, a little later."""
    unit_id = await module_server.add_unit("UNANNOUNCED")
    async with watching(module_server) as screen:
        await module_server.drives(unit_id, [fix_at(utc_now(), Position(23.5, 120.5))], hint=False)
        await screen.until("positions", lambda f: any(i["unit_id"] == str(unit_id) for i in f["items"]))


async def test_heartbeats_tell_that_all_came(module_server: Server) -> None:
    """With the server's time and the number of the last event: a screen knows that it is alone when they stop."""
    async with watching(module_server) as screen:
        beat = await screen.until("heartbeat")
        assert beat["server_time"]
        assert beat["seq"] == screen.seq


@pytest.mark.parametrize("role", ["officer", "admin", "auditor"])
async def test_other_roles_get_no_feed(module_server: Server, role: str) -> None:
    """Refused in the handshake with 403."""
    token = await module_server.token(f"feed-{role}", role)
    with pytest.raises(InvalidStatus) as refused:
        await dial(module_server, Authorization=f"Bearer {token}")
    assert refused.value.response.status_code == 403


async def test_nobody_and_foreign_pages_get_no_feed(module_server: Server) -> None:
    """No token: 401. The cookie from another site's page: 403; from our own page, and a program's token: welcome."""
    with pytest.raises(InvalidStatus) as nobody:
        await dial(module_server)
    assert nobody.value.response.status_code == 401
    assert nobody.value.response.headers["WWW-Authenticate"] == "Bearer"
    token = await module_server.token("sue", "supervisor")
    for origin in ("https://evil.example", "null", module_server.url.replace("127.0.0.1", "127.0.0.2")):
        with pytest.raises(InvalidStatus) as foreign:
            await dial(module_server, Cookie=f"patrol_session={token}", Origin=origin)
        assert foreign.value.response.status_code == 403
    for headers in (
        {"Cookie": f"patrol_session={token}", "Origin": module_server.url},
        {"Authorization": f"Bearer {token}", "Origin": "https://evil.example"},
    ):
        async with dial(module_server, **headers) as socket:
            assert '"snapshot"' in str(await socket.recv())


async def test_signing_out_ends_the_feed(module_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream doesn't outlive its session."""
    monkeypatch.setattr(feed, "RECHECK_S", 0.1)
    await module_server.add_account("leaver", "dispatcher")
    async with httpx.AsyncClient(base_url=f"{module_server.url}/api/v1", trust_env=False) as client:
        answer = await client.post("/session", json={"username": "leaver", "password": PASSWORD})
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        client.cookies.clear()
        async with dial(module_server, **bearer) as socket:
            await socket.recv()
            assert (await client.delete("/session", headers=bearer)).status_code == 204
            with suppress(ConnectionClosed):
                async with asyncio.timeout(20):
                    while True:
                        await socket.recv()
            assert socket.close_code == 1008
