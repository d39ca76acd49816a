"""The agent as a whole: journal, receiver, link and screen brought together, run until told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import structlog

from vehicle_agent.base_map import BaseMap, over_http
from vehicle_agent.cameras.running import Cameras
from vehicle_agent.cameras.settings import read_camera_settings
from vehicle_agent.cameras.source import CameraSource
from vehicle_agent.car import Car
from vehicle_agent.clocks import Clocks
from vehicle_agent.connection import Connection, Timing
from vehicle_agent.enrolment import Enroller, Renewal, has_token
from vehicle_agent.health import HealthReports
from vehicle_agent.journal import Journal
from vehicle_agent.link_watch import LinkWatch
from vehicle_agent.reporting import Reporting
from vehicle_agent.session import Session
from vehicle_agent.settings import Settings, read_token
from vehicle_agent.state import CarState
from vehicle_agent.troubles import Troubles
from vehicle_agent.watchdog import keep_telling

_WRITE_AGAIN_EVERY_S: Final = 5.0

_log = structlog.get_logger(__name__)


async def run(settings: Settings, cameras: Sequence[CameraSource] = (), timing: Timing | None = None) -> None:
    """Be the agent until SIGTERM or SIGINT. Raises `AgentError` where it can't even begin."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    has_token(settings.token_file)
    in_car = read_camera_settings(settings.cameras)
    troubles = Troubles()
    journal = Journal(settings.journal, settings.journal_limit_bytes, troubles)
    try:
        clocks = Clocks(journal)
        troubles.clock_ms = clocks.now_ms
        state = CarState(journal, clocks.now_ms, time.monotonic)
        if not settings.reception.recorded:
            state.hear_fix = clocks.hear_fix
        car = Car(journal, state, clocks.now_ms)
        connection = Connection(
            settings.gateway,
            lambda: read_token(settings.token_file),
            state,
            lambda: Session(journal, state, clocks.say_hello, time.monotonic),
            timing,
        )
        car.journalled = connection.wake
        reporting = Reporting(settings.reception, settings.sending, journal, state, troubles.report, troubles.clear)
        connection.sent = reporting.sent
        duties = [connection.run(), reporting.run(car), _write_again(journal)]
        duties.append(Cameras(in_car, settings, car, clocks.now_ms, cameras).run())
        duties.append(HealthReports(journal, state, clocks, time.monotonic, connection.wake).run())
        renewal = Renewal(settings, journal, state, clocks.now_ms, connection.take_new_token)
        duties += [renewal.run(), keep_telling()]
        duties.append(LinkWatch(state, time.monotonic, settings.link_warning_s).run())
        if settings.screen_port is not None:
            # A car without a screen need not carry a web server in its memory.
            from vehicle_agent.screen import open_screen  # noqa: PLC0415

            enroller = Enroller(settings.gateway, settings.token_file, state, connection.take_new_token)
            base_map = BaseMap(settings.journal)
            ask = over_http(settings.gateway, lambda: read_token(settings.token_file))
            duties.append(base_map.keep(ask, lambda: state.connected))
            duties.append(open_screen(car, settings.screen_port, base_map, enroller.enrol))
        _log.info(
            "agent_started",
            gateway=settings.gateway,
            gnss=[str(source) for source in settings.reception.sources],
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


async def _write_again(journal: Journal) -> None:
    while True:
        await asyncio.sleep(_WRITE_AGAIN_EVERY_S)
        journal.mend()
