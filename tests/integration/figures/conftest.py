"""A server with the measured past, for the tests of a module."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert

from dispatch.store.tables import assignments, incidents, precincts, stations
from tests.support.measured_past import COUNT, Past, a_past
from tests.support.server import Server, running_server


@pytest.fixture(scope="module")
def pasts() -> list[Past]:
    """A year and more of calls; the same in every run."""
    rng = random.Random(115)
    return [a_past(rng, number) for number in range(COUNT)]


@pytest.fixture(scope="module")
async def server(module_database_url: str, nats_url: str, pasts: list[Past]) -> AsyncIterator[Server]:
    """With that past, of one unit in two stations' areas."""
    async with running_server(module_database_url, nats_url, dispatch_mode="recommend") as running:
        unit_id = await running.add_unit("北興101")
        ids = {"北興": uuid4(), "後湖": uuid4()}

        def at(past: Past, seconds: float | None) -> datetime | None:
            return None if seconds is None else past.received_at + timedelta(seconds=seconds)

        async with running.engine.begin() as connection:
            precinct = uuid4()
            await connection.execute(insert(precincts).values(precinct_id=precinct, name="第一分局"))
            none_of_it = {"precinct_id": uuid4(), "name": "第三分局"}  # has no station yet
            await connection.execute(insert(precincts).values(**none_of_it))
            rows = [{"station_id": one, "name": name, "precinct_id": precinct} for name, one in ids.items()]
            await connection.execute(insert(stations), rows)
            await connection.execute(
                insert(incidents),
                [
                    {
                        "incident_id": past.incident_id,
                        "number": past.number,
                        "category": "service",
                        "priority": past.priority,
                        "lat": past.place[0],
                        "lon": past.place[1],
                        "station_id": ids.get(past.station or ""),
                        "received_at": past.received_at,
                        "created_at": at(past, past.created_s),
                        "state": past.state,
                        "exclusion": past.exclusion,
                    }
                    for past in pasts
                ],
            )
            await connection.execute(
                insert(assignments),
                [
                    {
                        "assignment_id": uuid4(),
                        "incident_id": past.incident_id,
                        "unit_id": unit_id,
                        "state": "cleared",
                        "dispatched_at": at(past, past.dispatched_s),
                        "en_route_at": at(past, past.en_route_s),
                        "on_scene_at": at(past, past.on_scene_s),
                        "ended_at": past.received_at + timedelta(hours=1),
                        "eta_s": 240.0,
                    }
                    for past in pasts
                    if past.dispatched_s is not None
                ],
            )
        yield running


@pytest.fixture
async def client(server: Server) -> httpx.AsyncClient:
    """A supervisor's."""
    return await server.client("sue", "supervisor")
