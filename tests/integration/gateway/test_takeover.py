"""One connection a device: takeover within a gateway and between two, revoked tokens, silence, and who is connected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import asyncpg
import nats
import pytest
from nats.aio.client import Client

from gateway.links import Link, Links
from gateway.settings import Settings
from tests.support.cars import Device, car, fix, register, running, until


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Client]:
    client = await nats.connect(nats_url)
    yield client
    await client.close()


async def test_takeover_within_one_gateway(settings: Settings, device: Device, database: asyncpg.Connection) -> None:
    """The second connection with a token closes the first with 4001 and goes on where it stopped; the link stays up."""
    async with running(settings) as address, car(address, device) as first:
        await first.hello()
        await first.send(fix(1))
        await first.acked(1)
        async with car(address, device) as second:
            assert await first.closed() == 4001
            assert (await second.hello())["resume_after"] == 1
            await second.send(fix(2))
            await second.acked(2)
            assert await database.fetchval("SELECT disconnected_at IS NULL FROM car_links")
        await until(database, "SELECT disconnected_at IS NOT NULL FROM car_links")
        assert await database.fetchval("SELECT close_code FROM car_links") == 1000


@pytest.mark.parametrize("with_bus", [True, False])
async def test_takeover_between_two_gateways(
    settings: Settings, device: Device, database: asyncpg.Connection, with_bus: bool
) -> None:
    """A connection at another gateway closes the first with 4001: at once over the bus, soon without it."""
    if not with_bus:
        settings = settings.model_copy(update={"nats_url": "nats://127.0.0.1:1"})
    other = settings.model_copy()
    async with running(settings) as here, running(other) as there, car(here, device) as first:
        await first.hello()
        await until(database, "SELECT count(*) = 1 FROM car_links")
        async with car(there, device) as second:
            assert await first.closed() == 4001
            await second.hello()
            await second.send(fix(1))
            await second.acked(1)
            assert await database.fetchval("SELECT disconnected_at IS NULL FROM car_links")


@pytest.mark.parametrize("with_hint", [True, False])
async def test_a_revoked_token_closes_its_connection(
    settings: Settings, device: Device, database: asyncpg.Connection, bus: Client, with_hint: bool
) -> None:
    """A token that is revoked while its car is connected closes that connection with 1008, hint or no hint."""
    if with_hint:
        settings = settings.model_copy(update={"gateway_sweep_s": 3600})
    async with running(settings) as address, car(address, device) as connected:
        await connected.hello()
        await until(database, "SELECT count(*) = 1 FROM car_links")
        await database.execute("UPDATE devices SET revoked_at = now()")
        if with_hint:
            waiting = asyncio.create_task(connected.closed())
            while not waiting.done():  # the gateway may still be subscribing
                await bus.publish(
                    f"patrol.{settings.bureau}.devices", b'{"device_id":"%s"}' % str(device.device_id).encode()
                )
                await asyncio.sleep(0.05)
            assert await waiting == 1008
        assert await connected.closed() == 1008
        assert connected.socket.close_reason == "token revoked"


async def test_a_device_that_is_gone_is_told(settings: Settings, device: Device, database: asyncpg.Connection) -> None:
    """Messages of a device that was deleted meanwhile are not acknowledged; the connection ends with 1008."""
    settings = settings.model_copy(update={"gateway_sweep_s": 3600})
    async with running(settings) as address, car(address, device) as connected:
        await connected.hello()
        await database.execute("DELETE FROM devices")
        await connected.send(fix(1))
        assert await connected.closed() == 1008
        assert not [message for message in connected.heard if message["type"] == "ack"]


async def test_a_silent_car_is_dropped_and_a_quiet_one_is_not(
    settings: Settings, device: Device, database: asyncpg.Connection, database_url: str
) -> None:
    """A car that answers pings may be quiet for ever; one from which nothing comes at all is dropped meanwhile."""
    quick = {"gateway_ping_s": 0.1, "gateway_silence_s": 2, "gateway_close_s": 0.5}
    quiet_device = await register(database_url, "北興102")
    async with (
        running(settings.model_copy(update=quick)) as address,
        car(address, quiet_device, ping_interval=None) as quiet,
        car(address, device, ping_interval=None, close_timeout=0.1) as silent,
    ):
        await quiet.hello()
        await silent.hello()
        silent.socket.transport.pause_reading()  # no pong leaves without its ping having been read
        query = "SELECT disconnected_at IS NOT NULL FROM car_links WHERE unit_id = $1"
        await until(database, query, device.unit_id)
        assert await database.fetchval("SELECT close_code FROM car_links WHERE unit_id = $1", device.unit_id) == 1011
        await quiet.send(fix(1))
        await quiet.acked(1)


async def test_a_link_that_ends_while_links_are_put_right_is_down(
    settings: Settings, device: Device, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep, which had counted it among the living, does not raise it from the dead for good."""
    sweep, swept = Links.sweep, asyncio.Event()
    gone = "SELECT disconnected_at IS NOT NULL FROM car_links"
    async with running(settings) as address, car(address, device) as leaving:
        await leaving.hello()

        async def meanwhile(self: Links, links: Sequence[Link]) -> list[UUID]:
            if not links or swept.is_set():
                return await sweep(self, links)
            await leaving.socket.close()
            await until(database, gone)
            found = await sweep(self, links)
            assert not await database.fetchval(gone), "the sweep repairs nothing: this test shows nothing"
            swept.set()
            return found

        monkeypatch.setattr(Links, "sweep", meanwhile)
        await swept.wait()
        await until(database, gone)
        assert await database.fetchval("SELECT close_code FROM car_links") == 1000


async def test_links_of_a_dead_gateway_are_put_right(
    settings: Settings, device: Device, database: asyncpg.Connection, database_url: str
) -> None:
    """Rows that a killed gateway left open are ended by the next one at its start; living ones stay."""
    other = await register(database_url, "北興102")
    async with asyncpg.create_pool(database_url, min_size=1) as pool:
        dead, alive = Links(pool, database_url), Links(pool, database_url)
        for links, owner in ((dead, device), (alive, other)):
            await links.sweep([])
            await pool.execute(
                "INSERT INTO car_links (unit_id, connected_at, connection_id) VALUES ($1, now(), $2)",
                owner.unit_id,
                links.new_id(),
            )
        await dead.aclose()
        async with running(settings):
            rows = await database.fetch("SELECT unit_id, close_code FROM car_links WHERE disconnected_at IS NOT NULL")
        assert [(row["unit_id"], row["close_code"]) for row in rows] == [(device.unit_id, 1006)]
        await alive.aclose()


async def test_a_graceful_stop_acknowledges_what_it_took(
    settings: Settings, device: Device, database: asyncpg.Connection
) -> None:
    """A gateway that is asked to stop commits and acknowledges what it has read, then closes with 1001."""
    settings = settings.model_copy(update={"gateway_batch_delay_s": 3600})
    async with running(settings) as address:
        connection = car(address, device)
        sender = await connection.__aenter__()
        await sender.hello()
        await sender.send([fix(1), fix(2)])
        await sender.hears_nothing_more()
    await sender.acked(2)
    assert await sender.closed() == 1001
    assert await database.fetchval("SELECT count(*) FROM fixes") == 2
    assert await database.fetchval("SELECT close_code FROM car_links") == 1001
    await connection.__aexit__(None, None, None)
