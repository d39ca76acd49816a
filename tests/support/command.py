"""The real `patrol` command for tests: one call, or `patrol up` in the background."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from typer.testing import CliRunner

from dispatch.commands.app import app

PATROL: Final = Path(sys.executable).parent / "patrol"
PATIENCE_S: Final = 120
_ONE_AT_A_TIME: Final = threading.Lock()
"""A command that runs in this process takes its standard streams."""


def patrol(
    *arguments: str | Path, data: Path | None = None, given: str = "", around: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One command, run to its end; `given` comes on its standard input, `around` is added to its environment."""
    return subprocess.run(
        command(*arguments, data=data),
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, **(around or {})},
        check=False,
    )


def done(data: Path, *arguments: str | Path, given: str = "") -> str:
    """What a command that must succeed printed.

    It runs in this process, in a thread without an event loop of its own: to start Python with all that a server needs
    takes a second, and a stage is set by a dozen commands. tests/integration/test_cli.py starts the real ones.
    """
    line = [*map(str, arguments), "--data", str(data)]
    with _ONE_AT_A_TIME, ThreadPoolExecutor(1) as thread:
        ran = thread.submit(CliRunner().invoke, app, line, input=given).result(PATIENCE_S)
    assert ran.exit_code == 0, f"{ran.output} {ran.exception!r}"
    return ran.stdout.strip()


def command(*arguments: str | Path, data: Path | None = None) -> list[str]:
    """The command line of a call."""
    return [str(PATROL), *map(str, arguments), *(("--data", str(data)) if data else ())]


class Up:
    """A `patrol up` that runs."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        self.line = self._ready_line()
        found = re.search(r"http://\S+", self.line)
        assert found, f"no address in {self.line!r}"
        self.url = found.group()

    def _ready_line(self) -> str:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"patrol up is not ready: {self.log.read_text()}")
        return line

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait for its end; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@contextmanager
def running_up(data: Path, *options: str, around: Mapping[str, str] | None = None) -> Iterator[Up]:
    """`patrol up` on free ports; stopped at the end of the block, if it runs still."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "stderr"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                command("up", "--port", "0", "--gateway-port", "0", *options, data=data),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **(around or {})},
            )
        try:
            yield Up(process, log)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(PATIENCE_S)
            if process.stdout is not None:
                process.stdout.close()


def processes_on(data: Path) -> set[int]:
    """Processes that work in the data folder or were told of it: engines, their children, `patrol` itself."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            inside = os.readlink(entry / "cwd").startswith(str(data))
            told = str(data).encode() in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if inside or told:
            found.add(int(entry.name))
    return found


def kill_9(*pids: int) -> None:
    """All at once, as a power cut would; who ended meanwhile is no matter."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Until `true()` holds; fails with `what` after a long while."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
