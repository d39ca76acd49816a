"""Phones at the gateway, over real sockets on the real database and bus: tokens, limits, every fix once, SOS."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import asyncpg
import httpx
import nats
import pytest

from tests.support.cars import WAIT_S, Device, car, fix, gateway_settings, now_ms, register
from tests.support.phones import at, phones_of, query


async def test_every_protocol_ends_in_the_same_fix(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection
) -> None:
    """Query, form, Traccar's JSON, OwnTracks: 200 when it is durable, in m/s, source phone."""
    now = now_ms() // 1000 * 1000
    measured = {"speed": 19.4384449, "bearing": 90, "accuracy": 5, "altitude": 30}
    assert (await phone.get("/", params=query(device, now - 4000, **measured))).text == "ok\n"
    assert (await phone.post("/", data=query(device, now - 3000, **measured))).status_code == 200
    coords = {"latitude": 23.48, "longitude": 120.45, "accuracy": 5, "speed": 10, "heading": 90, "altitude": 30}
    body = {"location": {"timestamp": at(now - 2000).isoformat(), "coords": coords}, "device_id": device.token}
    assert (await phone.post("/", json=body)).status_code == 200
    owntracks = {"_type": "location", "tst": now // 1000 - 1, "lat": 23.48, "lon": 120.45, "vel": 36, "cog": 90}
    answer = await phone.post("/owntracks", json={**owntracks, "acc": 5, "alt": 30}, auth=("anybody", device.token))
    assert (answer.status_code, answer.json()) == (200, [])
    rows = await database.fetch("SELECT * FROM fixes ORDER BY fixed_at")
    assert [row["fixed_at"] for row in rows] == [at(now - 4000 + 1000 * n) for n in range(4)]
    for row in rows:
        assert row["unit_id"] == device.unit_id
        assert row["speed_mps"] == pytest.approx(10, abs=1e-6)
        assert (row["course_deg"], row["accuracy_m"], row["altitude_m"], row["source"]) == (90, 5, 30, "phone")


async def test_refusals_say_what_to_do(phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection) -> None:
    """401 without a valid token, whatever else is wrong; 400 where no token can be read, 200 with the reason where it
    can: an app would send it for ever; 404, 405, 413; nothing is kept."""
    now = now_ms()
    assert (await phone.get("/", params={"lat": 1, "lon": 2})).status_code == 401
    unknown = await phone.get("/", params={**query(device, now), "id": "other", "lat": "x"})
    assert (unknown.status_code, unknown.text.count("\n")) == (401, 1)
    assert unknown.headers["WWW-Authenticate"].startswith("Basic")
    assert (await phone.post("/owntracks", json={}, auth=("user", "wrong"))).status_code == 401
    bad = await phone.get("/", params=query(device, now, lat="95"))
    assert (bad.status_code, bad.text) == (200, "refused: bad_message: lat: not a number of degrees up to 90\n")
    assert (await phone.post("/", content=b"{nonsense")).status_code == 400
    bearer = {"Authorization": f"Bearer {device.token}"}
    assert (await phone.post("/", content=b"{nonsense", headers=bearer)).text.startswith("refused: bad_message: ")
    unreadable = await phone.post("/owntracks", content=b"[1", auth=("", device.token))
    assert (unreadable.status_code, unreadable.json()) == (200, [])
    assert (await phone.post("/owntracks", content=b"[1")).status_code == 400
    assert (await phone.put("/", params=query(device, now))).status_code == 405
    assert (await phone.get("/elsewhere")).status_code == 404
    assert (await phone.post("/", content=b"x" * 70_000)).status_code == 413
    assert await database.fetchval("SELECT count(*) FROM fixes") == 0
    assert await database.fetchval("SELECT count(*) FROM car_messages") == 0
    await database.execute("UPDATE devices SET revoked_at = now()")
    assert (await phone.get("/", params=query(device, now))).status_code == 401


async def test_the_header_goes_before_the_identifier(phone: httpx.AsyncClient, device: Device) -> None:
    """A token in Authorization needs no place in an address that a proxy may log."""
    params = {name: value for name, value in query(device, now_ms()).items() if name != "id"}
    bearer = {"Authorization": f"Bearer {device.token}"}
    assert (await phone.get("/", params=params, headers=bearer)).status_code == 200
    assert (await phone.get("/", params={**params, "id": "my phone"}, headers=bearer)).status_code == 200
    for scheme in ("Basic ???", f"Digest {device.token}", "Basic " + base64.b64encode(b"no colon").decode()):
        assert (await phone.get("/", params=params, headers={"Authorization": scheme})).status_code == 401


async def test_late_and_repeated_fixes_count_once_and_move_nothing_back(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection
) -> None:
    """In any order, some twice and some at the same moment twice: each time once, the newest is the position."""
    now = now_ms()
    order = [0, -3000, -1000, -1000, -60_000, 0, -2000, -3000]
    for offset in order:
        members = query(device, now + offset, lat=23.48 + offset / 1e6)
        assert (await phone.get("/", params=members)).status_code == 200
    twice = [phone.get("/", params=query(device, now - 7000)) for _ in range(8)]
    assert {answer.status_code for answer in await asyncio.gather(*twice)} == {200}
    times = [row["fixed_at"] for row in await database.fetch("SELECT fixed_at FROM fixes ORDER BY fixed_at")]
    assert times == sorted({at(now + offset) for offset in [*order, -7000]})
    position = await database.fetchrow("SELECT fixed_at, lat FROM unit_positions")
    assert position is not None
    assert (position["fixed_at"], position["lat"]) == (at(now), 23.48)


async def test_a_phone_does_not_move_the_agents_position_back(
    database_url: str, nats_url: str, device: Device, database: asyncpg.Connection
) -> None:
    """Both speak for one unit: the newest fix wins, and the agent's journal goes on as if there were no phone."""
    async with phones_of(gateway_settings(database_url, nats_url, phone_port=0)) as (phone, address):
        async with car(address, device) as agent:
            await agent.hello()
            now = now_ms()
            await agent.send(fix(1, now, lat=23.5))
            await agent.acked(1)
            await phone.get("/", params=query(device, now - 500))
            await phone.get("/", params=query(device, now + 500, lat=23.6))
            await agent.send(fix(2, now + 200))
            await agent.acked(2)
        assert await database.fetchval("SELECT lat FROM unit_positions") == 23.6
        assert await database.fetchval("SELECT count(*) FROM fixes") == 4


async def test_a_future_fix_is_kept_as_refused_and_acknowledged(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection
) -> None:
    """As on the link: 200, so that the app's queue moves on; not a position; kept for audit, once."""
    ahead = query(device, now_ms() + 600_000)
    for _ in range(2):
        answer = await phone.get("/", params=ahead)
        assert (answer.status_code, answer.text.startswith("refused: clock_ahead: ")) == (200, True)
    rows = await database.fetch("SELECT type, rejected_code, handled_at FROM car_messages")
    assert [(row["type"], row["rejected_code"], row["handled_at"] is None) for row in rows] == [
        ("fix", "clock_ahead", False)
    ]
    assert await database.fetchval("SELECT count(*) FROM unit_positions") == 0


async def test_a_call_for_help_enters_the_inbox_once(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection
) -> None:
    """alarm=sos is the link's own SOS with the place; sent again it is the same one; no clock ahead keeps it back."""
    now = now_ms()
    for time_ms in (now, now, now + 3_600_000):
        assert (await phone.get("/", params=query(device, time_ms, alarm="sos"))).status_code == 200
    assert (await phone.post("/", data={"id": device.token, "alarm": "sos"})).status_code == 200
    rows = await database.fetch("SELECT body FROM car_messages WHERE type = 'sos' ORDER BY message_id")
    bodies = [json.loads(row["body"]) for row in rows]
    assert [(body["active"], body.get("lat")) for body in bodies] == [(True, 23.48), (True, 23.48), (True, None)]
    assert [body["time_ms"] for body in bodies[:2]] == [now, now + 3_600_000]


async def test_fixes_are_announced_once(
    database_url: str, nats_url: str, device: Device, database: asyncpg.Connection
) -> None:
    """What is new goes over the bus like the link's fixes; what came before does not."""
    settings = gateway_settings(database_url, nats_url, phone_port=0)
    bus = await nats.connect(nats_url)
    heard: list[dict[str, Any]] = []

    async def hear(message: Any) -> None:
        heard.extend(json.loads(message.data))

    try:
        await bus.subscribe(f"patrol.{settings.bureau}.fixes", cb=hear)
        await bus.flush()
        async with phones_of(settings) as (phone, _):
            async with asyncio.timeout(WAIT_S):
                while not heard:  # until the gateway has found its bus
                    await phone.get("/", params=query(device, now_ms()))
                    await asyncio.sleep(0.05)
            heard.clear()
            now = now_ms()
            for time_ms in (now, now - 1000, now, now - 1000, now + 1):
                await phone.get("/", params=query(device, time_ms))
            async with asyncio.timeout(WAIT_S):
                while not heard or heard[-1]["time_ms"] != now + 1:  # noqa: ASYNC110 - the bus tells when it likes
                    await asyncio.sleep(0.02)
            assert [(said["time_ms"], said["live"]) for said in heard] == [
                (now, True),
                (now - 1000, False),
                (now + 1, True),
            ]
    finally:
        await bus.close()


async def test_too_fast_is_told_so_and_help_goes_through(database_url: str, nats_url: str, device: Device) -> None:
    """One phone's rate is its own: 429 with Retry-After; SOS and the other phone get through."""
    other = await register(database_url, "北興102")
    settings = gateway_settings(database_url, nats_url, phone_port=0, phone_burst=5, phone_per_s=0.01)
    now = now_ms()
    async with phones_of(settings) as (phone, _):
        answers = [await phone.get("/", params=query(device, now - n * 1000)) for n in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert (await phone.get("/", params=query(device, now + 1, alarm="sos"))).status_code == 200
        assert (await phone.get("/", params=query(other, now))).status_code == 200


async def test_guesses_are_counted_by_address_and_cost_nobody_else(
    database_url: str, nats_url: str, device: Device
) -> None:
    """Wrong tokens and bodies that can't be read use up the guesses of an address; phones that share it go on."""
    limits = {"phone_guess_burst": 3, "phone_guess_per_s": 0.01}
    async with phones_of(gateway_settings(database_url, nats_url, phone_port=0, **limits)) as (phone, _):
        for n in range(20):
            assert (await phone.get("/", params=query(device, now_ms() - n))).status_code == 200
        guesses = [await phone.get("/", params={"id": f"guess-{n}"}) for n in range(2)]
        guesses += [await phone.post("/", content=b"{broken") for _ in range(2)]
        guesses.append(await phone.get("/", params={"lat": 1}))
        assert [answer.status_code for answer in guesses] == [401, 401, 400, 429, 429]
        assert int(guesses[-1].headers["Retry-After"]) >= 1
        for n in range(20):
            assert (await phone.get("/", params=query(device, now_ms() - n))).status_code == 200
        assert (await phone.get("/", params=query(device, now_ms(), alarm="sos"))).status_code == 200


async def test_calls_for_help_have_a_wide_limit_of_their_own(phone: httpx.AsyncClient, device: Device) -> None:
    """An app gone wild is told to wait; its positions go on."""
    now = now_ms()
    calls = [await phone.get("/", params=query(device, now - n, alarm="sos")) for n in range(11)]
    assert [answer.status_code for answer in calls] == [200] * 10 + [429]
    assert (await phone.get("/", params=query(device, now + 1))).status_code == 200


async def test_an_apps_queue_moves_on_whatever_is_in_it(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection
) -> None:
    """An app drops the head of its queue on 2xx and otherwise sends it again for ever: a heartbeat without a fix and
    reports that nobody can read must not hold back what stands behind them."""
    now = now_ms()
    heartbeat = {"id": device.token, "timestamp": now - 4000, "batt": 81}
    queue: list[dict[str, Any]] = [
        query(device, now - 5000),
        heartbeat,
        query(device, now - 3000, lat="23,48"),
        query(device, 12),
        {"id": device.token, "timestamp": now - 2500, "lat": 23.48},
        query(device, now + 900_000),
        query(device, now - 1000),
    ]
    held, tries = list(queue), 0
    while held and tries < 3 * len(queue):
        tries += 1
        if (await phone.get("/", params=held[0])).is_success:
            held.pop(0)
    assert (held, tries) == ([], len(queue))
    times = [row["fixed_at"] for row in await database.fetch("SELECT fixed_at FROM fixes ORDER BY fixed_at")]
    assert times == [at(now - 5000), at(now - 1000)]
    assert await database.fetchval("SELECT count(*) FROM journals WHERE seen_at > now() - interval '1 minute'") == 1


async def test_what_was_refused_is_counted(database_url: str, nats_url: str, device: Device) -> None:
    """By reason, on the gateway's own page: an operator sees that an app speaks nonsense."""
    async with phones_of(gateway_settings(database_url, nats_url, phone_port=0)) as (phone, address):
        await phone.get("/", params=query(device, now_ms(), lat="x"))
        await phone.get("/", params=query(device, now_ms() + 900_000))
        page = address.replace("ws://", "http://").replace("/vehicle/v1", "/metrics")
        text = (await phone.get(page)).text
    for code in ("bad_message", "clock_ahead"):
        assert f'patrol_gateway_phone_reports_refused_total{{code="{code}"}} 1.0' in text


async def test_a_list_of_reports_is_taken_in_one_request(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection
) -> None:
    """Flat or with coords; the broken one is named, the others are fixes, the call for help is heard."""
    now = now_ms() // 1000 * 1000
    flat = {"id": device.token, "lat": 23.48, "lon": 120.45, "speed": 19.4384449}
    coords = {"latitude": 23.48, "longitude": 120.45, "speed": 10}
    batch = {"location": [{"timestamp": at(now - n).isoformat(), "coords": coords} for n in (3000, 2000)]}
    body = [flat | {"timestamp": now // 1000}, flat | {"lat": "?"}, batch, flat | {"timestamp": now, "alarm": "sos"}]
    answer = await phone.post("/", json=body)
    assert (answer.status_code, answer.text) == (200, "refused: bad_message: lat: not a number of degrees up to 90\n")
    rows = await database.fetch("SELECT fixed_at, speed_mps FROM fixes ORDER BY fixed_at")
    assert [row["fixed_at"] for row in rows] == [at(now - 3000), at(now - 2000), at(now)]
    assert [row["speed_mps"] for row in rows] == [pytest.approx(10, abs=1e-6)] * 3
    assert await database.fetchval("SELECT count(*) FROM car_messages WHERE type = 'sos'") == 1


async def test_a_second_call_with_the_same_cached_position_is_a_call(
    database_url: str, nats_url: str, device: Device, database: asyncpg.Connection
) -> None:
    """An app hangs the position that it has on its call: a repeat within a minute is its second try, a later one is
    somebody pressing again, at the time when it came."""
    ahead_ms = 0

    def clock_ms() -> int:
        return now_ms() + ahead_ms

    cached = now_ms()
    settings = gateway_settings(database_url, nats_url, phone_port=0)
    async with phones_of(settings, clock_ms) as (phone, _):
        for ahead_ms in (0, 50_000, 70_000, 80_000):  # noqa: B007 - the clock reads it
            assert (await phone.get("/", params=query(device, cached, alarm="sos"))).status_code == 200
    rows = await database.fetch("SELECT body, sent_at FROM car_messages WHERE type = 'sos' ORDER BY message_id")
    assert [json.loads(row["body"]).get("lat") for row in rows] == [23.48, None]
    assert rows[0]["sent_at"] == at(cached)
    assert (rows[1]["sent_at"] - rows[0]["sent_at"]).total_seconds() >= 70
    assert await database.fetchval("SELECT count(*) FROM fixes") == 1


async def test_a_head_request_stores_nothing(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection
) -> None:
    """Whoever looks whether the address is there reports no position."""
    assert (await phone.head("/", params=query(device, now_ms()))).status_code == 405
    assert await database.fetchval("SELECT count(*) FROM fixes") == 0


async def test_nothing_personal_in_the_log(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    """No token, no place, no address, whether it is taken or refused."""
    for members in (query(device, now_ms()), query(device, 5), {**query(device, now_ms()), "id": "wrong-token"}):
        await phone.get("/", params=members)
    said = "".join(capfd.readouterr())
    assert not [word for word in (device.token, "wrong-token", "23.48", "120.45") if word in said]
