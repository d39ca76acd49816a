"""The phones' port inside the gateway's process: opened before the gateway is ready, closed before it stops writing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import structlog
import uvicorn

log = structlog.get_logger(__name__)

AT_ONCE: Final = 2_000
FINISH_WITHIN_S: Final = 3
KEEP_ALIVE_S: Final = 30
BACKLOG: Final = 1_024


class PhonePort:
    """A listening port with its server; `stop` lets what is under way finish."""

    def __init__(self, listener: socket.socket, server: uvicorn.Server, task: asyncio.Task[None]) -> None:
        self.port: int = listener.getsockname()[1]
        self._server = server
        self._task = task

    async def stop(self) -> None:
        """Takes no new request, answers those under way (for a few seconds), closes."""
        self._server.should_exit = True
        await asyncio.wait([self._task])


class _Server(uvicorn.Server):
    """uvicorn, but signals stay with the gateway."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def phone_port(app: Any, host: str, port: int, *, fallback: bool) -> AsyncIterator[PhonePort]:
    """Serves the application for the length of the block.

    Raises OSError where the port can't be had; with `fallback` a free one is taken, and the log says which.
    """
    listener = _listen(host, port, fallback=fallback)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        limit_concurrency=AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=FINISH_WITHIN_S,
    )
    server = _Server(config)
    phones = PhonePort(listener, server, asyncio.create_task(server.serve(sockets=[listener])))
    log.info("phones_ready", host=host, port=phones.port)
    try:
        yield phones
    finally:
        await phones.stop()
        listener.close()


def _listen(host: str, port: int, *, fallback: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if not fallback:
            raise
        listener = socket.create_server((host, 0), family=family, backlog=BACKLOG)
        free = listener.getsockname()[1]
        log.warning("phone_port_taken", wanted=port, took=free, reason=error.strerror, set="PATROL_PHONE_PORT")
        return listener
