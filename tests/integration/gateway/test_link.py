"""The vehicle link over real sockets, on the real database and bus: handshake, welcome, messages, errors, limits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.support.cars import Device, car, dial, fix, gateway_settings, now_ms, running, sos


@pytest.fixture
async def gateway(database_url: str, nats_url: str) -> AsyncIterator[str]:
    async with running(gateway_settings(database_url, nats_url)) as address:
        yield address


async def refused(address: str, token: str | None, **options: Any) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as caught:
        async with dial(address, token, **options):
            pass
    return caught.value


async def test_handshake_refusals(gateway: str, device: Device, database: asyncpg.Connection) -> None:
    """401 without a valid token, 404 on another path, 400 without the subprotocol; a good one gets through."""
    missing = await refused(gateway, None)
    assert missing.response.status_code == 401
    assert missing.response.headers["WWW-Authenticate"] == "Bearer"
    assert missing.response.body.count(b"\n") == 1
    assert (await refused(gateway, "no-such-token")).response.status_code == 401
    basic = {"additional_headers": {"Authorization": f"Basic {device.token}"}}
    assert (await refused(gateway, None, **basic)).response.status_code == 401
    assert (await refused(gateway.replace("/vehicle/v1", "/vehicle/v2"), device.token)).response.status_code == 404
    assert (await refused(gateway, device.token, subprotocols=None)).response.status_code == 400
    assert (await refused(gateway, device.token, subprotocols=["other.v1"])).response.status_code == 400
    async with car(gateway, device) as good:
        assert good.socket.subprotocol == "patrol.vehicle.v1"
        assert good.socket.response is not None
        assert "Sec-WebSocket-Extensions" not in good.socket.response.headers
    await database.execute("UPDATE devices SET revoked_at = now()")
    assert (await refused(gateway, device.token)).response.status_code == 401


async def test_welcome_and_resume(gateway: str, device: Device, database: asyncpg.Connection) -> None:
    """The welcome names the unit and the highest durable seq of that very boot; agent and clock offset are noted."""
    async with car(gateway, device) as first:
        welcome = await first.hello()
        assert welcome["unit_id"] == str(device.unit_id)
        assert welcome["unit_name"] == "北興101"
        assert welcome["resume_after"] == 0
        assert welcome["orders"] == []
        assert abs(welcome["server_ms"] - now_ms()) < 60_000
        await first.send([fix(3), fix(8)])
        await first.acked(8)
    async with car(gateway, device) as again:
        assert (await again.hello())["resume_after"] == 8
    async with car(gateway, device) as other_boot:
        assert (await other_boot.hello(uuid4()))["resume_after"] == 0
    row = await database.fetchrow("SELECT agent, clock_offset_ms FROM journals WHERE boot = $1", device.boot)
    assert row["agent"] == "fake/1"
    assert abs(row["clock_offset_ms"]) < 60_000


async def test_an_ack_finds_its_messages_in_the_database(
    gateway: str, device: Device, database: asyncpg.Connection
) -> None:
    """At the moment an ack arrives, everything up to its seq can be read by anybody: fixes in `fixes`, the rest in the
    inbox, each once, with the car's time and the members that were sent."""
    async with car(gateway, device) as sender:
        await sender.hello()
        for seq in range(1, 60):
            await sender.send(fix(seq, speed_mps=3.5) if seq % 10 else sos(seq, note="幫忙"))
        top = 0
        while top < 59:
            top = (await sender.until("ack"))["seq"]
            held = await database.fetch("SELECT seq FROM fixes UNION ALL SELECT seq FROM car_messages ORDER BY 1")
            assert [row["seq"] for row in held][:top] == list(range(1, top + 1))
    row = await database.fetchrow("SELECT * FROM car_messages WHERE seq = 10")
    assert json.loads(row["body"])["note"] == "幫忙"
    assert (row["type"], row["unit_id"], row["handled_at"]) == ("sos", device.unit_id, None)
    fixed = await database.fetchrow("SELECT * FROM fixes WHERE seq = 1")
    assert (fixed["lat"], fixed["lon"], fixed["speed_mps"], fixed["course_deg"]) == (23.48, 120.45, 3.5, None)
    assert await database.fetchval("SELECT count(*) FROM car_messages WHERE type = 'fix'") == 0


async def test_batch_in_order(gateway: str, device: Device, database: asyncpg.Connection) -> None:
    """A batch is taken in its order, and the inbox keeps it."""
    async with car(gateway, device) as sender:
        await sender.hello()
        await sender.send([sos(1), fix(2), {**sos(3), "active": False}, sos(4)])
        await sender.acked(4)
    rows = await database.fetch("SELECT seq FROM car_messages ORDER BY message_id")
    assert [row["seq"] for row in rows] == [1, 3, 4]


async def test_repeated_seq_changes_nothing(gateway: str, device: Device, database: asyncpg.Connection) -> None:
    """What is sent again is acknowledged again, and the first version stays."""
    async with car(gateway, device) as sender:
        await sender.hello()
        await sender.send([fix(1), sos(2, note="first")])
        await sender.acked(2)
        await sender.send(sos(2, note="second"))
        assert (await sender.receive()) == {"type": "ack", "seq": 2}
        await sender.send(fix(1, lat=99))
        assert (await sender.receive()) == {"type": "ack", "seq": 2}
    assert json.loads(await database.fetchval("SELECT body FROM car_messages"))["note"] == "first"
    assert await database.fetchval("SELECT count(*) FROM fixes") == 1


async def test_rejected_messages_are_told_kept_and_acknowledged(
    gateway: str, device: Device, database: asyncpg.Connection
) -> None:
    """bad_message and clock_ahead: the car is told by seq, the message is kept for audit, and the journal moves on."""
    async with car(gateway, device) as sender:
        await sender.hello()
        await sender.send([fix(1), fix(2, lat=91), fix(3, now_ms() + 6 * 60_000), sos(4, note="a\0b"), fix(5)])
        await sender.acked(5)
        told = {m["seq"]: (m["code"], m["message"].split(":")[0]) for m in sender.heard if m["type"] == "rejected"}
        assert told == {2: ("bad_message", "lat"), 3: ("clock_ahead", "time_ms"), 4: ("bad_message", "note")}
    rows = await database.fetch("SELECT * FROM car_messages ORDER BY seq")
    assert [(row["seq"], row["type"], row["rejected_code"]) for row in rows] == [
        (2, "fix", "bad_message"),
        (3, "fix", "clock_ahead"),
        (4, "sos", "bad_message"),
    ]
    assert all(row["handled_at"] is not None and row["rejected_reason"] for row in rows)
    assert json.loads(rows[0]["body"])["lat"] == 91
    assert await database.fetchval("SELECT count(*) FROM fixes") == 2


async def test_errors_are_answered_and_the_tenth_closes(gateway: str, device: Device) -> None:
    """Each unreadable frame gets an error with its code; the tenth in a minute closes with 1008."""
    async with car(gateway, device) as sender:
        await sender.send(fix(1))
        assert (await sender.receive())["code"] == "no_hello"
        await sender.hello()
        for frame, code in [
            ("{", "bad_json"),
            (b'{"type":"sos"}', "bad_json"),
            ("[1]", "bad_message"),
            ({"type": "sos"}, "bad_message"),
            ({"type": "teleport", "seq": 1}, "unknown_type"),
        ]:
            await sender.send(frame)
            answer = await sender.receive()
            assert (answer["type"], answer["code"]) == ("error", code)
        await sender.send(fix(1))
        await sender.acked(1)
        for _ in range(4):
            await sender.send("{")
        assert await sender.closed() == 1008
        assert len([m for m in sender.heard if m["type"] == "error"]) == 10


async def test_large_frames(gateway: str, device: Device, database: asyncpg.Connection) -> None:
    """A frame of exactly 64 KiB is taken; one byte more closes with 1009."""
    async with car(gateway, device) as sender:
        await sender.hello()
        text = json.dumps(sos(1))
        await sender.send(text + " " * (65_536 - len(text)))
        await sender.acked(1)
        await sender.send(text + " " * (65_537 - len(text)))
        assert await sender.closed() == 1009
    assert await database.fetchval("SELECT last_seq FROM journals") == 1


async def test_late_fixes_never_move_the_live_position_back(
    gateway: str, device: Device, database: asyncpg.Connection
) -> None:
    """A backlog is stored in its place in time; the live position only goes forward, within a batch and across."""
    start = now_ms()
    async with car(gateway, device) as sender:
        await sender.hello()
        await sender.send(fix(1, start, lat=10.0))
        await sender.acked(1)
        await sender.send([fix(2, start - 60_000, lat=20.0), fix(3, start + 2_000, lat=30.0), fix(4, start + 1_000)])
        await sender.acked(4)
        await sender.send(fix(5, start - 30_000, lat=50.0))
        await sender.acked(5)
    assert await database.fetchval("SELECT lat FROM unit_positions WHERE unit_id = $1", device.unit_id) == 30.0
    rows = await database.fetch("SELECT seq FROM fixes ORDER BY fixed_at")
    assert [row["seq"] for row in rows] == [2, 5, 1, 4, 3]


async def test_fixes_of_far_off_times_are_kept(gateway: str, device: Device, database: asyncpg.Connection) -> None:
    """A receiver that lost its date loses no fix: 1970 and 1980 stand in the default partition, today in its own."""
    async with car(gateway, device) as sender:
        await sender.hello()
        await sender.send([fix(1, 0), fix(2, 315_964_800_000), fix(3)])
        await sender.acked(3)
    rows = await database.fetch("SELECT seq, tableoid::regclass::text AS partition FROM fixes ORDER BY seq")
    assert [row["partition"] == "fixes_default" for row in rows] == [True, True, False]


async def test_pages(gateway: str, device: Device) -> None:
    """The port answers /healthz and counts what it does in /metrics."""
    base = gateway.replace("ws://", "http://").replace("/vehicle/v1", "")
    async with car(gateway, device) as sender, httpx.AsyncClient(trust_env=False) as http:
        await sender.hello()
        await sender.send([fix(1), fix(2), sos(3)])
        await sender.acked(3)
        assert (await http.get(base + "/healthz")).status_code == 200
        text = (await http.get(base + "/metrics")).text
        assert (await http.get(base + "/elsewhere")).status_code == 404
    assert "patrol_gateway_connections 1.0" in text
    assert 'patrol_gateway_messages_total{kind="fix"} 2.0' in text
    assert 'patrol_gateway_messages_total{kind="other"} 1.0' in text
    assert "patrol_gateway_commits_total 1.0" in text
