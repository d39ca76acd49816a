"""Past calls as columns, for the demand: a year of a city in one row, without an object a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Double, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.past_calls import WAS_A_CALL
from dispatch.store.tables import incidents

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CallColumns:
    """Equally long: seconds since 1970 (UTC), degrees, priority 1 to 4."""

    received_s: Floats
    lat: Floats
    lon: Floats
    priority: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.received_s)


async def call_columns(connection: AsyncConnection, begin: datetime, end: datetime) -> CallColumns:
    """Incidents received from `begin` to before `end` that somebody rang for, in no particular order.

    Left out: what was merged into another one, what the ten-minute clock excludes as no call, and imported calls whose
    place no file said.
    """
    received_s = cast(func.extract("epoch", incidents.c.received_at), Double)
    query = select(
        func.array_agg(received_s),
        func.array_agg(incidents.c.lat),
        func.array_agg(incidents.c.lon),
        func.array_agg(incidents.c.priority),
    ).where(
        incidents.c.received_at >= begin,
        incidents.c.received_at < end,
        incidents.c.state != "merged",
        WAS_A_CALL,
        incidents.c.lat.is_not(None),
    )
    received_at, lat, lon, priority = (await connection.execute(query)).one()  # of no rows comes NULL
    return CallColumns(
        np.array(received_at or [], dtype=np.float64),
        np.array(lat or [], dtype=np.float64),
        np.array(lon or [], dtype=np.float64),
        np.array(priority or [], dtype=np.int64),
    )


async def first_call(connection: AsyncConnection, since: datetime) -> datetime | None:
    """When the oldest call that is known of the time since then came in; imported ones may be years older."""
    query = select(func.min(incidents.c.received_at)).where(incidents.c.received_at >= since)
    oldest: datetime | None = await connection.scalar(query.where(incidents.c.lat.is_not(None)))
    return oldest
