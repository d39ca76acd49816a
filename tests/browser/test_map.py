"""The map's marks and tools in a real Chromium: routes with ETAs, ages, layers, tiles, following, measuring."""

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
import httpx
import pytest

from dispatch.embedded import DataFolder
from tests.browser.car import driving, parked
from tests.browser.stage import PASSWORD, account, corner, logged, play, shots_folder, town
from tests.browser.tiles import TileServer, serving_tiles
from tests.support.command import Up, done, running_up

DRIVER: Final = Path(__file__).with_name("map.mjs")
USER: Final = "night"
DRIVES, GOES, STALE, LOST, FOOT = "北興101", "北興102", "北興機301", "南門201", "南門徒501"
TYPES: Final = {DRIVES: "car", GOES: "car", STALE: "motorcycle", LOST: "car", FOOT: "other"}
STATIONS: Final = {"北興": (4, 4), "南門": (12, 12)}
AGES: Final = {STALE: (timedelta(seconds=75), (5, 9)), LOST: (timedelta(minutes=8), (11, 5)), FOOT: (None, (9, 10))}


@dataclass
class Bureau:
    """What runs, and where pictures go."""

    up: Up
    database_url: str
    tiles: TileServer
    shots: Path


async def _fill(database_url: str) -> None:
    """Two precincts with their stations, and units that were heard of a while ago."""
    connection = await asyncpg.connect(database_url)
    try:
        for number, (name, place) in enumerate(STATIONS.items()):
            precinct = uuid4()
            await connection.execute("INSERT INTO precincts VALUES ($1, $2)", precinct, f"第{'一二'[number]}分局")
            change = "UPDATE stations SET lat = $2, lon = $3, precinct_id = $4 WHERE name = $1"
            await connection.execute(change, name, *corner(*place), precinct)
    finally:
        await connection.close()


async def _ages(database_url: str) -> None:
    """Each of them stands where it was, and its position is as old as it is said to be."""
    connection = await asyncpg.connect(database_url)
    try:
        for unit, (age, place) in AGES.items():
            at = datetime.now(UTC) - (age or timedelta(0))
            await connection.execute(
                "INSERT INTO unit_positions (unit_id, fixed_at, received_at, lat, lon) "
                "SELECT unit_id, $2, $2, $3, $4 FROM units WHERE name = $1 ON CONFLICT (unit_id) DO UPDATE "
                "SET fixed_at = $2, received_at = $2",
                unit,
                at,
                *corner(*place),
            )
    finally:
        await connection.close()


def _call(up: Up, *, minutes_ago: float, place: tuple[int, int], priority: int, unit: str | None = None) -> None:
    """A call of a while ago, and the unit that is sent to it by hand."""
    lat, lon = corner(*place)
    with httpx.Client(base_url=f"{up.url}/api/v1", trust_env=False, timeout=30) as api:
        answer = api.post("/session", json={"username": USER, "password": PASSWORD})
        api.cookies.clear()
        api.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
        received = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        body = {"category": "criminal", "priority": priority, "lat": lat, "lon": lon}
        made = api.post("/incidents", json=body | {"received_at": received.isoformat()}).raise_for_status().json()
        if unit is not None:
            units = {one["name"]: one["id"] for one in api.get("/units").json()["items"]}
            sent = {"unit_id": units[unit], "override_reason": "test"}
            api.post(f"/incidents/{made['id']}/assignments", json=sent).raise_for_status()


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Streets, tiles, two stations, five units; one drives round a block, one is sent across the town."""
    folder = tmp_path_factory.mktemp("map")
    data = folder / "data"
    with ExitStack() as stack:
        tiles = stack.enter_context(serving_tiles())
        around = {"PATROL_DISPATCH_MODE": "recommend", "PATROL_TILE_URL": tiles.template}
        up = stack.enter_context(running_up(data, around=around))
        account(data, USER, "supervisor")
        for number, (unit, kind) in enumerate(TYPES.items()):
            done(data, "vehicle", "add", f"RAA-010{number}", "--unit", unit, "--type", kind, "--station", unit[:2])
        gateway_url = logged(up, r"gateway=(http://\S+)")
        tokens = [done(data, "vehicle", "enrol", f"RAA-010{number}") for number in (0, 1)]
        stack.enter_context(driving(gateway_url, tokens[0], *corner(3, 3)))
        stack.enter_context(parked(gateway_url, tokens[1], *corner(2, 12), steps=("acknowledged", "en_route")))
        announced = DataFolder(data).announced()
        assert announced is not None
        asyncio.run(_fill(announced.database_url))
        asyncio.run(_ages(announced.database_url))
        done(data, "map", "import", town(folder / "town.osm"))
        _call(up, minutes_ago=2, place=(13, 3), priority=1, unit=GOES)
        _call(up, minutes_ago=12, place=(7, 13), priority=3)
        yield Bureau(up, announced.database_url, tiles, shots_folder(Path(__file__), folder))


def _run(bureau: Bureau, scenario: str) -> None:
    asyncio.run(_ages(bureau.database_url))
    settings = {"PATROL_GOES": GOES, "PATROL_DRIVES": DRIVES, "PATROL_TILES": bureau.tiles.url}
    play(DRIVER, scenario, url=bureau.up.url, user=USER, shots=bureau.shots, settings=settings)


def test_the_way_of_a_unit_is_drawn_with_its_eta(bureau: Bureau) -> None:
    """Along the streets, asked for again and again; the card says when it arrives, in both languages and sizes."""
    _run(bureau, "routes")


def test_the_map_follows_a_unit_until_a_hand_moves_it(bureau: Bureau) -> None:
    """By a key; the unit stays in the middle while it drives; Escape ends it, and so does dragging the map."""
    _run(bureau, "follow")


def test_a_distance_is_measured_by_mouse_and_by_keyboard(bureau: Bureau) -> None:
    """Clicks add points and choose nothing; Enter adds the map's middle, Backspace takes back, Escape ends."""
    _run(bureau, "measure")


def test_layers_are_chosen_by_keyboard_and_kept(bureau: Bureau) -> None:
    """After a reload the choice stands; tiles come row before column from the setting's host, and from no other."""
    _run(bureau, "layers")
    assert bureau.tiles.asked
    for zoom, row, column in bureau.tiles.asked:
        # Chiayi lies at 83 % of the way round the earth and at 43 % of the way down the map.
        assert round(column / 2**zoom, 1) == 0.8 or zoom < 4
        assert round(row / 2**zoom, 1) == 0.4 or zoom < 4
