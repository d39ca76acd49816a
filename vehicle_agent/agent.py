"""The agent as a whole: journal, receiver, link and screen brought together, run until told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from typing import Final

import structlog

from vehicle_agent.base_map import BaseMap, over_http
from vehicle_agent.cameras.running import Cameras
from vehicle_agent.cameras.settings import read_camera_settings
from vehicle_agent.cameras.source import CameraSource
from vehicle_agent.car import Car
from vehicle_agent.clocks import Clocks
from vehicle_agent.connection import Connection, Timing
from vehicle_agent.duties import Duties, Duty
from vehicle_agent.enrolment import Enroller, Renewal, warn_of_readers
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
    in_car = read_camera_settings(settings.cameras)
    troubles = Troubles()
    journal = Journal(settings.journal, settings.journal_limit_bytes, troubles)
    try:
        warn_of_readers(settings.token_file)
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
        vital: dict[str, Duty] = {
            "link": connection.run,
            "positions": lambda: reporting.run(car),
            "journal": lambda: _write_again(journal),
        }
        others: dict[str, Duty] = {
            "health": HealthReports(journal, state, clocks, time.monotonic, connection.wake).run,
            "token": Renewal(settings, journal, state, clocks.now_ms, connection.take_new_token).run,
            "watchdog": keep_telling,
            "link watch": LinkWatch(state, time.monotonic, settings.link_warning_s).run,
        }
        others |= Cameras(in_car, settings, car, clocks.now_ms, cameras).duties()
        if settings.screen_port is not None:
            # A car without a screen need not carry a web server in its memory.
            from vehicle_agent.screen import open_screen  # noqa: PLC0415

            enroller = Enroller(settings.gateway, settings.token_file, state, connection.take_new_token)
            base_map = BaseMap(settings.journal)
            ask = over_http(settings.gateway, lambda: read_token(settings.token_file))
            port = settings.screen_port
            others["map"] = lambda: base_map.keep(ask, lambda: state.connected)
            others["screen"] = lambda: open_screen(car, port, base_map, enroller.enrol)
        _log.info(
            "agent_started",
            gateway=settings.gateway,
            gnss=[str(source) for source in settings.reception.sources],
            journal=str(settings.journal),
            waiting=journal.waiting(),
        )
        await Duties(troubles).run(stop, vital, others)
        _log.info("agent_stopped", waiting=journal.waiting())
    finally:
        journal.close()


async def _write_again(journal: Journal) -> None:
    while True:
        await asyncio.sleep(_WRITE_AGAIN_EVERY_S)
        journal.mend()
