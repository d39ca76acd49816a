"""Who is out of reach: units that a phone or a page speaks for, units that changed from a car's computer to one, and
links that no gateway holds any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from sqlalchemy import insert, select

from gateway.links import Links
from gateway.store import car_links, devices, journals
from tests.integration.test_alarms_watch import FAST, PLACE, ahead, link, of_kind, sent
from tests.support.server import Server, enter, eventually, running_server

REACH: dict[str, Any] = FAST | {"alarm_look_s": 3600, "alarm_link_lost_s": 45, "alarm_tracker_silent_s": 120}


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that looks only when the test says so."""
    async with running_server(database_url, nats_url, **REACH) as running:
        yield running


async def lost_days_ago(server: Server, unit_id: UUID) -> None:
    """The link of a computer that was in this car once."""
    then = server.desk.clock() - timedelta(days=9)
    row = {"unit_id": unit_id, "connected_at": then, "connection_id": uuid4(), "disconnected_at": then}
    async with server.engine.begin() as connection:
        await connection.execute(insert(car_links).values(**row))


async def speaks(server: Server, unit_id: UUID) -> None:
    """A word without a position, as the gateway notes a phone's heartbeat and the API an officer's page."""
    async with server.engine.begin() as connection:
        device = await connection.scalar(select(devices.c.device_id).where(devices.c.unit_id == unit_id))
        row = {"device_id": device, "boot": uuid4(), "last_seq": 0, "seen_at": server.desk.clock()}
        await connection.execute(insert(journals).values(**row))


@pytest.mark.parametrize("had_an_agent", [False, True])
async def test_a_silent_phone_on_an_assignment_is_an_alarm(server: Server, had_an_agent: bool) -> None:
    """Without any link, or with that of a computer long gone: after its time, with its reason; over when it speaks."""
    client = await server.client()
    unit_id, _ = await sent(server, client, "acknowledged", "en_route")
    if had_an_agent:
        await lost_days_ago(server, unit_id)
    await ahead(server, 60, unit_id, (23.48, 120.45))
    await ahead(server, 110)
    assert await of_kind(client, "link_lost") == []
    await ahead(server, 30)
    (alarm,) = await of_kind(client, "link_lost")
    assert (alarm["level"], alarm["data"]["reason"]) == ("warning", "tracker_silent")
    assert 120 <= alarm["data"]["for_s"] < 140
    await ahead(server, 25, unit_id, (23.481, 120.45))
    assert await of_kind(client, "link_lost") == []


async def test_a_unit_that_works_by_phone_now_is_no_lost_link(server: Server) -> None:
    """Neither an alarm on each call nor a unit that is ranked down, for the computer that it had last week."""
    client = await server.client()
    unit_id, _ = await sent(server, client, "acknowledged")
    other = await server.add_unit("other", at=(23.4815, 120.45))
    for unit in (unit_id, other):
        await lost_days_ago(server, unit)
    await ahead(server, 60, unit_id, (23.48, 120.45))
    assert await of_kind(client, "link_lost") == []
    ranked = (await client.get("/candidates", params={"lat": 23.48, "lon": 120.45})).json()["items"]
    assert [entry["name"] for entry in ranked if "link_down" in entry["reasons"]] == []


async def test_a_word_without_a_position_is_a_sign_as_well(server: Server) -> None:
    """A heartbeat without a fix, or a press on the page, in a cellar where no satellite is seen."""
    client = await server.client()
    unit_id, _ = await sent(server, client, "acknowledged")
    for _ in range(4):
        await ahead(server, 60)
        await speaks(server, unit_id)
    assert await of_kind(client, "link_lost", "all") == []
    await ahead(server, 135)
    assert len(await of_kind(client, "link_lost")) == 1


async def test_a_link_that_goes_down_is_lost_though_its_last_words_came_just_then(server: Server) -> None:
    """What a car said last is written down a moment after its link was seen to be down: no newer sign of life."""
    client = await server.client()
    unit_id, _ = await sent(server, client, "acknowledged")
    await link(server, unit_id, up=False)
    server.clock_ahead_by(timedelta(seconds=2))
    await speaks(server, unit_id)
    await ahead(server, 55)
    (alarm,) = await of_kind(client, "link_lost")
    assert alarm["data"]["reason"] == "silent"


async def test_a_unit_that_has_radio_alone_is_no_alarm(server: Server) -> None:
    """Nothing ever spoke for it, so nothing has fallen silent."""
    client = await server.client()
    unit_id = await server.add_unit("radio")
    incident = await enter(client, *PLACE)
    await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
    await ahead(server, 300)
    assert await of_kind(client, "link_lost", "all") == []


async def test_links_of_the_last_gateway_are_ended_by_dispatch(database_url: str, nats_url: str) -> None:
    """No gateway is left to see that one died: the cars are not connected for ever, and those at work are an alarm."""
    settings = FAST | {"dead_links_s": 0.3}
    async with (
        running_server(database_url, nats_url, **settings) as server,
        asyncpg.create_pool(database_url, min_size=1) as pool,
    ):
        client = await server.client()
        unit_id, _ = await sent(server, client, "acknowledged")
        living = await server.add_unit("living")
        gateways = Links(pool, database_url), Links(pool, database_url)
        for gateway, unit in zip(gateways, (unit_id, living), strict=True):
            await gateway.sweep([])
            async with server.engine.begin() as connection:
                row = {"unit_id": unit, "connected_at": server.desk.clock(), "connection_id": gateway.new_id()}
                await connection.execute(insert(car_links).values(**row))
        await eventually(lambda: connected(client), lambda up: up == {str(unit_id), str(living)})
        await gateways[0].aclose()
        await eventually(lambda: connected(client), lambda up: up == {str(living)})
        (alarm,) = await eventually(lambda: of_kind(client, "link_lost"))
        assert alarm["unit_id"] == str(unit_id)
        await gateways[1].aclose()


async def connected(client: httpx.AsyncClient) -> set[str]:
    """Units whose link is up, as the dispatchers see it."""
    return {unit["id"] for unit in (await client.get("/units")).json()["items"] if unit["connected"]}
