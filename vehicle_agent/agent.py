"""The agent as a whole: journal, receiver, link and screen brought together, run until told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Coroutine, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

import structlog

from vehicle_agent.camera import CameraSource, watch
from vehicle_agent.car import Car
from vehicle_agent.connection import Connection, Timing
from vehicle_agent.journal import Journal
from vehicle_agent.session import Session
from vehicle_agent.settings import Settings, read_token
from vehicle_agent.sources import Receiver, open_receiver
from vehicle_agent.state import CarState

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from vehicle_agent.receiver import Position

_WRITE_AGAIN_EVERY_S: Final = 5.0

_log = structlog.get_logger(__name__)


def system_clock_ms() -> int:
    """The car computer's clock, milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


async def run(settings: Settings, cameras: Sequence[CameraSource] = (), timing: Timing | None = None) -> None:
    """Be the agent until SIGTERM or SIGINT. Raises `AgentError` where it can't even begin."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    read_token(settings.token_file)
    receiver = open_receiver(settings.gnss, settings.rate)
    journal = Journal(settings.journal, settings.journal_limit_bytes)
    try:
        state = CarState(journal, system_clock_ms, time.monotonic)
        car = Car(journal, state, system_clock_ms)
        connection = Connection(
            settings.gateway,
            lambda: read_token(settings.token_file),
            state,
            lambda: Session(journal, state, system_clock_ms, time.monotonic),
            timing,
        )
        car.journalled = connection.wake
        duties = [connection.run(), _receive(receiver, car), _write_again(journal), *(watch(c, car) for c in cameras)]
        if settings.screen_port is not None:
            # A car without a screen need not carry a web server in its memory.
            from vehicle_agent.screen import open_screen  # noqa: PLC0415

            duties.append(open_screen(car, settings.screen_port))
        _log.info(
            "agent_started",
            gateway=settings.gateway,
            gnss=f"{settings.gnss.kind}:{settings.gnss.target}",
            journal=str(settings.journal),
            waiting=journal.waiting(),
        )
        await _until(stop, duties)
        _log.info("agent_stopped", waiting=journal.waiting())
    finally:
        journal.close()


async def _until(stop: asyncio.Event, duties: Sequence[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(duty) for duty in duties]
        await stop.wait()
        for task in tasks:
            task.cancel()


async def _receive(receiver: Receiver, car: Car) -> None:
    positions: AsyncGenerator[Position | None, None] = receiver.positions()
    async with aclosing(positions):
        async for place in positions:
            car.report_position(place)


async def _write_again(journal: Journal) -> None:
    while True:
        await asyncio.sleep(_WRITE_AGAIN_EVERY_S)
        journal.write_waiting()
