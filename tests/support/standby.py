"""A bureau on generated streets, whose units crowd in one corner: there is something to suggest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import numpy as np

from dispatch.roads.street_map import StreetMap
from dispatch.service.standby_rounds import StandbyRounds
from tests.support.cities import generated_chiayi
from tests.support.server import Server, eventually


def city() -> StreetMap:
    """The same for all tests of a session."""
    return generated_chiayi(1)


def junction(south_west: float, south: float = 0.0) -> tuple[float, float]:
    """A junction so far along the way from one corner of the city to the other, 0 to 1 each."""
    streets = city()
    box = streets.extent
    lat, lon = box.south + south * (box.north - box.south), box.west + south_west * (box.east - box.west)
    node = int(np.argmin((streets.node_lat - lat) ** 2 + (streets.node_lon - lon) ** 2))
    return float(streets.node_lat[node]), float(streets.node_lon[node])


MIDDLE = (0.5, 0.5)
CORNER = (0.3, 0.3)


async def add_units(server: Server, *names: str, at: tuple[float, float] = CORNER) -> list[UUID]:
    """Idle units that stand together; the fractions of `at` are those of `junction`."""
    return [await server.add_unit(name, at=junction(*at)) for name in names]


def rounds(server: Server) -> StandbyRounds:
    """Those of this server."""
    found: StandbyRounds = server.app.state.standby
    return found


async def later(server: Server, ahead: timedelta, *units: UUID, at: tuple[float, float] = CORNER) -> None:
    """The server believes that it is so much later than now; these units have just said where they are."""
    server.clock_ahead_by(ahead)
    for unit_id in units:
        await server.stands(unit_id, *junction(*at))
    rounds(server).hint()


async def suggestions(client: httpx.AsyncClient, state: str = "standing") -> list[dict[str, Any]]:
    """The list of the API."""
    items: list[dict[str, Any]] = (await client.get("/standby/suggestions", params={"state": state})).json()["items"]
    return items


async def suggested(client: httpx.AsyncClient, count: int = 1) -> list[dict[str, Any]]:
    """The standing ones as soon as there are so many."""
    return await eventually(lambda: suggestions(client), lambda items: len(items) >= count)


async def became(client: httpx.AsyncClient, suggestion_id: str, state: str) -> dict[str, Any]:
    """The suggestion as soon as it is in this state."""

    async def look() -> dict[str, Any]:
        return next(item for item in await suggestions(client, "all") if item["id"] == suggestion_id)

    return await eventually(look, lambda item: item["state"] == state)


async def looked(server: Server) -> None:
    """Waits until a round has looked at all that is so at this moment."""
    now = server.desk.clock()

    async def has_looked() -> bool:
        at = rounds(server)._looked_at
        return at is not None and at >= now

    rounds(server)._seen = {}
    rounds(server).hint()
    await eventually(has_looked)
