"""A bare car for tests, written from the protocol alone, and a gateway of its own for it to talk to."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from gateway.server import Gateway
from gateway.settings import Settings

WAIT_S = 20.0


def now_ms() -> int:
    """The clock of car and server alike."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Device:
    """A registered device and its token."""

    device_id: UUID
    unit_id: UUID
    token: str
    boot: UUID = field(default_factory=uuid4)


async def register(database_url: str, name: str = "北興101") -> Device:
    """Enrols a device for a unit of its own."""
    device = Device(uuid4(), uuid4(), f"token-{uuid4()}")
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO devices (device_id, unit_id, unit_name, token_sha256, enrolled_at) VALUES ($1, $2, $3, $4, now())",
        device.device_id,
        device.unit_id,
        name,
        hashlib.sha256(device.token.encode()).hexdigest(),
    )
    await connection.close()
    return device


def gateway_settings(database_url: str, nats_url: str, **changes: Any) -> Settings:
    """Settings of a gateway on a free local port, in a bureau of its own."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "nats_url": nats_url,
        "bureau": f"test-{uuid4().hex[:8]}",
        "gateway_host": "127.0.0.1",
        "gateway_port": 0,
        "gateway_sweep_s": 0.5,
        "gateway_orders_period_s": 0.3,
        **changes,
    }
    return Settings(**values)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    """A gateway inside this process; the value is its address."""
    stop = asyncio.Event()
    started = asyncio.Event()
    ports: list[int] = []

    def ready(port: int) -> None:
        ports.append(port)
        started.set()

    task = asyncio.create_task(Gateway(settings).run(stop, ready))
    task.add_done_callback(lambda _: started.set())
    await started.wait()
    if not ports:
        await task
    try:
        yield f"ws://127.0.0.1:{ports[0]}/vehicle/v1"
    finally:
        stop.set()
        await task


class FakeCar:
    """One connection of a device."""

    def __init__(self, socket: ClientConnection, device: Device) -> None:
        self.socket = socket
        self.device = device
        self.heard: list[dict[str, Any]] = []

    async def send(self, message: Any) -> None:
        """One frame: a message, a batch, or raw text or bytes."""
        await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def hello(self, boot: UUID | None = None) -> dict[str, Any]:
        """Says hello and returns the welcome."""
        await self.send(
            {"type": "hello", "boot": str(boot or self.device.boot), "agent": "fake/1", "clock_ms": now_ms()}
        )
        return await self.until("welcome")

    async def receive(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(WAIT_S):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        self.heard.append(message)
        return message

    async def until(self, kind: str, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The next message of a type for which `wanted` holds; what comes before it is in `heard`."""
        while True:
            message = await self.receive()
            if message["type"] == kind and wanted(message):
                return message

    async def acked(self, seq: int) -> dict[str, Any]:
        """The first acknowledgement that covers `seq`."""
        return await self.until("ack", lambda ack: ack["seq"] >= seq)

    async def closed(self) -> int | None:
        """Waits for the end of the connection and returns its close code."""
        try:
            while True:
                await self.receive()
        except ConnectionClosed:
            return self.socket.close_code

    async def hears_nothing_more(self) -> None:
        """A ping has gone both ways: all that the gateway had sent before is here; it must be nothing new."""
        async with asyncio.timeout(WAIT_S):
            await (await self.socket.ping())


class JournalCar:
    """A car that loses nothing: it journals, sends in order, resumes after every break, and forgets what is acked."""

    def __init__(self, address: str, device: Device) -> None:
        self.address = address
        self.device = device
        self.journal: dict[int, dict[str, Any]] = {}
        self.acked_seq = 0
        self.connections = 0

    def write(self, message: dict[str, Any]) -> None:
        """Into the journal; `run` sends it."""
        self.journal[message["seq"]] = message

    async def run(self, done: Callable[[], bool]) -> None:
        """Drives the link until `done` and nothing waits for its acknowledgement."""
        while self.journal or not done():
            try:
                async with car(self.address, self.device) as link:
                    self.connections += 1
                    sent = (await link.hello())["resume_after"]
                    self.forget(sent)
                    await asyncio.gather(self._send(link, sent, done), self._listen(link, done))
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                await asyncio.sleep(0.1)

    async def _send(self, link: FakeCar, sent: int, done: Callable[[], bool]) -> None:
        while self.journal or not done():
            waiting = [message for seq, message in self.journal.items() if seq > sent]
            for message in waiting:
                await link.send(message)
                sent = message["seq"]
            await asyncio.sleep(0.02)
        await link.socket.close()

    async def _listen(self, link: FakeCar, done: Callable[[], bool]) -> None:
        while self.journal or not done():
            self.forget((await link.until("ack"))["seq"])

    def forget(self, seq: int) -> None:
        """All up to `seq` is the server's now."""
        self.acked_seq = max(self.acked_seq, seq)
        for held in [held for held in self.journal if held <= seq]:
            del self.journal[held]


@asynccontextmanager
async def car(address: str, device: Device, **options: Any) -> AsyncIterator[FakeCar]:
    """A connected car; it has not said hello."""
    async with dial(address, device.token, **options) as socket:
        yield FakeCar(socket, device)


def dial(address: str, token: str | None, **options: Any) -> connect:
    """A connection attempt with this token."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    arguments = {"subprotocols": [Subprotocol("patrol.vehicle.v1")], "additional_headers": headers, "compression": None}
    return connect(address, **{**arguments, "proxy": None, "max_size": None, **options})


def fix(seq: int, time_ms: int | None = None, **members: Any) -> dict[str, Any]:
    """A position report."""
    return {
        "type": "fix",
        "seq": seq,
        "time_ms": now_ms() if time_ms is None else time_ms,
        "lat": 23.48,
        "lon": 120.45,
        **members,
    }


def sos(seq: int, **members: Any) -> dict[str, Any]:
    """A call for help without a position."""
    return {"type": "sos", "seq": seq, "time_ms": now_ms(), "active": True, **members}


async def until(database: asyncpg.Connection, query: str, *arguments: object) -> None:
    """Waits until the query's single value is true."""
    async with asyncio.timeout(WAIT_S):
        while not await database.fetchval(query, *arguments):  # noqa: ASYNC110 - the table is the only witness
            await asyncio.sleep(0.02)
