"""What travel.TravelTimes answers: an ETA, a route, a whole matrix; and the reasons why a street did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.metric import Floats
from dispatch.roads.snapping import SNAP_LIMIT_M

Basis = Literal["street", "geodesic"]

NO_MAP: Final = "no street map is loaded"
TARGET_OFF: Final = f"the place is farther than {SNAP_LIMIT_M:.0f} m from any street"
SOURCE_OFF: Final = f"the unit is farther than {SNAP_LIMIT_M:.0f} m from any street"
NO_WAY: Final = "no way over the streets within the limit"


@dataclass(frozen=True, slots=True)
class Eta:
    """How long and how far. `reason` says why the basis is not the streets."""

    eta_s: float
    distance_m: float
    basis: Basis
    reason: str | None = None
    spread_s: float = 0.0
    """Standard deviation (eta_spread.py)."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way to go, from the unit's position to the place."""

    eta_s: float
    distance_m: float
    line: list[tuple[float, float]]
    """(lon, lat), as GeoJSON wants it; at most `route_line.POINTS_MAX` points, so that an order fits its frame."""
    basis: Basis
    reason: str | None = None
    street_class: str | None = None
    """On which most of its metres lie; None where it is not over the streets."""

    def geojson(self) -> dict[str, Any]:
        """The line as a GeoJSON LineString."""
        return {"type": "LineString", "coordinates": [list(point) for point in self.line]}


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Each place (row) as each unit (column) sees it."""

    time_s: Floats
    """Of a car without lights; times speeds.vehicle_factor it is the unit's own ETA. For a stand that is a motorcycle
    the delay of hour and jam is already its share of the car's."""
    distance_m: Floats
    on_street: NDArray[np.bool_]
    """False: the straight line's, not the streets'."""
