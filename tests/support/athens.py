"""Real drives from ../shared/data/gps/pneuma-athens.csv that end in a stop, and where in them they stop."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tests.support.data import shared
from tests.support.plane import M_PER_DEG, Place, metres, moved

SLOW_MPS = 5 / 3.6
NEAR_M = 60.0
DRIVE_FIXES, STAND_FIXES = 20, 20


@dataclass(frozen=True)
class Drive:
    """About a fix a second: a way in, then a stand. `stops_at` is the first fix of the stand."""

    points: list[tuple[float, float, float]]
    """lat, lon, speed in m/s"""
    stops_at: int

    @property
    def scene(self) -> Place:
        """Where it stopped."""
        lat, lon, _ = self.points[self.stops_at]
        return lat, lon

    def shifted_to(self, scene: Place) -> Drive:
        """The same drive, metre for metre, ending at another place."""
        lat0, lon0 = self.scene
        m_per_deg_east = metres((lat0, lon0), (lat0, lon0 + 0.01)) * 100

        def shifted(lat: float, lon: float) -> Place:
            return moved(scene, (lat - lat0) * M_PER_DEG, (lon - lon0) * m_per_deg_east)

        return Drive([(*shifted(lat, lon), speed) for lat, lon, speed in self.points], self.stops_at)


def tracks() -> dict[str, list[tuple[float, float, float]]]:
    """lat, lon, speed in m/s of each vehicle, in order of time."""
    found: defaultdict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with shared("gps/pneuma-athens.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["track_id"]].append((float(row["lat"]), float(row["lon"]), float(row["speed"]) / 3.6))
    return dict(found)


def arrivals(wanted: int) -> list[Drive]:
    """One drive each of so many vehicles: 20 fixes on the move at least when near, then 20 of standing in one place."""
    found = [drive for points in tracks().values() for drive in islice(_stops(points), 1)]
    assert len(found) >= wanted, "the tracks hold too few plain stops"
    return found[:wanted]


def _stops(points: list[tuple[float, float, float]]) -> Iterator[Drive]:
    for stop in range(DRIVE_FIXES, len(points) - STAND_FIXES):
        stand = points[stop : stop + STAND_FIXES]
        scene = stand[0][:2]
        way = points[stop - DRIVE_FIXES : stop]
        stands = all(speed < SLOW_MPS / 2 and metres(scene, (lat, lon)) < NEAR_M / 6 for lat, lon, speed in stand[1:])
        comes = all(speed > SLOW_MPS for _, _, speed in way[-8:]) and metres(scene, way[0][:2]) > NEAR_M
        queues = any(speed < SLOW_MPS and metres(scene, (lat, lon)) < 2 * NEAR_M for lat, lon, speed in way)
        if stand[0][2] < SLOW_MPS and stands and comes and not queues:
            yield Drive([*way, *stand], DRIVE_FIXES)
