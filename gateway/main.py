"""`python -m gateway`: one gateway process, from its settings to its exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from typing import Final

import asyncpg
import structlog
from pydantic import ValidationError

from gateway.database import TRANSIENT, connect
from gateway.server import Gateway, ListenError
from gateway.settings import Settings

CONNECT_TRIES: Final = 10
CONNECT_PAUSE_S: Final = 1.0


class StartError(Exception):
    """The gateway can't start; its text is for the operator."""


def main() -> int:
    """Runs until SIGTERM or SIGINT. 0: stopped on demand; 1: could not start or failed; 2: wrong settings."""
    try:
        settings = Settings()  # type: ignore[call-arg] # from the environment
    except ValidationError as error:
        wrong = "; ".join(f"{_variable(str(item['loc'][0]))}: {item['msg']}" for item in error.errors())
        sys.stderr.write(f"gateway: wrong settings: {wrong}\n")
        return 2
    configure_logging(settings.log_json)
    try:
        asyncio.run(serve(settings))
    except StartError as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 1
    return 0


def _variable(field: str) -> str:
    """The environment variable behind a setting."""
    return field if field.isupper() else f"PATROL_{field.upper()}"


async def serve(settings: Settings) -> None:
    """Serves until a signal asks to stop. Raises StartError with one line for the operator."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await _await_database(settings, stop)
    if stop.is_set():
        return
    log = structlog.get_logger(__name__)

    def started(port: int) -> None:
        settle_garbage()
        log.info("gateway_ready", host=settings.gateway_host, port=port)

    try:
        await Gateway(settings).run(stop, started)
    except ListenError as error:
        raise StartError(str(error)) from error
    except asyncpg.UndefinedTableError as error:
        raise StartError("the database has no tables yet; migrate it first") from error
    except TRANSIENT as error:
        raise StartError(f"the database failed at the start ({type(error).__name__}: {error})") from error
    except ExceptionGroup as error:
        log.exception("gateway_failed")
        raise StartError(f"stopped by a failure: {error.exceptions[0]!r}") from error
    log.info("gateway_stopped")


def settle_garbage() -> None:
    """What lives as long as the process is never looked at again; with thousands of connections, full collections
    over the rest are the largest single cost, so they come less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def configure_logging(as_json: bool) -> None:
    """One line per change of state, on standard error."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer()
            if as_json
            else structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def _await_database(settings: Settings, stop: asyncio.Event) -> None:
    reason = ""
    for _ in range(CONNECT_TRIES):
        try:
            await (await connect(settings.database_url)).close()
        except ValueError as error:
            raise StartError(f"DATABASE_URL cannot be used: {error}") from error
        except TRANSIENT as error:
            reason = f"{type(error).__name__}: {error}"
        else:
            return
        try:
            async with asyncio.timeout(CONNECT_PAUSE_S):
                await stop.wait()
            return
        except TimeoutError:
            pass
    raise StartError(f"the database cannot be reached ({reason})")
