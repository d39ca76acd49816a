"""A call from the ring of the phone to the closed case in a real Chromium, against everything that `patrol up` starts,
without a mouse and in fewer than twenty actions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests.browser.car import parked
from tests.browser.stage import account, corner, logged, play, shots_folder, town
from tests.support.command import done, running_up

DRIVER: Final = Path(__file__).with_name("keyboard_day.mjs")
USER, UNIT = "night", "北興101"
FEWER_THAN: Final = 20


def test_from_the_call_to_the_arrival_in_fewer_than_twenty_actions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The place is typed, the system sends the unit by itself, its arrival is seen, the case is closed by a command.
    Signing in is not counted; words typed in one go are one action."""
    data, shots = tmp_path / "data", shots_folder(Path(__file__), tmp_path)
    with running_up(data, around={"PATROL_DISPATCH_MODE": "automatic"}) as up:
        account(data, USER, "dispatcher")
        vehicle = ("RAA-0101", "--unit", UNIT, "--type", "car", "--station", "北興", "--capability", "accident")
        done(data, "vehicle", "add", *vehicle)
        done(data, "map", "import", town(tmp_path / "town.osm"))
        token = done(data, "vehicle", "enrol", "RAA-0101")
        with parked(logged(up, r"gateway=(http://\S+)"), token, *corner(5, 10)):
            play(DRIVER, "day", url=up.url, user=USER, shots=shots, settings={"PATROL_UNIT": UNIT})
    counted = json.loads((shots / "actions.json").read_text())
    with capsys.disabled():
        print(f"\nby keyboard: {counted}")  # noqa: T201 — the figure is what one runs this for
    assert counted["arrived"] <= counted["actions"] < FEWER_THAN
