"""A word to systemd: the agent is up, it is alive, it stops. Nothing happens where systemd did not start it.

The protocol is a datagram to the socket that the environment names (sd_notify(3)). The sign of life comes from the
event loop itself, so that a loop that hangs is killed and started again.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping

import structlog

_log = structlog.get_logger(__name__)


def tell(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send one word, such as `READY=1`; False where nobody listens."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # A leading @ stands for the abstract name space.
    name = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.connect(name)
            line.sendall(state.encode())
    except OSError as error:
        _log.warning("notify_failed", reason=str(error))
        return False
    return True


def period_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often a sign of life is due: twice as often as systemd asks; None where it doesn't ask."""
    asked_us = environ.get("WATCHDOG_USEC", "")
    meant_for = environ.get("WATCHDOG_PID", str(os.getpid()))
    if not asked_us.isdecimal() or int(asked_us) == 0 or meant_for != str(os.getpid()):
        return None
    return int(asked_us) / 2_000_000


async def keep_telling(environ: Mapping[str, str] = os.environ) -> None:
    """Ready now; then signs of life until cancelled."""
    tell("READY=1", environ)
    every_s = period_s(environ)
    try:
        while every_s is not None:
            tell("WATCHDOG=1", environ)
            await asyncio.sleep(every_s)
    finally:
        if every_s is not None:
            tell("STOPPING=1", environ)
