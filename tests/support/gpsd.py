"""A real gpsd for tests, with terminals for its receivers; from Debian's packages, installed here where that may be."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import time
import tty
from contextlib import suppress
from pathlib import Path

from dispatch.engines.process import reserve_port
from tests.support.debian import need_programs

PACKAGES = ["gpsd", "gpsd-clients", "gpsd-tools"]
PROGRAMS = ["gpsd", "gpsfake"]
_START_LIMIT_S = 20


def need_gpsd() -> None:
    """Sees to it that gpsd and gpsfake are there; skips the test, with the reason, where they cannot be."""
    # A service would take gpsd's own port; a runlevel of 1 keeps the package from starting it.
    need_programs(PROGRAMS, PACKAGES, {"RUNLEVEL": "1"})


class Terminal:
    """A serial receiver as gpsd sees it."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._ours)
        self.name = os.ttyname(self._theirs)
        # gpsd gives up root, and must be able to open what it is told of later.
        os.chmod(self.name, 0o666)

    def say(self, data: bytes) -> None:
        """The receiver's bytes."""
        os.write(self._ours, data)

    def pull_out(self) -> None:
        """Gone."""
        os.close(self._theirs)
        os.close(self._ours)


class Gpsd:
    """One gpsd on its own port."""

    def __init__(self, folder: Path) -> None:
        self.port = reserve_port()
        self._control = folder / f"gpsd-{self.port}.sock"
        self._log = folder / "gpsd.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *devices: str) -> None:
        """With these devices; returns when it listens."""
        self._control.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["gpsd", "-N", "-n", "-S", str(self.port), "-F", str(self._control), *devices], stdout=log, stderr=log
            )
        wait_for_port(self.port)

    def tell(self, command: str) -> None:
        """A line on its control socket: `+DEVICE` or `-DEVICE`."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(_START_LIMIT_S)
            control.connect(str(self._control))
            control.sendall(f"{command}\r\n".encode())
            assert control.recv(100).startswith(b"OK")

    def kill(self) -> None:
        """As a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def gpsfake(port: int, log: Path) -> subprocess.Popen[bytes]:
    """gpsfake and its gpsd on this port, playing the log once, when somebody listens, a sentence each 10 ms."""
    command = ["gpsfake", "-1", "-q", "-c", "0.01", "-P", str(port), str(log)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=log.parent, start_new_session=True
    )


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """This process, which began its own session, and its children: gpsfake is deaf to SIGTERM, and has a gpsd."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for_port(port: int) -> None:
    """Until somebody listens there."""
    until_s = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < until_s:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}")
