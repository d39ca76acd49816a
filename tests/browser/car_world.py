"""What the tests of the car's screen stand on: a receiver that goes where it is told, and a road that can be cut."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from tests.support.nmea_writer import Epoch, sentences


class Loop:
    """An event loop in a thread of its own, for servers that a driver in another process talks to."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stops all that runs in it."""
        asyncio.run_coroutine_threadsafe(_cancel_all(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.1)  # transports that were aborted say so in the next turns


STRIDE_DEG: Final = 0.0009
"""A hundred metres a second: in a hurry, and still less than what the agent takes for a leap of the receiver."""
DRIVING_MPS: Final = 20.0


class Receiver:
    """Says every second where it is, and how fast it goes; nothing while it is silent. It drives to its `target`."""

    def __init__(self, lat: float, lon: float) -> None:
        self.lat, self.lon, self.speed_mps, self.silent = lat, lon, 0.0, False
        self.target = lat, lon
        self.port = 0
        self._lines: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listens on a free port and speaks for ever."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._speaking = asyncio.create_task(self._speak())

    async def close(self) -> None:
        """Not another word."""
        self._server.close()
        for line in self._lines:
            line.transport.abort()

    @property
    def is_there(self) -> bool:
        """At its target."""
        return (self.lat, self.lon) == self.target

    def _drive(self) -> float:
        """A second's way towards the target; the speed that it says."""
        north, east = self.target[0] - self.lat, self.target[1] - self.lon
        left = math.hypot(north, east)
        if left <= STRIDE_DEG:
            self.lat, self.lon = self.target
            return self.speed_mps
        self.lat, self.lon = self.lat + north * STRIDE_DEG / left, self.lon + east * STRIDE_DEG / left
        return DRIVING_MPS

    def _connected(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)

    async def _speak(self) -> None:
        while True:
            await asyncio.sleep(1 - time.time() % 1)
            speed_mps = self._drive()
            told = Epoch(round(time.time()) * 1000, self.lat, self.lon, speed_mps)
            for line in list(self._lines):
                if line.is_closing():
                    self._lines.discard(line)
                elif not self.silent:
                    line.write(sentences(told))


class Road:
    """A TCP way to the gateway. `cut` breaks all connections and lets none through until `mend`."""

    def __init__(self, gateway_url: str) -> None:
        parts = urlsplit(gateway_url)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 0)
        self._open = True
        self._lines: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        """Listens on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Gone for good."""
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Gone, as in a tunnel."""
        self._open = False
        for line in list(self._lines):
            line.transport.abort()

    def mend(self) -> None:
        """There again."""
        self._open = True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        lines = {writer, there_writer}
        self._lines |= lines
        with suppress(OSError):
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        self._lines -= lines


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()
    finally:
        sink.close()


@contextmanager
def world(gateway_url: str, lat: float, lon: float) -> Iterator[tuple[Receiver, Road, Loop]]:
    """A receiver at this place and a road to this gateway, for the length of the block."""
    running = Loop()
    receiver, road = Receiver(lat, lon), Road(gateway_url)
    try:
        for part in (receiver, road):
            asyncio.run_coroutine_threadsafe(part.open(), running.loop).result(10)
        yield receiver, road, running
    finally:
        for part in (receiver, road):
            asyncio.run_coroutine_threadsafe(part.close(), running.loop).result(10)
        running.end()
