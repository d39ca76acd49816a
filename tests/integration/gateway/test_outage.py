"""Kills: the database and the gateway die while cars send; nothing is lost, nothing acked early, nothing twice."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import nats
import pytest
from websockets.exceptions import InvalidStatus

from dispatch.embedded import EmbeddedEngines
from dispatch.engines.process import reserve_port
from dispatch.migrations import upgrade
from dispatch.store.database import create_engine
from tests.support.cars import JournalCar, car, dial, fix, gateway_settings, register, running, sos, until
from tests.support.command import wait_until

EVERYTHING = "SELECT seq FROM fixes WHERE unit_id = $1 UNION ALL SELECT seq FROM car_messages WHERE unit_id = $1"
MESSAGES_PER_CAR = 150


async def held(database_url: str, driver: JournalCar) -> list[int]:
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch(f"{EVERYTHING} ORDER BY seq", driver.device.unit_id)
    await connection.close()
    return [row["seq"] for row in rows]


async def drive(driver: JournalCar, through: asyncio.Event) -> None:
    """Journals steadily; ends when all is written, acknowledged, and the test is through with its kills."""

    async def write() -> None:
        for seq in range(1, MESSAGES_PER_CAR + 1):
            driver.write(sos(seq) if seq % 25 == 0 else fix(seq))
            await asyncio.sleep(0.02)
        await through.wait()

    writing = asyncio.create_task(write())
    await driver.run(writing.done)
    await writing


async def reaches(driver: JournalCar, seq: int) -> None:
    async with asyncio.timeout(60):
        while driver.acked_seq < seq:  # noqa: ASYNC110 - the acknowledgement is what is waited for
            await asyncio.sleep(0.02)


async def comes_back(driver: JournalCar) -> None:
    async with asyncio.timeout(60):
        while driver.connections < 2:  # noqa: ASYNC110 - the connection is what is waited for
            await asyncio.sleep(0.02)


@pytest.fixture
def own_engines() -> Iterator[EmbeddedEngines]:
    """Engines that a test may kill, with a database that keeps its promises to the disk."""
    folder = Path(tempfile.mkdtemp(prefix="patrol-"))
    engines = EmbeddedEngines(folder)
    engines.start()
    yield engines
    engines.stop()
    shutil.rmtree(folder)


def kill_database(engines: EmbeddedEngines) -> None:
    assert engines.postgres is not None
    assert engines.postgres.pid is not None
    os.kill(engines.postgres.pid, signal.SIGKILL)


async def knock_until_503(address: str) -> None:
    """The database's processes outlive their killed parent for a moment; then the gateway says so at its door."""
    status = 0
    async with asyncio.timeout(30):
        while status != 503:
            with pytest.raises(InvalidStatus) as refusal:
                async with dial(address, "whoever"):
                    pass
            status = refusal.value.response.status_code


def restart_database(engines: EmbeddedEngines) -> None:
    """Once it is gone: a process that waits for its disk outlives even this kill for a moment."""
    wait_until(lambda: bool(engines.dead()), "the database outlived its kill")
    for engine in engines.dead():
        engine.start()
        engine.wait_ready()


async def test_the_database_dies_twice_while_cars_send(own_engines: EmbeddedEngines) -> None:
    """What was acknowledged before a kill of the database server is there after it; in the end everything is, once
    each; the gateway recovers by itself, and says 503 to whoever knocks meanwhile."""
    urls = own_engines.urls
    engine = create_engine(urls.database_url)
    await upgrade(engine)
    await engine.dispose()
    devices = [await register(urls.database_url, f"北興{number}") for number in range(4)]
    through = asyncio.Event()
    async with running(gateway_settings(urls.database_url, urls.nats_url)) as address:
        drivers = [JournalCar(address, device) for device in devices]
        driving = asyncio.gather(*(drive(driver, through) for driver in drivers))
        for kill in (1, 2):
            await reaches(drivers[0], kill * 40)
            kill_database(own_engines)
            promised = [driver.acked_seq for driver in drivers]
            await knock_until_503(address)
            await asyncio.to_thread(restart_database, own_engines)
            for driver, seq in zip(drivers, promised, strict=True):
                assert (await held(urls.database_url, driver))[:seq] == list(range(1, seq + 1))
        through.set()
        await driving
        for driver in drivers:
            assert driver.acked_seq == MESSAGES_PER_CAR
            assert await held(urls.database_url, driver) == list(range(1, MESSAGES_PER_CAR + 1))


async def test_a_car_that_leaves_while_the_database_is_dead_is_not_connected_for_ever(
    own_engines: EmbeddedEngines,
) -> None:
    """Its end is written down by the same gateway when the database is back; the car that stayed is still connected."""
    urls = own_engines.urls
    engine = create_engine(urls.database_url)
    await upgrade(engine)
    await engine.dispose()
    leaves, stays = [await register(urls.database_url, f"北興{number}") for number in range(2)]
    async with running(gateway_settings(urls.database_url, urls.nats_url)) as address, car(address, stays) as staying:
        await staying.hello()
        async with car(address, leaves) as leaving:
            await leaving.hello()
            kill_database(own_engines)
            await knock_until_503(address)
        await asyncio.to_thread(restart_database, own_engines)
        connection = await asyncpg.connect(urls.database_url)
        try:
            query = "SELECT disconnected_at IS NOT NULL FROM car_links WHERE unit_id = $1"
            await until(connection, query, leaves.unit_id)
            assert not await connection.fetchval(query, stays.unit_id)
        finally:
            await connection.close()


async def test_the_bus_dies_and_nobody_waits(own_engines: EmbeddedEngines) -> None:
    """Without NATS everything is taken and acknowledged all the same; when it is back, it is spoken to again."""
    urls = own_engines.urls
    engine = create_engine(urls.database_url)
    await upgrade(engine)
    await engine.dispose()
    device = await register(urls.database_url)
    settings = gateway_settings(urls.database_url, urls.nats_url)
    async with running(settings) as address, car(address, device) as driver:
        await driver.hello()
        await driver.send(fix(1))
        await driver.acked(1)
        assert own_engines.nats is not None
        own_engines.nats.stop()
        for seq in range(2, 30):
            await driver.send(fix(seq))
            await driver.acked(seq)
        own_engines.nats.start()
        own_engines.nats.wait_ready()
        client = await nats.connect(urls.nats_url)
        heard = await client.subscribe(f"patrol.{settings.bureau}.fixes")
        async with asyncio.timeout(30):
            while not heard.pending_msgs:
                seq += 1
                await driver.send(fix(seq))
                await driver.acked(seq)
        await client.close()


@asynccontextmanager
async def gateway_process(database_url: str, nats_url: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        "DATABASE_URL": database_url,
        "NATS_URL": nats_url,
        "PATROL_GATEWAY_HOST": "127.0.0.1",
        "PATROL_GATEWAY_PORT": str(port),
        "PATROL_BUREAU": "outage",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", env={**os.environ, **environment}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def test_a_gateway_process_is_killed_midway(database_url: str, nats_url: str) -> None:
    """kill -9 of the gateway in the middle of the stream: its cars resume at the next one, every message is held once,
    and the links of the dead one are put right. The next one stops cleanly on SIGTERM."""
    devices = [await register(database_url, f"北興{number}") for number in range(4)]
    gone = await register(database_url, "後湖1")
    port = reserve_port()
    drivers = [JournalCar(f"ws://127.0.0.1:{port}/vehicle/v1", device) for device in devices]
    through = asyncio.Event()
    driving = asyncio.gather(*(drive(driver, through) for driver in drivers))
    database = await asyncpg.connect(database_url)
    async with gateway_process(database_url, nats_url, port) as first:
        for driver in drivers:
            await reaches(driver, 40)
        async with car(drivers[0].address, gone) as leaver:
            await leaver.hello()
            await until(database, "SELECT count(*) = 1 FROM car_links WHERE unit_id = $1", gone.unit_id)
            first.kill()
            await first.wait()
    async with gateway_process(database_url, nats_url, port) as second:
        await until(database, "SELECT close_code = 1006 FROM car_links WHERE unit_id = $1", gone.unit_id)
        for driver in drivers:
            await comes_back(driver)
        through.set()
        await driving
    assert second.returncode == 0
    for driver in drivers:
        assert driver.connections > 1
        assert await held(database_url, driver) == list(range(1, MESSAGES_PER_CAR + 1))
    assert await database.fetchval("SELECT count(*) = 0 FROM car_links WHERE disconnected_at IS NULL")
    await database.close()


async def test_start_failures_are_one_line(database_url: str, nats_url: str) -> None:
    """A port that is taken ends the process with 1 and one line that says so; wrong settings with 2."""
    async with running(gateway_settings(database_url, nats_url)) as address:
        taken = address.split(":")[2].split("/")[0]
        for port, code, words in ((taken, 1, b"cannot listen on"), ("no", 2, b"PATROL_GATEWAY_PORT")):
            environment = {"DATABASE_URL": database_url, "NATS_URL": nats_url, "PATROL_GATEWAY_PORT": port}
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "gateway"),
                env={**os.environ, "PATROL_GATEWAY_HOST": "127.0.0.1", **environment},
                stderr=asyncio.subprocess.PIPE,
            )
            _, stderr = await process.communicate()
            assert process.returncode == code
            lines = [line for line in stderr.splitlines() if line.startswith(b"gateway: ")]
            assert len(lines) == 1
            assert words in lines[0]
