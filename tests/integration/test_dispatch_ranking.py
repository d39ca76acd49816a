"""What speaks against a unit in the ranking that dispatchers see: its link, and a way that is longer than a walk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert

from dispatch.roads.osm_import import import_osm
from dispatch.service.desk import utc_now
from gateway.store import car_links
from tests.support.server import Server, running_server

SOUTH, WEST, SIDE_DEG = 23.48, 120.45, 0.004


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that recommends and sends nobody."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as running:
        yield running


async def _ranking(client: httpx.AsyncClient, lat: float, lon: float) -> list[dict[str, Any]]:
    answer = await client.get("/candidates", params={"lat": lat, "lon": lon})
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


async def test_a_unit_whose_link_is_down_comes_after_one_a_little_farther_away(server: Server) -> None:
    """An order to it would most likely wait for an answer in vain; it says so, and stays in the list."""
    client = await server.client()
    near = await server.add_unit("NEAR", at=(23.4810, 120.45))
    await server.add_unit("FAR", at=(23.4815, 120.45))
    assert [c["name"] for c in await _ranking(client, 23.48, 120.45)] == ["NEAR", "FAR"]
    now = utc_now()
    row = {"unit_id": near, "connected_at": now - timedelta(minutes=5), "connection_id": uuid4()}
    async with server.engine.begin() as connection:
        await connection.execute(insert(car_links).values(**row, disconnected_at=now))
    first, second = await _ranking(client, 23.48, 120.45)
    assert (first["name"], second["name"]) == ("FAR", "NEAR")
    assert ("link_down" in second["reasons"], second["recommended"]) == (True, True)


def _one_way_block(path: Path) -> Path:
    """A square of 400 m that may be driven round in one direction only."""
    corners = [(0, 0), (0, 1), (1, 1), (1, 0)]
    nodes = "".join(
        f'<node id="{n}" version="1" lat="{SOUTH + north * SIDE_DEG}" lon="{WEST + east * SIDE_DEG}"/>'
        for n, (north, east) in enumerate(corners, 1)
    )
    way = "".join(f'<nd ref="{n}"/>' for n in (1, 2, 3, 4, 1))
    tags = '<tag k="highway" v="residential"/><tag k="oneway" v="yes"/>'
    path.write_text(f'<osm version="0.6">{nodes}<way id="9" version="1">{way}{tags}</way></osm>', encoding="utf-8")
    return path


async def test_a_crew_that_is_nearly_there_walks(server: Server, tmp_path: Path) -> None:
    """Thirty metres past the door in a one-way street it is not a drive round the block away; beyond 60 m it is."""
    await server.load(import_osm(_one_way_block(tmp_path / "block.osm")))
    client = await server.client()
    door_lon = WEST + SIDE_DEG / 2
    await server.add_unit("30 m", at=(SOUTH, door_lon + 0.0003))
    await server.add_unit("100 m", at=(SOUTH, door_lon + 0.001))
    near, far = await _ranking(client, SOUTH, door_lon)
    assert (near["name"], far["name"]) == ("30 m", "100 m")
    assert near["eta_s"] == pytest.approx(near["distance_m"] / 1.5, abs=1)
    assert near["distance_m"] < 40 < 1000 < far["distance_m"]
