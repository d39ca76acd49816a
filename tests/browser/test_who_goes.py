"""Who goes, in a real Chromium: the mode in the top bar, what speaks for and against units, a diversion by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.browser.car import STEPS, parked
from tests.browser.stage import PASSWORD, account, corner, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up, wait_until

DRIVER: Final = Path(__file__).with_name("who_goes.mjs")
SUPERVISOR, DISPATCHER = "chief", "desk1"
DRIVING, SPECIALIST, MOTORCYCLE, SILENT = "北興101", "南門201", "北興301", "北興102"
AROUND: Final = {"PATROL_DISPATCH_MODE": "recommend", "PATROL_DECISION_DEADLINE_MS": "0.001"}
"""A solver that is always too late: every decision that the server keeps is one of the fallback rule."""


@dataclass
class Bureau:
    """What runs, and the calls that were entered before anybody looked: by name, their numbers and ids."""

    up: Up
    shots: Path
    calls: dict[str, Any]


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A unit under way to a routine call, the specialist at work elsewhere, a motorcycle free; then a deadly
    accident near the first of them."""
    folder = tmp_path_factory.mktemp("who-goes")
    data = folder / "data"
    with running_up(data, around=AROUND) as up, ExitStack() as duty:
        done(data, "map", "import", town(folder / "town.osm"))
        account(data, SUPERVISOR, "supervisor")
        account(data, DISPATCHER, "dispatcher")
        gateway_url = logged(up, r"gateway=(http://\S+)")
        for unit, kind, place, more, steps in (
            (DRIVING, "car", corner(8, 9), (), STEPS[:2]),
            (SPECIALIST, "car", corner(12, 12), ("--capability", "accident"), STEPS),
            (MOTORCYCLE, "motorcycle", corner(2, 8), (), STEPS),
            (SILENT, "car", None, (), ()),
        ):
            done(data, "vehicle", "add", f"R-{unit}", "--unit", unit, "--type", kind, "--station", unit[:2], *more)
            if place:
                duty.enter_context(parked(gateway_url, done(data, "vehicle", "enrol", f"R-{unit}"), *place, steps))
        with httpx.Client(base_url=f"{up.url}/api/v1", trust_env=False) as client:
            signed_in = client.post("/session", json={"username": DISPATCHER, "password": PASSWORD}).json()
            client.headers["Authorization"] = f"Bearer {signed_in['token']}"
            calls = _calls(client)
        yield Bureau(up, shots_folder(Path(__file__), folder), calls)


def _calls(client: httpx.Client) -> dict[str, Any]:
    """The calls, and their units where they are wanted."""
    wait_until(lambda: _located(client) >= {DRIVING, SPECIALIST, MOTORCYCLE}, "the cars never said where they are")
    work = _enter(client, corner(12, 12), category="service", priority=4, address="世賢路 12 號")
    _send(client, work, SPECIALIST, "ON_SCENE")
    routine = _enter(client, corner(1, 14), category="traffic", priority=3, address="民族路 140 號")
    _send(client, routine, DRIVING, "EN_ROUTE")
    accident = _enter(
        client,
        corner(8, 5),
        category="traffic_accident",
        accident_class="A1",
        priority=1,
        address="博愛街與忠孝路二段口",
    )
    return {"routine": routine, "accident": accident}


def _enter(client: httpx.Client, place: tuple[float, float], **members: Any) -> dict[str, Any]:
    answer = client.post("/incidents", json={"lat": place[0], "lon": place[1], **members})
    assert answer.status_code == 201, answer.text
    entered: dict[str, Any] = answer.json()
    return entered


def _located(client: httpx.Client) -> set[str]:
    return {unit["name"] for unit in client.get("/units").json()["items"] if unit["position"]}


def _send(client: httpx.Client, incident: dict[str, Any], name: str, until: str) -> None:
    """By hand, and until the unit has come that far."""
    (unit_id,) = [unit["id"] for unit in client.get("/units").json()["items"] if unit["name"] == name]
    answer = client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": unit_id})
    assert answer.status_code == 201, answer.text
    wait_until(lambda: client.get(f"/units/{unit_id}").json()["status"] == until, f"{name} is never {until}")


def _run(bureau: Bureau, scenario: str, user: str) -> None:
    settings = {f"PATROL_{name.upper()}": call["number"] for name, call in bureau.calls.items()}
    settings |= {"PATROL_UNIT": DRIVING, "PATROL_DISPATCHER": DISPATCHER}
    play(DRIVER, scenario, url=bureau.up.url, user=user, shots=bureau.shots, settings=settings)


def test_a_unit_under_way_is_diverted_by_hand_after_a_question(bureau: Bureau) -> None:
    """In Chinese: reasons in words, ETAs with their spread; one key asks which call is left, and only a yes sends the
    unit. Both calls say what happened, and that the specialist is missing."""
    _run(bureau, "divert", DISPATCHER)


def test_reasons_are_words_in_english_and_a_diversion_against_the_rules_asks_why(bureau: Bureau) -> None:
    """A unit on its way to priority 1 is offered last, with the reason; Escape leaves it where it is."""
    _run(bureau, "english", DISPATCHER)


def test_the_mode_is_seen_by_all_and_changed_by_a_supervisor(bureau: Bureau) -> None:
    """By keyboard, after one confirmation; the dispatcher beside sees it change and cannot change it. Decisions of the
    fallback rule are counted there, with what that means."""
    _run(bureau, "mode", SUPERVISOR)
