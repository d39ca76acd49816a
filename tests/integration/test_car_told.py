"""What a car is told beside its orders: that its arrival is on record without a press, and the streets for its map."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from dispatch.service.car_streets import CarStreets, packed
from tests.integration.test_dispatch_arrival import approach, under_way
from tests.support.server import Server, assigned, enter, eventually, incident_when, running_server
from tests.unit.roads.towns import Town


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that reads all tracks twice a second."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """What gateways read."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def told(database: asyncpg.Connection, assignment_id: str) -> list[dict[str, Any]]:
    """All that the car was told of this assignment, oldest first."""
    rows = await database.fetch(
        "SELECT body FROM car_orders WHERE assignment_id = $1 ORDER BY order_id", UUID(assignment_id)
    )
    return [json.loads(row["body"]) for row in rows]


async def test_gps_arrival_is_told_to_the_car(server: Server, database: asyncpg.Connection) -> None:
    """The order comes again with who told the arrival and when, all else as before; a later change of the incident
    keeps it."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    track, stopped_at = approach(start)
    await server.drives(unit_id, track)
    incident = await incident_when(client, assignment["incident_id"], lambda i: i["on_scene_at"] is not None)
    order, update = await told(database, assignment["assignment_id"])
    assert update["type"] == "order_update"
    assert update["arrived"] == {"by": "gps", "at_ms": round(stopped_at.timestamp() * 1000)}
    same = {name: value for name, value in update.items() if name not in {"type", "arrived"}}
    assert same == {name: value for name, value in order.items() if name != "type"}
    changed = await client.patch(f"/incidents/{incident['id']}", json={"address": "後門"})
    assert changed.status_code == 200, changed.text
    newest = (await told(database, assignment["assignment_id"]))[-1]
    assert (newest["arrived"], newest["incident"]["address"]) == (update["arrived"], "後門")


async def test_a_press_is_not_told_back(server: Server, database: asyncpg.Connection) -> None:
    """The crew knows what it pressed: the button's arrival brings no frame; the dispatcher's word does."""
    client = await server.client()
    for name, by_radio in (("北興101", False), ("北興102", True)):
        unit_id = await server.add_unit(name, at=(23.48, 120.45))
        incident = await enter(client, 23.48, 120.45)
        assignment = await assigned(client, incident["id"], unit_id)
        assignment_id = assignment["assignment_id"]
        if by_radio:
            said = await client.post(f"/assignments/{assignment_id}/steps", json={"status": "on_scene"})
            assert said.status_code < 300, said.text
        else:
            await server.steps(unit_id, assignment_id, "on_scene")
        await incident_when(client, incident["id"], lambda i: i["on_scene_at"] is not None)
        arrivals = [frame["arrived"]["by"] for frame in await told(database, assignment_id) if frame.get("arrived")]
        assert arrivals == (["dispatcher"] if by_radio else [])


async def test_the_streets_are_offered_once_a_map(server: Server, database: asyncpg.Connection) -> None:
    """The loaded map's streets come into the table by themselves, as every server packs them; a server that has an
    older map loaded does not put it back."""

    town = Town()
    town.street(0, 1, (0, 0), (0, 2000), street_class="secondary", name="中山路")
    await server.load(town.street_map())
    row = await eventually(lambda: database.fetchrow("SELECT etag, content FROM vehicle_files WHERE name = 'streets'"))
    loaded = server.desk.streets.require()
    assert row["etag"].endswith(f"-{loaded.map_id}")
    assert row["content"] == packed(loaded.streets)
    (street,) = json.loads(gzip.decompress(row["content"]))["features"]
    assert street["properties"] == {"class": "secondary", "name": "中山路", "oneway": False}
    newer = f"abc-{loaded.map_id + 1}"
    await database.execute("UPDATE vehicle_files SET etag = $1", newer)
    await CarStreets(server.desk).offer()
    assert await database.fetchval("SELECT etag FROM vehicle_files") == newer
