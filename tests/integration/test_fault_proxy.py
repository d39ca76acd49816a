"""The soak's bad road does what it says: delay, narrow pipe, black-out, reset, half-open line, lost packets."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.support.fault_proxy import CLEAR, FaultProxy, Line, Weather
from tests.support.soak_wire import NoWire, Wire


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A server that says everything back; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(4096):
                writer.write(piece)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def road() -> AsyncIterator[tuple[FaultProxy, Line]]:
    """A clear one to an echo, and a connection over it that has been used."""
    async with echo() as port:
        proxy = FaultProxy(lambda: asyncio.open_connection("127.0.0.1", port), random.Random(1))
        async with proxy.open():
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            await said_back((reader, writer))
            yield proxy, (reader, writer)
            writer.close()


async def said_back(line: Line, size: int = 100) -> float:
    """How long so many bytes take there and back, s."""
    began_s = time.monotonic()
    line[1].write(b"x" * size)
    async with asyncio.timeout(60):
        await line[0].readexactly(size)
    return time.monotonic() - began_s


async def test_delay_and_narrowness_hold_what_is_on_its_way() -> None:
    """The delay is each direction's own; so is the width."""
    async with road() as (proxy, line):
        proxy.turn(Weather(delay_s=0.4))
        assert await said_back(line) >= 0.8
        proxy.turn(Weather(bytes_per_s=2_000))
        assert await said_back(line, 1_000) >= 1.0


async def test_a_blackout_loses_nothing_and_lets_nobody_in() -> None:
    """What was sent in it comes after it; who connects in it waits."""
    async with road() as (proxy, line):
        proxy.turn(Weather(passes=False))
        answer = asyncio.create_task(said_back(line))
        other = await asyncio.open_connection("127.0.0.1", proxy.port)
        second = asyncio.create_task(said_back(other))
        await asyncio.sleep(0.5)
        assert (answer.done(), second.done()) == (False, False)
        proxy.turn(CLEAR)
        assert min(await answer, await second) >= 0.4
        other[1].close()


async def test_a_reset_is_heard_at_once_and_a_half_open_line_never() -> None:
    """After either the next connection works."""
    async with road() as (proxy, (reader, _)):
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        line = await asyncio.open_connection("127.0.0.1", proxy.port)
        await said_back(line)
        proxy.half_open()
        line[1].write(b"anybody?")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await line[0].read(1)
        fresh = await asyncio.open_connection("127.0.0.1", proxy.port)
        await said_back(fresh)
        for one in (line, fresh):
            one[1].close()


async def test_imitated_loss_holds_pieces_up() -> None:
    """A piece is never gone: the sender's repetition is what it is held up for."""
    async with road() as (proxy, line):
        proxy.lossy(0.6)
        took_s = [await said_back(line) for _ in range(3)]
        assert max(took_s) >= 0.3


async def test_the_wire_loses_packets_and_the_kernel_repeats_them() -> None:
    """Three in ten lost in each direction: all that was said comes, some of it late."""
    async with echo() as port:
        try:
            wire = Wire(random.Random(3), 0.3)
        except NoWire as why:
            pytest.skip(f"no network namespaces here: {why}")
        async with wire.laid(lambda: port):
            line = await wire.reach()
            took_s = [await said_back(line) for _ in range(20)]
            line[1].close()
        assert wire.lost > 0
        assert 0.15 < wire.lost / wire.packets < 0.45
        assert max(took_s) > 4 * min(took_s)
