"""The command line in a real Chromium, by the keyboard alone: from a unit sent to its clear, undone, found, told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.browser.car import parked
from tests.browser.stage import PASSWORD, account, corner, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up, wait_until

DRIVER: Final = Path(__file__).with_name("command.mjs")
SUPERVISOR, DISPATCHER = "chief", "desk1"
NEAR, FAR = "北興101", "南門201"
AROUND: Final = {"PATROL_DISPATCH_MODE": "recommend"}


@dataclass
class Bureau:
    """What runs, and the numbers of the two calls that wait."""

    up: Up
    shots: Path
    calls: dict[str, str]


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Two units whose crews press no button, so that everything comes by radio; two open calls; people send."""
    folder = tmp_path_factory.mktemp("command")
    data = folder / "data"
    with running_up(data, around=AROUND) as up, ExitStack() as duty:
        done(data, "map", "import", town(folder / "town.osm"))
        account(data, SUPERVISOR, "supervisor")
        account(data, DISPATCHER, "dispatcher")
        gateway_url = logged(up, r"gateway=(http://\S+)")
        for unit, place in ((NEAR, corner(8, 9)), (FAR, corner(13, 13))):
            done(data, "vehicle", "add", f"R-{unit}", "--unit", unit, "--type", "car", "--station", unit[:2])
            duty.enter_context(parked(gateway_url, done(data, "vehicle", "enrol", f"R-{unit}"), *place, ()))
        with httpx.Client(base_url=f"{up.url}/api/v1", trust_env=False) as client:
            signed_in = client.post("/session", json={"username": DISPATCHER, "password": PASSWORD}).json()
            client.headers["Authorization"] = f"Bearer {signed_in['token']}"
            wait_until(lambda: _located(client) == {NEAR, FAR}, "the cars never said where they are")
            calls = {
                "first": _enter(client, corner(8, 8), "吳鳳路與林森路口"),
                "second": _enter(client, corner(13, 12), "自由街 12 號"),
            }
        yield Bureau(up, shots_folder(Path(__file__), folder), calls)


def _enter(client: httpx.Client, place: tuple[float, float], address: str) -> str:
    body = {"lat": place[0], "lon": place[1], "category": "public_order", "priority": 3, "address": address}
    answer = client.post("/incidents", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


def _located(client: httpx.Client) -> set[str]:
    return {unit["name"] for unit in client.get("/units").json()["items"] if unit["position"]}


def _run(bureau: Bureau, scenario: str, user: str) -> None:
    settings = {f"PATROL_{name.upper()}": number for name, number in bureau.calls.items()}
    settings |= {"PATROL_NEAR": NEAR, "PATROL_FAR": FAR}
    play(DRIVER, scenario, url=bureau.up.url, user=user, shots=bureau.shots, settings=settings)


def test_a_call_is_worked_by_typing_alone(bureau: Bureau) -> None:
    """In Chinese: assign with completion and a preview, acknowledged, en route, on scene, a note taken back, a message,
    clear; what can be undone is, and what can't says so. No mouse is touched."""
    _run(bureau, "work", DISPATCHER)


def test_help_find_and_the_way_round_the_screen(bureau: Bureau) -> None:
    """In English on a tablet: the sheet holds the keyboard and gives it back, single keys go off and on, find goes to a
    crossing, F6 walks through the parts of the screen, and nothing that was typed is left after signing out."""
    _run(bureau, "english", SUPERVISOR)
