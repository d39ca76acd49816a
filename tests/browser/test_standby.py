"""Where to wait, in a real Chromium: two cars stand in one corner of a town whose calls come from the other."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
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
from tests.browser.car import Car
from tests.browser.test_live_map import PASSWORD, PATIENCE_S, ROOT, SOUTH, STEP_DEG, WEST, _grid, _logged
from tests.support.command import Up, patrol, running_up

DRIVER: Final = Path(__file__).with_name("standby.mjs")
USER: Final = "chief"
UNITS: Final = {"北興101": (1, 1), "北興102": (2, 1), "南門201": (1, 3)}
STATIONS: Final = {"北興": (2, 2), "南門": (13, 12)}
CALLS: Final = 400


class Parked(Car):
    """Stands still, and goes on saying so."""

    def __init__(self, gateway_url: str, token: str, lat: float, lon: float) -> None:
        super().__init__(gateway_url, token, lat, lon)
        self._way = itertools.repeat((lat, lon, 0.0))


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
        for name, (row, column) in STATIONS.items():
            place = SOUTH + row * STEP_DEG, WEST + column * STEP_DEG
            await connection.execute("UPDATE stations SET lat = $2, lon = $3 WHERE name = $1", name, *place)
        now, calls = datetime.now(UTC), []
        for number in range(CALLS):
            at = now - timedelta(hours=1.7 * (number + 1))
            row, column = (10 + number % 5, 9 + number % 6) if number % 4 else (number % 16, number % 13)
            place = SOUTH + row * STEP_DEG, WEST + column * STEP_DEG
            calls.append((uuid4(), f"past-{number}", "criminal", 1 + number % 4, *place, at, at, "closed"))
        columns = ["incident_id", "number", "category", "priority", "lat", "lon", "received_at", "created_at", "state"]
        await connection.copy_records_to_table("incidents", records=calls, columns=columns)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Streets, two stations, a month of calls, three parked cars; the dispatcher assigns by hand."""
    folder = tmp_path_factory.mktemp("standby")
    data = folder / "data"
    shots = Path(os.environ.get("STANDBY_SHOTS", str(folder / "shots")))
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up, ExitStack() as cars:
        _done(data, "user", "add", USER, "--role", "supervisor", given=f"{PASSWORD}\n")
        gateway_url = _logged(up, r"gateway=(http://\S+)")
        for number, (unit, (row, column)) in enumerate(UNITS.items()):
            plate = f"RAA-010{number}"
            _done(data, "vehicle", "add", plate, "--unit", unit, "--type", "car", "--station", unit[:2])
            token = _done(data, "vehicle", "enrol", plate)
            car = Parked(gateway_url, token, SOUTH + row * STEP_DEG, WEST + column * STEP_DEG)
            car.start()
            cars.callback(car.end)
        announced = DataFolder(data).announced()
        assert announced is not None
        asyncio.run(_fill(announced.database_url))
        _done(data, "map", "import", _grid(folder / "town.osm"))
        yield Bureau(up, announced.database_url, shots)


def _done(data: Path, *arguments: str | Path, given: str = "") -> str:
    done = patrol(*arguments, data=data, given=given)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _run(bureau: Bureau, scenario: str) -> None:
    settings = {
        "PATROL_URL": bureau.up.url,
        "PATROL_USER": USER,
        "PATROL_PASSWORD": PASSWORD,
        "PATROL_SHOTS": str(bureau.shots),
    }
    done = subprocess.run(
        ["node", str(DRIVER), scenario],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


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
