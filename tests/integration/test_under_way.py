"""What the map asks for beside the feed: ways and ETAs of units under way, stations, and the own fleet's traffic."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert, update

from dispatch.domain.geometry import Position, distance_m
from dispatch.domain.policy_settings import PolicySettings
from dispatch.service.desk import utc_now
from dispatch.service.situations import take_picture
from dispatch.service.under_way import KEPT_S
from dispatch.store.tables import precincts, stations
from tests.support.server import Server, assigned, enter, eventually, fix_at, incident_when
from tests.support.standby import city, junction
from tests.unit.roads.towns import Town, place

HERE, THERE = (0.3, 0.3), (0.6, 0.6)


async def ways(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """GET /under-way."""
    answer = await client.get("/under-way")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def later(server: Server, seconds: float) -> None:
    """Past what the server keeps of its last answer."""
    server.clock_ahead_by(timedelta(seconds=seconds))


async def test_a_way_leads_from_the_unit_to_the_call_with_the_eta_that_decisions_see(server: Server) -> None:
    """From the newest position along the streets, in the seconds that a decision sees now, with a spread."""
    await server.load(city())
    unit_id = await server.add_unit("北興101", at=junction(*HERE))
    client = await server.client()
    assert await ways(client) == []
    later(server, KEPT_S)
    await server.stands(unit_id, *junction(*HERE))
    incident = await enter(client, *junction(*THERE), priority=1)
    assignment = await assigned(client, incident["id"], unit_id)
    (way,) = await eventually(lambda: ways(client))
    assert (way["assignment_id"], way["unit_id"]) == (assignment["assignment_id"], str(unit_id))
    assert (way["incident_id"], way["basis"]) == (incident["id"], "street")
    async with server.engine.connect() as connection:
        picture = await take_picture(connection, server.desk, PolicySettings(), also=[UUID(incident["id"])])
    assert way["eta_s"] == pytest.approx(picture.situation.eta_s[0, 0], abs=0.2)
    assert way["eta_low_s"] < way["eta_s"] < way["eta_high_s"]
    assert way["route"]["type"] == "LineString"
    line = [Position(lat, lon) for lon, lat in way["route"]["coordinates"]]
    assert len(line) > 2
    assert distance_m(line[0], Position(*junction(*HERE))) < 1
    assert distance_m(line[-1], Position(*junction(*THERE))) < 1


async def test_a_way_shortens_as_the_unit_drives_and_ends_on_scene(server: Server) -> None:
    """Asked again after two seconds it starts from where the unit is by then; on scene there is none any more."""
    await server.load(city())
    unit_id = await server.add_unit("北興101", at=junction(*HERE))
    client = await server.client()
    incident = await enter(client, *junction(*THERE))
    assignment = await assigned(client, incident["id"], unit_id)
    (before,) = await ways(client)
    later(server, KEPT_S + 0.5)
    await server.stands(unit_id, *junction(0.5, 0.5))
    (after,) = await ways(client)
    assert after["eta_s"] < before["eta_s"]
    assert after["distance_m"] < before["distance_m"]
    await server.steps(unit_id, assignment["assignment_id"], "on_scene")
    await incident_when(client, incident["id"], lambda i: i["on_scene_at"] is not None)
    later(server, 2 * KEPT_S + 1)
    assert await ways(client) == []


async def test_without_a_position_or_streets_it_says_so(server: Server) -> None:
    """Nulls for a unit that nobody has seen; without streets the straight line, and an old position widens it."""
    unseen = await server.add_unit("unseen")
    seen = await server.add_unit("seen")
    client = await server.client()
    incident = await enter(client, 23.48, 120.45, priority=4, category="service")
    for unit_id in (unseen, seen):
        await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
    await server.stands(seen, 23.49, 120.45)
    by_unit = {way["unit_id"]: way for way in await ways(client)}
    assert by_unit[str(unseen)]["route"] is None
    assert by_unit[str(unseen)]["eta_s"] is None
    fresh = by_unit[str(seen)]
    assert fresh["basis"] == "geodesic"
    assert fresh["route"]["coordinates"] == [[120.45, 23.49], [120.45, 23.48]]
    later(server, 300)
    (old,) = [way for way in await ways(client) if way["unit_id"] == str(seen)]
    assert old["eta_s"] == fresh["eta_s"]
    assert old["eta_high_s"] > fresh["eta_high_s"]


async def test_a_crew_at_the_door_walks(server: Server) -> None:
    """As decisions see it: a few metres are no drive round the block."""
    await server.load(city())
    lat, lon = junction(*HERE)
    unit_id = await server.add_unit("北興101", at=(lat + 0.0001, lon))
    client = await server.client()
    incident = await enter(client, lat, lon)
    await assigned(client, incident["id"], unit_id)
    (way,) = await ways(client)
    assert way["eta_s"] < 11
    assert way["distance_m"] < 15


async def test_stations_stand_with_their_precinct(server: Server) -> None:
    """By precinct and name; one without a place or a precinct is told as such."""
    first = uuid4()
    async with server.engine.begin() as connection:
        await connection.execute(insert(precincts).values(precinct_id=first, name="第一分局"))
    for name in ("後湖", "北興", "長榮"):
        await server.add_station(name, 23.48, 120.45)
    async with server.engine.begin() as connection:
        await connection.execute(update(stations).where(stations.c.name != "後湖").values(precinct_id=first))
        await connection.execute(update(stations).where(stations.c.name == "後湖").values(lat=None, lon=None))
    items = (await (await server.client()).get("/stations")).json()["items"]
    told = [(item["name"], item["precinct"], item["lat"]) for item in items]
    assert told == [("北興", "第一分局", 23.48), ("長榮", "第一分局", 23.48), ("後湖", None, None)]


@pytest.mark.parametrize("leads", [True, False])
async def test_a_jam_is_drawn_in_the_direction_that_crawls(server: Server, leads: bool) -> None:
    """A car that creeps east: the street is slow eastwards alone, by name, whether this server leads or not."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 2000), street_class="secondary", name="中山路")
    town.street(1, 2, (0, 2000), (500, 2000), name="文化路")
    town.street(2, 0, (500, 2000), (500, 0), (0, 0), name="北門街")
    client = await server.client()
    assert (await client.get("/jams")).json()["code"] == "no_map"
    await server.load(town.street_map())
    assert (await client.get("/jams")).json()["features"] == []
    server.app.state.jams._leads = lambda: leads
    server.clock_ahead_by(timedelta(seconds=11))
    unit_id = await server.add_unit("creeping")
    now = utc_now()
    metres = [400 + second * 1.0 + (10 if second % 20 < 10 else 0) for second in range(240)]
    track = [fix_at(now - timedelta(seconds=240 - n), place(0, at), 1.0) for n, at in enumerate(metres)]
    await server.drives(unit_id, track)

    async def drawn() -> list[dict[str, Any]]:
        answer = await client.get("/jams")
        assert answer.headers["content-type"] == "application/geo+json"
        features: list[dict[str, Any]] = answer.json()["features"]
        return features

    (jam,) = await eventually(drawn)
    assert jam["properties"]["name"] == "中山路"
    assert jam["properties"]["factor"] > 1
    (west, _), *_, (east, _) = jam["geometry"]["coordinates"]
    assert west < east


async def test_who_may_ask(server: Server) -> None:
    """Ways: who dispatches. Traffic: who reads. Stations: whoever is signed in."""
    allowed = {
        "dispatcher": (200, 404, 200),
        "supervisor": (200, 404, 200),
        "auditor": (403, 404, 200),
        "officer": (403, 403, 200),
        "admin": (403, 403, 200),
    }
    for role, statuses in allowed.items():
        client = await server.client(role, role)
        got = tuple([(await client.get(path)).status_code for path in ("/under-way", "/jams", "/stations")])
        assert got == statuses, role
    stranger = await server.stranger()
    for path in ("/under-way", "/jams", "/stations"):
        assert (await stranger.get(path)).status_code == 401
