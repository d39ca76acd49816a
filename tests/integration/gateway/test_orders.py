"""The outbox: every order reaches its car, again after each reconnect while it is open, and the rest once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import nats
import pytest

from gateway.settings import Settings
from tests.support.cars import Device, car, fix, register, running, until


class Outbox:
    """Writes rows as dispatch does."""

    def __init__(self, connection: asyncpg.Connection, unit_id: UUID) -> None:
        self.connection = connection
        self.unit_id = unit_id

    async def put(self, kind: str, assignment_id: UUID | None, is_open: bool = False, **members: Any) -> int:
        body = {"type": kind, **({"assignment_id": str(assignment_id)} if assignment_id else {}), **members}
        order_id: int = await self.connection.fetchval(
            "INSERT INTO car_orders (unit_id, assignment_id, type, body, is_open) VALUES ($1, $2, $3, $4, $5) "
            "RETURNING order_id",
            self.unit_id,
            assignment_id,
            kind,
            json.dumps(body),
            is_open,
        )
        return order_id

    async def order(self, assignment_id: UUID, kind: str = "order", summary: str = "車禍") -> int:
        incident = {
            "id": str(uuid4()),
            "number": "113-1",
            "category": "traffic",
            "priority": 2,
            "summary": summary,
            "lat": 23.5,
            "lon": 120.4,
            "received_ms": 1,
        }
        return await self.put(kind, assignment_id, True, incident=incident, arrive_by_ms=600_001)

    async def end(self, assignment_id: UUID) -> int:
        async with self.connection.transaction():
            await self.connection.execute(
                "UPDATE car_orders SET is_open = false WHERE assignment_id = $1", assignment_id
            )
            return await self.put("order_ended", assignment_id, reason="cancelled")

    async def delivered(self, *order_ids: int) -> None:
        """Waits until these rows are marked."""
        query = "SELECT count(*) = $2 FROM car_orders WHERE order_id = ANY($1) AND delivered_at IS NOT NULL"
        await until(self.connection, query, list(order_ids), len(order_ids))


@pytest.fixture
async def outbox(database_url: str, device: Device) -> AsyncIterator[Outbox]:
    connection = await asyncpg.connect(database_url)
    yield Outbox(connection, device.unit_id)
    await connection.close()


async def test_an_order_reaches_a_connected_car(settings: Settings, device: Device, outbox: Outbox) -> None:
    """An order written while the car is connected arrives as dispatch wrote it, and its row is marked delivered."""
    async with running(settings) as address, car(address, device) as driver:
        await driver.hello()
        order_id = await outbox.order(assignment := uuid4())
        order = await driver.until("order")
        assert order["assignment_id"] == str(assignment)
        assert order["incident"]["summary"] == "車禍"
        await outbox.delivered(order_id)


async def test_a_wake_up_brings_it_without_the_reread(
    settings: Settings, device: Device, outbox: Outbox, nats_url: str
) -> None:
    """The hint on the bus is enough: here the regular reread would come in an hour."""
    settings = settings.model_copy(update={"gateway_orders_period_s": 3600})
    client = await nats.connect(nats_url)
    async with running(settings) as address, car(address, device) as driver:
        await driver.hello()
        await outbox.order(uuid4())
        heard = asyncio.create_task(driver.until("order"))
        while not heard.done():  # the gateway may still be subscribing
            hint = json.dumps({"unit_ids": [str(device.unit_id)]}).encode()
            await client.publish(f"patrol.{settings.bureau}.orders", hint)
            await asyncio.sleep(0.05)
        await heard
    await client.close()


async def test_open_orders_come_again_after_every_reconnect(settings: Settings, device: Device, outbox: Outbox) -> None:
    """Welcome and order frames repeat each open order in its latest form until it ends, delivered before or not."""
    first, second = uuid4(), uuid4()
    async with running(settings) as address:
        rows = [await outbox.order(first, summary="old"), await outbox.order(second)]
        rows.append(await outbox.order(first, "order_update", summary="new"))
        for _ in range(2):
            async with car(address, device) as driver:
                welcome = await driver.hello()
                assert [order["type"] for order in welcome["orders"]] == ["order", "order"]
                frames = [await driver.until("order"), await driver.until("order")]
                assert frames == welcome["orders"]
                told = {frame["assignment_id"]: frame["incident"]["summary"] for frame in frames}
                assert told == {str(first): "new", str(second): "車禍"}
                await outbox.delivered(*rows)
        await outbox.end(first)
        async with car(address, device) as driver:
            assert [order["assignment_id"] for order in (await driver.hello())["orders"]] == [str(second)]


async def test_the_end_of_an_order_is_told_once(settings: Settings, device: Device, outbox: Outbox) -> None:
    """order_ended, notices and refusals reach the car once, after the open orders, in the order they were written."""
    over, still = uuid4(), uuid4()
    async with running(settings) as address:
        await outbox.order(over)
        rows = [await outbox.end(over), await outbox.put("notice", None, text="小心", level="info")]
        await outbox.order(still)
        rows.append(await outbox.put("rejected", None, seq=4, code="bad_step", message="over"))
        async with car(address, device) as driver:
            assert len((await driver.hello())["orders"]) == 1
            heard = [await driver.receive() for _ in range(4)]
            assert [message["type"] for message in heard] == ["order", "order_ended", "notice", "rejected"]
            await outbox.delivered(*rows)
            await driver.send(fix(1))
            await driver.acked(1)
            assert len(driver.heard) == 6
        async with car(address, device) as driver:
            await driver.hello()
            await driver.send(fix(2))
            await driver.acked(2)
            assert [message["type"] for message in driver.heard] == ["welcome", "order", "ack"]


async def test_a_frame_lost_in_a_cut_wire_is_sent_again(settings: Settings, device: Device, outbox: Outbox) -> None:
    """What was sent but never confirmed by a pong stays undelivered and comes again on the next connection."""
    async with running(settings) as address:
        async with car(address, device) as driver:
            await driver.hello()
            driver.socket.transport.pause_reading()
            row = await outbox.put("notice", None, text="lost", level="alarm")
            await asyncio.sleep(1)
            driver.socket.transport.abort()
        assert await outbox.connection.fetchval("SELECT delivered_at IS NULL FROM car_orders")
        async with car(address, device) as driver:
            await driver.hello()
            assert (await driver.until("notice"))["text"] == "lost"
            await outbox.delivered(row)


async def test_orders_go_to_their_own_car_alone(
    settings: Settings, device: Device, outbox: Outbox, database_url: str
) -> None:
    """Another unit's orders are nobody else's business."""
    other = await register(database_url, "北興102")
    async with running(settings) as address, car(address, device) as mine, car(address, other) as theirs:
        await mine.hello()
        await theirs.hello()
        row = await outbox.put("notice", None, text="for one", level="info")
        await mine.until("notice")
        await outbox.delivered(row)
        await theirs.send(fix(1))
        await theirs.acked(1)
        assert [message["type"] for message in theirs.heard] == ["welcome", "ack"]
