"""The board, an incident's record and its print in a real Chromium, with a town of cars that answer more or less."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.browser.car import STEPS, parked
from tests.browser.stage import PASSWORD, account, corner, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up

DRIVER: Final = Path(__file__).with_name("board.mjs")
USER: Final = "night"
AUDITOR: Final = "reads"
UNITS: Final = {
    "北興101": ((2, 2), STEPS[:2]),
    "北興102": ((3, 9), STEPS),
    "南門201": ((12, 12), STEPS[:1]),
    "南門202": ((13, 3), STEPS),
}
WAIT_S: Final = 60.0
SILENT: Final = "北門301"  # registered, never heard of


@dataclass
class Night:
    """What runs, and the incidents that the screens are asked for, by name."""

    up: Up
    incidents: dict[str, dict[str, Any]]
    shots: Path


def _until(look: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not look():
        assert time.monotonic() < deadline, f"it never came: {what}"
        time.sleep(0.2)


class Dispatcher:
    """Enters the night's calls as a program."""

    def __init__(self, url: str) -> None:
        self.api = httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False)
        token = self._post("/session", username=USER, password=PASSWORD)["token"]
        self.api.cookies.clear()
        self.api.headers["Authorization"] = f"Bearer {token}"

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.api.post(path, json=body)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def call(self, place: tuple[int, int], minutes_ago: float, **members: Any) -> dict[str, Any]:
        """A call that came in so long ago, from a corner of the town."""
        lat, lon = corner(*place)
        received_at = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()
        return self._post("/incidents", lat=lat, lon=lon, received_at=received_at, **members)

    def act(self, incident: dict[str, Any], how: str, **body: Any) -> dict[str, Any]:
        """close, merge, notes, assignments."""
        return self._post(f"/incidents/{incident['id']}/{how}", **body)

    def send(self, incident: dict[str, Any], unit: str, reason: str | None = None) -> None:
        """By call sign."""
        units = {one["name"]: one["id"] for one in self.api.get("/units").json()["items"]}
        self.act(incident, "assignments", unit_id=units[unit], override_reason=reason)

    def when(self, incident: dict[str, Any], milestone: str) -> None:
        """Waits for a milestone."""
        _until(lambda: self.api.get(f"/incidents/{incident['id']}").json()[milestone], milestone)

    def located(self, count: int) -> None:
        """Waits until so many units have a position."""
        _until(
            lambda: sum(one["position"] is not None for one in self.api.get("/units").json()["items"]) >= count, "fixes"
        )


def _night(dispatcher: Dispatcher) -> dict[str, dict[str, Any]]:
    call = dispatcher.call
    dispatcher.located(len(UNITS))
    crash: dict[str, Any] = {"category": "traffic_accident", "accident_class": "A2"}
    told = {"description": "兩車碰撞，一人受傷，佔用內側車道。", "caller_name": "林小姐", "caller_phone": "0912345678"}
    reached = call((3, 8), 4, priority=1, address="民族路 8 號", **crash, **told)
    dispatcher.send(reached, "北興102", "無線電回報可先到")
    dispatcher.when(reached, "on_scene_at")
    again = call((3, 8), 3.5, priority=2, address="民族路口", **crash)
    dispatcher.act(again, "merge", into=reached["id"])
    dispatcher.act(reached, "notes", text="救護車已到，請求拖吊。")
    served = call((5, 4), 6, category="criminal", priority=2, address="林森路 20 號", description="住宅遭侵入")
    dispatcher.send(served, "北興101")
    dispatcher.when(served, "en_route_at")
    unknown = call((8, 8), 1, category="service", priority=4, address="文化街 3 號")
    dispatcher.send(unknown, SILENT, "已在現場附近")
    old = call((10, 10), 11, category="traffic", priority=3, address="吳鳳路 110 號", description="號誌故障")
    fresh = call((1, 3), 0.2, category="public_order", priority=1, address="中山路 1 號", description="聚眾鬥毆")
    closed = call((7, 7), 90, category="public_order", priority=3, address="自由街 7 號", description="深夜噪音")
    dispatcher.send(closed, "南門202")
    dispatcher.when(closed, "on_scene_at")
    dispatcher.act(closed, "close", disposition="現場勸導")
    named = {"reached": reached, "again": again, "served": served, "unknown": unknown}
    return named | {"old": old, "fresh": fresh, "closed": closed}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Streets, four cars and one that is silent, seven calls in all states; the dispatcher assigns by hand."""
    folder = tmp_path_factory.mktemp("board")
    data = folder / "data"
    # Nobody answers for the silent one: its order stands for as long as the tests look at it.
    around = {"PATROL_DISPATCH_MODE": "recommend", "PATROL_ACK_TIMEOUT_S": "3600"}
    with running_up(data, around=around) as up, ExitStack() as cars:
        done(data, "map", "import", town(folder / "town.osm"))
        account(data, USER, "supervisor")
        account(data, AUDITOR, "auditor")
        gateway_url = logged(up, r"gateway=(http://\S+)")
        for number, (unit, (place, steps)) in enumerate(UNITS.items()):
            plate = f"RAA-010{number}"
            done(data, "vehicle", "add", plate, "--unit", unit, "--type", "car", "--station", unit[:2])
            cars.enter_context(parked(gateway_url, done(data, "vehicle", "enrol", plate), *corner(*place), steps))
        done(data, "vehicle", "add", "RAA-0199", "--unit", SILENT, "--type", "car", "--station", SILENT[:2])
        dispatcher = Dispatcher(up.url)
        with closing(dispatcher.api):
            incidents = _night(dispatcher)
        yield Night(up, incidents, shots_folder(Path(__file__), folder))


def _run(night: Night, scenario: str, user: str = USER) -> None:
    named = {f"PATROL_{name.upper()}": incident["number"] for name, incident in night.incidents.items()}
    named |= {f"PATROL_{name.upper()}_ID": incident["id"] for name, incident in night.incidents.items()}
    play(DRIVER, scenario, url=night.up.url, user=user, shots=night.shots, settings=named)


def test_the_board_is_worked_by_keyboard(night: Night) -> None:
    """In Chinese: B opens it, the riskiest call is on top with word and figure, a filter narrows and groups follow, the
    arrow keys walk through the rows, Enter opens the incident beside them, and a reload keeps the filter."""
    _run(night, "board")


def test_the_board_stands_in_a_window_of_its_own(night: Night) -> None:
    """In English, from 1024 to 3840 px: opened by its address beside the map, it follows what is done there."""
    _run(night, "own_window")


def test_a_record_says_who_said_what_and_why_this_unit_went(night: Night) -> None:
    """By its address or its number: both clocks, signs and words of the sayers, decisions as tables, notes, merged
    calls; and the same on paper without any control, with pages numbered."""
    _run(night, "record")


def test_an_auditor_finds_a_closed_incident(night: Night) -> None:
    """In English: the list by date with search, the record, and no way to act."""
    _run(night, "past", AUDITOR)
