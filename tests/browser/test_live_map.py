"""The live map in a real Chromium, against everything that `patrol up` starts, with a car on the real link."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.car import Car, driving
from tests.support.command import Up, patrol, running_up

DRIVER = Path(__file__).with_name("live_map.mjs")
ROOT = DRIVER.parents[2]
USER, PASSWORD, UNIT = "night", "correct horse 110", "北興101"
SECOND_UNIT = "北興102"  # registered, never heard of: nothing speaks for it but the dispatcher
SOUTH, WEST, STEP_DEG, LINES = 23.45, 120.42, 0.004, 16
NAMES = [f"{name}路" for name in ("中山", "民族", "忠孝", "民生", "興業", "吳鳳", "林森", "世賢")]
NAMES += [f"{name}街" for name in ("博愛", "新民", "垂楊", "自由", "友愛", "大雅", "文化", "光華")]
PATIENCE_S = 240


@dataclass
class System:
    """What runs, and the car that drives in it."""

    up: Up
    car: Car
    shots: Path

    def dispatch_pid(self) -> int:
        """The process that serves the browser."""
        return int(_logged(self.up, r"process=dispatch pid=(\d+)"))


def _logged(up: Up, pattern: str) -> str:
    found = re.findall(pattern, up.log.read_text())
    assert found, f"{pattern!r} is not in the log"
    return str(found[-1])


def _grid(path: Path) -> Path:
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


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A bureau with streets, an account and one car; the dispatcher assigns by hand."""
    folder = tmp_path_factory.mktemp("browser")
    data = folder / "data"
    shots = Path(os.environ.get("LIVE_MAP_SHOTS", str(folder / "shots")))
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up:
        for arguments, given in (
            (("map", "import", _grid(folder / "town.osm")), ""),
            (("user", "add", USER, "--role", "supervisor"), f"{PASSWORD}\n"),
            (("vehicle", "add", "RAA-0101", "--unit", UNIT, "--type", "car", "--station", "北興"), ""),
            (("vehicle", "add", "RAA-0102", "--unit", SECOND_UNIT, "--type", "car", "--station", "北興"), ""),
        ):
            done = patrol(*arguments, data=data, given=given)
            assert done.returncode == 0, done.stderr
        token = patrol("vehicle", "enrol", "RAA-0101", data=data).stdout.strip()
        with driving(_logged(up, r"gateway=(http://\S+)"), token, SOUTH + 0.02, WEST + 0.02) as car:
            yield System(up, car, shots)


def _run(system: System, scenario: str) -> None:
    """Runs one scenario and does for it what a browser can't."""
    settings = {
        "PATROL_URL": system.up.url,
        "PATROL_USER": USER,
        "PATROL_PASSWORD": PASSWORD,
        "PATROL_UNIT": UNIT,
        "PATROL_SHOTS": str(system.shots),
    }
    wishes = {
        "freeze": lambda: os.kill(system.dispatch_pid(), signal.SIGSTOP),
        "thaw": lambda: os.kill(system.dispatch_pid(), signal.SIGCONT),
        "sos": lambda: system.car.wish("sos", active=True, note="需要支援"),
    }
    with subprocess.Popen(
        ["node", str(DRIVER), scenario],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as driver:
        assert driver.stdin is not None
        assert driver.stdout is not None
        assert driver.stderr is not None
        try:
            for line in driver.stdout:
                if line.strip() in wishes:
                    wishes[line.strip()]()
                    driver.stdin.write("done\n")
                    driver.stdin.flush()
            complaint = driver.stderr.read()
            assert driver.wait(PATIENCE_S) == 0, complaint
        finally:
            os.kill(system.dispatch_pid(), signal.SIGCONT)
            if driver.poll() is None:
                driver.kill()


def test_a_call_entered_on_the_map_brings_the_unit_to_the_scene(system: System) -> None:
    """A unit moves on the map; a call clicked into it shows candidates; one key sends the unit; its steps stop the
    clock. A second unit goes only after a question, and instead of the first only with a reason."""
    _run(system, "first_call")


def test_an_unfinished_call_survives_a_reload_and_a_place_outside_asks_first(system: System) -> None:
    """In English on a tablet: what is missing is said beside its field, what was typed outlives a reload, a place
    outside the area is entered only after a yes, and the figures are a table."""
    _run(system, "english")


def test_a_silent_server_and_a_lost_session_lose_nothing(system: System) -> None:
    """A frozen server is announced with the age of the picture and goes away when it is back; a session that ends
    asks for the password again and keeps what was typed."""
    _run(system, "silence")


def test_an_sos_goes_across_the_screen_until_it_is_resolved(system: System) -> None:
    """The banner names the unit and is acknowledged and resolved from the desk."""
    _run(system, "sos")
