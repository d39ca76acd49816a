"""What goes on when a part is gone: another server takes over, the bus is done without, the database is waited for."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from websockets.exceptions import InvalidStatus

from dispatch.embedded import EmbeddedEngines
from dispatch.engines.process import reserve_port
from dispatch.migrations import upgrade
from dispatch.service.loop import LEADER_LOCK
from dispatch.store.database import create_engine
from tests.integration.test_api_session import problem_of
from tests.support.feed import dial, watching
from tests.support.server import Server, assigned, enter, eventually, incident_when, running_server

NEAR = (23.481, 120.451)


def leads(server: Server) -> bool:
    """Does this server run the dispatcher loop?"""
    leading: bool = server.app.state.loop.leading
    return leading


async def until_leading(*servers: Server) -> Server:
    """The one that leads, as soon as one does."""

    async def leaders() -> list[Server]:
        return [server for server in servers if leads(server)]

    return (await eventually(leaders))[0]


async def sends(server: Server, name: str) -> None:
    """A call that is entered here gets its order."""
    unit_id = await server.add_unit(name, at=NEAR)
    client = await server.client()
    incident = await enter(client)
    assignment = await assigned(client, incident["id"], unit_id)
    await client.post(f"/incidents/{incident['id']}/close", json={"disposition": f"{name} {assignment['state']}"})
    await server.says(unit_id, "availability", available=False, reason="its part is done")
    await server.inbox_read()


async def test_of_two_servers_one_leads_and_the_other_takes_over(database_url: str, nats_url: str) -> None:
    """Both serve the API; orders go on when the leader is stopped, and when it loses its lock."""
    async with running_server(database_url, nats_url, bureau="pair") as second:
        async with running_server(database_url, nats_url, bureau="pair") as first:
            leader = await until_leading(first, second)
            assert [leads(first), leads(second)].count(True) == 1
            await sends(second if leader is first else first, "by the other's API")
            async with leader.engine.begin() as connection:
                cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = :lock"
                await connection.execute(text(cut), {"lock": LEADER_LOCK})
            await sends(first, "after the lock was lost")
            assert [leads(first), leads(second)].count(True) == 1
        await until_leading(second)
        await sends(second, "after the other was stopped")


@asynccontextmanager
async def dispatch_process(database_url: str, nats_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A dispatch server in a process of its own; killed at the end if it still runs."""
    settings = {
        "DATABASE_URL": database_url,
        "NATS_URL": nats_url,
        "PATROL_BUREAU": "killed",
        "PATROL_PORT": str(reserve_port()),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dispatch", "serve"),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_leader_is_killed_and_the_other_takes_over(database_url: str, nats_url: str) -> None:
    """With kill -9, in the middle of the work: an incident entered before is given its order afterwards."""
    async with dispatch_process(database_url, nats_url) as process:
        engine = create_engine(database_url, pool_size=2)

        async def held() -> int:
            assert process.returncode is None, "the process ended by itself"
            async with engine.connect() as connection:
                query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = :lock")
                return await connection.scalar(query, {"lock": LEADER_LOCK}) or 0

        await eventually(held)
        await engine.dispose()
        async with running_server(database_url, nats_url, bureau="killed") as other:
            await sends(other, "by the process")
            assert not leads(other)
            client = await other.client()
            waiting = await enter(client)
            await incident_when(client, waiting["id"], lambda i: len(i["timeline"]) == 2)
            process.kill()
            unit_id = await other.add_unit("after the kill", at=NEAR)
            await assigned(client, waiting["id"], unit_id)
            assert leads(other)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short one, for engines of this test alone."""
    made = Path(tempfile.mkdtemp(prefix="patrol-"))
    yield made
    shutil.rmtree(made)


async def test_without_the_bus_everything_is_found_by_rereading(database_url: str, folder: Path) -> None:
    """NATS is stopped: calls get their orders, cars are heard, the feed shows it; when it is back it is used again."""
    engines = EmbeddedEngines(folder, database_url=database_url)
    urls = engines.start()
    try:
        async with running_server(database_url, urls.nats_url) as server, watching(server) as screen:
            ready = f"{server.url}/readyz"
            client = await server.client()
            assert (await client.get(ready)).status_code == 200
            assert engines.nats is not None
            await asyncio.to_thread(engines.nats.stop)
            down = await eventually(lambda: client.get(ready), lambda answer: answer.status_code == 503)
            assert (problem_of(down), "bus" in down.json()["detail"]) == ((503, "unavailable"), True)
            unit_id = await server.add_unit("without the bus", at=NEAR)
            incident = await enter(client)
            assignment = await assigned(client, incident["id"], unit_id)
            await server.steps(unit_id, assignment["assignment_id"], "en_route", hint=False)
            await incident_when(client, incident["id"], lambda i: i["en_route_at"] is not None)
            await screen.until_event("unit_en_route")
            await asyncio.to_thread(engines.nats.start)
            await asyncio.to_thread(engines.nats.wait_ready)
            await eventually(lambda: client.get(ready), lambda answer: answer.status_code == 200)
    finally:
        await asyncio.to_thread(engines.stop)


async def test_a_restart_of_the_database_is_waited_for(nats_url: str, folder: Path) -> None:
    """While it is away: 503 with Retry-After, for the feed as well; then all works, and the loop leads again."""
    engines = EmbeddedEngines(folder, nats_url=nats_url)
    database_url = (await asyncio.to_thread(engines.start)).database_url
    try:
        engine = create_engine(database_url, pool_size=2)
        await upgrade(engine)
        await engine.dispose()
        async with running_server(database_url, nats_url) as server:
            client = await server.client()
            before = await enter(client)
            assert engines.postgres is not None
            await asyncio.to_thread(engines.postgres.stop)
            for method, path in (("GET", "/units"), ("GET", f"/incidents/{before['id']}"), ("POST", "/incidents")):
                answer = await client.request(method, path, json={"category": "other"} if method == "POST" else None)
                assert problem_of(answer) == (503, "unavailable")
                assert int(answer.headers["retry-after"]) > 0
            stranger = await server.stranger()
            sign_in = await stranger.post("/session", json={"username": "dora", "password": "any"})
            assert problem_of(sign_in) == (503, "unavailable")
            assert problem_of(await stranger.get(f"{server.url}/readyz")) == (503, "unavailable")
            assert (await stranger.get(f"{server.url}/healthz")).status_code == 200
            with pytest.raises(InvalidStatus) as no_feed:
                await dial(server, Authorization=client.headers["Authorization"])
            assert no_feed.value.response.status_code == 503
            await asyncio.to_thread(engines.postgres.start)
            await asyncio.to_thread(engines.postgres.wait_ready)
            ready = f"{server.url}/readyz"
            await eventually(lambda: client.get(ready), lambda answer: answer.status_code == 200)
            assert (await client.get(f"/incidents/{before['id']}")).json()["number"] == before["number"]
            await until_leading(server)
            unit_id = await server.add_unit("after the restart", at=NEAR)
            await assigned(client, before["id"], unit_id)
            async with watching(server) as screen:
                await enter(client)
                await screen.until_event("incident_created")
    finally:
        await asyncio.to_thread(engines.stop)
