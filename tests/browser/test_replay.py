"""The replay in a real Chromium: what the live console showed is shown again, from the same hour, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.browser.car import Car, driving, parked
from tests.browser.stage import account, corner, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up

DRIVER: Final = Path(__file__).with_name("replay.mjs")
USER: Final = "chief"
PARKED: Final = {"北興101": (4, 4), "南門201": (11, 11)}


@dataclass
class System:
    """What runs, the car that calls for help, and where pictures go."""

    up: Up
    car: Car
    shots: Path


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Streets, two parked cars that answer every order at once, one that drives; units are sent by themselves."""
    folder = tmp_path_factory.mktemp("replay")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "automatic"}) as up, ExitStack() as cars:
        done(data, "map", "import", town(folder / "town.osm"))
        account(data, USER, "supervisor")
        account(data, "auditor", "auditor")
        gateway_url = logged(up, r"gateway=(http://\S+)")

        def token(number: int, unit: str) -> str:
            done(data, "vehicle", "add", f"RAA-010{number}", "--unit", unit, "--type", "car", "--station", unit[:2])
            return done(data, "vehicle", "enrol", f"RAA-010{number}")

        for number, (unit, place) in enumerate(PARKED.items()):
            steps = ("acknowledged", "en_route")
            cars.enter_context(parked(gateway_url, token(number, unit), *corner(*place), steps=steps))
        car = cars.enter_context(driving(gateway_url, token(9, "竹園301"), *corner(7, 2)))
        yield System(up, car, shots_folder(Path(__file__), folder))


def test_what_was_live_is_shown_again(system: System) -> None:
    """A call comes, a unit sets out, an officer calls for help, the call is closed; then the same hour is loaded, and
    by keyboard alone each moment shows the same calls, units, counts and alarms as the live console did, and the
    decision with its candidates. Nothing in it can be done, and in both languages it says that it is the past."""
    wishes = {"sos": lambda: system.car.wish("sos", active=True), "safe": lambda: system.car.wish("sos", active=False)}
    play(DRIVER, "again", url=system.up.url, user=USER, shots=system.shots, wishes=wishes)


def test_an_auditor_looks_back_without_a_live_map(system: System) -> None:
    """The replay is open to whoever reads records; of the live feed nothing is asked."""
    play(DRIVER, "auditor", url=system.up.url, user="auditor", shots=system.shots)
