"""Sockets on the phones' port that ask nothing: they are closed in time, and one address can't take the room of all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.phones_connection import Crowd, Doorkeeper
from gateway.phones_server import PhonePort, phone_port
from tests.support.cars import WAIT_S

STRANGER, OTHER = "127.0.0.2", "127.0.0.3"
ASK = b"GET / HTTP/1.1\r\nHost: phones\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _alive(_: Request) -> Response:
    return Response("alive")


class Port:
    """A phones' port, and the sockets that a test opened on it."""

    def __init__(self, opened: PhonePort) -> None:
        self._port = opened.port
        self._writers: list[asyncio.StreamWriter] = []

    async def connected(self, address: str) -> Streams:
        """A socket from this address."""
        streams = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(address, 0))
        self._writers.append(streams[1])
        return streams

    async def close(self) -> None:
        """All of them."""
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    """One that holds few connections, for a moment."""
    app = Starlette(routes=[Route("/", _alive)])
    async with phone_port(app, "127.0.0.1", 0, Crowd(most=6, per_address=3, head_within_s=0.5)) as opened:
        port = Port(opened)
        yield port
        await port.close()


async def answered(streams: Streams) -> bool:
    """Does a request on it get its answer?"""
    reader, writer = streams
    with contextlib.suppress(OSError):
        writer.write(ASK)
        return b"200 OK" in await reader.readuntil(b"\r\n\r\n") and await reader.readexactly(5) == b"alive"
    return False


async def is_closed(streams: Streams) -> bool:
    """Did the server end it?"""
    async with asyncio.timeout(WAIT_S):
        with contextlib.suppress(ConnectionError):
            while await streams[0].read(1000):
                pass
    return True


async def test_a_socket_that_asks_nothing_is_closed(port: Port) -> None:
    """Silent, stopped inside its head, fed a byte now and then, or silent in the head of its second request."""
    silent, stopped, slow, second = [await port.connected(address) for address in (STRANGER,) * 2 + (OTHER,) * 2]
    stopped[1].write(ASK[:-2])
    assert await answered(second)
    second[1].write(b"GET")

    async def feed() -> None:
        for byte in ASK[:-2] * 100:
            slow[1].write(bytes([byte]))
            await asyncio.sleep(0.05)

    feeding = asyncio.create_task(feed())
    try:
        for streams in (silent, stopped, slow, second):
            assert await is_closed(streams)
    finally:
        feeding.cancel()
    assert await answered(await port.connected(STRANGER))


async def test_one_address_leaves_room_for_the_others(port: Port) -> None:
    """Its sockets beyond the limit are refused at once; another address gets in, and it again when one is gone."""
    held = [await port.connected(STRANGER) for _ in range(3)]
    refused = await port.connected(STRANGER)
    assert await is_closed(refused)
    assert await answered(await port.connected(OTHER))
    for streams in held:
        assert await is_closed(streams)
    assert await answered(await port.connected(STRANGER))


async def test_the_port_has_a_limit_over_all(port: Port) -> None:
    """The vehicle link's process keeps its file descriptors, whoever opens how many sockets."""
    held = [await port.connected(address) for address in (STRANGER,) * 3 + (OTHER,) * 3]
    assert await is_closed(await port.connected("127.0.0.4"))
    assert await answered(held[0])


def test_a_proxy_of_ours_brings_everybody() -> None:
    """All phones come from its address: it has the limit over all alone."""
    keeper = Doorkeeper("127.0.0.1, 10.0.0.0/8,nonsense", Crowd(most=5, per_address=1))
    assert [keeper.admits("10.1.2.3") for _ in range(3)] == ["10.1.2.3"] * 3
    assert [keeper.admits("192.0.2.1") for _ in range(2)] == ["192.0.2.1", None]
    keeper.leaves("192.0.2.1")
    assert keeper.admits("192.0.2.1") == "192.0.2.1"
    assert keeper.admits("127.0.0.1")
    assert keeper.admits("127.0.0.1") is None
