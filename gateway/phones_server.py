"""The phones' port inside the gateway's process: opened before the gateway is ready, closed before it stops writing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Final

import structlog
import uvicorn

from gateway.phones_connection import DEFAULT_CROWD, Crowd, Doorkeeper, PhoneConnection

log = structlog.get_logger(__name__)

FINISH_WITHIN_S: Final = 3
KEEP_ALIVE_S: Final = 30
BACKLOG: Final = 1_024


class PhonePort:
    """A listening port with its server; `stop` lets what is under way finish."""

    def __init__(self, listener: socket.socket, server: uvicorn.Server, task: asyncio.Task[None]) -> None:
        self.port: int = listener.getsockname()[1]
        self._server = server
        self._task = task
        self._stopping = False

    @property
    def ended(self) -> bool:
        """Serves no more, or never began; `watch` says why."""
        return self._task.done()

    async def watch(self) -> None:
        """Until `stop`. Raises RuntimeError, or what ended it, where the server ends by itself."""
        await asyncio.wait([self._task])
        if self._stopping:
            return
        if not self._task.cancelled() and (error := self._task.exception()) is not None:
            raise error
        raise RuntimeError("the phones' server ended by itself")

    async def stop(self) -> None:
        """Takes no new request, answers those under way (for a few seconds), closes."""
        self._stopping = True
        self._server.should_exit = True
        await asyncio.wait([self._task])


class _Server(uvicorn.Server):
    """uvicorn, but signals stay with the gateway."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def phone_port(app: Any, host: str, port: int, crowd: Crowd = DEFAULT_CROWD) -> AsyncIterator[PhonePort]:
    """Serves the application for the length of the block. Raises OSError where the port can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=FINISH_WITHIN_S,
    )
    config.http = partial(PhoneConnection, Doorkeeper(config.forwarded_allow_ips, crowd))  # type: ignore[assignment]
    server = _Server(config)
    phones = PhonePort(listener, server, asyncio.create_task(server.serve(sockets=[listener])))
    try:
        while not server.started and not phones.ended:  # noqa: ASYNC110 - uvicorn tells by this flag alone
            await asyncio.sleep(0.01)
        log.info("phones_ready", host=host, port=phones.port)
        yield phones
    finally:
        await phones.stop()
        for accepting in getattr(server, "servers", ()):  # left open where the task was ended from outside
            accepting.close()
        listener.close()
