"""A real `patrol agent` process for tests: start, kill, stop, and a look into the journal that it leaves."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatch.engines.process import reserve_port
from tests.support.command import PATIENCE_S, PATROL


@dataclass(frozen=True)
class JournalState:
    """What a journal file says: the name of its run, the last number it gave, what is not acknowledged yet."""

    boot: str
    last_seq: int
    waiting: list[dict[str, Any]]


class AgentProcess:
    """One car's agent; every start uses the same journal and the same screen port."""

    def __init__(self, folder: Path, gateway: str, token: str, gnss: str, *options: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.screen_url = f"http://127.0.0.1:{(port := reserve_port())}"
        (folder / "token").write_text(token)
        self._arguments = ["agent", "--gateway", gateway, "--token-file", str(folder / "token"), "--gnss", gnss]
        self._arguments += ["--journal", str(folder / "journal.db"), "--screen-port", str(port)]
        # Tests compare each epoch with what arrived; what adaptive sending leaves out has tests of its own, and a
        # receiver that the test drives is silent while the test waits for something else: that is no reason to redial.
        for option, value in (("--pace", "steady"), ("--gnss-silence-s", "600")):
            self._arguments += [] if option in options else [option, value]
        self._arguments += options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; its log is `agent.log`, appended to."""
        with (self.folder / "agent.log").open("ab") as log:
            self._process = subprocess.Popen([PATROL, *self._arguments], stdout=log, stderr=log)

    def start_afresh(self) -> None:
        """Starts it on a new, empty journal, as a replaced car computer would."""
        for file in self.folder.glob("journal.db*"):
            file.rename(file.with_name(f"old-{file.name}"))
        self.start()

    def kill(self) -> None:
        """As a power cut in the car."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def journal(self) -> JournalState:
        """Read from a copy, so that reading changes nothing; the agent must not be running."""
        with tempfile.TemporaryDirectory() as folder:
            for file in self.folder.glob("journal.db*"):
                shutil.copy(file, folder)
            with closing(sqlite3.connect(Path(folder) / "journal.db")) as database:
                (boot,) = database.execute("SELECT value FROM notes WHERE key = 'boot'").fetchone()
                given = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'messages'").fetchone()
                rows = database.execute("SELECT body FROM messages ORDER BY seq").fetchall()
        return JournalState(bytes(boot).decode(), given[0] if given else 0, [json.loads(body) for (body,) in rows])

    def log(self) -> str:
        """All that it logged."""
        return (self.folder / "agent.log").read_text()
