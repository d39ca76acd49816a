"""Cars get their tokens through the gateway's one port: codes once, in time, by few guesses; tokens renewed."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import segno
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from dispatch.service import fleet
from dispatch.store.database import create_engine
from gateway.enrol_protocol import SCAN_PREFIX
from gateway.settings import Settings
from tests.support.cars import Device, car, dial, gateway_settings, running

PLATE = "ABC-1234"


@pytest.fixture
def settings(database_url: str, nats_url: str) -> Settings:
    """A gateway on the test's own database."""
    return gateway_settings(database_url, nats_url)


async def make_code(
    database_url: str, plate: str = PLATE, *, valid: timedelta = timedelta(hours=1), now: datetime | None = None
) -> str:
    """A vehicle, if it is new, and a code for it."""
    engine = create_engine(database_url)
    try:
        async with engine.connect() as connection:
            known = await connection.exec_driver_sql("SELECT 1 FROM vehicles WHERE plate = $1", (plate,))
            is_new = known.first() is None
        if is_new:
            await fleet.add_vehicle(engine, plate, unit_name=f"unit {plate}", vehicle_type="car")
        return await fleet.enrolment_code(engine, plate, valid, lambda: now or datetime.now(UTC))
    finally:
        await engine.dispose()


async def ask(address: str, question: Any, token: str | None = None, caller: str | None = None) -> dict[str, Any]:
    """One question on the enrolment path, one answer. `caller`: whom a proxy on this machine names."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    headers |= {} if caller is None else {"X-Forwarded-For": caller}
    async with connect(
        f"{address}/enrol", subprotocols=[Subprotocol("patrol.enrol.v1")], additional_headers=headers, proxy=None
    ) as socket:
        await socket.send(question if isinstance(question, str) else json.dumps(question))
        answer: dict[str, Any] = json.loads(await socket.recv())
        await socket.wait_closed()
        assert socket.close_code == 1000
    return answer


def enrol(code: str) -> dict[str, Any]:
    """The question of a car without a token."""
    return {"type": "enrol", "code": code, "agent": "test/1"}


RENEW = {"type": "renew", "agent": "test/1"}


async def may_connect(address: str, token: str) -> bool:
    """Whether the vehicle link takes this token."""
    device = Device(UUID(int=0), UUID(int=0), token)
    try:
        async with car(address, device) as link:
            await link.hello()
            return True
    except InvalidStatus as error:
        return error.response.status_code != 401


async def test_a_code_gives_a_token_once(settings: Settings, database_url: str) -> None:
    """Typed carelessly or scanned, it gives a token with which the car connects; after that it gives nothing; the
    database holds neither the code nor the token."""
    code = await make_code(database_url)
    assert len(code) == 9
    async with running(settings) as address:
        answer = await ask(address, enrol(f"{SCAN_PREFIX}{code.lower().replace('-', ' ')}"))
        assert answer["type"] == "enrolled"
        assert answer["unit_name"] == f"unit {PLATE}"
        assert await may_connect(address, answer["token"])
        again = await ask(address, enrol(code))
        assert (again["type"], again["code"]) == ("error", "bad_code")
        # Nor while a renewed token waits for its first use.
        assert (await ask(address, RENEW, answer["token"]))["type"] == "enrolled"
        assert (await ask(address, enrol(code)))["code"] == "bad_code"
    connection = await asyncpg.connect(database_url)
    stored = str(await connection.fetch("SELECT * FROM devices")) + str(
        await connection.fetch("SELECT * FROM enrolment_codes")
    )
    await connection.close()
    assert answer["token"] not in stored
    assert code.replace("-", "") not in stored.replace("-", "")


async def test_a_code_whose_answer_was_lost_gives_another_token(settings: Settings, database_url: str) -> None:
    """Until the first use of what it gave; the lost token is worth nothing then, and the car's old one stands so long;
    over it gives nothing."""
    first = await make_code(database_url)
    async with running(settings) as address:
        old = (await ask(address, enrol(first)))["token"]
        assert await may_connect(address, old)
        code = await make_code(database_url)
        lost = (await ask(address, enrol(code)))["token"]
        assert await may_connect(address, old)
        token = (await ask(address, enrol(code)))["token"]
        assert not await may_connect(address, lost)
        assert await may_connect(address, token)
        assert not await may_connect(address, old)
        assert (await ask(address, enrol(code)))["code"] == "bad_code"
        short = await make_code(database_url)
        assert (await ask(address, enrol(short)))["type"] == "enrolled"
        connection = await asyncpg.connect(database_url)
        await connection.execute("UPDATE enrolment_codes SET expires_at = now()")
        await connection.close()
        assert (await ask(address, enrol(short)))["code"] == "bad_code"


async def test_idle_connections_do_not_shut_the_door(settings: Settings, database_url: str) -> None:
    """Four hundred that are opened and say nothing, from one address or from many: a car is enrolled at once."""
    async with running(settings) as address, AsyncExitStack() as stack:
        for number in range(400):
            headers = {"X-Forwarded-For": "192.0.2.1" if number < 100 else f"198.{number // 100}.{number % 100}.1"}
            await stack.enter_async_context(
                connect(
                    f"{address}/enrol",
                    subprotocols=[Subprotocol("patrol.enrol.v1")],
                    additional_headers=headers,
                    proxy=None,
                )
            )
        async with asyncio.timeout(5):
            assert (await ask(address, enrol(await make_code(database_url))))["type"] == "enrolled"


async def test_neighbours_behind_one_proxy_do_not_use_up_each_others_guesses(database_url: str, nats_url: str) -> None:
    """Each is whom the proxy on this machine names; and a good token is renewed however many codes were wrong."""
    settings = gateway_settings(
        database_url, nats_url, gateway_enrol_burst_per_address=2, gateway_enrol_per_address_per_min=0.1
    )
    async with running(settings) as address:
        token = (await ask(address, enrol(await make_code(database_url)), caller="192.0.2.1"))["token"]
        codes = [(await ask(address, enrol("00000000"), caller="192.0.2.1"))["code"] for _ in range(3)]
        assert codes == ["bad_code", "bad_code", "too_many_guesses"]
        renewed = await ask(address, RENEW, token, caller="192.0.2.1")
        assert renewed["type"] == "enrolled"
        assert (await ask(address, RENEW, "wrong", caller="192.0.2.1"))["code"] == "too_many_guesses"
        code = await make_code(database_url, "NEXT-1")
        assert (await ask(address, enrol(code), caller="192.0.2.2"))["type"] == "enrolled"


async def test_codes_that_are_over_or_replaced_give_nothing(settings: Settings, database_url: str) -> None:
    """Past its time, or once another code was made for the vehicle, or it was revoked, a code is wrong."""
    over = await make_code(database_url, valid=timedelta(minutes=5), now=datetime.now(UTC) - timedelta(minutes=6))
    async with running(settings) as address:
        assert (await ask(address, enrol(over)))["code"] == "bad_code"
        replaced, valid = await make_code(database_url), await make_code(database_url)
        assert (await ask(address, enrol(replaced)))["code"] == "bad_code"
        engine = create_engine(database_url)
        await fleet.revoke(engine, PLATE, lambda: datetime.now(UTC))
        await engine.dispose()
        assert (await ask(address, enrol(valid)))["code"] == "bad_code"


async def test_the_old_token_is_good_until_the_new_one_was_used(settings: Settings, database_url: str) -> None:
    """An answer that is lost costs nothing: the old token renews again, and ends only with the new one's first use."""
    code = await make_code(database_url)
    async with running(settings) as address:
        first = (await ask(address, enrol(code)))["token"]
        assert await may_connect(address, first)
        lost = (await ask(address, RENEW, first))["token"]
        assert await may_connect(address, first)
        second = (await ask(address, RENEW, first))["token"]
        assert not await may_connect(address, lost)
        assert await may_connect(address, second)
        assert not await may_connect(address, first)
        # A renewal with a token that was never used otherwise is its first use.
        third = (await ask(address, RENEW, second))["token"]
        fourth = (await ask(address, RENEW, third))["token"]
        assert not await may_connect(address, second)
        assert await may_connect(address, fourth)


async def test_many_connections_may_be_the_first_use(settings: Settings, database_url: str) -> None:
    """A car that connects twice at once with its fresh token is refused neither time."""
    code = await make_code(database_url)
    async with running(settings) as address:
        token = (await ask(address, enrol(code)))["token"]

        async def handshake() -> bool:
            async with dial(address, token):
                return True

        assert all(await asyncio.gather(*(handshake() for _ in range(8))))


async def test_a_revoked_car_comes_back_by_a_code_alone(settings: Settings, database_url: str) -> None:
    """Revoking ends present and fresh tokens; they renew nothing; a new code brings the car back."""
    code = await make_code(database_url)
    async with running(settings) as address:
        token = (await ask(address, enrol(code)))["token"]
        assert await may_connect(address, token)
        fresh = (await ask(address, RENEW, token))["token"]
        engine = create_engine(database_url)
        await fleet.revoke(engine, PLATE, lambda: datetime.now(UTC))
        await engine.dispose()
        for dead in (token, fresh):
            assert not await may_connect(address, dead)
            assert (await ask(address, RENEW, dead))["code"] == "bad_token"
        assert (await ask(address, RENEW))["code"] == "bad_token"
        back = await ask(address, enrol(await make_code(database_url)))
        assert await may_connect(address, back["token"])


async def test_guesses_are_few(database_url: str, nats_url: str) -> None:
    """After so many wrong codes at once even the right one is not heard, and how long to wait is said; what was right
    counts as no guess; a burst of simultaneous guesses gains nothing."""
    settings = gateway_settings(
        database_url, nats_url, gateway_enrol_burst_per_address=5, gateway_enrol_per_address_per_min=0.1
    )
    async with running(settings) as address:
        for n in range(8):
            code = await make_code(database_url, f"OK-{n}")
            assert (await ask(address, enrol(code)))["type"] == "enrolled"
        answers = await asyncio.gather(*(ask(address, enrol(f"0000000{n}")) for n in range(9)))
        codes = [answer["code"] for answer in answers]
        assert codes.count("bad_code") == 5
        assert codes.count("too_many_guesses") == 4
        right = await ask(address, enrol(await make_code(database_url)))
        assert right["code"] == "too_many_guesses"
        assert 0 < right["retry_s"] <= 601


@pytest.mark.parametrize(
    "frame",
    [
        *("", "nonsense", "[]", "{}", '{"type":"hello"}', '{"type":"enrol","agent":"a"}', '{"type":"enrol","code":5}'),
        *("[" * 2000, '{"type":"enrol","agent":"a","code":"' + "0" * 5000 + '"}'),
    ],
)
async def test_what_is_no_question_gets_an_answer(settings: Settings, frame: str) -> None:
    """Whatever comes first is answered with what was expected, and the gateway lives on."""
    async with running(settings) as address:
        assert (await ask(address, frame))["code"] == "bad_request"


async def test_each_path_takes_its_own_subprotocol(settings: Settings, database_url: str) -> None:
    """Neither path can be entered with the other's subprotocol: 400."""
    code = await make_code(database_url)
    async with running(settings) as address:
        token = (await ask(address, enrol(code)))["token"]
        for path, offered in ((address, "patrol.enrol.v1"), (f"{address}/enrol", "patrol.vehicle.v1")):
            with pytest.raises(InvalidStatus) as refused:
                async with dial(path, token, subprotocols=[Subprotocol(offered)]):
                    pass
            assert refused.value.response.status_code == 400


async def test_the_gateway_counts_what_came_of_questions(settings: Settings, database_url: str) -> None:
    """An operator sees guessing in the metrics."""
    import httpx  # noqa: PLC0415

    await make_code(database_url)
    async with running(settings) as address, httpx.AsyncClient(trust_env=False) as client:
        await ask(address, enrol("0000-0000"))
        page = await client.get(address.replace("ws", "http").replace("/vehicle/v1", "/metrics"))
    assert 'patrol_gateway_enrolments_total{outcome="bad_code"} 1.0' in page.text


def _dots(rows: list[str]) -> list[list[int]]:
    """What a scanner sees in a drawing of half blocks, light on dark: 1 is dark; the last line is one row of dots."""
    halves = [[[int(sign not in light) for sign in row] for light in ("█▀", "█▄")] for row in rows]
    return [dots for pair in halves for dots in pair][: len(rows[0])]


def test_the_operator_s_command(database_url: str, nats_url: str, tmp_path: Path) -> None:
    """`patrol vehicle code` prints the code, for scanners too; an unknown plate and an odd time are named."""
    from tests.support.command import patrol  # noqa: PLC0415

    around = {"DATABASE_URL": database_url, "NATS_URL": nats_url}
    add = patrol("vehicle", "add", PLATE, "--unit", "1", "--type", "car", data=tmp_path / "d", around=around)
    assert add.returncode == 0, add.stderr
    done = patrol("vehicle", "code", PLATE, "--minutes", "5", data=tmp_path / "d", around=around)
    code, scanned = done.stdout.splitlines()
    assert scanned == f"PATROL:{code}"
    assert "5 minutes" in done.stderr
    drawn = patrol("vehicle", "code", PLATE, "--qr", data=tmp_path / "d", around=around)
    _, line, *rows = drawn.stdout.splitlines()
    assert _dots(list(filter(None, rows))) == [list(row) for row in segno.make(line, micro=False).matrix_iter(border=4)]
    unknown = patrol("vehicle", "code", "XYZ", data=tmp_path / "d", around=around)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "patrol vehicle add" in unknown.stderr
    assert patrol("vehicle", "code", PLATE, "--minutes", "0", around=around).returncode == 2
