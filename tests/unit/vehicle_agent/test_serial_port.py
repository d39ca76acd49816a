"""A serial port in a thread of its own, whose every failure is an OSError."""

from __future__ import annotations

import asyncio
import os
import pty
import termios
import threading
from typing import Any

import pytest

from vehicle_agent.serial_port import SerialStream


async def test_it_is_read_while_files_keep_all_threads_busy() -> None:
    """Hashing and uploads of recordings share threads; positions don't wait for one."""
    ours, theirs = pty.openpty()
    let_go = threading.Event()
    busy = [asyncio.create_task(asyncio.to_thread(let_go.wait)) for _ in range(64)]
    try:
        async with asyncio.timeout(20):
            stream = await SerialStream.open(os.ttyname(theirs), 9600, 0.2)
            os.write(ours, b"$GPGGA")
            assert (await stream.read()).startswith(b"$")
            await stream.close()
    finally:
        let_go.set()
        await asyncio.gather(*busy)
        os.close(ours)
        os.close(theirs)


class Port:
    """A device that is pulled out between two calls."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    @property
    def baudrate(self) -> int:
        """As it is."""
        return 9600

    @baudrate.setter
    def baudrate(self, _: int) -> None:
        raise self._failure

    def read(self, _: int) -> bytes:
        """Not any more."""
        raise self._failure

    def close(self) -> None:
        """Nor this."""
        raise self._failure


@pytest.mark.parametrize("failure", [termios.error(5, "Input/output error"), TypeError("no fd"), ValueError("speed")])
async def test_a_device_that_goes_at_the_wrong_moment_is_a_broken_line(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """Opening anew mends an OSError; anything else would end the agent's positions."""

    def opened(*_: Any, **__: Any) -> Any:
        return Port(failure)

    monkeypatch.setattr("serial.serial_for_url", opened)
    stream = await SerialStream.open("/dev/ttyX", 9600, 0.1)
    with pytest.raises(OSError, match=type(failure).__name__):
        await stream.read()
    await stream.close()
    with pytest.raises(OSError, match=type(failure).__name__):
        await SerialStream.open("/dev/ttyX", 4800, 0.1)

    def refused(*_: Any, **__: Any) -> Any:
        raise failure

    monkeypatch.setattr("serial.serial_for_url", refused)
    with pytest.raises(OSError, match=type(failure).__name__):
        await SerialStream.open("/dev/ttyX", None, 0.1)
