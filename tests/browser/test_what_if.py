"""The what-if page in a real Chromium: a supervisor asks, watches, reads the table, saves it, and asks again."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import pytest

from dispatch.embedded import DataFolder
from tests.browser.test_live_map import PASSWORD, PATIENCE_S, ROOT, SOUTH, STEP_DEG, WEST, _grid
from tests.support.command import Up, patrol, running_up

DRIVER: Final = Path(__file__).with_name("what_if.mjs")
USER, AUDITOR = "chief", "auditor"
STATIONS: Final = {"北興": (3, 9), "南門": (9, 4), "長榮": (11, 12)}
CARS: Final = {"北興": 2, "南門": 1, "長榮": 1}
DAYS: Final = 30
CALLS_A_DAY: Final = 48


@dataclass
class Bureau:
    """What runs, and where pictures go."""

    up: Up
    shots: Path


async def _fill(database_url: str) -> None:
    """Where the stations stand, and a month of calls that are over."""
    connection = await asyncpg.connect(database_url)
    try:
        for name, (row, column) in STATIONS.items():
            if name != "長榮":  # nobody has entered where that one stands
                place = SOUTH + row * STEP_DEG, WEST + column * STEP_DEG
                await connection.execute("UPDATE stations SET lat = $2, lon = $3 WHERE name = $1", name, *place)
        now = datetime.now(UTC)
        calls = []
        for number in range(DAYS * CALLS_A_DAY):
            at = now - timedelta(minutes=30 * (number + 1))
            place = SOUTH + 0.0019 * (number % 31), WEST + 0.0021 * (number % 28)
            category = ("criminal", "public_order", "traffic", "traffic_accident", "service")[number % 5]
            calls.append((uuid4(), f"past-{number}", category, 1 + number % 3, *place, at, at, "closed"))
        await connection.copy_records_to_table(
            "incidents",
            records=calls,
            columns=[
                *("incident_id", "number", "category", "priority", "lat", "lon", "received_at", "created_at", "state"),
            ],
        )
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Streets, three stations, a few vehicles, a month of calls, a supervisor and an auditor."""
    folder = tmp_path_factory.mktemp("what-if")
    data = folder / "data"
    shots = Path(os.environ.get("WHAT_IF_SHOTS", str(folder / "shots")))
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up:
        commands: list[tuple[tuple[str | Path, ...], str]] = [
            (("map", "import", _grid(folder / "town.osm")), ""),
            (("user", "add", USER, "--role", "supervisor"), f"{PASSWORD}\n"),
            (("user", "add", AUDITOR, "--role", "auditor"), f"{PASSWORD}\n"),
        ]
        for station, count in CARS.items():
            for number in range(count + 1):
                kind = "car" if number < count else "motorcycle"
                arguments = ("vehicle", "add", f"R-{station}-{number}", "--unit", f"{station}{number}", "--type", kind)
                commands.append(((*arguments, "--station", station), ""))
        for command, given in commands:
            done = patrol(*command, data=data, given=given)
            assert done.returncode == 0, done.stderr
        announced = DataFolder(data).announced()
        assert announced is not None
        asyncio.run(_fill(announced.database_url))
        yield Bureau(up, shots)


def _run(bureau: Bureau, scenario: str, user: str = USER) -> None:
    settings = {
        "PATROL_URL": bureau.up.url,
        "PATROL_USER": user,
        "PATROL_PASSWORD": PASSWORD,
        "PATROL_SHOTS": str(bureau.shots),
    }
    done = subprocess.run(
        ["node", str(DRIVER), scenario],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_question_is_asked_watched_read_saved_and_repeated(bureau: Bureau) -> None:
    """From the form to the table side by side, with a mark for what differs; CSV and JSON; a repeat to the digit."""
    _run(bureau, "question")


def test_a_question_in_english_on_a_tablet_is_wrong_cancelled_and_deleted(bureau: Bureau) -> None:
    """What is wrong stands beside its field; a long question is cancelled; one is deleted after a question."""
    _run(bureau, "english")


def test_an_auditor_reads_and_does_not_ask(bureau: Bureau) -> None:
    """The list and the tables are there, the buttons to run anything are not."""
    _run(bureau, "auditor", AUDITOR)
