"""What systemd hears, through a real datagram socket as it has one."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from vehicle_agent.watchdog import keep_telling, period_s, tell


async def test_ready_then_signs_of_life_then_the_end(tmp_path: Path) -> None:
    """In this order, twice as often as asked."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(10)
        environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000"}
        assert period_s(environ) == 0.01
        telling = asyncio.create_task(keep_telling(environ))
        heard = [await asyncio.to_thread(systemd.recv, 100) for _ in range(4)]
        assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        while (word := await asyncio.to_thread(systemd.recv, 100)) == b"WATCHDOG=1":
            pass
        assert word == b"STOPPING=1"


async def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    """No socket, a socket that is gone, a watchdog that is not asked for or meant for another process."""
    await keep_telling({})
    assert not tell("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "none")})
    assert not tell("READY=1", {"NOTIFY_SOCKET": "@none-here"})
    for usec in ("", "0", "x"):
        assert period_s({"WATCHDOG_USEC": usec}) is None
    assert period_s({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}) is None
