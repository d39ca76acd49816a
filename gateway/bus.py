"""NATS as the gateway uses it: announcements that may be lost, and wake-ups that may never come. Never waited for.

Whatever depends on it is found again by rereading the database, so a bus that is down delays and breaks nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

log = structlog.get_logger(__name__)

_WAITING_LIMIT: Final = 10_000
_RECONNECT_S: Final = 1

Handler = Callable[[dict[str, Any]], Awaitable[None]]


class Bus:
    """`announce` from anywhere, at once; `run` connects, sends and hands incoming hints to their handlers."""

    def __init__(self, url: str, bureau: str) -> None:
        self._url = url
        self._prefix = f"patrol.{bureau}."
        self._handlers: dict[str, Handler] = {}
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_WAITING_LIMIT)
        self.connected = False

    def on(self, subject: str, handler: Handler) -> None:
        """Registers the handler of a subject; before `run`."""
        self._handlers[subject] = handler

    def announce(self, subject: str, payload: Any) -> None:
        """Says it to whoever listens; dropped where nobody can be reached in time."""
        if self.connected and not self._waiting.full():
            self._waiting.put_nowait((self._prefix + subject, msgspec.json.encode(payload)))

    async def run(self) -> None:
        """Stays connected until cancelled, however often the bus goes away."""
        client = await self._connect()
        try:
            for subject, handler in self._handlers.items():
                await client.subscribe(self._prefix + subject, cb=_reader(subject, handler))
            while True:
                subject, payload = await self._waiting.get()
                try:
                    await client.publish(subject, payload)
                except (nats.errors.Error, OSError) as error:
                    log.warning("announcement_lost", subject=subject, error=type(error).__name__)
        finally:
            self.connected = False
            await client.close()

    async def _connect(self) -> Client:
        while True:
            try:
                client = await nats.connect(
                    self._url,
                    name="patrol gateway",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_RECONNECT_S,
                    connect_timeout=2,
                    error_cb=_ignore,
                    disconnected_cb=self._lost,
                    reconnected_cb=self._found,
                )
            except (nats.errors.Error, OSError, TimeoutError) as error:
                log.warning("bus_unreachable", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_S)
            else:
                await self._found()
                return client

    async def _lost(self) -> None:
        if self.connected:
            log.warning("bus_lost")
        self.connected = False

    async def _found(self) -> None:
        self.connected = True
        log.info("bus_connected")


async def _ignore(error: Exception) -> None:
    """The client reports each failed attempt; the change of state is logged once, above."""
    log.debug("bus_error", error=type(error).__name__)


def _reader(subject: str, handler: Handler) -> Callable[[Msg], Awaitable[None]]:
    async def read(message: Msg) -> None:
        try:
            payload = msgspec.json.decode(message.data)
        except msgspec.DecodeError:
            payload = None
        if isinstance(payload, dict):
            await handler(payload)
        else:
            log.warning("hint_unreadable", subject=subject)

    return read
