"""`python -m dispatch.demo`: lets the demo city live beside a running system, which `patrol up --demo` starts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import structlog
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.demo.bureau import SEED, STATIONS, read_state, station_places
from dispatch.demo.calls import CallTaker
from dispatch.demo.crew import Crew
from dispatch.domain.geometry import Position, point_in_polygon
from dispatch.engines import process
from dispatch.roads.chiayi_outline import CHIAYI_OUTLINE
from dispatch.roads.generated_city import generate_chiayi
from dispatch.roads.travel import TravelTimes

_log = structlog.get_logger()
AGENT_STAGGER_S: Final = 0.3
"""So many interpreters at once would hold up the servers on a small machine."""


class DemoSettings(BaseSettings):
    """What `patrol up --demo` says; PATROL_DEMO_CALLS_PER_HOUR sets the pace of the calls."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PATROL_", extra="ignore")

    demo_folder: Path
    demo_calls_per_hour: float = Field(default=60.0, gt=0, le=3600)
    port: int = 8080
    gateway_port: int = 8081


async def live(settings: DemoSettings) -> None:
    """Starts receivers, agents and crews, and enters calls, until SIGTERM."""
    cars, password = read_state(settings.demo_folder)
    streets = await asyncio.to_thread(generate_chiayi, SEED)
    travel = TravelTimes(streets)
    ring = [Position(lat, lon) for lat, lon in CHIAYI_OUTLINE]
    junctions = [Position(float(a), float(b)) for a, b in zip(streets.node_lat, streets.node_lon, strict=True)]
    places = [junction for junction in junctions if point_in_polygon(junction, ring)]
    homes = dict(zip(STATIONS, station_places(streets), strict=True))
    agents: list[subprocess.Popen[bytes]] = []
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(_stop, agents)
        stopped = _stop_event()
        calls = CallTaker(f"http://127.0.0.1:{settings.port}", password, places, settings.demo_calls_per_hour, SEED)
        tasks: list[asyncio.Task[None]] = [asyncio.create_task(calls.work(), name="calls")]
        for index, car in enumerate(cars):
            crew = Crew(car, travel, homes[car.station], places, process.reserve_port(), SEED + index)
            receiver = await asyncio.start_server(crew.receiver, "127.0.0.1", 0)
            stack.callback(receiver.close)
            agents.append(_start_agent(settings, crew, receiver.sockets[0].getsockname()[1]))
            tasks.append(asyncio.create_task(crew.live(), name=car.unit_name))
            await asyncio.sleep(AGENT_STAGGER_S)
        _log.info("demo_city_lives", cars=len(cars), calls_per_hour=settings.demo_calls_per_hour)
        for task in tasks:
            task.add_done_callback(lambda _: stopped.set())
        await stopped.wait()
        failed = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in failed:
            task.result()


def _start_agent(settings: DemoSettings, crew: Crew, receiver_port: int) -> subprocess.Popen[bytes]:
    """A real agent, as it would run in the car."""
    folder = settings.demo_folder / crew.car.plate
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    token_file = folder / "token"
    with open(os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(crew.car.token)
    arguments: list[str | Path] = [sys.executable, "-P", "-m", "vehicle_agent"]
    arguments += ["--gateway", f"ws://127.0.0.1:{settings.gateway_port}", "--token-file", token_file]
    arguments += ["--gnss", f"tcp:127.0.0.1:{receiver_port}", "--journal", folder / "journal.db"]
    arguments += ["--screen-port", str(crew.screen_port)]
    with (folder / "agent.log").open("wb") as log:
        return process.spawn(
            arguments,
            folder=Path.cwd(),
            account=None,
            death_signal=signal.SIGTERM,
            output=log,
            environment=dict(os.environ),
        )


def _stop_event() -> asyncio.Event:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


def _stop(agents: list[subprocess.Popen[bytes]]) -> None:
    for agent in agents:
        agent.terminate()
    for agent in agents:
        process.stop(agent, signal.SIGTERM, patience_s=3, last=signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(live(DemoSettings()))  # type: ignore[call-arg]  # from the environment
