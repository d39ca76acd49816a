"""How well idle units cover the expected calls: figures beside ETAs asked for one by one, areas, and the alarm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest
import shapely
from sqlalchemy import insert

from dispatch.domain.geometry import Position
from dispatch.roads.conditions import Conditions
from dispatch.service.coverage import hour_of
from dispatch.store.tables import incidents, stations
from tests.support.feed import watching
from tests.support.server import Server, eventually
from tests.support.standby import CORNER, add_units, city, junction, later, looked


async def figures(client: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    """GET /coverage."""
    answer = await client.get("/coverage", params=query)
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def test_the_shares_are_those_of_etas_asked_one_by_one(server: Server) -> None:
    """Every place, every idle unit, the route search of dispatching: the same shares, to a place at the edge of the
    limit. Units on a break or lost count for nothing."""
    await server.load(city())
    await add_units(server, "北興101", at=(0.5, 0.5))
    await add_units(server, "北興102", at=CORNER)
    away = await server.add_unit("away", at=junction(0.9, 0.9))
    await server.says(away, "availability", available=False)
    lost = await server.add_unit("lost")
    await server.stands(lost, *junction(0.1, 0.9), age=timedelta(minutes=6))
    await server.inbox_read()
    seen = await figures(await server.client())
    assert (seen["idle_units"], seen["calls"]) == (2, 0)
    places = (await server.app.state.coverage.base(server.desk.clock())).places
    sources = [Position(*junction(0.5, 0.5)), Position(*junction(*CORNER))]
    conditions = Conditions(hour=hour_of(server.desk.clock()))
    nearest_s = [
        min(eta.eta_s for eta in places.travel.etas(places.position(n), sources, conditions=conditions))
        for n in range(len(places.places))
    ]
    weight = np.bincount(places.group) / len(places.sites)  # of no calls: even over the streets
    for within in seen["shares"]:
        expected = weight @ (np.array(nearest_s) <= within["within_s"])
        assert within["share"] == pytest.approx(expected, abs=0.02)
    assert seen["share"] == pytest.approx(seen["shares"][1]["share"])
    assert seen["response_s"] == pytest.approx(weight @ np.array(nearest_s), rel=0.01)
    assert seen["likely_share"] < seen["share"]


async def test_past_calls_move_what_is_expected(server: Server) -> None:
    """Two hundred calls of one quarter at night: whoever stands there covers that night's calls, not the day's."""
    await server.load(city())
    await add_units(server, "北興101", at=CORNER)
    client = await server.client()
    even = (await figures(client))["share"]
    lat, lon = junction(*CORNER)
    now = server.desk.clock()
    past = [
        {
            "incident_id": uuid4(),
            "number": f"P-{n}",
            "category": "criminal",
            "priority": 2,
            "lat": lat,
            "lon": lon,
            "received_at": now - timedelta(days=1 + n % 28),
            "created_at": now,
            "state": "closed",
        }
        for n in range(200)
    ]
    async with server.engine.begin() as connection:
        await connection.execute(insert(incidents), past)
    assert (await figures(client))["calls"] == 0, "the surface is kept for fifteen minutes"
    server.clock_ahead_by(timedelta(minutes=16))
    await server.stands(await _unit(client), lat, lon)
    seen = await figures(client, at=now.isoformat())
    assert seen["calls"] == 200
    assert seen["share"] > max(0.9, even)
    assert seen["calls_since"] < (now - timedelta(days=27)).isoformat()


async def _unit(client: httpx.AsyncClient) -> UUID:
    return UUID((await client.get("/units")).json()["items"][0]["id"])


async def test_the_areas_lie_inside_each_other_round_the_units(server: Server) -> None:
    """GeoJSON with the widest first; an answer that has not changed is not sent again; without a unit it is empty."""
    await server.load(city())
    client = await server.client()
    empty = await client.get("/coverage/areas")
    assert empty.json()["features"] == []
    await add_units(server, "北興101", at=(0.5, 0.5))
    server.clock_ahead_by(timedelta(seconds=16))
    answer = await client.get("/coverage/areas")
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    assert [feature["properties"]["within_s"] for feature in features] == [600.0, 300.0, 180.0]
    areas = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    assert areas[0].area > areas[1].area > areas[2].area
    lat, lon = junction(0.5, 0.5)
    assert all(area.buffer(1e-4).contains(shapely.Point(lon, lat)) for area in areas)
    same = await client.get("/coverage/areas", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_without_streets_there_is_no_coverage(server: Server) -> None:
    """404 `no_map`, for figures and areas."""
    client = await server.client()
    for path in ("/coverage", "/coverage/areas"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_map")


async def test_who_may_look(server: Server) -> None:
    """Dispatchers, supervisors and auditors."""
    for role, status in (("dispatcher", 404), ("supervisor", 404), ("auditor", 404), ("officer", 403), ("admin", 403)):
        client = await server.client(role, role)
        assert (await client.get("/coverage")).status_code == status
        assert (await client.get("/coverage/areas")).status_code == status
    assert (await (await server.stranger()).get("/coverage")).status_code == 401


async def test_thin_coverage_is_told_once_with_where_and_ends_by_itself(server: Server) -> None:
    """It must last a minute; one alarm however long it lasts; back above the higher mark for a minute it is over."""
    lat, lon = junction(0.8, 0.8)
    async with server.engine.begin() as connection:
        await connection.execute(insert(stations).values(station_id=uuid4(), name="後湖", lat=lat, lon=lon))
    await server.load(city())
    (alone,) = await add_units(server, "alone", at=CORNER)
    client = await server.client()
    await looked(server)
    assert (await figures(client))["share"] < 0.6
    assert await _alarms(client) == []
    async with watching(server) as screen:
        await later(server, timedelta(seconds=61), alone)
        raised = await screen.until_event("coverage_thin")
        (alarm,) = raised["alarms"]
        assert (alarm["kind"], alarm["level"], alarm["data"]["addressed_to"]) == ("coverage", "warning", "supervisor")
        worst = alarm["data"]["thin"][0]
        assert (worst["station"], worst["lat"]) == ("後湖", alarm["lat"])
        assert worst["place"]
        assert [area["missing_share"] for area in alarm["data"]["thin"]] == sorted(
            (area["missing_share"] for area in alarm["data"]["thin"]), reverse=True
        )
        await later(server, timedelta(seconds=200), alone)
        await looked(server)
        assert len(await _alarms(client)) == 1
        places = (await server.app.state.coverage.base(server.desk.clock())).places
        for n, post in enumerate(places.posts[::6]):
            await server.add_unit(f"many-{n}", at=(post.position.lat, post.position.lon))
        await looked(server)
        assert (await figures(client))["share"] >= 0.65
        assert len(await _alarms(client)) == 1, "a moment is no recovery"
        await _all_stand(server, timedelta(seconds=270))
        await screen.until_event("coverage_restored")
        assert screen.alarms == {}
    (ended,) = (await client.get("/alarms?state=all")).json()["items"]
    assert ended["resolved_by"] == "server"


async def test_who_begins_to_lead_knows_the_standing_alarm(server: Server) -> None:
    """A new leader raises no second one, and resolves it when coverage is back."""
    await server.load(city())
    (alone,) = await add_units(server, "alone", at=CORNER)
    client = await server.client()
    await looked(server)
    await later(server, timedelta(seconds=61), alone)
    await eventually(lambda: _alarms(client))
    server.app.state.standby._alarm.forget()
    await later(server, timedelta(seconds=200), alone)
    await looked(server)
    assert len(await _alarms(client)) == 1


async def _all_stand(server: Server, ahead: timedelta) -> None:
    """So much later; every unit has just said that it is where it was."""
    server.clock_ahead_by(ahead)
    items = (await (await server.client()).get("/units")).json()["items"]
    for unit in items:
        await server.stands(UUID(unit["id"]), unit["position"]["lat"], unit["position"]["lon"])
    await looked(server)


async def _alarms(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get("/alarms")).json()["items"]
    return [item for item in items if item["kind"] == "coverage"]
