"""Which units an incident gets by its kind, and what the duty roster has to say: on the real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dispatch.roads.narrow import is_narrow
from tests.support.cities import generated_chiayi
from tests.support.server import Server, assigned, enter, incident_when, kinds, running_server

SCENE = (23.48, 120.45)
AT_ONCE, NEAR, FAR = (23.4805, 120.45), (23.483, 120.45), (23.49, 120.45)


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that decides again every half second."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


async def sent(client: httpx.AsyncClient, incident_id: str, count: int) -> dict[str, str | None]:
    """Who is on it, and as what, once there are so many."""

    def active(incident: dict[str, Any]) -> list[dict[str, Any]]:
        return [a for a in incident["assignments"] if a["ended_at"] is None]

    seen = await incident_when(client, incident_id, lambda i: len(active(i)) == count)
    return {a["unit_name"]: a["role"] for a in active(seen)}


async def test_a_violent_crime_takes_two_units_one_of_them_of_two(server: Server) -> None:
    """The motorcycle is nearest and goes, but as the second; three are no better than two."""
    await server.add_unit("motorcycle", at=AT_ONCE, vehicle_type="motorcycle", crew=1)
    await server.add_unit("near", at=NEAR)
    await server.add_unit("far", at=FAR)
    client = await server.client()
    incident = await enter(client, *SCENE, category="criminal", priority=1)
    assert await sent(client, incident["id"], 2) == {"motorcycle": "second", "near": "first"}
    routine = await enter(client, *SCENE, category="criminal", priority=2)
    assert await sent(client, routine["id"], 1) == {"far": "first"}
    assert (await client.get("/alarms")).json()["items"] == []


async def test_a_second_unit_that_nobody_can_be_is_told(server: Server) -> None:
    """One goes at once; that the other is missing is a warning, until there is one."""
    await server.add_unit("only", at=NEAR)
    client = await server.client()
    incident = await enter(client, *SCENE, category="public_order", priority=1)
    seen = await incident_when(client, incident["id"], lambda i: "unit_missing" in kinds(i))
    assert await sent(client, incident["id"], 1) == {"only": "first"}
    (alarm,) = (await client.get("/alarms")).json()["items"]
    assert (alarm["kind"], alarm["level"], alarm["data"]) == ("second_unit", "warning", {"missing": ["second"]})
    assert [d["role"] for d in seen["decisions"]] == ["first", "second"]
    assert seen["decisions"][1]["assignment_id"] is None
    await server.add_unit("help", at=FAR)
    assert await sent(client, incident["id"], 2) == {"only": "first", "help": "second"}
    assert (await client.get("/alarms")).json()["items"] == []


async def test_the_second_unit_is_not_sent_again_when_the_first_has_cleared(server: Server) -> None:
    """Who has done its part was there: the incident needs nobody in its place."""
    units = {name: await server.add_unit(name, at=NEAR) for name in ("one", "two", "three")}
    client = await server.client()
    incident = await enter(client, *SCENE, category="criminal", priority=1)
    roles = await sent(client, incident["id"], 2)
    seen = (await client.get(f"/incidents/{incident['id']}")).json()
    for assignment in seen["assignments"]:
        await server.steps(units[assignment["unit_name"]], assignment["assignment_id"], "on_scene")
    first = seen["assignments"][0]
    await server.steps(units[first["unit_name"]], first["assignment_id"], "cleared")
    await incident_when(client, incident["id"], lambda i: i["cleared_at"] is not None)
    probe = await enter(client, 23.0, 120.0, priority=4, confirm_outside=True)
    await incident_when(client, probe["id"], lambda i: len(i["timeline"]) > 1)
    still = (await client.get(f"/incidents/{incident['id']}")).json()
    assert {a["unit_name"] for a in still["assignments"]} == set(roles)


@pytest.mark.parametrize("accident_class", ["A1", "A2"])
async def test_an_injury_takes_a_specialist_and_the_nearest(server: Server, accident_class: str) -> None:
    """The one protects the scene, the other takes the accident up; without a specialist on duty one unit goes."""
    await server.add_unit("nearest", at=NEAR)
    specialist = await server.add_unit("specialist", at=FAR, capabilities=["accident"])
    client = await server.client()
    members: dict[str, Any] = {"category": "traffic_accident", "accident_class": accident_class}
    incident = await enter(client, *SCENE, priority=2, **members)
    assert await sent(client, incident["id"], 2) == {"nearest": "first", "specialist": "specialist"}
    await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "done"})
    await client.patch(f"/units/{specialist}", json={"capabilities": []})
    another = await enter(client, *SCENE, priority=2, **members)
    assert await sent(client, another["id"], 1) == {"nearest": "first"}


async def test_damage_only_goes_to_the_station_s_own(server: Server) -> None:
    """In its own area it goes before a nearer one of another station; any other call goes to the nearest."""
    here = await server.add_station("北興", *SCENE)
    there = await server.add_station("北鎮", 23.53, 120.45)
    await server.add_unit("own", at=FAR, station=here)
    await server.add_unit("nearer", at=NEAR, station=there)
    client = await server.client()
    accident = await enter(client, *SCENE, category="traffic_accident", accident_class="A3", priority=3)
    assert await sent(client, accident["id"], 1) == {"own": "first"}
    decision = (await client.get(f"/incidents/{accident['id']}")).json()["decisions"][0]
    assert [c["name"] for c in decision["candidates"]] == ["own", "nearer"]
    assert "own_station" in decision["candidates"][0]["reasons"]
    other = await enter(client, *SCENE, category="traffic", priority=3)
    assert await sent(client, other["id"], 1) == {"nearer": "first"}


async def test_a_crew_whose_shift_ends_is_spared_but_for_priority_1(server: Server) -> None:
    """It says why; without an end of the shift it goes as any other."""
    ending = await server.add_unit("ending", at=NEAR)
    await server.add_unit("fresh", at=FAR)
    client = await server.client()
    ends = (server.desk.clock() + timedelta(minutes=10)).isoformat()
    changed = (await client.patch(f"/units/{ending}", json={"shift_ends_at": ends})).json()
    assert changed["shift_ends_at"] is not None
    routine = await enter(client, *SCENE, category="service", priority=3)
    assert await sent(client, routine["id"], 1) == {"fresh": "first"}
    decision = (await client.get(f"/incidents/{routine['id']}")).json()["decisions"][0]
    (spared,) = [c for c in decision["candidates"] if c["name"] == "ending"]
    assert ("shift_ends" in spared["reasons"], spared["recommended"]) == (True, False)
    urgent = await enter(client, *SCENE, category="disaster", priority=1)
    assert await sent(client, urgent["id"], 1) == {"ending": "first"}
    for done in (urgent, routine):
        await client.post(f"/incidents/{done['id']}/close", json={"disposition": "done"})
    await client.patch(f"/units/{ending}", json={"shift_ends_at": None})
    again = await enter(client, *SCENE, category="service", priority=3)
    await assigned(client, again["id"], ending)


async def test_a_narrow_lane_goes_to_the_motorcycle(server: Server) -> None:
    """On generated streets, in a 巷: the car that is a little nearer would have to look for a way in."""
    city = generated_chiayi(1)
    await server.load(city)
    lane = next(e for e in range(city.edges) if is_narrow(city, e) and city.edge_length_m[e] > 60)
    assert "巷" in city.name_of(lane)
    lats, lons = city.shape(lane)
    place = (float(lats.mean()), float(lons.mean()))
    await server.add_unit("car", at=(place[0] + 0.0030, place[1]))
    await server.add_unit("motorcycle", at=(place[0] + 0.0035, place[1]), vehicle_type="motorcycle")
    client = await server.client()
    incident = await enter(client, *place, category="service", priority=3)
    assert await sent(client, incident["id"], 1) == {"motorcycle": "first"}
    decision = (await client.get(f"/incidents/{incident['id']}")).json()["decisions"][0]
    assert ["narrow_street" in c["reasons"] for c in decision["candidates"]] == [False, True]
