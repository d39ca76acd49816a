"""A wire that loses packets: two network namespaces, a TUN device in each, and this process carrying packets between.

The kernel's own TCP runs over it, so that loss means what it means on the road: repeated segments, growing pauses,
broken connections. Needs root and /dev/net/tun; nothing of it has a name, a route out, or outlives the process.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import random
import socket
import struct
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from tests.support.fault_proxy import Line

CLONE_NEWNET: Final = 0x40000000
TUNSETIFF: Final = 0x400454CA
IFF_TUN_NO_PI: Final = 0x1001
PACKET_BYTES: Final = 2048
NEAR, FAR = "10.99.110.1", "10.99.110.2"
PORT: Final = 8081
T = TypeVar("T")


class NoWire(Exception):
    """This machine can't have one; the text says why."""


class _End:
    """One namespace with its device."""

    def __init__(self, address: str) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.space, self.tun = self._apart(lambda: self._make(address), None)

    def _make(self, address: str) -> tuple[int, int]:
        if self._libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no network namespace of its own")
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"wire0", IFF_TUN_NO_PI))
        for words in (f"addr add {address}/30 dev wire0", "link set wire0 up"):
            subprocess.run(["ip", *words.split()], check=True, capture_output=True)
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY), tun

    def inside(self, make: Callable[[], T]) -> T:
        """Made in this namespace; a socket stays where it was made."""
        return self._apart(make, self.space)

    def _apart(self, make: Callable[[], T], space: int | None) -> T:
        """In a thread of its own: a namespace is a thread's, and this one's ends with it."""
        made: list[T] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                if space is not None and self._libc.setns(space, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "no way into the namespace")
                made.append(make())
            except (OSError, subprocess.CalledProcessError) as error:
                failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failed:
            raise NoWire(str(failed[0]))
        return made[0]

    def close(self) -> None:
        os.close(self.tun)
        os.close(self.space)


class Wire:
    """`loss`: the share of packets that is lost, in each direction; `delay_s`: how long each is under way."""

    def __init__(self, rng: random.Random, loss: float, delay_s: float = 0.02) -> None:
        self.loss = loss
        self.delay_s = delay_s
        self.packets = self.lost = 0
        self._rng = rng
        self._near = _End(NEAR)
        self._far = _End(FAR)
        self._gateway_port: Callable[[], int] = lambda: 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def laid(self, gateway_port: Callable[[], int]) -> AsyncIterator[Wire]:
        """Carries packets for the length of the block; `gateway_port`: where connections end, asked for each."""
        self._gateway_port = gateway_port
        loop = asyncio.get_running_loop()
        loop.add_reader(self._near.tun, self._carry, self._near.tun, self._far.tun)
        loop.add_reader(self._far.tun, self._carry, self._far.tun, self._near.tun)
        listener = self._far.inside(_listener)
        server = await asyncio.start_server(self._arrived, sock=listener)
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for end in (self._near, self._far):
                loop.remove_reader(end.tun)
                end.close()

    async def reach(self) -> Line:
        """A connection over the wire to the gateway."""
        made = self._near.inside(_plain_socket)
        try:
            await asyncio.get_running_loop().sock_connect(made, (FAR, PORT))
        except BaseException:
            made.close()
            raise
        return await asyncio.open_connection(sock=made)

    def _carry(self, source: int, sink: int) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                packet = os.read(source, PACKET_BYTES)
            except OSError:
                return
            self.packets += 1
            if self._rng.random() < self.loss:
                self.lost += 1
            else:
                loop.call_later(self.delay_s, _put, sink, packet)

    def _arrived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._hand_over(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_over(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            gateway_in, gateway_out = await asyncio.open_connection("127.0.0.1", self._gateway_port())
            writers.append(gateway_out)
            async with asyncio.TaskGroup() as group:
                group.create_task(_pour(reader, gateway_out))
                group.create_task(_pour(gateway_in, writer))
        except (OSError, ExceptionGroup):
            pass  # it broke; the other side is told below
        finally:
            for one in writers:
                one.transport.abort()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(PACKET_BYTES):
        sink.write(piece)
        await sink.drain()
    sink.write_eof()


def _put(sink: int, packet: bytes) -> None:
    try:
        os.write(sink, packet)
    except OSError:
        return  # its device is full or gone: one more lost packet


def _plain_socket() -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    return made


def _listener() -> socket.socket:
    made = _plain_socket()
    made.bind((FAR, PORT))
    made.listen(64)
    return made
