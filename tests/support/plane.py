"""Metres on a map a few kilometres wide, for tests that compute their own truth; lat, lon in degrees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

M_PER_DEG = 111_195.0
Place = tuple[float, float]
"""(lat, lon)"""


def metres(a: Place, b: Place) -> float:
    """Distance between two places near each other."""
    north = (b[0] - a[0]) * M_PER_DEG
    east = (b[1] - a[1]) * M_PER_DEG * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)


def moved(place: Place, north_m: float, east_m: float) -> Place:
    """The place so far north and east of another."""
    lat = place[0] + north_m / M_PER_DEG
    return lat, place[1] + east_m / (M_PER_DEG * math.cos(math.radians(place[0])))


def along(line: Sequence[Place], step_m: float) -> Iterator[Place]:
    """Places on a line, one every `step_m`, without its start; its end is always the last."""
    ahead = step_m
    for start, end in pairwise(line):
        length = metres(start, end)
        while ahead < length:
            share = ahead / length
            yield start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
            ahead += step_m
        ahead -= length
    yield line[-1]


def apart(places: Sequence[Place], least_m: float, wanted: int) -> list[Place]:
    """The first places of which no two lie closer than `least_m`; fails where there are fewer than wanted."""
    chosen: list[Place] = []
    for place in places:
        if all(metres(place, other) >= least_m for other in chosen):
            chosen.append(place)
            if len(chosen) == wanted:
                return chosen
    raise AssertionError(f"only {len(chosen)} of {wanted} places lie {least_m} m apart")
