"""The officers' page at /car on a phone's screen: a job with the network cut in between, people, and other eyes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import pytest

from dispatch.embedded import DataFolder
from tests.browser.builds import Builds
from tests.browser.stage import PASSWORD, account, corner, play, shots_folder, town
from tests.support.command import Up, done, running_up, wait_until

DRIVER: Final = Path(__file__).with_name("officer_pwa.mjs")
UNIT, OTHER = "北興101", "北興102"
STEPS: Final = ["acknowledged", "en_route", "on_scene", "cleared"]
WITHIN_MS: Final = 1_500
"""Between the browser's press and the driver's note of it, on a busy machine."""


@dataclass
class Bureau:
    """What runs, where its database is, and where pictures go."""

    up: Up
    database_url: str
    shots: Path

    def ask(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """What the database says."""
        return asyncio.run(self._ask(query, arguments))

    async def _ask(self, query: str, arguments: tuple[object, ...]) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.database_url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows
        finally:
            await connection.close()

    @contextmanager
    def signed_in(self, user: str) -> Iterator[httpx.Client]:
        """A program's client."""
        with httpx.Client(base_url=f"{self.up.url}/api/v1", trust_env=False) as client:
            token = client.post("/session", json={"username": user, "password": PASSWORD}).json()["token"]
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {token}"
            yield client


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Streets, two units without an agent, a desk and two officers; the dispatcher assigns by hand."""
    folder = tmp_path_factory.mktemp("officers")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up:
        account(data, "desk", "dispatcher")
        for user in ("oscar", "olga"):
            account(data, user, "officer")
        for number, unit in enumerate((UNIT, OTHER)):
            done(
                data, "vehicle", "add", f"RBB-010{number}", "--unit", unit, "--type", "motorcycle", "--station", "北興"
            )
        done(data, "map", "import", town(folder / "town.osm"))
        announced = DataFolder(data).announced()
        assert announced is not None
        yield Bureau(up, announced.database_url, shots_folder(Path(__file__), folder))


def _call(bureau: Bureau) -> None:
    lat, lon = corner(5, 6)
    with bureau.signed_in("desk") as desk:
        where = {"lat": lat, "lon": lon, "address": "忠孝路 12 號"}
        made = desk.post("/incidents", json={"category": "criminal", "priority": 1, **where}).json()
        unit = next(unit for unit in desk.get("/units").json()["items"] if unit["name"] == UNIT)
        answer = desk.post(f"/incidents/{made['id']}/assignments", json={"unit_id": unit["id"]})
        assert answer.status_code == 201, answer.text


def _steps(bureau: Bureau) -> list[asyncpg.Record]:
    return bureau.ask(
        "SELECT kind, happened_at, said_by FROM events WHERE said_by = 'button' AND kind LIKE 'unit\\_%' "
        "AND kind <> 'unit_availability_changed' ORDER BY event_id"
    )


def _until(bureau: Bureau, count: int) -> None:
    wait_until(lambda: len(_steps(bureau)) >= count, f"step {count} never comes")


def _ends(row: asyncpg.Record) -> float:
    at: Any = row["happened_at"]
    return float(at.timestamp()) * 1000


def test_a_job_with_the_network_cut_in_between(bureau: Bureau) -> None:
    """Online to offline, two reloads without a network, an SOS in the dark: each press once, in order, true times."""
    wishes = {
        "call": lambda: _call(bureau),
        "acknowledged": lambda: _until(bureau, 1),
        "all": lambda: _until(bureau, 4),
    }
    play(
        DRIVER,
        "job",
        url=bureau.up.url,
        user="oscar",
        shots=bureau.shots,
        settings={"PATROL_UNIT": UNIT},
        wishes=wishes,
    )
    pressed = json.loads((bureau.shots / "presses.json").read_text())
    steps = _steps(bureau)
    assert [row["kind"] for row in steps] == [f"unit_{step}" for step in STEPS]
    noted = {press["what"]: press["at_ms"] for press in pressed}
    for row, step in zip(steps, STEPS, strict=True):
        assert abs(_ends(row) - noted[step]) <= WITHIN_MS, step
    messages = bureau.ask("SELECT type, seq, body, rejected_code FROM car_messages ORDER BY message_id")
    bodies = [json.loads(row["body"]) for row in messages]
    assert [body.get("status") or row["type"] for row, body in zip(messages, bodies, strict=True)] == [
        "acknowledged",
        "en_route",
        "on_scene",
        "sos",
        "cleared",
    ]
    assert {row["rejected_code"] for row in messages} == {None}
    help_call = next(body for body in bodies if body["type"] == "sos")
    assert abs(help_call["time_ms"] - noted["sos"]) <= WITHIN_MS
    assert help_call["lat"] == pytest.approx(23.462)
    fixes = bureau.ask("SELECT source, lat FROM fixes")
    assert {(row["source"], round(row["lat"], 3)) for row in fixes} == {("phone", 23.462)}
    assert bureau.ask("SELECT 1 FROM incidents WHERE state = 'closed'")


def _expire(bureau: Bureau) -> None:
    bureau.ask("DELETE FROM sessions WHERE user_id IN (SELECT user_id FROM users WHERE role = 'officer') RETURNING 1")


def _on_the_other_unit(bureau: Bureau, *, take_over: bool = False) -> None:
    with bureau.signed_in("olga") as olga:
        units = olga.get("/officer/units").json()["items"]
        unit_id = next(unit["unit_id"] for unit in units if unit["name"] == OTHER)
        answer = olga.post("/officer/duty", json={"unit_id": unit_id, "take_over": take_over})
        assert answer.status_code == 200, answer.text


def test_people_come_and_go(bureau: Bureau) -> None:
    """Wrong password, a unit that is held, signing out with no network, a session that ends, a unit that is taken."""
    _on_the_other_unit(bureau)
    wishes = {"expire": lambda: _expire(bureau), "take back": lambda: _on_the_other_unit(bureau, take_over=True)}
    settings = {"PATROL_UNIT": UNIT, "PATROL_OTHER": OTHER}
    play(DRIVER, "people", url=bureau.up.url, user="oscar", shots=bureau.shots, settings=settings, wishes=wishes)


def _no_sos(bureau: Bureau) -> None:
    """What another test left behind: its sheet pushes buttons below the foot, where axe calls them covered."""
    with bureau.signed_in("desk") as desk:
        for alarm in desk.get("/alarms?state=open").json()["items"]:
            assert desk.post(f"/alarms/{alarm['id']}/resolve").status_code == 200


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_axe_finds_nothing(bureau: Bureau, language: str) -> None:
    """Each state at 390 x 844, in both languages: WCAG 2.2 AA, no word of the other one, nothing cut off."""
    _no_sos(bureau)
    _on_the_other_unit(bureau, take_over=True)
    play(
        DRIVER,
        "axe",
        url=bureau.up.url,
        user="oscar",
        shots=bureau.shots,
        settings={"PATROL_UNIT": UNIT, "PATROL_OTHER": OTHER, "PATROL_LANGUAGE": language},
        wishes={"expire": lambda: _expire(bureau)},
    )


def test_a_tablet_without_tls(bureau: Bureau) -> None:
    """1024 x 768, by day and by night: axe finds nothing; a press taken back never comes, the next one does."""
    before = _steps(bureau)
    wishes = {"call": lambda: _call(bureau), "acknowledged": lambda: _until(bureau, len(before) + 1)}
    play(
        DRIVER,
        "tablet",
        url=bureau.up.url,
        user="oscar",
        shots=bureau.shots,
        settings={"PATROL_UNIT": UNIT},
        wishes=wishes,
    )
    pressed = bureau.ask("SELECT 1 FROM car_messages WHERE type = 'status'")
    assert len(pressed) == len(_steps(bureau)) == len(before) + 1


def test_a_new_build_while_a_press_waits(bureau: Bureau) -> None:
    """The new page takes the old one's place at a start; the SOS that waited is sent by it, once."""
    before = len(bureau.ask("SELECT 1 FROM car_messages WHERE type = 'sos'"))
    with Builds(bureau.up.url) as builds:
        wishes = {"cut": builds.cut, "new build": builds.next, "mend": builds.mend}
        play(
            DRIVER,
            "update",
            url=builds.url,
            user="oscar",
            shots=bureau.shots,
            settings={"PATROL_UNIT": UNIT},
            wishes=wishes,
        )
    assert len(bureau.ask("SELECT 1 FROM car_messages WHERE type = 'sos'")) == before + 1
