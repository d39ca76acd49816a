"""The phones' port as a part of the gateway: taken, without a database, ending by itself, and stopped under load."""

from __future__ import annotations

import asyncio

import asyncpg
import httpx
import pytest

from gateway.server import Gateway
from tests.support.cars import WAIT_S, Device, gateway_settings, now_ms, until
from tests.support.phones import at, phones_of, query


async def test_nothing_is_acknowledged_without_the_database(
    phone: httpx.AsyncClient, device: Device, database: asyncpg.Connection
) -> None:
    """The connections are cut again and again: 503, or 200 and then it is there. Sent again, each counts once."""
    now, taken = now_ms(), set()
    for n in range(30):
        if n % 3 == 0:
            await database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND application_name = 'patrol gateway'"
            )
        answer = await phone.get("/", params=query(device, now - n))
        assert answer.status_code in {200, 503}
        if answer.status_code == 200:
            taken.add(at(now - n))
            assert await database.fetchval("SELECT count(*) FROM fixes WHERE fixed_at = $1", at(now - n)) == 1
    for n in range(30):
        while (await phone.get("/", params=query(device, now - n))).status_code != 200:  # noqa: ASYNC110 - as a phone does
            await asyncio.sleep(0.05)
    assert await database.fetchval("SELECT count(*) FROM fixes") == 30
    assert taken


async def test_a_taken_port_is_named(database_url: str, nats_url: str, database: asyncpg.Connection) -> None:
    """It must be had, else the gateway does not start: phones look nowhere else."""
    first = gateway_settings(database_url, nats_url, phone_port=0)
    async with phones_of(first) as (phone, _):
        taken = phone.base_url.port
        with pytest.raises(Exception, match="PATROL_PHONE_PORT"):
            async with phones_of(gateway_settings(database_url, nats_url, phone_port=taken)):
                pass


@pytest.mark.parametrize("by_an_error", [False, True])
async def test_a_phone_server_that_ends_takes_the_gateway_with_it(
    database_url: str, nats_url: str, database: asyncpg.Connection, by_an_error: bool
) -> None:
    """A gateway that goes on without its phones would be missed by nobody; whoever started it starts it again."""
    gateway, started = Gateway(gateway_settings(database_url, nats_url, phone_port=0)), asyncio.Event()
    task = asyncio.create_task(gateway.run(asyncio.Event(), lambda _: started.set()))
    await started.wait()
    assert gateway.phones is not None
    if by_an_error:
        gateway.phones._task.cancel()
    else:
        gateway.phones._server.should_exit = True
    with pytest.raises(ExceptionGroup, match="unhandled") as caught:
        async with asyncio.timeout(WAIT_S):
            await task
    assert "phones" in str(caught.value.exceptions[0])


async def test_a_stopping_gateway_answers_what_it_has_taken(
    database_url: str, nats_url: str, device: Device, database: asyncpg.Connection
) -> None:
    """Requests under way at the stop are answered, and 200 still means durable; afterwards the port is closed."""
    now = now_ms()
    async with phones_of(gateway_settings(database_url, nats_url, phone_port=0)) as (phone, _):
        pending = [asyncio.create_task(phone.get("/", params=query(device, now - n))) for n in range(40)]
        await until(database, "SELECT count(*) > 0 FROM fixes")
        base = str(phone.base_url)
    answers = await asyncio.gather(*pending, return_exceptions=True)
    good = sum(1 for answer in answers if isinstance(answer, httpx.Response) and answer.status_code == 200)
    assert good >= 1
    assert await database.fetchval("SELECT count(*) FROM fixes") >= good
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(base)
