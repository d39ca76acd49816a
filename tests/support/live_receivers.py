"""Live receivers that a test plugs, cuts and lets speak, and the agent's ear on them."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.unit.vehicle_agent.test_nmea import sentence
from vehicle_agent.receiver import Position
from vehicle_agent.receiver_settings import Reception, gnss_source
from vehicle_agent.receivers import Receivers

START = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
PATIENCE_S = 60


def epoch(second: float, minutes_north: float = 28.8, *, at: datetime = START) -> bytes:
    """An RMC of a standing car so many seconds after the start."""
    moment = at + timedelta(seconds=second)
    place = f"23{minutes_north:07.4f},N,12027.0000,E"
    return sentence(f"GNRMC,{moment:%H%M%S}.00,A,{place},0.0,,{moment:%d%m%y},,,A")


class Heard:
    """All that the receivers tell, and the troubles that stand."""

    def __init__(self) -> None:
        self.told: list[Position | None] = []
        self.troubles: dict[str, str] = {}

    def seconds(self) -> list[float]:
        """When the fixes were, after the start."""
        return [place.time_ms / 1000 - START.timestamp() for place in self.told if place is not None]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for it, with patience."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():  # noqa: ASYNC110  (threads and sockets are waited for)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def hearing(
    *gnss: str, step_in_s: float = 1.0, hand_back_s: float = 1.0, silence_s: float = 5.0
) -> AsyncIterator[Heard]:
    """The agent's ear on these receivers, the preferred first."""
    heard = Heard()
    receivers = Receivers(
        Reception(tuple(map(gnss_source, gnss)), 1.0, step_in_s, hand_back_s, silence_s),
        report=heard.troubles.__setitem__,
        clear=heard.troubles.__delitem__,
    )
    running = asyncio.create_task(receivers.run(heard.told.append))
    try:
        yield heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Plug:
    """A serial receiver behind a name that goes and comes, as udev's do."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self._ours: int | None = None
        self._theirs: int | None = None

    def put_in(self) -> None:
        """A new terminal under the name."""
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._ours)
        self.name.symlink_to(os.ttyname(self._theirs))

    def say(self, data: bytes) -> None:
        """The receiver's bytes."""
        assert self._ours is not None
        os.write(self._ours, data)

    def pull_out(self) -> None:
        """Name and terminal are gone."""
        self.name.unlink()
        for end in (self._ours, self._theirs):
            if end is not None:
                os.close(end)

    def swap(self) -> None:
        """The name goes to another terminal; the old one stays open and never says a word again."""
        self.name.unlink()
        self.put_in()


class Station:
    """NMEA over TCP to whoever is connected; can die and come back under its port."""

    def __init__(self) -> None:
        self.port = 0
        self.lines: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, on the same port as before."""

        async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.lines.append(writer)

        self._server = await asyncio.start_server(accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def die(self) -> None:
        """All lines cut, and nobody listens."""
        assert self._server is not None
        self._server.close()
        for line in self.lines:
            line.transport.abort()
        self.lines.clear()

    def say(self, data: bytes) -> None:
        """To the newest line alone: an older one is the half of a connection whose other half is gone."""
        if self.lines:
            self.lines[-1].write(data)


@asynccontextmanager
async def talking(
    say: Callable[[bytes], None], first: float, north: float = 28.8, every_s: float = 0.05
) -> AsyncIterator[None]:
    """A receiver that goes on saying the next second, fast."""

    async def talk() -> None:
        second = first
        while True:
            say(epoch(second, north))
            second += 1
            await asyncio.sleep(every_s)

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def in_order(heard: Heard) -> bool:
    """Each fix once, and none before an earlier one."""
    return heard.seconds() == sorted(set(heard.seconds()))
