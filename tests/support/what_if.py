"""What-ifs for tests: a town that is read fast, a known past, a small question and a long one, and what came of it."""

from __future__ import annotations

import itertools
import json
import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.roads.street_map import StreetMap
from dispatch.simulator.street_source import read_lines
from dispatch.store.tables import incidents
from tests.support.server import Server, eventually

FIRST_CALL: Final = datetime.fromisoformat("2026-10-05T00:20:00+08:00")
CALLS: Final = 240
PERIOD: Final = {"from": "2026-10-05", "to": "2026-10-09", "mode": "resample"}
WEST: Final = {"name": "West", "lat": 23.482, "lon": 120.440}
EAST: Final = {"name": "East", "lat": 23.476, "lon": 120.462}


@cache
def town() -> StreetMap:
    """A grid of streets that is read fast."""
    lats = [23.460 + 0.003 * number for number in range(14)]
    lons = [120.430 + 0.003 * number for number in range(14)]
    lines = [[(lon, lat) for lon in lons] for lat in lats] + [[(lon, lat) for lat in lats] for lon in lons]
    steps = [pair for line in lines for pair in itertools.pairwise(line)]
    features = [{"type": "Feature", "geometry": {"type": "LineString", "coordinates": step}} for step in steps]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "town.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return read_lines(file, 10.0)


def variant(name: str, cars: int = 2, **members: Any) -> dict[str, Any]:
    """Two stations with so many cars each, one of them with a motorcycle by day."""
    units = [
        {"station": "West", "cars": cars},
        {"station": "East", "cars": cars, "motorcycles": 1, "starts": "08:00", "ends": "20:00"},
    ]
    return {"name": name, "stations": [WEST, EAST], "units": units, "policy": "street-priority", **members}


def question(**members: Any) -> dict[str, Any]:
    """Small: a day, two runs of two variants."""
    return {
        "name": "More cars?",
        "seed": 7,
        "replications": 2,
        "days": 1,
        "period": PERIOD,
        "variants": [variant("As it is"), variant("One more", 3, demand_scale=1.2)],
        **members,
    }


async def past(engine: AsyncEngine) -> None:
    """Four days of calls, sixty a day, at places that do not repeat."""
    rows = []
    for number in range(CALLS):
        received_at = FIRST_CALL + timedelta(minutes=24 * number)
        rows.append(
            {
                "incident_id": uuid4(),
                "number": f"past-{number}",
                "category": ("criminal", "traffic", "service")[number % 3],
                "priority": 1 + number % 3,
                "lat": 23.465 + 0.0011 * (number % 29),
                "lon": 120.435 + 0.0013 * (number % 23),
                "received_at": received_at,
                "created_at": received_at,
                "state": "closed",
            }
        )
    async with engine.begin() as connection:
        await connection.execute(insert(incidents), rows)


async def ask(client: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    """The answer to a question that is taken."""
    answer = await client.post("/what-ifs", json=question(**members))
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def until(client: httpx.AsyncClient, what_if_id: str, *states: str) -> dict[str, Any]:
    """The what-if as soon as it is in one of these states."""

    async def look() -> dict[str, Any]:
        answer = await client.get(f"/what-ifs/{what_if_id}")
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen

    for _ in range(3):
        try:
            return await eventually(look, lambda seen: seen["state"] in states)
        except AssertionError:
            continue
    raise AssertionError(f"never {states}: {await look()}")


def long(**members: Any) -> dict[str, Any]:
    """A question that would take minutes."""
    return {"replications": 50, "days": 31, **members}


def refused(answer: httpx.Response, status: int, code: str, member: str | None = None) -> None:
    """It is, for this reason."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    if member is not None:
        assert answer.json()["errors"][0]["member"] == member


async def founded(server: Server) -> Server:
    """The same server, with streets and a known past."""
    await server.load(town())
    await past(server.engine)
    return server
