"""Is the screen true? Two consoles race, the net is cut, the server sleeps or is started anew, in a real Chromium."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.browser.car import driving
from tests.browser.stage import SOUTH, WEST, account, logged, play, shots_folder, town
from tests.browser.swallowing import Swallowing, swallowing
from tests.support.command import Up, done, kill_9, running_up, wait_until

DRIVER: Final = Path(__file__).with_name("truth.mjs")
ANNA, BEN = "anna", "ben"
UNITS: Final = ("北興101", "北興102", "北興103")
DISPATCH_PID: Final = r"process=dispatch pid=(\d+)"


@dataclass
class System:
    """What runs, and the net between one console and it."""

    up: Up
    net: Swallowing
    shots: Path

    @property
    def url_over_net(self) -> str:
        """The server's address by way of the net that can be cut."""
        return f"http://127.0.0.1:{self.net.port}"

    def signal(self, number: signal.Signals) -> None:
        """To the process that serves the browser."""
        os.kill(int(logged(self.up, DISPATCH_PID)), number)

    def restart(self) -> None:
        """It is killed; the supervisor starts it anew."""
        before = logged(self.up, DISPATCH_PID)
        kill_9(int(before))
        wait_until(lambda: logged(self.up, DISPATCH_PID) != before, "dispatch was not started again")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A bureau with streets, two dispatchers and three units, of which one drives; units are sent by hand."""
    folder = tmp_path_factory.mktemp("truth")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up:
        done(data, "map", "import", town(folder / "town.osm"))
        for user in (ANNA, BEN):
            account(data, user, "dispatcher")
        for number, unit in enumerate(UNITS):
            plate = f"RAA-010{number}"
            done(data, "vehicle", "add", plate, "--unit", unit, "--type", "car", "--station", "北興")
        token = done(data, "vehicle", "enrol", "RAA-0100")
        with (
            swallowing(int(urlsplit(up.url).port or 0)) as net,
            driving(logged(up, r"gateway=(http://\S+)"), token, SOUTH + 0.02, WEST + 0.02),
        ):
            yield System(up, net, shots_folder(Path(__file__), folder))


def _run(system: System, scenario: str) -> None:
    """Runs one scenario; net and server are well afterwards, whatever happened."""
    wishes = {
        "cut": system.net.cut,
        "heal": system.net.heal,
        "freeze": lambda: system.signal(signal.SIGSTOP),
        "thaw": lambda: system.signal(signal.SIGCONT),
        "restart": system.restart,
    }
    settings = {"PATROL_DIRECT": system.up.url, "PATROL_OTHER_USER": BEN}
    try:
        play(DRIVER, scenario, url=system.url_over_net, user=ANNA, shots=system.shots, settings=settings, wishes=wishes)
    finally:
        system.net.heal()
        system.signal(signal.SIGCONT)


def test_two_desks_edit_one_incident_and_nothing_is_lost(system: System) -> None:
    """What the other changed is told field by field, by whom and when; a field that both changed is decided."""
    _run(system, "edit_race")


def test_a_wrong_place_is_put_right_on_the_map(system: System) -> None:
    """While it is edited a point of the map can be asked for, and only then a click means the place."""
    _run(system, "pick")


def test_two_desks_send_a_unit_at_once_and_one_goes(system: System) -> None:
    """The other desk is told in words, and sees who goes."""
    _run(system, "assign_race")


def test_a_net_that_was_cut_for_ten_seconds_leaves_nothing_stale(system: System) -> None:
    """A banner with the age of the picture, which looks stale; what was typed is kept; then the screen is the API's."""
    _run(system, "cut")


def test_a_server_that_was_started_anew_is_followed(system: System) -> None:
    """Its numbers begin again; what happens then is on the screen all the same."""
    _run(system, "restart")


def test_a_server_that_sleeps_is_not_believed(system: System) -> None:
    """A process that is stopped refuses nothing and says nothing. Figures that stand there are not asked for anew."""
    _run(system, "frozen")


def test_a_page_that_slept_and_a_clock_that_is_wrong_do_not_deceive(system: System) -> None:
    """A tab that was frozen while the net went is stale at its first look; the desk's own clock matters nowhere."""
    _run(system, "asleep")
    _run(system, "wrong_clock")
