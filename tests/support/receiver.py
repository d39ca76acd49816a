"""A receiver that the test drives: NMEA over TCP, one epoch on every full second, and a record of all it ever said."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from tests.support.nmea_writer import Epoch, sentences
from tests.support.plane import Place, moved

NOISE_M = 2.0


class Receiver:
    """One car's receiver. It speaks only while an agent listens; time stands still for the car while none does."""

    def __init__(self, place: Place, rng: random.Random) -> None:
        self.place = place
        self.epochs: list[Epoch] = []
        self.port = 0
        self._rng = rng
        self._way: deque[tuple[Place, float, bool]] = deque()
        self._came: asyncio.Future[int] | None = None
        self._line: asyncio.StreamWriter | None = None
        self._lines: list[asyncio.StreamWriter] = []
        self._silent = False

    @asynccontextmanager
    async def speaking(self) -> AsyncIterator[None]:
        """Listens on a free port for the length of the block."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(self._speak())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            server.close()
            for line in self._lines:
                line.close()
                with suppress(OSError):
                    await line.wait_closed()

    async def drive(self, places: Sequence[Place], speed_mps: float) -> int:
        """Goes through these places, one a second, and stops at the last; the time (ms) of the first fix standing."""
        return await self._go([*((place, speed_mps, True) for place in places[:-1]), (places[-1], 0.0, True)])

    async def replay(self, points: Sequence[tuple[float, float, float]]) -> int:
        """Says real fixes as they are (lat, lon, speed in m/s), one a second; the time (ms) of the last."""
        return await self._go([((lat, lon), speed, False) for lat, lon, speed in points])

    def hush(self) -> None:
        """Not another word."""
        self._silent = True

    def hang_up(self) -> None:
        """The line is cut; nothing is said until an agent connects anew."""
        if self._line is not None:
            self._line.close()
            self._line = None

    async def _go(self, way: Sequence[tuple[Place, float, bool]]) -> int:
        assert not self._way
        self._way.extend(way)
        self._came = asyncio.get_running_loop().create_future()
        return await self._came

    def _connected(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._line = writer
        self._lines.append(writer)

    async def _speak(self) -> None:
        second = int(time.time()) + 1
        while True:
            await asyncio.sleep(max(0.0, second - time.time()))
            if self._line is not None and self._line.is_closing():
                self._line = None
            if self._line is not None and not self._silent:
                self._say(self._line, second * 1000)
            second = max(second + 1, int(time.time()))

    def _say(self, line: asyncio.StreamWriter, time_ms: int) -> None:
        speed_mps, noisy = 0.0, True
        if self._way:
            self.place, speed_mps, noisy = self._way.popleft()
        lat, lon = self.place
        if noisy:
            lat, lon = moved(self.place, self._rng.gauss(0, NOISE_M), self._rng.gauss(0, NOISE_M))
        epoch = Epoch(time_ms, lat, lon, speed_mps)
        self.epochs.append(epoch)
        line.write(sentences(epoch))
        if not self._way and self._came is not None:
            came, self._came = self._came, None
            came.set_result(time_ms)
