"""Alarms in a real Chromium, against everything that `patrol up` starts: an SOS that nothing loses, and each other kind
raised for its real reason by cars on the real link."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.browser.car import Car, parked
from tests.browser.stage import PASSWORD, account, corner, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up, wait_until

DRIVER: Final = Path(__file__).with_name("alarms.mjs")
FIRST, SECOND = "night1", "night2"
IN_NEED, HELPER, STANDING, SILENT = "北興101", "北興102", "南門201", "南門202"
AROUND: Final = {
    "PATROL_DISPATCH_MODE": "recommend",
    "PATROL_ACK_TIMEOUT_S": "6",
    "PATROL_ALARM_LOOK_S": "1",
    "PATROL_ALARM_STANDING_S": "8",
    "PATROL_ALARM_CREW_FIRST_S": "4",
    "PATROL_ALARM_LINK_LOST_S": "3",
    "PATROL_ALARM_CAMERA_GRACE_S": "2",
    "PATROL_ALARM_UNASSIGNED_LEFT_S": "590",
}
UNDER_WAY: Final = ("acknowledged", "en_route")


@dataclass
class Bureau:
    """What runs, its cars by call sign, and a program that is signed in."""

    up: Up
    shots: Path
    client: httpx.Client
    cars: dict[str, Car] = field(default_factory=dict)
    duty: dict[str, ExitStack] = field(default_factory=dict)

    def unit_id(self, name: str) -> str:
        """By call sign."""
        (found,) = [unit["id"] for unit in self.client.get("/units").json()["items"] if unit["name"] == name]
        return str(found)

    def enter(self, row: int, column: int, **members: Any) -> str:
        """A call at a corner; its id."""
        lat, lon = corner(row, column)
        answer = self.client.post("/incidents", json={"lat": lat, "lon": lon, "category": "criminal", **members})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def send(self, incident_id: str, name: str, until: str | None = None) -> None:
        """By hand, and until the unit has come that far."""
        unit_id = self.unit_id(name)
        answer = self.client.post(f"/incidents/{incident_id}/assignments", json={"unit_id": unit_id})
        assert answer.status_code == 201, answer.text
        if until is not None:
            url = f"/units/{unit_id}"
            wait_until(lambda: self.client.get(url).json()["status"] == until, f"{name} is never {until}")

    def kill_dispatch(self) -> None:
        """As a crash would; `patrol up` starts it again."""
        before = logged(self.up, r"process=dispatch pid=(\d+)")
        os.kill(int(before), signal.SIGKILL)
        wait_until(lambda: logged(self.up, r"process=dispatch pid=(\d+)") != before, "dispatch was not started again")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Four cars that stand where they are told to; two dispatchers."""
    folder = tmp_path_factory.mktemp("alarms")
    data = folder / "data"
    with running_up(data, around=AROUND) as up, ExitStack() as stack:
        done(data, "map", "import", town(folder / "town.osm"))
        for user in (FIRST, SECOND):
            account(data, user, "dispatcher")
        client = stack.enter_context(httpx.Client(base_url=f"{up.url}/api/v1", trust_env=False, timeout=60))
        signed_in = client.post("/session", json={"username": FIRST, "password": PASSWORD}).json()
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {signed_in['token']}"
        bureau = Bureau(up, shots_folder(Path(__file__), folder), client)
        gateway_url = logged(up, r"gateway=(http://\S+)")
        places = {IN_NEED: (8, 8), HELPER: (8, 10), STANDING: (2, 2), SILENT: (13, 13)}
        for name, (row, column) in places.items():
            done(data, "vehicle", "add", f"R-{name}", "--unit", name, "--type", "car", "--station", name[:2])
            token = done(data, "vehicle", "enrol", f"R-{name}")
            steps = () if name == IN_NEED else UNDER_WAY
            bureau.duty[name] = stack.enter_context(ExitStack())
            car = parked(gateway_url, token, *corner(row, column), steps)
            bureau.cars[name] = bureau.duty[name].enter_context(car)
        wait_until(
            lambda: all(unit["position"] for unit in client.get("/units").json()["items"]), "the cars stay unseen"
        )
        yield bureau


def test_an_sos_outlives_reload_and_restart_and_is_one_on_all_desks(bureau: Bureau) -> None:
    """Banner, sound and tab title on two desks; through a reload and a kill of dispatch; acknowledged on one it is
    silent on both, by name; a key sends the nearest unit; resolved it is gone on both, and not by one slip of a key."""
    wishes = {
        "sos": lambda: bureau.cars[IN_NEED].wish("sos", active=True, note="歹徒持刀"),
        "kill dispatch": bureau.kill_dispatch,
    }
    _run(bureau, "sos", wishes)


def test_each_other_alarm_is_raised_and_its_action_works(bureau: Bureau) -> None:
    """An order that nobody acknowledges, a unit that stands under way, a camera that does not record, a car that hangs
    up, a call that nobody is sent to: each with its grade, reason and action, and counted on every screen."""
    wishes = {
        "unacknowledged": lambda: bureau.send(bureau.enter(9, 8, priority=3), IN_NEED),
        "standing": lambda: bureau.send(bureau.enter(12, 3, priority=1, address="民生路 3 號"), STANDING),
        "camera": lambda: bureau.cars[STANDING].wish("camera", camera_id="bwc", state="standby"),
        "recording": lambda: bureau.cars[STANDING].wish("camera", camera_id="bwc", state="recording"),
        "sent": lambda: bureau.send(bureau.enter(5, 13, priority=2), SILENT, until="EN_ROUTE"),
        "hang up": bureau.duty[SILENT].close,
        "late": lambda: bureau.enter(3, 9, priority=1, address="文化街 9 號"),
    }
    _run(bureau, "kinds", wishes)


def test_a_desk_without_sign_in_says_what_waits(bureau: Bureau) -> None:
    """The sign-in screen counts SOS and calls without a unit, and nothing else of them; with the siren."""
    wishes = {
        "sos": lambda: bureau.cars[IN_NEED].wish("sos", active=True),
        "over": lambda: bureau.cars[IN_NEED].wish("sos", active=False),
        "call": lambda: bureau.enter(6, 6, priority=2, address="垂楊路 6 號"),
    }
    _run(bureau, "waiting", wishes)


def _run(bureau: Bureau, scenario: str, wishes: dict[str, Any]) -> None:
    settings = {"PATROL_SECOND_USER": SECOND, "PATROL_IN_NEED": IN_NEED, "PATROL_HELPER": HELPER}
    settings |= {"PATROL_STANDING": STANDING, "PATROL_SILENT": SILENT}
    play(DRIVER, scenario, url=bureau.up.url, user=FIRST, shots=bureau.shots, settings=settings, wishes=wishes)
