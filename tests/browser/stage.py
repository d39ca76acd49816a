"""What the browser tests share: a small town of streets, the command line, and the run of a driver in Chromium."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.support.command import Up, done

ROOT: Final = Path(__file__).resolve().parents[2]
PASSWORD: Final = "correct horse 110"
PATIENCE_S: Final = 480
SOUTH, WEST, STEP_DEG, LINES = 23.45, 120.42, 0.004, 16
NAMES = [f"{name}路" for name in ("中山", "民族", "忠孝", "民生", "興業", "吳鳳", "林森", "世賢")]
NAMES += [f"{name}街" for name in ("博愛", "新民", "垂楊", "自由", "友愛", "大雅", "文化", "光華")]


def corner(row: int, column: int) -> tuple[float, float]:
    """Where two streets of the town meet: lat, lon. Rows go north, columns east."""
    return SOUTH + row * STEP_DEG, WEST + column * STEP_DEG


def town(path: Path) -> Path:
    """A small town as OpenStreetMap data: a grid of named streets."""
    places = [(row, column) for row in range(LINES) for column in range(LINES)]
    nodes = "".join(
        f'<node id="{row * LINES + column + 1}" version="1" lat="{SOUTH + row * STEP_DEG:.6f}" '
        f'lon="{WEST + column * STEP_DEG:.6f}"/>'
        for row, column in places
    )
    ways = "".join(
        f'<way id="{1000 + across * 100 + line}" version="1">'
        + "".join(f'<nd ref="{(line * LINES + k if across else k * LINES + line) + 1}"/>' for k in range(LINES))
        + f'<tag k="highway" v="{"secondary" if line % 4 == 0 else "residential"}"/>'
        + f'<tag k="name" v="{NAMES[line]}{"" if across else "二段"}"/></way>'
        for across in (1, 0)
        for line in range(LINES)
    )
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{nodes}{ways}</osm>', encoding="utf-8")
    return path


def account(data: Path, user: str, role: str) -> None:
    """Somebody who signs in with PASSWORD."""
    done(data, "user", "add", user, "--role", role, given=f"{PASSWORD}\n")


def logged(up: Up, pattern: str) -> str:
    """The newest line of the log that matches: its first group."""
    found = re.findall(pattern, up.log.read_text())
    assert found, f"{pattern!r} is not in the log"
    return str(found[-1])


def shots_folder(test: Path, folder: Path) -> Path:
    """Where a test's pictures go: as `LIVE_MAP_SHOTS` says for test_live_map.py, else beside its other files."""
    name = test.stem.removeprefix("test_").upper()
    return Path(os.environ.get(f"{name}_SHOTS", str(folder / "shots")))


class _Chromium:
    """One browser for all scenarios of this process; each has contexts of its own in it, which share nothing."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None
        self._address = ""

    def address(self) -> str:
        """Where it listens; it is started if it is not there, or there no more."""
        if self._server is None or self._server.poll() is not None:
            self._server = subprocess.Popen(
                ["node", str(Path(__file__).with_name("chromium_server.mjs"))],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert self._server.stdout is not None
            self._address = self._server.stdout.readline().strip()
            assert self._address.startswith("ws://"), "Chromium does not start"
        return self._address

    def close(self) -> None:
        """It ends, and with it its processes."""
        if self._server is not None:
            self._server.communicate(timeout=PATIENCE_S)


_chromium = _Chromium()
atexit.register(_chromium.close)


def play(
    driver: Path,
    scenario: str,
    *,
    url: str,
    user: str,
    shots: Path,
    settings: Mapping[str, str] | None = None,
    wishes: Mapping[str, Callable[[], object]] | None = None,
) -> None:
    """Runs one scenario to its end, and does for it what a browser can't: each wish that it writes as a line."""
    around = {"PATROL_URL": url, "PATROL_USER": user, "PATROL_PASSWORD": PASSWORD, "PATROL_SHOTS": str(shots)}
    around["PATROL_BROWSER"] = _chromium.address()
    with subprocess.Popen(
        ["node", str(driver), scenario],
        cwd=ROOT,
        env={**os.environ, **around, **(settings or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        watchdog = threading.Timer(PATIENCE_S, process.kill)
        watchdog.start()
        try:
            for line in process.stdout:
                if line.startswith("figure: "):
                    sys.stdout.write(line)  # shown with `pytest -s`
                if (wish := (wishes or {}).get(line.strip())) is not None:
                    wish()
                    process.stdin.write("done\n")
                    process.stdin.flush()
            complaint = process.stderr.read()
            assert process.wait() == 0, complaint
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()
