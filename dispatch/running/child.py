"""One server process under a supervisor: its start, its log file, its health, its next start after a fall."""

from __future__ import annotations

import http.client
import logging
import logging.handlers
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dispatch.engines import process

LOG_BYTES: Final = 5_000_000
LOG_FILES: Final = 3
STOP_WITHIN_S: Final = 8.0
BACKOFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_S: Final = 60.0
"""Whoever ran for so long starts over with the shortest backoff."""
ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""Two threads of one small sum wait for each other on busy cores: 1 ms of suggestions becomes 24 to 90 ms."""


class Child:
    """`python -m MODULE` with an environment of its own; its output goes to `logs`/`name`.log."""

    def __init__(self, name: str, module: str, environment: Mapping[str, str], logs: Path, ready_url: str = "") -> None:
        self.name = name
        self.falls = 0
        self._module = module
        self._environment = {**ONE_THREAD, **environment, "PYTHONUNBUFFERED": "1"}
        self._ready_url = ready_url
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._restart_at_s = 0.0
        self._last_lines: deque[str] = deque(maxlen=8)
        self._pump: threading.Thread | None = None
        self._log_file = logs / f"{name}.log"

    @property
    def pid(self) -> int | None:
        """Its process while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def last_words(self) -> str:
        """The last lines that it wrote, on one line."""
        return " / ".join(self._last_lines) or "it wrote nothing"

    def start(self) -> None:
        """Spawn it; it ends when this process ends, however that comes, and hears no Ctrl-C of the terminal."""
        self._started_s = time.monotonic()
        self._last_lines.clear()
        self._process = process.spawn(
            [sys.executable, "-P", "-m", self._module],
            folder=Path.cwd(),
            account=None,
            death_signal=signal.SIGKILL,  # a kill loses nothing, and its port is free for the next
            output=subprocess.PIPE,
            environment=self._environment,
        )
        self._pump = threading.Thread(target=self._copy_output, args=(self._process,), daemon=True)
        self._pump.start()

    def fell(self) -> int | None:
        """Its exit code, once, when it has ended unasked; the next start is due after a pause that grows."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        if self._pump is not None:
            self._pump.join(1)
        self._process = None
        self.falls = 1 if time.monotonic() - self._started_s > STEADY_S else self.falls + 1
        self._restart_at_s = time.monotonic() + BACKOFF_S[min(self.falls, len(BACKOFF_S)) - 1]
        return code

    def due(self) -> bool:
        """Is it down, and its pause over?"""
        return self._process is None and time.monotonic() >= self._restart_at_s

    def ready(self) -> bool:
        """Does its /readyz say 200? A child without one is ready when it runs."""
        if self.pid is None or not self._ready_url:
            return self.pid is not None
        return answers(self._ready_url)

    def ask_to_stop(self) -> None:
        """SIGTERM; `stop` waits for it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Returns when it is gone; it is killed after a while."""
        if self._process is not None:
            process.stop(self._process, signal.SIGTERM, patience_s=STOP_WITHIN_S, last=signal.SIGKILL)
        if self._pump is not None:
            self._pump.join(1)

    def _copy_output(self, child: subprocess.Popen[bytes]) -> None:
        """Into a file that never grows without bound; a thread of its own, so that the child is never held up."""
        handler = logging.handlers.RotatingFileHandler(
            self._log_file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
        os.chmod(self._log_file, 0o600)
        if child.stdout is None:
            return
        with child.stdout:
            for raw in child.stdout:
                line = raw.decode(errors="replace").rstrip()
                self._last_lines.append(line)
                handler.emit(logging.LogRecord(self.name, logging.INFO, "", 0, "%s", (line,), None))
        handler.close()


def answers(url: str) -> bool:
    """Does an http:// address say 200 within two seconds?"""
    _, _, rest = url.partition("//")
    place, _, path = rest.partition("/")
    connection = http.client.HTTPConnection(place, timeout=2)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
