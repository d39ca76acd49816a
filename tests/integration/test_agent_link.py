"""The real agent process against a real WebSocket server that plays the gateway, by the book and otherwise."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.unit.vehicle_agent.by_the_book import Book, Visit, order
from tests.unit.vehicle_agent.parts import LIMIT_BYTES, fill, status
from tests.unit.vehicle_agent.test_nmea import sentence
from vehicle_agent.journal import Journal

TOKEN = "secret-token-1"
PATIENCE_S = 60.0
Manner = Callable[[int, ServerConnection, Visit, str], Awaitable[bool]]


class Gateway:
    """`Book` behind a socket. `manner` may misbehave: called for every frame with the number of the connection, it
    gives whether the frame is handled by the book."""

    def __init__(self, manner: Manner | None = None) -> None:
        self.book = Book()
        self.connections = 0
        self.headers: list[dict[str, str]] = []
        self.token = TOKEN
        self.sockets: list[ServerConnection] = []
        self._manner = manner
        self._server: Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port, or again on the same one."""
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            self.port,
            subprotocols=[Subprotocol("patrol.vehicle.v1")],
            process_request=self._check,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        self.headers.append(
            {name.lower(): value for name, value in request.headers.raw_items()} | {"path": request.path}
        )
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    async def _handle(self, socket: ServerConnection) -> None:
        self.connections += 1
        number = self.connections
        self.sockets.append(socket)
        self.book.server_ms = time.time_ns() // 1_000_000
        visit = Visit(self.book)
        try:
            async for frame in socket:
                assert isinstance(frame, str)
                if self._manner is not None and not await self._manner(number, socket, visit, frame):
                    continue
                for answer in visit.take(frame) + visit.commit():
                    await socket.send(json.dumps(answer))
        except ConnectionClosed:
            return


@asynccontextmanager
async def gateway(manner: Manner | None = None) -> AsyncIterator[Gateway]:
    """A running gateway."""
    made = Gateway(manner)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


class Agent:
    """The agent as a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN + "\n")
        self.journal = folder / "token.journal"
        self.log = folder / "nmea.log"
        self.process: asyncio.subprocess.Process | None = None

    def write_log(self, epochs: int) -> None:
        """A second of driving per epoch."""
        self.log.write_bytes(
            b"".join(
                sentence(
                    f"GPRMC,{n // 3600:02d}{n // 60 % 60:02d}{n % 60:02d}.00,A,2328.8,N,12027.0,E,20.0,90.0,231126,,,A"
                )
                for n in range(epochs)
            )
        )

    async def start(self, port: int, *more: str, gnss: str | None = None) -> None:
        """Start it on this gateway."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "vehicle_agent",
            "--gateway",
            f"ws://127.0.0.1:{port}",
            "--token-file",
            str(self.token_file),
            "--gnss",
            gnss or f"nmea:{self.log}",
            *more,
            stderr=asyncio.subprocess.PIPE,
        )

    async def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it; its exit code and what it said."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        _, said = await asyncio.wait_for(self.process.communicate(), PATIENCE_S)
        assert self.process.returncode is not None
        return self.process.returncode, said.decode()


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    """An agent, ended with the test whatever happened."""
    made = Agent(tmp_path)
    yield made
    if made.process is not None and made.process.returncode is None:
        made.process.kill()
        await made.process.communicate()


async def until(true: Callable[[], bool]) -> None:
    """Wait for a state, with patience."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  (another process is waited for)
            await asyncio.sleep(0.02)


def times(book: Book) -> list[int]:
    """The seconds of the log that arrived, in the order held."""
    start_ms = 1_795_392_000_000
    return [(message["time_ms"] - start_ms) // 1000 for message in book.messages("fix")]


async def test_a_replayed_file_arrives_whole_and_the_agent_stays(agent: Agent) -> None:
    """Every epoch once and in order over a proper handshake; after the file's end the link stays up for orders, and
    SIGTERM ends cleanly with 0 and an empty journal."""
    agent.write_log(120)
    async with gateway() as gate:
        await agent.start(gate.port, "--rate", "1000")
        await until(lambda: len(gate.book.messages("fix")) == 120)
        await gate.sockets[-1].send(json.dumps(order("a1")))
        code, said = await agent.stop()
    assert code == 0
    assert times(gate.book) == list(range(120))
    assert gate.headers[0]["authorization"] == f"Bearer {TOKEN}"
    assert gate.headers[0]["sec-websocket-protocol"] == "patrol.vehicle.v1"
    assert gate.headers[0]["path"] == "/vehicle/v1"
    assert "replay_ended" in said
    assert "order_received" in said
    assert TOKEN not in said
    journal = Journal(agent.journal, LIMIT_BYTES)
    assert (journal.waiting(), journal.last_seq) == (0, 120 + len(gate.book.messages("health")))
    journal.close()


async def test_it_survives_a_gateway_that_misbehaves(agent: Agent) -> None:
    """Connections dropped mid-batch with nothing acknowledged, acks withheld, unknown types, garbage, errors, a double
    welcome: in the end everything is held once, unchanged."""
    agent.write_log(300)
    held_back: list[dict[str, Any]] = []

    async def misbehave(number: int, socket: ServerConnection, visit: Visit, frame: str) -> bool:
        if '"hello"' in frame:
            return True
        if number == 1:
            visit.take(frame)
            socket.transport.abort()
            return False
        if number == 2:
            await socket.send('{"type":"fireworks"}')
            await socket.send("\x00 not json")
            await socket.send(b"\xff\xfe")
            visit.take(frame)
            is_first = not held_back
            held_back.extend(visit.commit())
            if is_first:
                await socket.send(json.dumps({"type": "error", "code": "too_fast", "message": "slow down"}))
            return False
        return True

    async with gateway(misbehave) as gate:
        await agent.start(gate.port, "--rate", "1000")
        await until(lambda: len(gate.book.messages("fix")) == 300 and gate.connections >= 3)
        await agent.stop()
    assert times(gate.book) == list(range(300))
    assert len(gate.book.boots) == 1


async def test_a_backlog_from_a_tunnel_arrives_in_order(agent: Agent) -> None:
    """With no gateway the journal fills; when it appears, everything comes in batches under 64 KiB."""
    agent.write_log(3_000)
    journal = Journal(agent.journal, LIMIT_BYTES)
    fill(journal, 5_000, status)
    journal.close()
    async with gateway() as gate:
        await gate.stop()
        await agent.start(gate.port, "--rate", "100000")
        await asyncio.sleep(1)
        await gate.start()
        await until(lambda: len(gate.book.messages()) >= 8_000 + 1)
        await agent.stop()
    assert times(gate.book) == list(range(3_000))
    assert len(gate.book.messages("status")) == 5_000
    assert gate.book.largest_frame_bytes <= 64 * 1024


async def test_killed_in_mid_write_it_goes_on_where_it_was(agent: Agent) -> None:
    """kill -9 again and again: numbers continue, nothing journalled is lost, nothing comes twice under two numbers."""
    agent.write_log(20_000)
    async with gateway() as gate:
        for _ in range(4):
            before = len(gate.book.messages("fix"))
            await agent.start(gate.port, "--rate", "2000")
            await until(lambda before=before: len(gate.book.messages("fix")) > before + 20)  # type: ignore[misc]
            await agent.stop(signal.SIGKILL)
        journal = Journal(agent.journal, LIMIT_BYTES)
        given, boot = journal.last_seq, journal.boot
        journal.close()
        agent.log.write_bytes(b"")
        await agent.start(gate.port)
        await until(lambda: max(gate.book.durable[boot]) >= given)
        await agent.stop()
    assert gate.book.boots == [boot]
    assert sorted(gate.book.durable[boot]) == list(range(1, given + 1))


async def test_a_refused_token_is_said(agent: Agent) -> None:
    """401 gives one clear line and no hammering."""
    agent.write_log(1)
    async with gateway() as gate:
        gate.token = "another"
        await agent.start(gate.port)
        await until(lambda: len(gate.headers) == 1)
        await asyncio.sleep(1.5)
        _, said = await agent.stop()
    assert len(gate.headers) == 1
    assert "does not know this token (401)" in said


async def test_taken_over_it_does_not_fight(agent: Agent) -> None:
    """After 4001 it stays away for long instead of throwing the other one out again."""
    agent.write_log(1)

    async def take_over(_number: int, socket: ServerConnection, _visit: Visit, _frame: str) -> bool:
        await socket.close(4001, "taken over")
        return False

    async with gateway(take_over) as gate:
        await agent.start(gate.port)
        await until(lambda: gate.connections == 1)
        await asyncio.sleep(1.5)
        _, said = await agent.stop()
    assert gate.connections == 1
    assert "taken_over" in said


async def test_two_agents_on_one_journal(agent: Agent) -> None:
    """The second leaves with 1 and one line that says why."""
    agent.write_log(1)
    async with gateway() as gate:
        await agent.start(gate.port)
        await until(lambda: gate.connections == 1)
        first, agent.process = agent.process, None
        await agent.start(gate.port)
        assert agent.process is not None
        _, said = await asyncio.wait_for(agent.process.communicate(), PATIENCE_S)
        assert (agent.process.returncode, said.decode().count("\n")) == (1, 1)
        assert "another agent uses the journal" in said.decode()
        agent.process = first
        await agent.stop()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--gateway"),
        (["--gateway", "ws://h", "--token-file", "{token}", "--gnss", "nmea:/no/such"], 1, "cannot read the NMEA file"),
        (["--gateway", "h p", "--token-file", "{token}", "--gnss", "nmea:{token}"], 2, "no gateway address"),
        (["--gateway", "ws://h", "--token-file", "{token}", "--gnss", "nmea:{token}", "--rate", "0"], 2, "above 0"),
        (
            ["--gateway", "ws://h", "--token-file", "{token}", "--gnss", "nmea:{token}", "--journal", "/no/such/j"],
            1,
            "cannot use the journal",
        ),
    ],
)
async def test_wrong_use_and_failure_have_their_codes(agent: Agent, arguments: list[str], code: int, said: str) -> None:
    """2 on wrong use, 1 on failure, the reason on the last line, no traceback."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "vehicle_agent",
        *(argument.format(token=agent.token_file) for argument in arguments),
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == code
    assert said in told.decode().splitlines()[-1]
    assert "Traceback" not in told.decode()


async def test_a_car_loads_no_server_library() -> None:
    """Neither FastAPI nor SQLAlchemy nor, without a screen, a web server comes in with the agent; nothing of
    dispatch, and of the gateway the protocol alone."""
    probe = (
        "import sys; import vehicle_agent.main; print(' '.join(sorted(sys.modules)));"
        "import vehicle_agent.screen; print(' '.join(sorted(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", probe, stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": os.getcwd()}
    )
    out, _ = await process.communicate()
    without, with_screen = (set(line.split()) for line in out.decode().splitlines())
    barred = {"fastapi", "sqlalchemy", "pydantic", "asyncpg", "nats", "numpy", "scipy", "shapely", "osmium", "dispatch"}
    assert not barred & with_screen
    assert not {"starlette", "uvicorn", "serial"} & without
    ours = {name for name in with_screen if name.startswith("gateway")}
    assert ours == {"gateway", "gateway.protocol", "gateway.enrol_protocol"}
