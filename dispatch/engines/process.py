"""One engine as a process of its own session: spawned, waited for, stopped; and orphans of it found again."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from dispatch.engines.account import Account

LAUNCH: Final = Path(__file__).with_name("launch.py")
POLL_S: Final = 0.02
PLAIN_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""What an engine gets: PG… variables or a locale of the caller must not change what it does."""


def spawn(
    program: list[str | Path],
    *,
    folder: Path,
    account: Account | None,
    death_signal: signal.Signals,
    output: int | IO[bytes],
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `program` in `folder` as `account`; it gets `death_signal` when the calling thread's process dies.

    Call it from a thread that lives as long as the engine should: Linux ties the signal to the thread that forks.
    A session of its own keeps the terminal's Ctrl-C away.
    """
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-S", LAUNCH, *map(str, (os.getpid(), int(death_signal), uid, gid, folder)), *program],
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=PLAIN_ENVIRONMENT if environment is None else environment,
    )


def stop(process: subprocess.Popen[bytes], first: signal.Signals, *, patience_s: float, last: signal.Signals) -> None:
    """Ask with `first`, insist with `last` after `patience_s`; returns when the process is gone."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.send_signal(last)
            process.wait()


def stop_orphan(pid: int, first: signal.Signals, *, patience_s: float, last: signal.Signals) -> None:
    """The same for a process that is no child of ours."""
    for ask in (first, last):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ask)
        deadline = time.monotonic() + patience_s
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(POLL_S)


def alive(pid: int) -> bool:
    """Does a process of that number run (a zombie does not)?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        return not Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].lstrip().startswith("Z")
    return True


def runs_in(pid: int, folder: Path, program: str) -> bool:
    """Is process `pid` really `program` at work in `folder`, and not a newcomer that got an old number?"""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", folder) and program in Path(f"/proc/{pid}/comm").read_text()
    except OSError:  # gone meanwhile, another user's, or a system without /proc
        if Path("/proc/self").exists():
            return False
    listed = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return program in listed.stdout and str(folder) in listed.stdout


def reserve_port() -> int:
    """A TCP port of 127.0.0.1 that nobody gets by chance while this process lives; whoever is told it may listen.

    On Linux a socket that is bound and does not listen is in nobody's way who binds with SO_REUSEADDR, as servers do,
    and keeps the port from outgoing connections and from askers for any port. Elsewhere it is free at this moment.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port: int = holder.getsockname()[1]
    if sys.platform == "linux":
        atexit.register(holder.close)
    else:
        holder.close()
    return port


def tail(path: Path, lines: int = 3) -> str:
    """The last lines of a log, on one line, for an error message."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return "no log"
    return " / ".join(line.strip() for line in text.strip().splitlines()[-lines:]) or "empty log"
