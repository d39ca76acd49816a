"""A TCP road between a car and its gateway that a test makes bad: delay, a narrow pipe, black-outs, resets, half-open.

Packets are lost on the way behind it (soak_wire.py) where the machine allows that; else `loss` holds pieces up for as
long as a sender takes to repeat them. Loopback only. Where the gateway is may change; who is connected stays so.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

PIECE_BYTES: Final = 1400
QUEUED_PIECES: Final = 64
REPEAT_S: Final = 0.3
"""A sender's first wait before it repeats a lost packet; each further one is twice as long."""
REPEAT_MAX_S: Final = 5.0

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Reach = Callable[[], Awaitable[Line]]


@dataclass(frozen=True)
class Weather:
    """How the road is, in each direction."""

    name: str = "clear"
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    loss: float = 0.0
    passes: bool = True


CLEAR: Final = Weather()


@dataclass(eq=False)
class _Lane:
    """One connection: the car's side and the gateway's."""

    car: Line
    gateway: Line | None = None
    dead: bool = False

    def writers(self) -> list[asyncio.StreamWriter]:
        return [line[1] for line in (self.car, self.gateway) if line is not None]


class FaultProxy:
    """One car's road. `reach` opens the way to wherever the gateway is now."""

    def __init__(self, reach: Reach, rng: random.Random) -> None:
        self.port = 0
        self.connections = 0
        self._reach = reach
        self._rng = rng
        self._weather = CLEAR
        self._passing = asyncio.Event()
        self._passing.set()
        self._lanes: set[_Lane] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FaultProxy]:
        """Listens on a free port for the length of the block; nothing of it is left then."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.reset()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def turn(self, weather: Weather) -> None:
        """From now on, for new connections and for those that are."""
        self._weather = weather
        if weather.passes:
            self._passing.set()
        else:
            self._passing.clear()

    def lossy(self, share: float) -> None:
        """The same weather, with so many pieces held up."""
        self.turn(replace(self._weather, loss=share))

    def reset(self) -> None:
        """Both sides of each connection are told at once that it is over (RST), whatever was on its way."""
        for lane in self._lanes:
            for writer in lane.writers():
                _cut(writer)

    def half_open(self) -> None:
        """What is connected now stays so and hears nothing any more; nobody is told."""
        for lane in self._lanes:
            lane.dead = True

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._carry(_Lane((reader, writer))))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, lane: _Lane) -> None:
        self._lanes.add(lane)
        try:
            await self._passing.wait()
            lane.gateway = await self._reach()
            (car_in, car_out), (gateway_in, gateway_out) = lane.car, lane.gateway
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(lane, car_in, gateway_out))
                group.create_task(self._pump(lane, gateway_in, car_out))
        except (OSError, EOFError, ExceptionGroup):
            pass  # it broke; both sides are told below
        finally:
            self._lanes.discard(lane)
            for writer in lane.writers():
                _cut(writer)

    async def _pump(self, lane: _Lane, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """One direction: pieces come in at once and go out when their time has come."""
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUED_PIECES)
        loop = asyncio.get_running_loop()

        async def take() -> None:
            piece = b"."
            while piece:
                piece = await source.read(PIECE_BYTES)
                await way.put((loop.time() + self._weather.delay_s, piece))

        async def give() -> None:
            while True:
                due_s, piece = await way.get()
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                await asyncio.sleep(self._held_up_s(len(piece)))
                await self._passing.wait()
                if lane.dead:
                    continue  # also the end of it: the other side hears nothing
                if not piece:
                    sink.write_eof()
                    return
                sink.write(piece)
                await sink.drain()

        async with asyncio.TaskGroup() as group:
            group.create_task(take())
            group.create_task(give())

    def _held_up_s(self, size: int) -> float:
        weather = self._weather
        wait_s = size / weather.bytes_per_s if weather.bytes_per_s else 0.0
        repeat_s = REPEAT_S
        while self._rng.random() < weather.loss:
            wait_s += repeat_s
            repeat_s = min(2 * repeat_s, REPEAT_MAX_S)
        return wait_s


def _cut(writer: asyncio.StreamWriter) -> None:
    made: socket.socket | None = writer.get_extra_info("socket")
    if made is not None:
        with suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
