"""Units and streets over the API: live state, past positions, the base map."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from dispatch.api import units
from dispatch.domain.geometry import Position
from dispatch.service.desk import utc_now
from dispatch.store.tables import events
from tests.support.cities import generated_chiayi
from tests.support.server import Server, fix_at


@pytest.fixture
async def client(module_server: Server) -> httpx.AsyncClient:
    """A dispatcher's."""
    return await module_server.client()


async def test_a_unit_is_shown_as_it_is(module_server: Server, client: httpx.AsyncClient) -> None:
    """Position with its time, availability with its reason, the newest state of each camera by the car's time."""
    unit_id = await module_server.add_unit("SHOWN", vehicle_type="motorcycle", at=(23.481, 120.451))
    now = utc_now()
    for seconds, state, battery_pct in ((5, "recording", 80), (3, "standby", 81), (6, "recording", 79)):
        at = now + timedelta(seconds=seconds)
        camera = {"camera_id": "bwc-1", "state": state, "battery_pct": battery_pct}
        await module_server.says(unit_id, "camera", at=at, hint=False, **camera)
    await module_server.says(unit_id, "availability", available=False, reason="meal", at=now)
    await module_server.says(unit_id, "availability", available=True, at=now - timedelta(minutes=5))
    await module_server.inbox_read()
    unit = (await client.get(f"/units/{unit_id}")).json()
    assert (unit["status"], unit["unavailable_reason"], unit["vehicle_type"]) == (
        "OUT_OF_SERVICE",
        "meal",
        "motorcycle",
    )
    assert (unit["plate"], unit["connected"], unit["assignment"]) == ("P-SHOWN", False, None)
    assert (unit["position"]["lat"], unit["position"]["lon"]) == (23.481, 120.451)
    (camera,) = unit["cameras"]
    assert (camera["state"], camera["battery_pct"]) == ("recording", 79)
    assert unit.pop("agent_health") is None
    assert unit in (await client.get("/units")).json()["items"]


async def test_what_the_agent_says_of_itself_is_shown(module_server: Server, client: httpx.AsyncClient) -> None:
    """Its newest word by the car's time; an older one that came late changes nothing, one from the future no more."""
    unit_id = await module_server.add_unit("HEALTHY")
    now = utc_now()
    said: dict[str, object] = {"agent": "test/1", "waiting": 2, "uptime_s": 60, "troubles": ["clock_off"]}
    await module_server.says(unit_id, "health", at=now + timedelta(hours=3), clock_offset_ms=-5, hint=False, **said)
    await module_server.says(
        unit_id, "health", at=now - timedelta(hours=1), hint=False, **said | {"troubles": ["no_fix"]}
    )
    await module_server.inbox_read()
    health = (await client.get(f"/units/{unit_id}")).json()["agent_health"]
    assert {name: health[name] for name in said} == said
    assert (health["clock_offset_ms"], health["gnss_offset_ms"]) == (-5, None)
    await module_server.says(unit_id, "health", at=utc_now(), hint=False, **said | {"troubles": []})
    await module_server.inbox_read()
    assert (await client.get(f"/units/{unit_id}")).json()["agent_health"]["troubles"] == []


async def test_a_track_is_what_was_measured_in_the_period(
    module_server: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oldest first by the receiver's time, `from` inclusive and `to` not; the last hour if nothing is asked."""
    unit_id = await module_server.add_unit("TRACKED")
    start = utc_now().replace(microsecond=0) - timedelta(minutes=90)
    track = [fix_at(start + timedelta(minutes=m), Position(23.48, 120.45 + m / 1000), 5.0) for m in range(90)]
    await module_server.drives(unit_id, track[40:])
    await module_server.drives(unit_id, list(reversed(track[:40])))
    path = f"/units/{unit_id}/track"
    whole = (await client.get(path, params={"from": start.isoformat()})).json()
    assert [item["lon"] for item in whole["items"]] == [fix.position.lon for fix in track]
    assert not whole["truncated"]
    period = {"from": track[10].fixed_at.isoformat(), "to": track[20].fixed_at.isoformat()}
    part = (await client.get(path, params=period)).json()
    assert [item["lon"] for item in part["items"]] == [fix.position.lon for fix in track[10:20]]
    lately = (await client.get(path)).json()["items"]
    assert 0 < len(lately) < 90
    assert lately[-1]["lon"] == track[-1].position.lon
    monkeypatch.setattr(units, "TRACK_LIMIT", 7)
    cut = (await client.get(path, params={"from": start.isoformat()})).json()
    assert (len(cut["items"]), cut["truncated"]) == (7, True)


async def test_the_base_map_is_sent_once(server: Server) -> None:
    """404 `no_map` before there is one; then GeoJSON, packed, with a tag that spares the next load."""
    client = await server.client()
    missing = await client.get("/streets")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_map")
    assert (await client.get("/bureau")).json()["map"] is None
    city = generated_chiayi(1)
    await server.load(city)
    packed = await client.get("/streets")
    assert (packed.headers["content-type"], packed.headers["content-encoding"]) == ("application/geo+json", "gzip")
    features = packed.json()["features"]
    assert features[0]["geometry"]["type"] == "LineString"
    west_first = features[0]["geometry"]["coordinates"][0]
    assert 120 < west_first[0] < 121
    assert 23 < west_first[1] < 24
    plain = await client.get("/streets", headers={"Accept-Encoding": "identity"})
    assert plain.content == packed.content
    same = await client.get("/streets", headers={"If-None-Match": packed.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    await server.load(generated_chiayi(2))
    other = await client.get("/streets", headers={"If-None-Match": packed.headers["etag"]})
    assert other.status_code == 200
    assert (await client.get("/bureau")).json()["map"]["source"] == "generated-chiayi-1-2"


async def test_candidates_for_a_place_without_an_incident(server: Server) -> None:
    """While the call is still being taken: by ETA over the streets, and far from any street by air, saying so."""
    city = generated_chiayi(1)
    await server.load(city)
    wide = next(edge for edge in range(city.edges) if city.class_of(edge) == "secondary")
    lat, lon = (float(degrees.mean()) for degrees in city.shape(wide))
    on_street = await server.add_unit("on a street", at=(float(city.node_lat[5]), float(city.node_lon[5])))
    off_street = await server.add_unit("off the map", at=(24.5, 121.5))
    lost = await server.add_unit("lost")
    await server.stands(lost, lat, lon, age=timedelta(minutes=6))
    client = await server.client()
    ranked = (await client.get("/candidates", params={"lat": lat, "lon": lon, "priority": 1})).json()["items"]
    assert [c["unit_id"] for c in ranked] == [str(on_street), str(off_street), str(lost)]
    assert [c["reasons"] for c in ranked] == [[], ["geodesic"], ["position_lost", "stale_position"]]
    assert [c["recommended"] for c in ranked] == [True, True, False]


async def test_what_is_said_of_a_unit_is_shown_and_logged(server: Server) -> None:
    """Crew, shift and skills: what is given changes, the rest stays; impossible values are named."""
    unit_id = await server.add_unit("北興101", at=(23.481, 120.451), vehicle_type="motorcycle", crew=1)
    client = await server.client()
    path = f"/units/{unit_id}"
    before = (await client.get(path)).json()
    assert (before["crew"], before["shift_ends_at"], before["capabilities"]) == (1, None, [])
    body = {"crew": 2, "capabilities": ["rescue", "accident", "rescue"], "shift_ends_at": "2026-11-25T20:00:00+08:00"}
    after = (await client.patch(path, json=body)).json()
    assert (after["crew"], after["capabilities"]) == (2, ["accident", "rescue"])
    assert after["shift_ends_at"] == "2026-11-25T12:00:00Z"
    assert (await client.patch(path, json={})).json() == (await client.get(path)).json()
    assert (await client.patch(path, json={"shift_ends_at": None})).json()["shift_ends_at"] is None
    for wrong, member in (({"crew": 0}, "crew"), ({"crew": None}, "crew"), ({"capabilities": [""]}, "capabilities")):
        refused = await client.patch(path, json=wrong)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["member"].startswith(member)
    missing = await client.patch("/units/00000000-0000-0000-0000-000000000007", json={"crew": 1})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    auditor = await server.client("otto", "auditor")
    assert (await auditor.patch(path, json={"crew": 1})).status_code == 403
    async with server.engine.connect() as connection:
        query = select(events).where(events.c.kind == "unit_changed").order_by(events.c.event_id)
        said = [(row.actor, row.data) for row in await connection.execute(query)]
    assert said[0][1].pop("before") == {"crew": 1, "capabilities": [], "shift_ends_at": None}
    assert said[1][1].pop("before") == {"shift_ends_at": "2026-11-25T12:00:00+00:00"}
    assert said[0] == (
        "dora",
        body | {"capabilities": ["accident", "rescue"], "shift_ends_at": "2026-11-25T12:00:00+00:00"},
    )
    assert said[1] == ("dora", {"shift_ends_at": None})
