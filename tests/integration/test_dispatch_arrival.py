"""GPS as a witness on the running server: fixes in the tables become arrivals in the timeline."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position
from dispatch.service.desk import utc_now
from tests.support.server import Server, assigned, enter, fix_at, incident_when, running_server

SCENE = Position(23.48, 120.45)
M_PER_DEGREE_LAT = 111_195.0


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that reads all tracks twice a second, whatever was announced."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


def south_of_scene(metres: float) -> Position:
    """A place that far from the scene."""
    return Position(SCENE.lat - metres / M_PER_DEGREE_LAT, SCENE.lon)


def approach(start: datetime, *, from_m: float = 600.0, stop_s: int = 40) -> tuple[list[Fix], datetime]:
    """Straight to the scene at 10 m/s, one fix a second, then standing; the track and when it stopped."""
    way_s = int(from_m // 10)
    track = [fix_at(start + timedelta(seconds=s), south_of_scene(from_m - 10 * s), 10.0) for s in range(way_s)]
    stopped_at = start + timedelta(seconds=way_s)
    return track + [fix_at(stopped_at + timedelta(seconds=s), SCENE, 0.0) for s in range(stop_s)], stopped_at


async def under_way(
    server: Server, client: httpx.AsyncClient, *, ago: timedelta = timedelta(0)
) -> tuple[UUID, dict[str, Any], datetime]:
    """A unit on its way, acknowledged, so long ago; the server's clock then stands ten minutes later."""
    server.clock_ahead_by(-ago)
    start = south_of_scene(600)
    unit_id = await server.add_unit("北興101", at=(start.lat, start.lon))
    incident = await enter(client, SCENE.lat, SCENE.lon)
    assignment = await assigned(client, incident["id"], unit_id)
    await server.steps(unit_id, assignment["assignment_id"], "en_route")
    await incident_when(client, incident["id"], lambda i: i["en_route_at"] is not None)
    server.clock_ahead_by(timedelta(minutes=10) - ago)
    return unit_id, assignment, utc_now() - ago + timedelta(seconds=1)


def said(incident: dict[str, Any], kind: str = "unit_on_scene") -> list[str]:
    """Who said it, in order."""
    return [event["said_by"] for event in incident["timeline"] if event["kind"] == kind]


def iso(moment: datetime) -> str:
    """As the API writes times."""
    return moment.isoformat().replace("+00:00", "Z")


async def test_gps_sees_the_car_arrive(server: Server) -> None:
    """Nobody presses anything: the arrival is dated back to the first fix at rest, and the unit is on the scene."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    track, stopped_at = approach(start)
    await server.drives(unit_id, track)
    seen = await incident_when(client, assignment["incident_id"], lambda i: i["on_scene_at"] is not None)
    assert seen["on_scene_at"] == iso(stopped_at)
    assert said(seen) == ["gps"]
    assert seen["assignments"][0]["review"] == []
    assert (await client.get(f"/units/{unit_id}")).json()["status"] == "ON_SCENE"


async def test_a_receiver_whose_clock_is_ahead_still_tells_the_arrival(server: Server) -> None:
    """Three minutes ahead, which the link allows: seen at once, counted by our clock, with the receiver's time kept."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    track, stopped_at = approach(start + timedelta(minutes=10 + 3))
    await server.drives(unit_id, track)
    seen = await incident_when(client, assignment["incident_id"], lambda i: i["on_scene_at"] is not None)
    (arrival,) = [e for e in seen["timeline"] if e["kind"] == "unit_on_scene"]
    assert (arrival["said_by"], arrival["car_time"], arrival["data"]["clock"]) == (
        "gps",
        iso(stopped_at),
        "car_clock_ahead",
    )
    assert datetime.fromisoformat(seen["on_scene_at"]) < stopped_at


async def test_the_button_after_gps_is_kept_and_the_earlier_counts(server: Server) -> None:
    """Both witnesses stand in the timeline; the clock stops at the earlier."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    track, stopped_at = approach(start)
    await server.drives(unit_id, track)
    await incident_when(client, assignment["incident_id"], lambda i: said(i) == ["gps"])
    await server.steps(unit_id, assignment["assignment_id"], "on_scene", at=stopped_at + timedelta(seconds=20))
    seen = await incident_when(client, assignment["incident_id"], lambda i: said(i) == ["gps", "button"])
    assert seen["on_scene_at"] == iso(stopped_at)
    assert seen["assignments"][0]["review"] == []


async def test_a_press_that_is_made_again_stands_once(server: Server) -> None:
    """The screen gave no answer and the crew pressed once more; only a word of an earlier arrival would be news."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    pressed_at = start + timedelta(seconds=10)
    await server.steps(unit_id, assignment["assignment_id"], "on_scene", at=pressed_at)
    await server.steps(unit_id, assignment["assignment_id"], "on_scene", at=pressed_at + timedelta(seconds=2))
    await server.steps(unit_id, assignment["assignment_id"], "cleared", at=pressed_at + timedelta(seconds=60))
    seen = await incident_when(client, assignment["incident_id"], lambda i: i["state"] == "closed")
    assert said(seen) == ["button"]
    assert seen["on_scene_at"] == iso(pressed_at)


async def test_a_press_far_from_the_scene_is_marked_for_review(server: Server) -> None:
    """Pressed half a kilometre away, a minute before GPS saw the arrival: marked, with both reasons."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    track, stopped_at = approach(start, from_m=900)
    await server.steps(unit_id, assignment["assignment_id"], "on_scene", at=start + timedelta(seconds=10))
    await server.drives(unit_id, track, hint=False)
    seen = await incident_when(
        client,
        assignment["incident_id"],
        lambda i: said(i, "arrival_marked_for_review") == ["server"] and "gps" in said(i),
    )
    assert seen["assignments"][0]["review"] == ["before_gps_arrival", "far_from_scene"]
    assert seen["on_scene_at"] == iso(start + timedelta(seconds=10))
    assert iso(stopped_at) in [e["happened_at"] for e in seen["timeline"] if e["said_by"] == "gps"]


async def test_a_press_after_the_gps_arrival_is_looked_at_too(server: Server) -> None:
    """GPS saw the arrival, the car left again, and the crew pressed half a kilometre on."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    track, stopped_at = approach(start)
    left = [fix_at(stopped_at + timedelta(seconds=40 + s), south_of_scene(10.0 * s), 10.0) for s in range(60)]
    await server.drives(unit_id, track + left)
    await incident_when(client, assignment["incident_id"], lambda i: said(i) == ["gps"])
    await server.steps(unit_id, assignment["assignment_id"], "on_scene", at=left[-5].fixed_at)
    seen = await incident_when(client, assignment["incident_id"], lambda i: i["assignments"][0]["review"] != [])
    assert seen["assignments"][0]["review"] == ["far_from_scene"]
    assert seen["on_scene_at"] == iso(stopped_at)


async def test_fixes_that_come_in_after_clearing_still_tell_the_arrival(server: Server) -> None:
    """The backlog of a tunnel: the incident is closed already, its response time is found all the same."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    track, stopped_at = approach(start)
    cleared_at = stopped_at + timedelta(minutes=2)
    await server.steps(unit_id, assignment["assignment_id"], "cleared", at=cleared_at, disposition="done")
    closed = await incident_when(client, assignment["incident_id"], lambda i: i["state"] == "closed")
    assert closed["on_scene_at"] is None
    await server.drives(unit_id, track)
    seen = await incident_when(client, assignment["incident_id"], lambda i: i["on_scene_at"] is not None)
    assert (seen["on_scene_at"], seen["cleared_at"]) == (iso(stopped_at), iso(cleared_at))
    assert seen["state"] == "closed"


async def test_a_car_that_stood_there_already_must_still_answer(server: Server) -> None:
    """Parked at the scene, its crew away: GPS must not hide the silence; once the crew answers, the arrival counts."""
    client = await server.client()
    unit_id = await server.add_unit("北興101", at=(SCENE.lat, SCENE.lon))
    incident = await enter(client, SCENE.lat, SCENE.lon)
    assignment = await assigned(client, incident["id"], unit_id)
    dispatched_at = datetime.fromisoformat(assignment["dispatched_at"])
    parked = [fix_at(dispatched_at + timedelta(seconds=s), SCENE, 0.0) for s in range(25)]
    server.clock_ahead_by(timedelta(seconds=26))
    await server.drives(unit_id, parked)
    probe = await enter(client, 23.40, 120.40)
    await incident_when(client, probe["id"], lambda i: any(e["kind"] == "nobody_available" for e in i["timeline"]))
    looked = (await client.get(f"/incidents/{incident['id']}")).json()
    assert [a["state"] for a in looked["assignments"]] == ["dispatched"]
    await server.steps(unit_id, assignment["assignment_id"], "acknowledged")
    seen = await incident_when(client, incident["id"], lambda i: said(i) == ["gps"])
    assert seen["on_scene_at"] == iso(dispatched_at)


async def test_a_red_light_on_the_way_is_no_arrival(server: Server) -> None:
    """A long stop 200 m before the scene leaves the unit on its way; the true stop counts."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    light = [fix_at(start + timedelta(seconds=s), south_of_scene(200), 0.0) for s in range(60)]
    track, stopped_at = approach(start + timedelta(seconds=60), from_m=200)
    await server.drives(unit_id, light + track)
    seen = await incident_when(client, assignment["incident_id"], lambda i: i["on_scene_at"] is not None)
    assert seen["on_scene_at"] == iso(stopped_at)
