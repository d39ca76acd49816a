"""Live receivers over real sockets and a real terminal: gpsd's protocol, NMEA over TCP, a serial line.

What becomes of them when they are unplugged, fall silent or disagree stands in test_agent_hot_plug.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from tests.unit.vehicle_agent.test_epoch import GGA, RMC
from tests.unit.vehicle_agent.test_gpsd import TPV
from tests.unit.vehicle_agent.test_nmea import sentence
from vehicle_agent.receiver import Position
from vehicle_agent.receiver_settings import gnss_source
from vehicle_agent.sources import open_receiver

Handler = Callable[[int, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(handle: Handler) -> AsyncIterator[int]:
    """A TCP server whose handler knows the number of the connection; its port."""
    count = 0
    writers = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        writers.append(writer)
        await handle(count, reader, writer)

    made = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()
        for writer in writers:
            writer.close()
        await made.wait_closed()


async def hear(gnss: str, wanted: int) -> list[Position | None]:
    """What the receiver says until `wanted` positions have come."""
    heard: list[Position | None] = []
    async with asyncio.timeout(60), aclosing(open_receiver(gnss_source(gnss), 1.0).positions()) as positions:
        async for place in positions:
            heard.append(place)
            if sum(h is not None for h in heard) == wanted:
                break
    return heard


async def test_gpsd_is_asked_heard_and_called_again() -> None:
    """The client asks WATCH, takes TPV with a fix only, and comes back after gpsd has hung up."""
    asked: list[bytes] = []

    async def gpsd(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"class":"VERSION","release":"3.25","proto_major":3,"proto_minor":15}\r\n')
        asked.append(await reader.readline())
        told: list[dict[str, Any]] = [{"class": "TPV", "mode": 1}, TPV | {"time": f"2026-11-23T01:0{number}:00.000Z"}]
        for report in told:
            writer.write(json.dumps(report).encode() + b"\r\n")
        await writer.drain()
        if number == 1:
            writer.close()

    async with server(gpsd) as port:
        heard = await hear(f"gpsd:127.0.0.1:{port}", 2)
    assert asked == [b'?WATCH={"enable":true,"json":true}\n'] * 2
    assert heard[0] is None
    first, second = (place for place in heard if place is not None)
    assert second.time_ms - first.time_ms == 60_000


async def test_nmea_over_tcp_is_told_without_waiting_for_the_next_epoch() -> None:
    """A quiet line closes the epoch: the position is there although no later sentence ever comes."""

    async def receiver(_number: int, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sentence(RMC.format("010203.00", "231126")) + sentence(GGA.format("010203.00")))
        await writer.drain()

    async with server(receiver) as port:
        (place,) = await hear(f"tcp:127.0.0.1:{port}", 1)
    assert place is not None
    assert (place.accuracy_m, place.altitude_m) == (6.0, 40.5)


async def test_a_receiver_that_breaks_off_in_mid_sentence_is_picked_up_again() -> None:
    """Half a sentence from before the break does not leak into the next connection."""

    async def receiver(number: int, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sentence(RMC.format(f"01020{number}.00", "231126")) + b"$GPGGA,0102")
        await writer.drain()
        if number == 1:
            writer.close()

    async with server(receiver) as port:
        heard = await hear(f"tcp:127.0.0.1:{port}", 1)
        assert heard[-1] is not None


async def test_a_serial_receiver_is_read() -> None:
    """A terminal device gives positions through pyserial."""
    ours, theirs = pty.openpty()
    tty.setraw(ours)

    async def talk() -> None:
        while True:
            os.write(ours, b"\xff\x00garbage" + sentence(RMC.format("010203.00", "231126")))
            await asyncio.sleep(0.3)

    talking = asyncio.create_task(talk())
    try:
        (place,) = await hear(f"serial:{os.ttyname(theirs)}", 1)
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        os.close(ours)
        os.close(theirs)
    assert place is not None
    assert place.time_ms == 1_795_395_723_000
