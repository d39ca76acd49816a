"""Which calls are to be expected where: from the bureau's own past calls; of none, evenly over the streets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.demand import Demand, fit_demand, past_calls
from dispatch.domain.kpi import TAIPEI
from dispatch.domain.policy_settings import DEFAULT_POLICY
from dispatch.service.coverage_places import MapPlaces
from dispatch.store.standby_calls import CallColumns, call_columns, first_call

LOOK_BACK: Final = timedelta(days=365)
WATCHED_AT_LEAST: Final = timedelta(days=7)
"""A bureau of whose calls only today's are known has not had all its calls in one hour."""
HALF_LIFE_DAYS: Final = 90.0


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedCalls:
    """The demand at the places of one map, and what it rests on."""

    demand: Demand
    calls: int
    """So many past calls; of none the surface is even."""
    since: datetime
    fitted_at: datetime

    def next_hour(self, at: datetime) -> NDArray[np.float64]:
        """Calls expected at each place in the hour from `at` on, weighted by priority."""
        local = at.astimezone(TAIPEI)
        part = local.minute / 60 + local.second / 3600
        later = local.replace(minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(hours=1)
        now = self.demand.expected(local.weekday(), local.hour, 1.0)
        then = self.demand.expected(later.weekday(), later.hour, 1.0)
        calls: NDArray[np.float64] = (1 - part) * now + part * then
        return calls


async def read_calls(connection: AsyncConnection, now: datetime) -> tuple[CallColumns, datetime]:
    """The calls of the last year, and since when calls are known."""
    oldest = await first_call(connection, now - LOOK_BACK)
    since = min(oldest or now, now - WATCHED_AT_LEAST).replace(microsecond=0)
    return await call_columns(connection, since, now), since


def fit(places: MapPlaces, calls: CallColumns, since: datetime, now: datetime) -> ExpectedCalls:
    """The surface; a fraction of a second of one core."""
    seen = past_calls(
        calls.received_s,
        places.site_of(calls.lat, calls.lon),
        since_s=since.timestamp(),
        until_s=now.timestamp(),
        weight=_weights(calls.priority),
        half_life_days=HALF_LIFE_DAYS,
    )
    demand = fit_demand(seen, len(places.sites), places.near)
    return ExpectedCalls(demand.grouped(places.group, len(places.places)), len(calls), since, now)


def _weights(priority: NDArray[np.int64]) -> NDArray[np.float64]:
    """A call's weight as in the decision who goes, scaled to a mean of 1, so that the unit stays a call."""
    if not priority.size:
        return np.zeros(0)
    weight = np.array(DEFAULT_POLICY.weights)[priority - 1]
    scaled: NDArray[np.float64] = weight / weight.mean()
    return scaled
