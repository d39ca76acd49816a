"""The embedded NATS server: a token, a free port of 127.0.0.1, nothing on disk but its configuration and log."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

from dispatch.engines import process
from dispatch.engines.account import Account
from dispatch.engines.binaries import Binaries
from dispatch.engines.errors import EngineError

READY_WITHIN_S: Final = 20.0
STOP_WITHIN_S: Final = 5.0
ATTEMPTS: Final = 10
PAUSE_S: Final = 0.3
CONFIGURATION: Final = """\
# Written at every start. No JetStream: what the bus loses, a reread of PostgreSQL finds.
listen: "127.0.0.1:{port}"
authorization {{ token: "{token}" }}
max_payload: 4MB
log_file: "nats.log"
logfile_size_limit: 10MB
logfile_max_num: 3
pid_file: "nats.pid"
"""


class Nats:
    """One NATS server; the caller holds the folder's lock."""

    name = "NATS"

    def __init__(self, home: Path, binaries: Binaries, account: Account | None) -> None:
        self._home = home
        self._start_log = home / "start.log"
        self._binaries = binaries
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._token = secrets.token_hex(24)

    @property
    def url(self) -> str:
        """Where it listens, with its token."""
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """Its process while it runs."""
        return self._process.pid if self.running() and self._process else None

    def prepare(self) -> None:
        """Make the folder; end what a killed supervisor left running."""
        self._home.mkdir(mode=0o700, exist_ok=True)
        self._home.chmod(0o700)
        if self._account:
            os.chown(self._home, self._account.uid, self._account.gid)
        with contextlib.suppress(FileNotFoundError, ValueError):
            pid = int((self._home / "nats.pid").read_text())
            if process.alive(pid) and process.runs_in(pid, self._home, "nats-server"):
                process.stop_orphan(pid, signal.SIGTERM, patience_s=STOP_WITHIN_S, last=signal.SIGKILL)

    def start(self) -> None:
        """Spawn it; a restart takes the same port and token again."""
        self._port = self._port or process.reserve_port()
        self._spawn()

    def wait_ready(self) -> None:
        """Until it greets. Raises EngineError with the log's last lines where it does not."""
        deadline = time.monotonic() + READY_WITHIN_S
        attempts = 1
        while not _greets(self._port):
            if not self.running():
                if attempts == ATTEMPTS:
                    raise EngineError(f"NATS does not start in {self._home}: {process.tail(self._start_log)}")
                attempts += 1  # its port was taken meanwhile, or the last one's is not free yet
                time.sleep(PAUSE_S)
                self._spawn()
            elif time.monotonic() > deadline:
                raise EngineError(f"NATS is not ready after {READY_WITHIN_S:.0f} s in {self._home}")
            time.sleep(process.POLL_S)

    def running(self) -> bool:
        """Does its process live?"""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            process.stop(self._process, signal.SIGTERM, patience_s=STOP_WITHIN_S, last=signal.SIGKILL)

    def _spawn(self) -> None:
        configuration = self._home / "nats.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(CONFIGURATION.format(port=self._port, token=self._token))
        if self._account:
            os.chown(configuration, self._account.uid, self._account.gid)
        with self._start_log.open("wb") as output:
            self._process = process.spawn(
                [self._binaries.nats, "-c", "nats.conf"],
                folder=self._home,
                account=self._account,
                death_signal=signal.SIGTERM,
                output=output,
            )


def _greets(port: int) -> bool:
    """A NATS server speaks first, with INFO."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        return connection.recv(4) == b"INFO"
    return False
