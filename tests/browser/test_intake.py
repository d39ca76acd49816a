"""Taking a call with the keyboard alone, and finding things on the map, in a real Chromium against the whole system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.car import driving
from tests.browser.stage import SOUTH, WEST, account, corner, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up

DRIVER = Path(__file__).with_name("intake.mjs")
USER, UNIT = "night", "北興101"
ROW, COLUMN = 5, 5
"""吳鳳路, where the houses stand."""


@dataclass
class System:
    """What runs, and where its pictures go."""

    up: Up
    shots: Path


def _house(number: int, share: float) -> str:
    lat, lon = corner(ROW, COLUMN)
    return (
        f'<node id="{90_000 + number}" version="1" lat="{lat + 0.0001:.6f}" lon="{lon + share * 0.003:.6f}">'
        f'<tag k="addr:street" v="吳鳳路"/><tag k="addr:housenumber" v="{number}號"/></node>'
    )


def town_with_houses(path: Path) -> Path:
    """The town with two houses of one side of 吳鳳路, three hundred metres apart, and a hospital."""
    lat, lon = corner(8, 8)
    hospital = (
        f'<node id="95000" version="1" lat="{lat + 0.0005:.6f}" lon="{lon + 0.0005:.6f}">'
        '<tag k="amenity" v="hospital"/><tag k="name" v="仁愛醫院"/><tag k="name:en" v="Renai Hospital"/></node>'
    )
    text = town(path).read_text(encoding="utf-8")
    text = text.replace('<osm version="0.6">', f'<osm version="0.6">{_house(11, 0)}{_house(21, 1)}{hospital}')
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A bureau that sends units by itself, with streets, houses, an account and one car."""
    folder = tmp_path_factory.mktemp("intake")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "automatic"}) as up:
        done(data, "map", "import", town_with_houses(folder / "town.osm"))
        account(data, USER, "dispatcher")
        done(data, "vehicle", "add", "RAA-0101", "--unit", UNIT, "--type", "car", "--station", "北興")
        token = done(data, "vehicle", "enrol", "RAA-0101")
        with driving(logged(up, r"gateway=(http://\S+)"), token, SOUTH + 0.01, WEST + 0.01):
            yield System(up, shots_folder(Path(__file__), folder))


def _run(system: System, scenario: str) -> None:
    play(DRIVER, scenario, url=system.up.url, user=USER, shots=system.shots, settings={"PATROL_UNIT": UNIT})


def test_a_typical_call_takes_few_keys_and_sends_a_unit(system: System) -> None:
    """From N to a unit sent with the keyboard alone: the keys are counted; the place is told from its neighbours and
    says so; candidates stand there before the call is sent. A second call about the same is offered and goes into the
    first, with its notes, and nobody else is sent."""
    _run(system, "keys")


def test_nothing_that_was_typed_is_lost(system: System) -> None:
    """Clock, notes and words survive Esc and a reload; what the server refuses stands at its field; coordinates from a
    phone are read; a place clicked on the map gets its name; signing out clears the draft."""
    _run(system, "kept")


def test_everything_is_found_from_one_box(system: System) -> None:
    """A unit, an incident, a landmark, an address and a crossing, by keyboard, in both languages; what is not there
    says so."""
    _run(system, "found")
