"""A dispatch server in the test's own process, on a real port, with the real engines; and clients for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.main import create_app
from dispatch.service.accounts import add_user
from dispatch.service.desk import Desk
from dispatch.settings import read_settings
from dispatch.store.database import create_engine
from dispatch.store.tables import units, vehicles
from gateway.store import devices

PASSWORD = "correct horse 110"


@dataclass
class Server:
    """A running server. `engine` is a second way to its database, for what no client can see."""

    url: str
    desk: Desk
    engine: AsyncEngine
    bureau: str

    async def client(self, username: str = "dora", role: str = "dispatcher") -> httpx.AsyncClient:
        """A program's client, signed in; the account is made where it is missing."""
        client = httpx.AsyncClient(base_url=f"{self.url}/api/v1", timeout=20)
        answer = await client.post("/session", json={"username": username, "password": PASSWORD})
        if answer.status_code == 401:
            await add_user(self.engine, username, PASSWORD, role)
            answer = await client.post("/session", json={"username": username, "password": PASSWORD})
        answer.raise_for_status()
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client

    async def add_unit(self, name: str, *, vehicle_type: str = "car") -> UUID:
        """A unit with a vehicle and a device that has no token."""
        unit_id, device_id = uuid4(), uuid4()
        async with self.engine.begin() as connection:
            await connection.execute(insert(units).values(unit_id=unit_id, name=name))
            await connection.execute(insert(devices).values(device_id=device_id, unit_id=unit_id, unit_name=name))
            await connection.execute(
                insert(vehicles).values(
                    vehicle_id=uuid4(), plate=f"P-{name}", type=vehicle_type, unit_id=unit_id, device_id=device_id
                )
            )
        return unit_id


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@asynccontextmanager
async def running_server(database_url: str, nats_url: str, **given: Any) -> AsyncIterator[Server]:
    """Started and ready; stopped at the end of the block."""
    bureau = f"test{uuid4().hex[:8]}"
    settings = read_settings(
        DATABASE_URL=database_url, NATS_URL=nats_url, bureau=bureau, port=free_port(), **given
    )
    app = create_app(settings)
    config = uvicorn.Config(app, host="127.0.0.1", port=settings.port, log_config=None, ws="websockets-sansio")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            await task
            raise RuntimeError("the server ended before it was ready")
    engine = create_engine(database_url, pool_size=2)
    try:
        yield Server(f"http://127.0.0.1:{settings.port}", app.state.desk, engine, bureau)
    finally:
        await engine.dispose()
        server.should_exit = True
        await task


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server on a database of its own."""
    async with running_server(database_url, nats_url) as running:
        yield running
