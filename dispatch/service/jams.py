"""Where own units crawl, streets are slower for the others: feeds the live slowdown from recent tracks.

Done by the server that leads, beside its rounds, and for the map (jam_lines.py). What a track says of a street is in
dispatch.roads.slowdown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import numpy as np

from dispatch.domain.geometry import Position
from dispatch.domain.kpi import TAIPEI
from dispatch.roads.conditions import Slowdown
from dispatch.roads.crawl import Track
from dispatch.roads.slowdown import LiveSlowdown
from dispatch.roads.travel import TravelTimes
from dispatch.service.desk import Desk
from dispatch.store.rows import AnyRow
from dispatch.store.tracks import tracks_on_the_move

LOOK_BACK: Final = timedelta(minutes=5)
"""Longer than the longest stop that a reading goes across; read again each time, which changes nothing."""


class Jams:
    """One for each turn of leading."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._of: TravelTimes | None = None
        self._live: LiveSlowdown | None = None

    async def look(self) -> None:
        """Takes in the last minutes; from then on travel times reckon with what they show."""
        travel = self._desk.streets.travel
        if travel.street_map is None:
            return
        slowdown = await self.seen(travel)
        if self._desk.streets.travel is travel:  # else it was measured on the map before
            self._desk.streets.slowdown = slowdown

    async def seen(self, travel: TravelTimes) -> Slowdown | None:
        """Takes in the last minutes on these streets, and tells what they show; None where every street is free."""
        now = self._desk.clock()
        async with self._desk.engine.connect() as connection:
            rows = await tracks_on_the_move(connection, now - LOOK_BACK)
        return await asyncio.to_thread(self._observe, travel, rows, now)

    def _observe(self, travel: TravelTimes, rows: Sequence[AnyRow], now: datetime) -> Slowdown | None:
        if self._live is None or self._of is not travel:
            assert travel.street_map is not None  # noqa: S101 - the caller looked
            self._of, self._live = travel, LiveSlowdown(travel.street_map, speeds=travel.speeds)
        self._live.observe(_tracks(rows), now.astimezone(TAIPEI).hour)
        return self._live.at(now.timestamp())


def _tracks(rows: Sequence[AnyRow]) -> list[Track]:
    """One for each unit; the rows come by unit and time."""
    tracks = []
    for unit_id, of_unit in groupby(rows, key=lambda row: row.unit_id):
        part = list(of_unit)
        unit = part[0]
        tracks.append(
            Track(
                unit_id=unit_id,
                at_s=np.array([row.fixed_at.timestamp() for row in part]),
                lat=np.array([row.lat for row in part]),
                lon=np.array([row.lon for row in part]),
                scene=Position(unit.scene_lat, unit.scene_lon) if unit.scene_lat is not None else None,
                motorcycle=unit.type == "motorcycle",
            )
        )
    return tracks
