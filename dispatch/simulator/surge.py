"""A surge: for some hours there are more calls, or longer ways, everywhere or within a circle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dispatch.domain.geometry import Position, distances_m
from dispatch.domain.incident import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """From `from_s` to before `to_s`: of the run, or where `daily` of each day (it may then pass midnight).

    `factor` multiplies the rate of calls, of one category or of all; `travel_factor` the true travel times to calls
    that come in meanwhile, which no policy foresees. Both hold inside the circle alone, where there is one.
    """

    name: str
    from_s: float
    to_s: float
    daily: bool = False
    factor: float = 1.0
    category: Category | None = None
    centre: Position | None = None
    radius_m: float = 0.0
    travel_factor: float = 1.0

    def active(self, at_s: ArrayLike) -> NDArray[np.bool_]:
        """At which of these times it goes on."""
        times = np.asarray(at_s, dtype=np.float64)
        if not self.daily:
            return np.asarray((times >= self.from_s) & (times < self.to_s))
        of_day = times % 86_400.0
        if self.from_s < self.to_s:
            return np.asarray((of_day >= self.from_s) & (of_day < self.to_s))
        return np.asarray((of_day >= self.from_s) | (of_day < self.to_s))

    def inside(self, lats: ArrayLike, lons: ArrayLike) -> NDArray[np.bool_]:
        """Which of these places it reaches."""
        if self.centre is None:
            return np.ones(np.shape(lats), dtype=np.bool_)
        return np.asarray(distances_m(self.centre.lat, self.centre.lon, lats, lons) <= self.radius_m)
