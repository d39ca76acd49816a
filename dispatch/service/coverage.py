"""How well the idle units cover the calls of the next hour, at this moment. One picture for screen, alarm and advice.

All units are taken as cars without lights: the careful side. Units off the streets do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.coverage import LIMITS_S, Goal, coverage, reached, responses_s, shares_within, thin_places
from dispatch.domain.geometry import Position
from dispatch.domain.kpi import TAIPEI
from dispatch.domain.unit import UnitStatus
from dispatch.service.coverage_demand import ExpectedCalls
from dispatch.service.coverage_places import MapPlaces, Times
from dispatch.store.units import UnitNow

THIN_MAX: Final = 8
POSITION_AGE_MAX_S: Final = 300.0
"""An idle unit whose position is older covers nothing: nobody knows where it is."""
NEAREST_ALONE: Final = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What a server holds of the loaded map to judge coverage by."""

    places: MapPlaces
    expected: ExpectedCalls


@dataclass(frozen=True, slots=True)
class ThinArea:
    """Where calls would wait: the middle of the area, its names, and how much is missing there."""

    position: Position
    name: str
    station: str | None
    missing_share: float
    """Of all expected calls, those that are expected here and out of reach."""
    reached_share: float
    """Of the calls expected here."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Shares in parts of 1 of the calls expected in the hour from `at` on; driving seconds."""

    at: datetime
    idle_units: int
    calls: int
    """Past calls that the expectation rests on …"""
    calls_since: datetime
    """… received since then."""
    expected_calls: float
    shares: tuple[tuple[float, float], ...]
    """(limit in seconds, share that an idle unit reaches within it)."""
    limit_s: float
    share: float
    """The same for the bureau's own limit."""
    likely_share: float
    """Of the calls of the hour, those reached within the limit when each unit is on a job for a part of it."""
    response_s: float | None
    """The first unit's expected drive; null where no unit is idle."""
    thin: tuple[ThinArea, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IdleUnits:
    """Idle units with a position, and how far from each place they stand."""

    units: tuple[UnitNow, ...]
    to_places_s: Times
    to_posts_s: Times


def idle_with_position(units: Sequence[UnitNow], now: datetime) -> list[UnitNow]:
    """Those that are on no job and no break, and of which somebody knows where they are."""
    return [
        unit
        for unit in units
        if unit.status is UnitStatus.AVAILABLE
        and unit.position is not None
        and unit.fixed_at is not None
        and (now - unit.fixed_at).total_seconds() <= POSITION_AGE_MAX_S
    ]


def hour_of(at: datetime) -> int:
    """The local hour whose traffic counts."""
    return at.astimezone(TAIPEI).hour


def reach(places: MapPlaces, units: Sequence[UnitNow], at: datetime) -> IdleUnits:
    """Searches from each of these units; two milliseconds each in a city of 17,000 junctions."""
    positions = [unit.position for unit in units if unit.position is not None]
    to_places_s, to_posts_s = places.from_units_s(positions, hour_of(at))
    return IdleUnits(tuple(units), to_places_s, to_posts_s)


def picture(base: Base, idle: IdleUnits, at: datetime, limit_s: float, threshold: float) -> Picture:
    """Coverage by these units where they stand now. `threshold`: places with a smaller share are thin."""
    weights = base.expected.next_hour(at)
    now, likely = Goal(limit_s=limit_s, busy=NEAREST_ALONE), Goal(limit_s=limit_s)
    seconds = idle.to_places_s
    nearest_s = seconds.min(axis=0, initial=np.inf)
    shares = shares_within(weights, nearest_s, LIMITS_S)
    return Picture(
        at=at,
        idle_units=len(idle.units),
        calls=base.expected.calls,
        calls_since=base.expected.since,
        expected_calls=float(weights.sum()),
        shares=tuple(zip(LIMITS_S, shares.tolist(), strict=True)),
        limit_s=limit_s,
        share=float(shares_within(weights, nearest_s, [limit_s])[0]),
        likely_share=coverage(weights, seconds, likely).share,
        response_s=_mean_response_s(weights, seconds, now),
        thin=_thin(base, weights, reached(seconds, now), limit_s, threshold),
    )


def _mean_response_s(weights: NDArray[np.float64], seconds: Times, goal: Goal) -> float | None:
    if not len(seconds):
        return None
    return float(responses_s(seconds, goal) @ (weights / weights.sum()))


def _thin(
    base: Base, weights: NDArray[np.float64], got: NDArray[np.float64], limit_s: float, threshold: float
) -> tuple[ThinArea, ...]:
    places, areas = base.places, []
    for thin in thin_places(weights, got, places.between_s, threshold, limit_s=limit_s)[:THIN_MAX]:
        middle = places.position(thin.place)
        name = places.names.of(int(places.places[thin.place]))
        station = places.names.station_near(middle)
        areas.append(ThinArea(middle, name, station, thin.missing_share, thin.reached_share))
    return tuple(areas)
