"""The gateway's process: everything started in order, watched, and stopped in order.

A part that fails unexpectedly takes the process down with it; what cars hold in their journals makes that safe, and a
gateway that goes on with a part missing would not be.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from gateway.batch import Plan
from gateway.bus import Bus
from gateway.callers import Proxies
from gateway.connection import Car, CarSocket, Services
from gateway.database import TRANSIENT, open_pool
from gateway.enrolment import Enrolment
from gateway.handshake import Door
from gateway.inbox import Inbox
from gateway.links import Links
from gateway.metrics import Metrics
from gateway.orders import Orders
from gateway.partitions import drop_old_partitions, ensure_partitions
from gateway.phones import Phones
from gateway.phones_intake import Intake
from gateway.phones_server import PhonePort, phone_port
from gateway.protocol import CLOSE_GOING_AWAY, ENROL_SUBPROTOCOL, FRAME_LIMIT_BYTES, SUBPROTOCOL
from gateway.roll import Roll
from gateway.settings import Settings
from gateway.vehicle_files import VehicleFiles

log = structlog.get_logger(__name__)

PARTITIONS_PERIOD_S: Final = 3600.0
RETRY_S: Final = 60.0
DRAIN_WITHIN_S: Final = 10.0
FIXES_PER_ANNOUNCEMENT: Final = 500


def system_clock_ms() -> int:
    """Milliseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000_000


class ListenError(Exception):
    """The port can't be had; its text says which and why."""


class Gateway:
    """One gateway. `run` serves until `stop` is set, then finishes what it has taken, acknowledges and closes."""

    def __init__(self, settings: Settings, clock_ms: Callable[[], int] = system_clock_ms) -> None:
        self._settings = settings
        self._clock_ms = clock_ms
        self._metrics = Metrics()
        self._bus = Bus(settings.nats_url, settings.bureau)
        self.phones: PhonePort | None = None

    async def run(self, stop: asyncio.Event, started: Callable[[int], None]) -> None:
        """Calls `started` with the port once cars may come.

        Raises one of database.TRANSIENT where the database fails at the start, ListenError where the port can't be had,
        and an exception group where a part of it failed later.
        """
        async with await open_pool(self._settings.database_url, self._settings.gateway_pool_size) as pool:
            await self._serve(pool, stop, started)

    async def _serve(self, pool: asyncpg.Pool, stop: asyncio.Event, started: Callable[[int], None]) -> None:
        await self._keep_partitions(pool)
        self._links, self._files = Links(pool, self._settings.database_url), VehicleFiles(pool)
        self._roll = Roll(self._links, self._bus)
        self._inbox = Inbox(pool, self._settings.pace, self._announce)
        proxies = Proxies(self._settings.trusted_proxies)
        self._enrolment = Enrolment(pool, self._links, self._metrics, self._settings.guess_limits, proxies)
        self._orders = Orders(pool, self._settings.gateway_orders_period_s)
        self._services = Services(self._settings, pool, self._inbox, self._orders, self._metrics, self._clock_ms)
        self._bus.on("orders", self._on_orders)
        self._bus.on("takeover", self._roll.on_hint)
        self._bus.on("devices", self._roll.on_hint)
        await self._roll.sweep()
        async with (
            aclosing(self._links),
            self._listening() as server,
            self._phones_listening(pool),
            asyncio.TaskGroup() as tasks,
        ):
            writing = tasks.create_task(self._inbox.run())
            background = [
                tasks.create_task(part)
                for part in (
                    *([self.phones.watch()] if self.phones is not None else ()),
                    self._bus.run(),
                    self._orders.run(),
                    self._tick(),
                    _regularly(self._settings.gateway_sweep_s, self._look_around),
                    _regularly(PARTITIONS_PERIOD_S, lambda: self._keep_partitions(pool)),
                )
            ]
            started(server.sockets[0].getsockname()[1])
            await stop.wait()
            log.info("gateway_stopping", connections=len(self._roll.cars))
            await self._drain(server, writing)
            for task in (*background, writing):
                task.cancel()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Server]:
        host, port = self._settings.gateway_host, self._settings.gateway_port
        try:
            server = await serve(
                self._serve_car,
                host,
                port,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                process_request=Door(self._links, self._files, self._metrics, self._page_metrics),
                create_connection=CarSocket,
                compression=None,
                max_size=FRAME_LIMIT_BYTES,
                ping_interval=None,
                close_timeout=self._settings.gateway_close_s,
                server_header=None,
            )
        except OSError as error:
            raise ListenError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        try:
            yield server
        finally:
            server.close()
            await server.wait_closed()

    @asynccontextmanager
    async def _phones_listening(self, pool: asyncpg.Pool) -> AsyncIterator[None]:
        settings, loop = self._settings, asyncio.get_running_loop()
        host, port = settings.gateway_host, settings.phone_port
        if port is None:
            yield
            return
        intake = Intake(pool, self._inbox)
        rates = settings.phone_rates
        app = Phones(self._links.find, intake, self._metrics, self._clock_ms, loop.time, rates).app()
        async with AsyncExitStack() as stack:
            try:
                self.phones = await stack.enter_async_context(phone_port(app, host, port))
            except OSError as error:
                reason = error.strerror or error
                raise ListenError(f"cannot listen for phones on {host}:{port}: {reason}; PATROL_PHONE_PORT") from error
            yield

    async def _serve_car(self, connection: ServerConnection) -> None:
        if isinstance(connection, CarSocket) and connection.subprotocol == ENROL_SUBPROTOCOL:
            await self._enrolment.serve(connection, connection.bearer)
        elif isinstance(connection, CarSocket) and connection.link is not None:
            await self._roll.serve(Car(connection, connection.link, self._services))

    async def _drain(self, server: Server, writing: asyncio.Task[None]) -> None:
        """No more messages in, all that was taken written and acknowledged, then every car told to go elsewhere."""
        server.close(close_connections=False)
        for car in list(self._roll.cars):
            car.stop_reading()
        if self.phones is not None:
            await self.phones.stop()
        self._inbox.stop()
        await asyncio.wait([writing], timeout=DRAIN_WITHIN_S)
        for car in list(self._roll.cars):
            car.close(CLOSE_GOING_AWAY, "this gateway stops; another one takes over")

    async def _tick(self) -> None:
        """Watches the connections for silence, several times a ping."""
        while True:
            await asyncio.sleep(min(1.0, self._settings.gateway_ping_s / 4))
            for car in list(self._roll.cars):
                car.tick()

    async def _look_around(self) -> None:
        await self._roll.recheck()
        await self._roll.sweep()

    async def _keep_partitions(self, pool: asyncpg.Pool) -> None:
        today = datetime.fromtimestamp(self._clock_ms() / 1000, UTC).date()
        try:
            async with pool.acquire() as connection:
                made = await ensure_partitions(connection, today)
                dropped = await drop_old_partitions(connection, today, self._settings.fix_retention_days)
        except asyncpg.LockNotAvailableError:
            log.warning("partitions_busy")  # a week of them is made ahead, and the default one takes what comes
            return
        if made or dropped:
            log.info("partitions_changed", made=made, dropped=dropped)

    async def _on_orders(self, hint: dict[str, Any]) -> None:
        unit_ids = hint.get("unit_ids")
        try:
            self._orders.wake(UUID(str(unit_id)) for unit_id in (unit_ids if isinstance(unit_ids, list) else []))
        except ValueError:
            log.warning("hint_unreadable", subject="orders")

    def _announce(self, plan: Plan) -> None:
        self._metrics.commits.inc()
        self._metrics.messages.labels(kind="fix").inc(len(plan.fixes))
        self._metrics.messages.labels(kind="other").inc(len(plan.messages))
        if plan.messages:
            self._bus.announce("inbox", {})
        if self._bus.connected:
            for start in range(0, len(plan.fixes), FIXES_PER_ANNOUNCEMENT):
                self._bus.announce(
                    "fixes", [fix.announcement() for fix in plan.fixes[start : start + FIXES_PER_ANNOUNCEMENT]]
                )

    def _page_metrics(self) -> bytes:
        self._metrics.connections.set(len(self._roll.cars))
        self._metrics.queue.set(self._inbox.queued_messages)
        return self._metrics.text()


async def _regularly(period_s: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    failing = False
    while True:
        await asyncio.sleep(min(period_s, RETRY_S) if failing else period_s)
        try:
            await work()
        except TRANSIENT as error:
            if not failing:
                log.warning("upkeep_failing", error=type(error).__name__)
            failing = True
        else:
            failing = False
