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
_TIMEOUT_S: Final = 2
_PING_S: Final = 20

Handler = Callable[[dict[str, Any]], Awaitable[None]]


class Bus:
    """`announce` from anywhere, at once; `run` connects, sends and hands incoming hints to their handlers."""

    def __init__(self, url: str, bureau: str) -> None:
        self._url = url
        self._prefix = f"patrol.{bureau}."
        self._handlers: dict[str, Handler] = {}
        self._waiting: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue()
        self.connected = False

    def on(self, subject: str, handler: Handler) -> None:
        """Registers the handler of a subject; before `run`."""
        self._handlers[subject] = handler

    def announce(self, subject: str, payload: Any) -> None:
        """Says it to whoever listens; dropped where nobody can be reached in time."""
        if self.connected and self._waiting.qsize() < _WAITING_LIMIT:
            self._waiting.put_nowait((self._prefix + subject, msgspec.json.encode(payload)))

    async def run(self) -> None:
        """Stays connected until cancelled, however often the bus goes away."""
        known_lost = False
        while True:
            client = Client()
            self._waiting = asyncio.Queue()  # nobody wants to hear what was new before
            try:
                await self._connect(client)
                known_lost = False
                log.info("bus_connected")
                await self._speak(client)
                log.warning("bus_lost")
            except (nats.errors.Error, OSError, TimeoutError) as error:
                if not known_lost:
                    log.warning("bus_unreachable", error=type(error).__name__)
            finally:
                self.connected = False
                await client.close()
            known_lost = True
            await asyncio.sleep(_RECONNECT_S)

    async def _connect(self, client: Client) -> None:
        """One attempt. It is let run out even when cancelled: halfway it would leave its socket open."""
        attempt = asyncio.ensure_future(
            client.connect(
                self._url,
                name="patrol gateway",
                allow_reconnect=False,  # `run` does it, and forgets what was said meanwhile
                max_reconnect_attempts=1,  # the library would go on for two minutes within one attempt
                reconnect_time_wait=0,
                connect_timeout=_TIMEOUT_S,
                ping_interval=_PING_S,
                error_cb=_ignore,
                closed_cb=self._lost,
            )
        )
        try:
            await asyncio.shield(attempt)
        except asyncio.CancelledError:
            await asyncio.gather(attempt, return_exceptions=True)
            raise

    async def _speak(self, client: Client) -> None:
        """Passes on announcements until the connection is lost."""
        for subject, handler in self._handlers.items():
            await client.subscribe(self._prefix + subject, cb=_reader(subject, handler))
        self.connected = True
        while (announcement := await self._waiting.get()) is not None:
            await client.publish(*announcement)

    async def _lost(self) -> None:
        self._waiting.put_nowait(None)


async def _ignore(error: Exception) -> None:
    """Each change of state is logged once, above."""
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
