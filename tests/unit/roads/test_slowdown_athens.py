"""Live slowdown on real drives: parking is no jam, queues are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dispatch.domain.geometry import Position
from dispatch.roads.assembly import Run, assemble
from dispatch.roads.conditions import Slowdown
from dispatch.roads.crawl import Track
from dispatch.roads.slowdown import LiveSlowdown
from dispatch.roads.street_map import MapInfo, StreetMap
from tests.support import athens

NOON = 1_700_000_000.0


def slowdown(street_map: StreetMap, track: Track) -> Slowdown | None:
    live = LiveSlowdown(street_map)
    live.observe([track])
    return live.at(NOON)


def along(points: Sequence[tuple[float, float, float]]) -> tuple[StreetMap, Track]:
    """A street where a real vehicle drove, 30 km/h, and its track, a fix a second."""
    kept = [points[0][:2]]
    for lat, lon, _ in points:
        here, last = Position(lat, lon), Position(*kept[-1])
        if abs(here.lat - last.lat) + abs(here.lon - last.lon) > 1e-4:
            kept.append((lat, lon))
    lats, lons = zip(*kept, strict=True)
    street_map = assemble(
        [Run(list(range(len(kept))), lats, lons, "secondary", "Panepistimiou", 30 / 3.6, 30 / 3.6)],
        MapInfo(source="athens", sha256=""),
    )
    assert street_map is not None
    times = NOON - np.arange(len(points))[::-1].astype(float)
    return street_map, Track("T1", times, np.array([p[0] for p in points]), np.array([p[1] for p in points]))


def test_real_drives_that_end_parked_are_no_jam() -> None:
    """20 vehicles in Athens drive up and stand: their standing, as real as it gets, slows nothing."""
    for real in athens.arrivals(20):
        street_map, track = along(real.points)
        assert slowdown(street_map, track) is None


def test_real_queues_are_found() -> None:
    """Of whole tracks through Athens, three minutes each: those found slow took far longer for their metres."""
    pace: dict[bool, list[float]] = {True: [], False: []}
    for points in athens.tracks().values():
        window = points[:180]
        metres = sum(speed for _, _, speed in window)
        if len(window) < 180 or metres < 150:
            continue
        street_map, track = along(window)
        pace[slowdown(street_map, track) is not None].append(len(window) / metres)
    assert len(pace[True]) >= 3
    assert len(pace[False]) >= 3
    assert np.median(pace[True]) > 1.3 * np.median(pace[False])
