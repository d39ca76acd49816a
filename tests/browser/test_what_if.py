"""The what-if page in a real Chromium: a supervisor asks, watches, reads the table, saves it, and asks again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import pytest

from dispatch.embedded import DataFolder
from tests.browser.stage import SOUTH, WEST, account, corner, play, shots_folder, town
from tests.support.command import Up, done, running_up

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
        for name, where in STATIONS.items():
            if name != "長榮":  # nobody has entered where that one stands
                found = "UPDATE stations SET lat = $2, lon = $3 WHERE name = $1"
                await connection.execute(found, name, *corner(*where))
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
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up:
        done(data, "map", "import", town(folder / "town.osm"))
        account(data, USER, "supervisor")
        account(data, AUDITOR, "auditor")
        for station, count in CARS.items():
            for number in range(count + 1):
                kind = "car" if number < count else "motorcycle"
                unit = ("--unit", f"{station}{number}", "--type", kind, "--station", station)
                done(data, "vehicle", "add", f"R-{station}-{number}", *unit)
        announced = DataFolder(data).announced()
        assert announced is not None
        asyncio.run(_fill(announced.database_url))
        yield Bureau(up, shots_folder(Path(__file__), folder))


def _run(bureau: Bureau, scenario: str, user: str = USER) -> None:
    play(DRIVER, scenario, url=bureau.up.url, user=user, shots=bureau.shots)


def test_a_question_is_asked_watched_read_saved_and_repeated(bureau: Bureau) -> None:
    """From the form to the table side by side, with a mark for what differs; CSV and JSON; a repeat to the digit."""
    _run(bureau, "question")


def test_a_question_in_english_on_a_tablet_is_wrong_cancelled_and_deleted(bureau: Bureau) -> None:
    """What is wrong stands beside its field; a long question is cancelled; one is deleted after a question."""
    _run(bureau, "english")


def test_an_auditor_reads_and_does_not_ask(bureau: Bureau) -> None:
    """The list and the tables are there, the buttons to run anything are not."""
    _run(bureau, "auditor", AUDITOR)
