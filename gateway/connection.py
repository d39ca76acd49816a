"""One car's connection: carries frames between its socket and its session, one task each way.

The reader stops reading where the inbox has no room; the writer sends in the order in which it was told to, so a car
that reads slowly holds up nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from gateway.batch import Parcel
from gateway.database import TRANSIENT
from gateway.inbox import Inbox
from gateway.journals import resume_after
from gateway.links import Link
from gateway.metrics import Metrics
from gateway.orders import Mailbox, Orders
from gateway.parsing import Refusal
from gateway.protocol import CLOSE_POLICY, CLOSE_SILENT, CLOSE_TRY_LATER, Ack, Error, Hello, Welcome, encode
from gateway.session import Close, NeedWelcome, Output, Send, Session, Store
from gateway.settings import Settings

log = structlog.get_logger(__name__)

UNREAD_LIMIT: Final = 10_000


class CarSocket(ServerConnection):
    """A server connection that knows when it last heard anything, a pong included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.link: Link | None = None
        self.bearer: str | None = None
        self.on_lost: Callable[[], None] | None = None
        self.heard_s = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, however it did."""
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        """Bytes from the car."""
        self.heard_s = self.loop.time()
        super().data_received(data)


@dataclass(frozen=True, slots=True)
class Services:
    """What all connections of a gateway share."""

    settings: Settings
    pool: asyncpg.Pool
    inbox: Inbox
    orders: Orders
    metrics: Metrics
    clock_ms: Callable[[], int]


@dataclass(frozen=True, slots=True)
class _Frame:
    text: str
    is_ack: bool = False
    confirm: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class _Ping:
    pass


@dataclass(frozen=True, slots=True)
class _End:
    pass


class Car:
    """One connection, from its handshake to its end."""

    def __init__(self, socket: CarSocket, link: Link, services: Services) -> None:
        self.link = link
        self.close_code: int | None = None
        self._socket = socket
        self._services = services
        self._session = Session(self._now_s(), services.settings.limits)
        self._boot: UUID | None = None
        self._mailbox: Mailbox | None = None
        self._waiting: deque[_Frame | _Ping | Close | _End] = deque()
        self._wake = asyncio.Event()
        self._pinged_s = self._now_s()
        self._reader: asyncio.Task[None] | None = None
        self._abort: asyncio.TimerHandle | None = None
        # Without it, a reader that waits for room in the inbox would not notice that its car has gone.
        socket.on_lost = lambda: self._push(_End())

    async def run(self) -> None:
        """Serves the car until its connection has ended."""
        self._reader = asyncio.create_task(self._read())
        try:
            await self._write()
        finally:
            if self._mailbox is not None:
                self._services.orders.disconnect(self._mailbox)
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
            if self._abort is not None:
                self._abort.cancel()

    @property
    def end_code(self) -> int | None:
        """The close code of the connection: ours if we closed it, else what the car said."""
        return self.close_code or self._socket.close_code

    def close(self, code: int, reason: str) -> None:
        """Closes after what waits to be sent, and in any case within a few seconds; only the first call counts."""
        if self.close_code is None:
            self.close_code = code
            self._push(Close(code, reason))
            within_s = self._services.settings.gateway_close_s
            self._abort = self._socket.loop.call_later(within_s, self._socket.transport.abort)

    def stop_reading(self) -> None:
        """Takes nothing more from the car; what was taken is still acknowledged."""
        if self._reader is not None:
            self._reader.cancel()

    def tick(self) -> None:
        """Time has passed: ping what is quiet, close what is silent."""
        now_s = self._now_s()
        if self._socket.recv_messages.paused:
            self._socket.heard_s = now_s  # it is we who do not listen, for want of room in the inbox
        if now_s - self._socket.heard_s > self._services.settings.gateway_silence_s:
            self.close(CLOSE_SILENT, "no sign of life")
        elif now_s - self._pinged_s >= self._services.settings.gateway_ping_s:
            self._pinged_s = now_s
            self._push(_Ping())
        self._emit(self._session.tick(now_s))

    async def _read(self) -> None:
        try:
            while self.close_code is None:
                frame = await self._socket.recv()
                self._services.metrics.frames.inc()
                await self._carry(self._session.receive(frame, self._now_s(), self._services.clock_ms()))
        except ConnectionClosed:
            self._push(_End())
        except Exception:
            self._push(_End())
            raise

    async def _carry(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if isinstance(output, Store):
                await self._store(output)
            elif isinstance(output, NeedWelcome):
                await self._welcome(output.hello)
            else:
                self._emit([output])

    def _emit(self, outputs: Iterable[Output]) -> None:
        """Carries out what needs no waiting."""
        for output in outputs:
            if isinstance(output, Send):
                self._push(_Frame(encode(output.message), is_ack=isinstance(output.message, Ack)))
                if isinstance(output.message, Error):
                    self._services.metrics.errors.inc()
            elif isinstance(output, Close):
                self.close(output.code, output.reason)

    async def _store(self, output: Store) -> None:
        assert self._boot is not None  # noqa: S101 - a session stores nothing before its welcome
        parcel = Parcel(
            device_id=self.link.device_id,
            unit_id=self.link.unit_id,
            boot=self._boot,
            entries=output.entries,
            received_ms=self._services.clock_ms(),
            settle=self._settle,
        )
        await self._services.inbox.put(parcel)

    def _settle(self, durable_seq: int | None, refused: list[Refusal]) -> None:
        if durable_seq is None:
            self.close(CLOSE_POLICY, "this device is not registered any more")
        else:
            self._emit(self._session.committed(durable_seq, refused))

    async def _welcome(self, hello: Hello) -> None:
        link, services = self.link, self._services
        server_ms = services.clock_ms()
        try:
            durable_seq = await resume_after(services.pool, link.device_id, hello, server_ms)
            opening = await services.orders.opening(link.unit_id)
        except asyncpg.ForeignKeyViolationError:
            self.close(CLOSE_POLICY, "this device is not registered any more")
            return
        except TRANSIENT as error:
            log.warning("welcome_failed", unit_id=str(link.unit_id), error=type(error).__name__)
            self.close(CLOSE_TRY_LATER, "the database is away; try again")
            return
        self._boot = UUID(hello.boot)
        welcome = Welcome(
            unit_id=str(link.unit_id),
            unit_name=link.unit_name,
            server_ms=services.clock_ms(),
            resume_after=durable_seq,
            orders=opening.orders,  # type: ignore[arg-type] # passed on as dispatch wrote them
        )
        outputs = self._session.welcome(welcome, self._now_s(), services.clock_ms())
        self._emit(outputs[:1])
        if self.close_code is None:
            self._mailbox = services.orders.connect(link.unit_id, opening, self._send_order)
            log.info("car_welcomed", unit_id=str(link.unit_id), agent=hello.agent, resume_after=durable_seq)
        await self._carry(outputs[1:])

    def _send_order(self, text: str, confirm: Callable[[], None]) -> None:
        self._push(_Frame(text, confirm=confirm))

    def _push(self, item: _Frame | _Ping | Close | _End) -> None:
        if isinstance(item, _Frame) and item.is_ack and self._waiting:
            last = self._waiting[-1]
            if isinstance(last, _Frame) and last.is_ack:
                self._waiting.pop()  # the later acknowledgement covers it
        self._waiting.append(item)
        self._wake.set()
        if len(self._waiting) > UNREAD_LIMIT:
            self.close(CLOSE_POLICY, "does not read what it is sent")

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    item = self._waiting.popleft()
                    if isinstance(item, _End):
                        return
                    if isinstance(item, Close):
                        await self._say_goodbye(item)
                        return
                    await self._put_on_wire(item)
        except ConnectionClosed:
            return

    async def _say_goodbye(self, item: Close) -> None:
        """The closing handshake. The car's half of it may stand behind frames that nobody will take any more."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait({self._reader})
        discarding = asyncio.create_task(self._discard())
        await self._socket.close(item.code, item.reason)
        await discarding

    async def _discard(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._socket.recv()

    async def _put_on_wire(self, item: _Frame | _Ping) -> None:
        if isinstance(item, _Frame):
            await self._socket.send(item.text)
        if isinstance(item, _Ping):
            await self._socket.ping()
        elif item.confirm is not None:
            pong = asyncio.ensure_future(await self._socket.ping())
            pong.add_done_callback(_confirming(item.confirm))

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()


def _confirming(confirm: Callable[[], None]) -> Callable[[asyncio.Future[float]], None]:
    def answered(pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            confirm()

    return answered
