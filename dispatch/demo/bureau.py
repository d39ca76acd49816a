"""Sets the demo bureau up: precincts, stations, accounts, vehicles with their tokens, generated streets. Repeatable."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.domain.geometry import Position, distances_m, point_in_polygon
from dispatch.domain.policy_settings import ACCIDENT_SPECIALIST
from dispatch.domain.refusals import Refused
from dispatch.roads.chiayi_outline import CHIAYI_OUTLINE
from dispatch.roads.generated_city import generate_chiayi
from dispatch.roads.generated_places import generated_places
from dispatch.roads.street_map import StreetMap
from dispatch.service.accounts import hash_password
from dispatch.service.fleet import usual_crew
from dispatch.service.street_maps import load_map
from dispatch.store import registry
from dispatch.store.database import create_engine
from dispatch.store.tables import bureaus, precincts, stations, vehicles

SEED: Final = 110
BUREAU: Final = "chiayi"
BUREAU_NAME: Final = "嘉義市政府警察局（示範）"
PRECINCTS: Final = ("第一分局", "第二分局")
STATIONS: Final = (
    "北興", "北鎮", "長榮", "竹園", "八掌", "興安", "新南", "南門", "北門", "公園", "長竹", "後湖",
)  # fmt: skip
"""The station names of public sources. Which precinct each belongs to, and where it stands, is made up here."""
ACCOUNTS: Final = {
    "dispatcher": "dispatcher",
    "supervisor": "supervisor",
    "auditor": "auditor",
    "officer": "officer",
    "admin": "admin",
}
CALL_TAKER: Final = "demo-calls"
STATE: Final = "demo.json"
PLATE_PREFIX: Final = "DEMO-"
CARS_PER_STATION: Final = 2
MOTORCYCLE_EVERY: Final = 4
SPECIALISTS_EVERY: Final = 6
"""One car in so many carries the traffic squad's accident specialists."""


class NotADemo(Refused):
    """The data folder holds a real bureau."""

    code = "not_a_demo"


@dataclass(frozen=True, slots=True)
class DemoCar:
    """One simulated car: its registration and the token of its agent."""

    plate: str
    unit_name: str
    station: str
    vehicle_type: str
    token: str
    capabilities: tuple[str, ...] = ()


async def prepare(database_url: str, folder: Path) -> list[str]:
    """The bureau in an empty database, or as it was left; lines to print about its accounts.

    What is made up goes to disk first, then into the database in one transaction: a kill in between changes nothing.
    Raises NotADemo where the database holds vehicles or a map of a real bureau.
    """
    engine = create_engine(database_url, application="patrol-demo")
    try:
        plan = _read(folder)
        if plan is None:
            await _require_empty(engine)
            plan = _plan()
            _write_private(folder, plan)
        async with engine.begin() as connection:
            if await connection.scalar(select(func.count()).select_from(bureaus)) == 0:
                await _found(connection, plan)
    finally:
        await engine.dispose()
    passwords: dict[str, str] = plan["passwords"]
    return [f"  {name} / {passwords[name]}" for name in ACCOUNTS]


def read_state(folder: Path) -> tuple[list[DemoCar], str]:
    """The cars, and the password of the account that enters the calls."""
    kept = _read(folder)
    if kept is None:
        raise NotADemo(f"{folder} holds no demo city; start it with `patrol up --demo`")
    return [DemoCar(**car) for car in kept["cars"]], kept["passwords"][CALL_TAKER]


async def _require_empty(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.scalar(select(func.count()).select_from(vehicles))
        loaded = await registry.loaded_map(connection)
    if found or loaded is not None:
        raise NotADemo(
            "this data folder holds a real bureau, and the demo would enter its cars and calls there; "
            "give the demo a folder of its own with --data"
        )


def _plan() -> dict[str, Any]:
    """Passwords, cars and their tokens."""
    cars = [
        {
            "plate": f"{PLATE_PREFIX}{index + 1:03d}",
            "unit_name": f"{STATIONS[index // CARS_PER_STATION]}{101 + index % CARS_PER_STATION}",
            "station": STATIONS[index // CARS_PER_STATION],
            "vehicle_type": "motorcycle" if index % MOTORCYCLE_EVERY == MOTORCYCLE_EVERY - 1 else "car",
            "token": secrets.token_urlsafe(32),
            "capabilities": [ACCIDENT_SPECIALIST] if index % SPECIALISTS_EVERY == 0 else [],
        }
        for index in range(len(STATIONS) * CARS_PER_STATION)
    ]
    return {"passwords": {name: secrets.token_urlsafe(9) for name in (*ACCOUNTS, CALL_TAKER)}, "cars": cars}


async def _found(connection: AsyncConnection, plan: dict[str, Any]) -> None:
    streets = generate_chiayi(SEED)
    await load_map(connection, streets, generated_places(streets, SEED))
    for name, role in (ACCOUNTS | {CALL_TAKER: "dispatcher"}).items():
        await registry.add_user(connection, name, hash_password(plan["passwords"][name]), role)
    station_ids = await _add_stations(connection, station_places(streets))
    now = datetime.now(UTC)
    for car in plan["cars"]:
        await registry.add_vehicle(
            connection,
            car["plate"],
            unit_name=car["unit_name"],
            vehicle_type=car["vehicle_type"],
            capabilities=list(car.get("capabilities", ())),
            station_id=station_ids[car["station"]],
            crew=usual_crew(car["vehicle_type"]),
        )
        token_sha256 = hashlib.sha256(car["token"].encode()).hexdigest()
        await registry.set_device_token(connection, car["plate"], token_sha256, now)


async def _add_stations(connection: AsyncConnection, places: Sequence[Position]) -> dict[str, UUID]:
    ring = [[lon, lat] for lat, lon in [*CHIAYI_OUTLINE, CHIAYI_OUTLINE[0]]]
    outline = {"type": "Polygon", "coordinates": [ring]}
    await connection.execute(insert(bureaus).values(bureau=BUREAU, name=BUREAU_NAME, outline=outline))
    precinct_ids: list[UUID] = [uuid4() for _ in PRECINCTS]
    await connection.execute(
        insert(precincts),
        [{"precinct_id": i, "name": name} for i, name in zip(precinct_ids, PRECINCTS, strict=True)],
    )
    half = len(STATIONS) // len(PRECINCTS)
    station_ids = {name: uuid4() for name in STATIONS}
    await connection.execute(
        insert(stations),
        [
            {
                "station_id": station_ids[name],
                "precinct_id": precinct_ids[index // half],
                "name": name,
                "lat": place.lat,
                "lon": place.lon,
            }
            for index, (name, place) in enumerate(zip(STATIONS, places, strict=True))
        ],
    )
    return station_ids


def station_places(streets: StreetMap) -> list[Position]:
    """Twelve junctions inside the city, far from each other, from west to east (farthest-point sampling)."""
    ring = [Position(lat, lon) for lat, lon in CHIAYI_OUTLINE]
    inside = np.array(
        [
            point_in_polygon(Position(float(lat), float(lon)), ring)
            for lat, lon in zip(streets.node_lat, streets.node_lon, strict=True)
        ]
    )
    lat, lon = streets.node_lat[inside], streets.node_lon[inside]
    # The border is farthest from everything: half of the distance to the middle is taken off, as real stations lean in.
    lean_m = distances_m(float(lat.mean()), float(lon.mean()), lat, lon) / 2
    chosen = [int(np.argmin(lean_m))]
    nearest_m = distances_m(float(lat[chosen[0]]), float(lon[chosen[0]]), lat, lon)
    while len(chosen) < len(STATIONS):
        chosen.append(int(np.argmax(nearest_m - lean_m)))
        nearest_m = np.minimum(nearest_m, distances_m(float(lat[chosen[-1]]), float(lon[chosen[-1]]), lat, lon))
    return sorted((Position(float(lat[i]), float(lon[i])) for i in chosen), key=lambda place: place.lon)


def _read(folder: Path) -> dict[str, Any] | None:
    state = folder / STATE
    kept: dict[str, Any] | None = json.loads(state.read_text(encoding="utf-8")) if state.exists() else None
    return kept


def _write_private(folder: Path, content: dict[str, Any]) -> None:
    """Passwords and tokens: readable by the owner alone; whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = folder / f"{STATE}.partial"
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
    partial.replace(folder / STATE)
