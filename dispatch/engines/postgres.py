"""The embedded PostgreSQL: made once, started on a free port of 127.0.0.1, stopped cleanly, restarted where it was."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dispatch.engines import process
from dispatch.engines.account import Account
from dispatch.engines.binaries import Binaries
from dispatch.engines.errors import EngineError

ROLE: Final = "patrol"
DATABASE: Final = "patrol"
READY_WITHIN_S: Final = 60.0  # crash recovery of a busy day's log takes its time
STOP_WITHIN_S: Final = 20.0
ATTEMPTS: Final = 20
PAUSE_S: Final = 0.5
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # their paths are limited to 107 bytes; a data folder's is not
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",  # a week of logs, each overwritten a week later
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    "log_error_verbosity": "terse",  # details quote rows, and rows hold callers
    "log_parameter_max_length": "0",
}


class Postgres:
    """One PostgreSQL server on one folder; the caller holds the folder's lock."""

    name = "PostgreSQL"

    def __init__(self, home: Path, binaries: Binaries, account: Account | None, extra: Mapping[str, str]) -> None:
        self._home = home
        self._data = home / "data"
        self._start_log = home / "start.log"
        self._binaries = binaries
        self._account = account
        self._settings = {**SETTINGS, **extra}
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where it listens, with its password."""
        password = (self._home / "password").read_text().strip()
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{self._port}/{DATABASE}"

    @property
    def pid(self) -> int | None:
        """Its process while it runs."""
        return self._process.pid if self.running() and self._process else None

    def prepare(self) -> None:
        """Make the folder and the cluster where they are missing; end what a killed supervisor left running."""
        self._home.mkdir(mode=0o700, exist_ok=True)
        self._home.chmod(0o700)
        if self._account:
            os.chown(self._home, self._account.uid, self._account.gid)
        self._end_orphan()
        if not (self._data / "PG_VERSION").exists():
            self._create()

    def start(self) -> None:
        """Spawn it; a restart takes the same port again, so that every client finds it where it was."""
        self._port = self._port or process.reserve_port()
        self._end_orphan()
        self._spawn()

    def wait_ready(self) -> None:
        """Until it accepts sign-ins. Raises EngineError with the log's last lines where it does not."""
        deadline = time.monotonic() + READY_WITHIN_S
        attempts = 1
        while not _accepts(self._port):
            if not self.running():
                if attempts == ATTEMPTS:
                    raise EngineError(f"PostgreSQL does not start in {self._home}: {process.tail(self._start_log)}")
                attempts += 1  # backends of a killed server hold its memory for a moment, or its port was taken
                time.sleep(PAUSE_S)
                self._spawn()
            elif time.monotonic() > deadline:
                raise EngineError(f"PostgreSQL is not ready after {READY_WITHIN_S:.0f} s in {self._home}")
            time.sleep(process.POLL_S)

    def running(self) -> bool:
        """Does its process live?"""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Fast shutdown: sessions end, everything is on disk; immediate after a while."""
        if self._process is not None:
            process.stop(self._process, signal.SIGINT, patience_s=STOP_WITHIN_S, last=signal.SIGQUIT)

    def _spawn(self) -> None:
        with self._start_log.open("wb") as output:
            self._process = process.spawn(
                [self._binaries.postgres("postgres"), "-D", self._inside(self._data), *self._arguments()],
                folder=self._data,
                account=self._account,
                death_signal=signal.SIGINT,
                output=output,
            )

    def _arguments(self) -> list[str]:
        settings = {"port": str(self._port), **self._settings}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _inside(self, folder: Path) -> str:
        """The folder as the engine calls it: it is entered before root is given up, so that no parent need be open."""
        return "/proc/self/cwd" if self._account and sys.platform == "linux" else str(folder)

    def _create(self) -> None:
        """Make the cluster under another name and rename it: a kill halfway leaves nothing that looks whole."""
        for leftover in self._home.glob("data.partial-*"):
            shutil.rmtree(leftover)
        shutil.rmtree(self._data, ignore_errors=True)  # no PG_VERSION: never held data
        partial = self._home / f"data.partial-{secrets.token_hex(4)}"
        partial.mkdir(mode=0o700)
        password = self._home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24) + "\n")
        if self._account:
            for path in (partial, password):
                os.chown(path, self._account.uid, self._account.gid)
        locale = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["-U", ROLE, "--pwfile=../password", "--auth=scram-sha-256"]
        self._run(["initdb", "-D", self._inside(partial), *access, *locale, "--no-instructions"], folder=partial)
        self._run(
            ["postgres", "--single", "-D", self._inside(partial), "-c", "log_min_messages=error", "postgres"],
            folder=partial,
            question=f"CREATE DATABASE {DATABASE}\n",
        )
        partial.rename(self._data)

    def _run(self, program: list[str], *, folder: Path, question: str = "") -> None:
        child = process.spawn(
            [self._binaries.postgres(program[0]), *program[1:]],
            folder=folder,
            account=self._account,
            death_signal=signal.SIGKILL,
            output=subprocess.PIPE,
            stdin=subprocess.PIPE,
        )
        said = child.communicate(question.encode())[0].decode(errors="replace")
        if child.returncode != 0 or "ERROR:" in said or "FATAL:" in said:
            raise EngineError(f"{program[0]} failed in {folder}: {' / '.join(said.strip().splitlines()[-3:])}")

    def _end_orphan(self) -> None:
        """A server whose supervisor was killed is asked to end; a pid file that points elsewhere goes."""
        pid_file = self._data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if process.alive(pid) and process.runs_in(pid, self._data, "postgres"):
            process.stop_orphan(pid, signal.SIGINT, patience_s=STOP_WITHIN_S, last=signal.SIGQUIT)
        elif process.alive(pid):  # the number belongs to another process now: PostgreSQL would refuse to start
            pid_file.unlink()


def _accepts(port: int) -> bool:
    """Does the server ask for a password (protocol 3.0 start-up message), rather than say that it is starting?"""
    body = b"".join(part + b"\0" for part in (b"user", ROLE.encode(), b"database", DATABASE.encode(), b""))
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
        return connection.recv(1) == b"R"
    return False
