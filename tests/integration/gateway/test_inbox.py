"""The durable write on the real database: poisoned messages, a full queue, shed cars, and what is announced after."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import httpx
import nats
from nats.aio.msg import Msg

from gateway.settings import Settings
from tests.support.cars import Device, JournalCar, car, fix, now_ms, register, running, sos, until

POISON = """
CREATE FUNCTION choke() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq = 7 {more} THEN RAISE EXCEPTION 'no' USING ERRCODE = '22023'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER choke BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION choke();
"""


async def test_a_poisoned_message_holds_up_nobody(
    settings: Settings, device: Device, database: asyncpg.Connection, database_url: str
) -> None:
    """A message that the database itself refuses is singled out, kept and rejected; its neighbours in the batch, and
    other cars, are stored and acknowledged."""
    await database.execute(POISON.format(table="fixes", more=""))
    other = await register(database_url, "北興102")
    slow = settings.model_copy(update={"gateway_batch_delay_s": 0.5})
    async with running(slow) as address, car(address, device) as sender, car(address, other) as neighbour:
        await sender.hello()
        await neighbour.hello()
        await sender.send([fix(seq) for seq in range(1, 13)])
        await neighbour.send([fix(seq) for seq in range(1, 6)])
        await sender.acked(12)
        await neighbour.acked(5)
        rejected = [message for message in sender.heard if message["type"] == "rejected"]
        assert [(message["seq"], message["code"]) for message in rejected] == [(7, "bad_message")]
        assert not [message for message in neighbour.heard if message["type"] == "rejected"]
    rows = await database.fetch("SELECT seq FROM fixes WHERE unit_id = $1 ORDER BY seq", device.unit_id)
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    kept = await database.fetchrow("SELECT * FROM car_messages")
    assert (kept["seq"], kept["type"], kept["rejected_code"]) == (7, "fix", "bad_message")
    assert json.loads(kept["body"])["lat"] == 23.48


async def test_a_body_that_cannot_be_kept_is_left_out(
    settings: Settings, device: Device, database: asyncpg.Connection
) -> None:
    """Where the database refuses even the refused message's body, the fact and the seq are kept."""
    await database.execute(POISON.format(table="car_messages", more="AND NEW.body <> '{{}}'").replace("{{}}", "{}"))
    async with running(settings) as address, car(address, device) as sender:
        await sender.hello()
        await sender.send([sos(6), sos(7), sos(8)])
        await sender.acked(8)
    rows = await database.fetch("SELECT seq, body, rejected_code FROM car_messages ORDER BY seq")
    assert [row["rejected_code"] for row in rows] == [None, "bad_message", None]
    assert rows[1]["body"] == "{}"


async def test_a_full_queue_stops_the_reading_and_loses_nothing(
    settings: Settings, device: Device, database: asyncpg.Connection
) -> None:
    """While the database does not answer, the queue stays bounded, nothing is acknowledged, the connection lives; then
    everything is stored once."""
    small = settings.model_copy(
        update={
            "gateway_queue_messages": 20,
            "gateway_batch_messages": 10,
            "gateway_ping_s": 0.2,
            "gateway_silence_s": 1,
        }
    )
    async with running(small) as address, car(address, device) as sender, httpx.AsyncClient(trust_env=False) as http:
        await sender.hello()
        async with database.transaction():
            await database.execute("LOCK TABLE journals IN EXCLUSIVE MODE")
            sending = asyncio.create_task(send_all(sender, 3_000))
            metrics = address.replace("ws://", "http://").replace("/vehicle/v1", "/metrics")

            async def queued() -> float:
                text = (await http.get(metrics)).text
                return float(text.split("\npatrol_gateway_queue_messages ")[1].split("\n")[0])

            async with asyncio.timeout(60):
                while (count := await queued()) != 20:
                    assert count < 20
                    await asyncio.sleep(0.1)
            for _ in range(20):
                await asyncio.sleep(0.1)
                assert await queued() == 20
            assert [message["type"] for message in sender.heard] == ["welcome"]
        await sender.acked(3_000)
        await sending
    assert await database.fetchval("SELECT count(*) FROM fixes") == 3_000


async def send_all(sender: Any, count: int) -> None:
    for seq in range(1, count + 1):
        await sender.send(fix(seq))


async def test_a_shed_car_resumes_and_nothing_is_missing(
    settings: Settings, device: Device, database: asyncpg.Connection
) -> None:
    """A car that sends too fast is shed and closed; it resumes as often as it takes, and everything arrives once."""
    strict = settings.model_copy(update={"gateway_burst_frames": 40, "gateway_frames_per_s": 1})
    async with running(strict) as address:
        driver = JournalCar(address, device)
        for seq in range(1, 151):
            driver.write(fix(seq))
        await driver.run(lambda: True)
        assert driver.connections > 3
    rows = await database.fetch("SELECT seq FROM fixes ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(1, 151))


async def test_what_is_announced_is_already_durable(
    settings: Settings, device: Device, database: asyncpg.Connection, database_url: str, nats_url: str
) -> None:
    """Fixes, the inbox and the link are announced on the bus after their commit; a late fix is not called live."""
    heard: asyncio.Queue[tuple[str, Any, int]] = asyncio.Queue()
    client = await nats.connect(nats_url)
    witness = await asyncpg.connect(settings.database_url)

    visitor = await register(database_url, "北興102")
    on_the_bus = asyncio.Event()

    async def listen(message: Msg) -> None:
        payload = json.loads(message.data)
        if payload == {"unit_id": str(visitor.unit_id), "connected": True}:
            on_the_bus.set()
        elif str(visitor.unit_id) not in str(payload):
            count = await witness.fetchval("SELECT count(*) FROM fixes") if "fixes" in message.subject else 0
            await heard.put((message.subject.rpartition(".")[2], payload, count))

    await client.subscribe(f"patrol.{settings.bureau}.*", cb=listen)
    await client.flush()
    start = now_ms()
    async with running(settings) as address:
        while not on_the_bus.is_set():  # a gateway takes cars before it has found the bus
            async with car(address, visitor) as early:
                await early.hello()
            await asyncio.sleep(0.1)
        async with car(address, device) as sender:
            await sender.hello()
            subject, payload, _ = await heard.get()
            while subject != "link":
                subject, payload, _ = await heard.get()
            assert payload == {"unit_id": str(device.unit_id), "connected": True}
            await sender.send([fix(1, start, speed_mps=2.0), fix(2, start - 5_000), fix(3, start + 10)])
            subject, payload, count = await heard.get()
            assert (subject, count) == ("fixes", 3)
            assert [(item["time_ms"], item["live"]) for item in payload] == [
                (start, True),
                (start - 5_000, False),
                (start + 10, True),
            ]
            assert payload[0]["unit_id"] == str(device.unit_id)
            assert (payload[0]["lat"], payload[0]["lon"], payload[0]["speed_mps"]) == (23.48, 120.45, 2.0)
            await sender.send(sos(4))
            subject, payload, _ = await heard.get()
            assert (subject, payload) == ("inbox", {})
        subject, payload, _ = await heard.get()
        assert (subject, payload) == ("link", {"unit_id": str(device.unit_id), "connected": False})
    await client.close()
    await witness.close()


async def test_hints_that_make_no_sense_are_survived(
    settings: Settings, device: Device, database: asyncpg.Connection, nats_url: str
) -> None:
    """Rubbish on the bus changes nothing for the cars."""
    client = await nats.connect(nats_url)
    async with running(settings) as address, car(address, device) as sender:
        await sender.hello()
        await until(database, "SELECT count(*) = 1 FROM car_links")
        for subject in ("orders", "takeover", "devices"):
            for rubbish in (b"", b"[1]", b"{}", b'{"unit_ids":["x"],"device_id":"y"}', b'{"unit_ids":3}'):
                await client.publish(f"patrol.{settings.bureau}.{subject}", rubbish)
        await client.flush()
        await sender.send(fix(1))
        await sender.acked(1)
    await client.close()
