"""A drive's fixes as way points: one every twenty metres, so that waiting at a light is part of a leg and not noise.

What is no driving is left out here: standing before the start and after the end, fixes where the car cannot be, and
the legs across a long stop or a gap in reception. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.metric import Floats, ground_scale, plane_m

STEP_M: Final = 20.0
"""More than a parked receiver wanders as a rule, less than a block."""
LEG_MAX_M: Final = 250.0
"""Farther between two fixes, which way it went is not known."""
STOP_MAX_S: Final = 180.0
"""Longer than any signal and most queues: who makes no way for so long has stopped for a reason of its own."""
SPEED_MAX_MPS: Final = 50.0
"""180 km/h; a fix that would need more is a leap of the receiver."""
LEAPS_MAX: Final = 3
"""So many leaps in a row to the same side are no leaps: the fixes before them were."""


@dataclass(frozen=True, slots=True, eq=False)
class WayPoints:
    """Arrays of equal length, in order of time; `leg_m` has one less."""

    at_s: Floats
    lat: Floats
    lon: Floats
    leg_m: Floats
    """Straight from each to the next."""
    cut_after: NDArray[np.bool_]
    """The leg from this one to the next tells nothing of the streets."""

    def __len__(self) -> int:
        return len(self.at_s)


def way_points(at_s: Floats, lat: Floats, lon: Floats) -> WayPoints:
    """Of one drive's fixes, in order of time; empty where it went nowhere."""
    x, y = (plane_m(lat, lon) * (ground_scale(lat[:1]) if len(lat) else 1.0)).T.tolist()
    taken = _driving(at_s.tolist(), x, y)
    at = np.array(taken if len(taken) > 1 else [], dtype=np.intp)
    east, north = np.diff(np.array(x)[at]), np.diff(np.array(y)[at])
    leg_m, leg_s = np.hypot(east, north), np.diff(at_s[at])
    cut = np.zeros(len(at), dtype=bool)
    cut[:-1] = (leg_m > LEG_MAX_M) | (leg_s > STOP_MAX_S) | (leg_m > SPEED_MAX_MPS * leg_s) | (leg_s <= 0)
    return WayPoints(at_s[at], lat[at], lon[at], leg_m, cut)


def _driving(when: list[float], x: list[float], y: list[float]) -> list[int]:
    """Which fixes are way points; the first is the last before it set out, the last the first where it stopped."""
    taken: list[int] = []
    leaps = 0
    for here in range(len(when)):
        if not taken:
            taken.append(here)
            continue
        last = taken[-1]
        metres = math.hypot(x[here] - x[last], y[here] - y[last])
        if metres > SPEED_MAX_MPS * max(when[here] - when[last], 1.0) and leaps < LEAPS_MAX:
            leaps += 1
            continue
        if metres >= STEP_M:
            taken.append(here)
        elif len(taken) == 1 and math.hypot(x[here] - x[0], y[here] - y[0]) < STEP_M / 2:
            taken[0] = here  # it has not set out yet
        leaps = 0
    return taken
