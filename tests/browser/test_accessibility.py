"""Every screen as people with other eyes and hands meet it: axe, letters twice as large, the keyboard, the fonts.

With CONSOLE_SCREENS=1 the walk writes the pictures of docs/console.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
import pytest

from dispatch.embedded import DataFolder
from tests.browser.car import STEPS, Car, parked
from tests.browser.stage import PASSWORD, ROOT, account, corner, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up, wait_until

DRIVER: Final = Path(__file__).with_name("accessibility.mjs")
SCREENS: Final = ROOT / "docs" / "screens"
USER: Final = "chief"
WORKING, IN_NEED = "北興101", "北興102"
UNITS: Final = {WORKING: (3, 4), IN_NEED: (2, 2), "南門201": (1, 3), "南門202": (6, 8)}
STATIONS: Final = {"北興": (3, 3), "南門": (12, 11)}
PAST_CALLS: Final = 400
LARGEST_PICTURE_BYTES: Final = 320_000
LANGUAGES: Final = ("zh-TW", "en")


@dataclass
class Bureau:
    """What runs, the car that asks for help, the open calls, and where pictures go."""

    up: Up
    in_need: Car
    calls: dict[str, Any]
    shots: Path


async def _fill(database_url: str) -> None:
    """Where the stations stand, and a month of calls that are over: most from the far corner of the town."""
    connection = await asyncpg.connect(database_url)
    try:
        for name, place in STATIONS.items():
            await connection.execute("UPDATE stations SET lat = $2, lon = $3 WHERE name = $1", name, *corner(*place))
        units = [row["unit_id"] for row in await connection.fetch("SELECT unit_id FROM units ORDER BY unit_id")]
        now, calls, sent = datetime.now(UTC), [], []
        for number in range(PAST_CALLS):
            at = now - timedelta(hours=1.7 * (number + 1))
            place = (10 + number % 5, 9 + number % 6) if number % 4 else (number % 16, number % 13)
            category = ("criminal", "public_order", "traffic", "service")[number % 4]
            there, over = at + timedelta(seconds=150 + 37 * number % 500), at + timedelta(minutes=30)
            incident_id, unit_id = uuid4(), units[number % len(units)]
            calls.append(
                (incident_id, f"P-{number:04d}", category, 1 + number % 4, *corner(*place), at, at, over, "closed")
            )
            sent.append((uuid4(), incident_id, unit_id, "cleared", at + timedelta(seconds=20), there, over, over))
        await connection.copy_records_to_table(
            "incidents",
            records=calls,
            columns=[
                *("incident_id", "number", "category", "priority", "lat", "lon"),
                *("received_at", "created_at", "ended_at", "state"),
            ],
        )
        await connection.copy_records_to_table(
            "assignments",
            records=sent,
            columns=[
                *("assignment_id", "incident_id", "unit_id", "state"),
                *("dispatched_at", "on_scene_at", "cleared_at", "ended_at"),
            ],
        )
    finally:
        await connection.close()


def _enter(client: httpx.Client, place: tuple[int, int], **members: Any) -> dict[str, Any]:
    lat, lon = corner(*place)
    answer = client.post("/incidents", json={"lat": lat, "lon": lon, **members})
    assert answer.status_code == 201, answer.text
    entered: dict[str, Any] = answer.json()
    return entered


def _units(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {unit["name"]: unit for unit in client.get("/units").json()["items"]}


def _calls(url: str) -> dict[str, Any]:
    """Three open calls: one with a unit on its way, two that wait."""
    with httpx.Client(base_url=f"{url}/api/v1", trust_env=False) as client:
        signed_in = client.post("/session", json={"username": USER, "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {signed_in['token']}"
        wait_until(lambda: all(unit["position"] for unit in _units(client).values()), "a car is never seen")
        work = _enter(client, (9, 12), category="traffic", priority=3, address="民族路 140 號", description="號誌故障")
        unit_id = _units(client)[WORKING]["id"]
        assert client.post(f"/incidents/{work['id']}/assignments", json={"unit_id": unit_id}).status_code == 201
        wait_until(lambda: _units(client)[WORKING]["status"] == "EN_ROUTE", "the unit never sets out")
        call = _enter(
            client,
            (8, 5),
            category="traffic_accident",
            accident_class="A2",
            priority=1,
            address="博愛街與忠孝路二段口",
            description="機車與貨車碰撞，騎士受傷",
            caller_name="林小姐",
            caller_phone="0912345678",
        )
        _enter(client, (11, 9), category="public_order", priority=2, address="文化街 30 號")
        return {"work": work, "call": call}


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Streets, two stations, a month of calls, four cars, three open calls; the dispatcher assigns by hand."""
    folder = tmp_path_factory.mktemp("accessibility")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up, ExitStack() as duty:
        account(data, USER, "supervisor")
        gateway_url = logged(up, r"gateway=(http://\S+)")
        cars = {}
        for number, (unit, place) in enumerate(UNITS.items()):
            plate, more = f"RAA-010{number}", ("--capability", "accident") if unit == "南門201" else ()
            done(data, "vehicle", "add", plate, "--unit", unit, "--type", "car", "--station", unit[:2], *more)
            token = done(data, "vehicle", "enrol", plate)
            cars[unit] = duty.enter_context(parked(gateway_url, token, *corner(*place), STEPS[:2]))
        announced = DataFolder(data).announced()
        assert announced is not None
        asyncio.run(_fill(announced.database_url))
        done(data, "map", "import", town(folder / "town.osm"))
        yield Bureau(up, cars[IN_NEED], _calls(up.url), shots_folder(Path(__file__), folder))


def _signal(bureau: Bureau, number: signal.Signals) -> None:
    os.kill(int(logged(bureau.up, r"process=dispatch pid=(\d+)")), number)


def _run(bureau: Bureau, scenario: str, language: str, **settings: str) -> None:
    numbers = {f"PATROL_{name.upper()}": call["number"] for name, call in bureau.calls.items()}
    wishes = {
        "sos": lambda: bureau.in_need.wish("sos", active=True, note="需要支援"),
        "safe": lambda: bureau.in_need.wish("sos", active=False),
        "freeze": lambda: _signal(bureau, signal.SIGSTOP),
        "thaw": lambda: _signal(bureau, signal.SIGCONT),
    }
    settings = {**numbers, "PATROL_WORKING": WORKING, "PATROL_LANGUAGE": language, **settings}
    try:
        play(DRIVER, scenario, url=bureau.up.url, user=USER, shots=bureau.shots, settings=settings, wishes=wishes)
    finally:
        _signal(bureau, signal.SIGCONT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_any_screen(bureau: Bureau, language: str) -> None:
    """Each state of each view, with an SOS standing too: WCAG 2.2 AA and good practice, in both languages. A view
    without a visit fails."""
    settings = {"PATROL_SCREENS": str(SCREENS)} if os.environ.get("CONSOLE_SCREENS") == "1" else {}
    _run(bureau, "axe", language, **settings)


def test_nothing_is_cut_off_when_letters_are_twice_as_large(bureau: Bureau) -> None:
    """1280 x 720 at 200 %, and with the spacing of letters that WCAG lets a reader set: the page never scrolls
    sideways, and no text is hidden or out of reach. In English, whose words are the longer ones."""
    _run(bureau, "large", "en")


def test_every_screen_fits_from_a_desktop_to_a_wall(bureau: Bureau) -> None:
    """1920 and 3840 pixels: nothing scrolls sideways, nothing is cut off."""
    _run(bureau, "wall", "zh-TW")


def test_the_keyboard_comes_everywhere_and_shows_where_it_is(bureau: Bureau) -> None:
    """Tab goes through each view and comes out again; each stop is seen."""
    _run(bureau, "focus", "zh-TW")


def test_no_piece_of_the_font_is_fetched_for_nothing(bureau: Bureau) -> None:
    """Each fetched piece has a letter of the page, its texts or its map."""
    _run(bureau, "fonts", "zh-TW")
    figures = json.loads((bureau.shots / "fonts.json").read_text())
    assert 0 < figures["pieces"] < figures["of"]


def test_the_pages_about_the_screens_show_each_picture() -> None:
    """The pages about the screens show all of docs/screens and nothing else; no picture is too large for a page."""
    pages = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("console.md", "car-screen.md"))
    shown = set(re.findall(r"\(screens/([\w-]+\.png)\)", pages))
    kept = {path.name: path.stat().st_size for path in SCREENS.glob("*.png")}
    assert shown == set(kept)
    assert {name: size for name, size in kept.items() if size > LARGEST_PICTURE_BYTES} == {}
