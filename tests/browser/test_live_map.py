"""The live map in a real Chromium, against everything that `patrol up` starts, with a car on the real link."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.car import Car, driving
from tests.browser.stage import SOUTH, WEST, account, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up

DRIVER = Path(__file__).with_name("live_map.mjs")
USER, UNIT = "night", "北興101"
SECOND_UNIT = "北興102"  # registered, never heard of: nothing speaks for it but the dispatcher


@dataclass
class System:
    """What runs, and the car that drives in it."""

    up: Up
    car: Car
    shots: Path

    def dispatch_pid(self) -> int:
        """The process that serves the browser."""
        return int(logged(self.up, r"process=dispatch pid=(\d+)"))


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A bureau with streets, an account and one car; the dispatcher assigns by hand."""
    folder = tmp_path_factory.mktemp("browser")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up:
        done(data, "map", "import", town(folder / "town.osm"))
        account(data, USER, "supervisor")
        for plate, unit in (("RAA-0101", UNIT), ("RAA-0102", SECOND_UNIT)):
            done(data, "vehicle", "add", plate, "--unit", unit, "--type", "car", "--station", "北興")
        token = done(data, "vehicle", "enrol", "RAA-0101")
        with driving(logged(up, r"gateway=(http://\S+)"), token, SOUTH + 0.02, WEST + 0.02) as car:
            yield System(up, car, shots_folder(Path(__file__), folder))


def _run(system: System, scenario: str) -> None:
    """Runs one scenario; a dispatch server that it froze thaws whatever happens."""
    wishes = {
        "freeze": lambda: os.kill(system.dispatch_pid(), signal.SIGSTOP),
        "thaw": lambda: os.kill(system.dispatch_pid(), signal.SIGCONT),
        "sos": lambda: system.car.wish("sos", active=True, note="需要支援"),
    }
    settings = {"PATROL_UNIT": UNIT}
    try:
        play(DRIVER, scenario, url=system.up.url, user=USER, shots=system.shots, settings=settings, wishes=wishes)
    finally:
        os.kill(system.dispatch_pid(), signal.SIGCONT)


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
