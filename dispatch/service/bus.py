"""The nerve: wake-ups and live positions over NATS. What it loses, a reread finds; nothing here is the truth."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

_log = structlog.get_logger()
RETRY_S: Final = 1

Handler = Callable[[Any], Awaitable[None]]


class Bus:
    """One connection of one process; connects in the background and for ever. Subjects are prefixed by the bureau."""

    def __init__(self, url: str, bureau: str) -> None:
        self._url = url
        self._prefix = f"patrol.{bureau}."
        self._client = Client()
        self._handlers: list[tuple[str, Handler]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Is the bus within reach at this moment?"""
        return self._client.is_connected

    def on(self, subject: str, handler: Handler) -> None:
        """Calls `handler` with each payload; to be said before `start`."""
        self._handlers.append((subject, handler))

    async def start(self) -> None:
        """Begins to connect; returns at once, since work goes on without the bus."""
        self._task = asyncio.create_task(self._connect(), name="bus-connect")

    async def stop(self) -> None:
        """Closes the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if not self._client.is_closed:
            await self._client.close()

    async def publish(self, subject: str, payload: Any) -> None:
        """A hint to whoever listens. Never raises for a bus that is away: the table is the truth."""
        if not self._client.is_connected:
            return
        try:
            await self._client.publish(self._prefix + subject, msgspec.json.encode(payload))
        except (nats.errors.Error, OSError) as error:
            _log.warning("bus_publish_failed", subject=subject, error=str(error))

    async def _connect(self) -> None:
        waiting = False
        while True:
            try:
                await self._client.connect(
                    self._url,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RETRY_S,
                    connect_timeout=2,
                    error_cb=self._noted("bus_error"),
                    disconnected_cb=self._noted("bus_disconnected"),
                    reconnected_cb=self._noted("bus_reconnected"),
                )
                break
            except (nats.errors.Error, OSError) as error:
                if not waiting:
                    _log.warning("bus_unreachable", error=str(error))
                    waiting = True
                await asyncio.sleep(RETRY_S)
        for subject, handler in self._handlers:
            await self._client.subscribe(self._prefix + subject, cb=_decoding(subject, handler))
        _log.info("bus_connected")

    def _noted(self, event: str) -> Callable[..., Awaitable[None]]:
        async def note(error: Exception | None = None) -> None:
            _log.warning(event, error=str(error) if error else None)

        return note


def _decoding(subject: str, handler: Handler) -> Callable[[Msg], Awaitable[None]]:
    async def receive(message: Msg) -> None:
        try:
            payload = msgspec.json.decode(message.data)
        except msgspec.DecodeError:
            _log.warning("bus_payload_unreadable", subject=subject)
            return
        await handler(payload)

    return receive


async def announce_once(url: str, bureau: str, subject: str, payload: Any) -> None:
    """One hint from a command line; quietly does without a bus that is away."""
    with contextlib.suppress(nats.errors.Error, OSError):
        client = await nats.connect(
            url, allow_reconnect=False, max_reconnect_attempts=1, reconnect_time_wait=0, connect_timeout=2
        )
        await client.publish(f"patrol.{bureau}.{subject}", msgspec.json.encode(payload))
        await client.drain()
