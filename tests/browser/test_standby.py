"""Where to wait, in a real Chromium: two cars stand in one corner of a town whose calls come from the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import pytest

from dispatch.embedded import DataFolder
from tests.browser.car import parked
from tests.browser.stage import account, corner, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up

DRIVER: Final = Path(__file__).with_name("standby.mjs")
USER: Final = "chief"
UNITS: Final = {"北興101": (1, 1), "北興102": (2, 1), "南門201": (1, 3)}
STATIONS: Final = {"北興": (2, 2), "南門": (13, 12)}
CALLS: Final = 400


@dataclass
class Bureau:
    """What runs, and where pictures go."""

    up: Up
    database_url: str
    shots: Path


async def _fill(database_url: str) -> None:
    """Where the stations stand, and a month of calls: most from the far corner of the town."""
    connection = await asyncpg.connect(database_url)
    try:
        for name, place in STATIONS.items():
            await connection.execute("UPDATE stations SET lat = $2, lon = $3 WHERE name = $1", name, *corner(*place))
        now, calls = datetime.now(UTC), []
        for number in range(CALLS):
            at = now - timedelta(hours=1.7 * (number + 1))
            row, column = (10 + number % 5, 9 + number % 6) if number % 4 else (number % 16, number % 13)
            calls.append(
                (uuid4(), f"past-{number}", "criminal", 1 + number % 4, *corner(row, column), at, at, "closed")
            )
        columns = ["incident_id", "number", "category", "priority", "lat", "lon", "received_at", "created_at", "state"]
        await connection.copy_records_to_table("incidents", records=calls, columns=columns)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Streets, two stations, a month of calls, three parked cars; the dispatcher assigns by hand."""
    folder = tmp_path_factory.mktemp("standby")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up, ExitStack() as cars:
        account(data, USER, "supervisor")
        gateway_url = logged(up, r"gateway=(http://\S+)")
        for number, (unit, place) in enumerate(UNITS.items()):
            plate = f"RAA-010{number}"
            done(data, "vehicle", "add", plate, "--unit", unit, "--type", "car", "--station", unit[:2])
            cars.enter_context(parked(gateway_url, done(data, "vehicle", "enrol", plate), *corner(*place)))
        announced = DataFolder(data).announced()
        assert announced is not None
        asyncio.run(_fill(announced.database_url))
        done(data, "map", "import", town(folder / "town.osm"))
        yield Bureau(up, announced.database_url, shots_folder(Path(__file__), folder))


def _run(bureau: Bureau, scenario: str) -> None:
    play(DRIVER, scenario, url=bureau.up.url, user=USER, shots=bureau.shots)


async def _notices(bureau: Bureau) -> list[str]:
    connection = await asyncpg.connect(bureau.database_url)
    try:
        rows = await connection.fetch("SELECT body->>'text' AS text FROM car_orders WHERE type = 'notice'")
    finally:
        await connection.close()
    return [row["text"] for row in rows]


def test_a_suggestion_is_seen_and_accepted_by_keyboard(bureau: Bureau) -> None:
    """In Chinese: its line says whom, where to, what for; P and Enter send the unit; C draws what is within reach,
    and the car is told where to wait."""
    _run(bureau, "accept")
    (notice,) = asyncio.run(_notices(bureau))
    assert notice.startswith("請至 ")
    assert notice.endswith(" 待命")


def test_a_suggestion_is_dismissed_by_keyboard_in_english(bureau: Bureau) -> None:
    """On both sizes of screen; Delete takes the line away, and nobody is told anything."""
    before = asyncio.run(_notices(bureau))
    _run(bureau, "dismiss")
    assert asyncio.run(_notices(bureau)) == before


def test_a_supervisor_is_told_where_coverage_is_thin(bureau: Bureau) -> None:
    """The warning names places; a click on it shows them with the areas within reach."""
    _run(bureau, "alarm")
