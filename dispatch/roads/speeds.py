"""How fast a patrol car moves by street class, vehicle and lights: the figures, and where they come from.

A car's time on a street is its length over `LIMIT_SHARE` of the posted limit, or over the speed of its class where no
limit is posted. One number per street has to stand for cruising, for bends and for the wait at signals; routing
engines that publish their car profile (OSRM: `speed_reduction = 0.8`) take four fifths of the limit for it.

Class speeds are that same share of the limit which holds in Taiwan where no sign stands: 50 km/h in general, 40 km/h
on streets without lane or centre lines (Road Traffic Safety Rules, article 93), 100 km/h on motorways and 70 km/h on
expressways through towns as commonly posted there; lower classes take less because parked scooters and uncontrolled
crossings, not the limit, set the pace.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

LIMIT_SHARE: Final = 0.8
"""Running speed as a share of the posted limit."""

CLASS_SPEED_KMH: Final[dict[str, float]] = {
    "motorway": 80.0,
    "motorway_link": 40.0,
    "trunk": 56.0,
    "trunk_link": 40.0,
    "primary": 40.0,
    "primary_link": 32.0,
    "secondary": 36.0,
    "secondary_link": 28.0,
    "tertiary": 32.0,
    "tertiary_link": 24.0,
    "unclassified": 28.0,
    "residential": 24.0,
    "road": 24.0,
    "living_street": 12.0,
    "service": 12.0,
}
"""Running speed of a car without lights where no limit is posted. The keys are the drivable classes, widest first."""

CLASSES: Final = tuple(CLASS_SPEED_KMH)

SPEED_MIN_KMH: Final = 4.0
SPEED_MAX_KMH: Final = 130.0

CAR_FACTOR: Final = 1.0
MOTORCYCLE_FACTOR: Final = 0.8
"""A motorcycle's share of a car's time: it passes queues (design, "Travel time")."""
LIGHTS_FACTOR: Final = 0.72
"""Share of the time that is left with lights and siren (design, "Travel time")."""

ACCESS_SPEED_MPS: Final = 5.0
"""Speed from the street to a place beside it. Within 300 m that is a yard, a car park or an unmapped lane, driven at
about 18 km/h; at the usual 5 to 20 m (half the width of the street, or the error of a fix) it adds 1 to 4 s."""

DETOUR: Final = 1.35
"""Street distance over straight distance; published detour indices of cities lie between 1.2 and 1.5."""
DEFAULT_SPEED_MPS: Final = 9.0
"""Urban driving where no street is known: 32 km/h, what a tertiary street gives."""


def geodesic_eta_s(distance_m: float) -> float:
    """Seconds for a car without lights over a straight distance in metres, when no street is known."""
    return distance_m * DETOUR / DEFAULT_SPEED_MPS


def vehicle_factor(*, motorcycle: bool = False, lights: bool = False) -> float:
    """What to multiply a car's time without lights by."""
    return (MOTORCYCLE_FACTOR if motorcycle else CAR_FACTOR) * (LIGHTS_FACTOR if lights else 1.0)


MAJOR: Final = frozenset(
    name for name in CLASS_SPEED_KMH if name.split("_")[0] in ("motorway", "trunk", "primary", "secondary")
)
"""Classes that carry the traffic between parts of the city, and its peaks; all others are minor."""

HOUR_FACTOR_MAJOR: Final = (
    0.90, 0.90, 0.90, 0.90, 0.90, 0.95, 1.00, 1.25, 1.25, 1.10, 1.00, 1.00,
    1.05, 1.00, 1.00, 1.00, 1.10, 1.30, 1.30, 1.15, 1.05, 1.00, 0.95, 0.90,
)  # fmt: skip
"""What a car's time on a major street is multiplied by, by hour of the local day from 0 to 23.

A prior set here, not measured: the shape is that of any commuters' city, two peaks and an empty night, and the heights
are kept modest, because a wrong factor is worse than none. An hour of 1.0 is what the class speeds stand for. To be
replaced by what the fleet's own tracks show, once there are enough."""

HOUR_FACTOR_MINOR: Final = (
    0.95, 0.95, 0.95, 0.95, 0.95, 1.00, 1.00, 1.10, 1.10, 1.00, 1.00, 1.00,
    1.05, 1.00, 1.00, 1.00, 1.05, 1.15, 1.15, 1.05, 1.00, 1.00, 1.00, 0.95,
)  # fmt: skip
"""The same for a minor street, where parked scooters and crossings set the pace at any hour; the same caution."""

MOTORCYCLE_DELAY_SHARE: Final = 0.35
"""How much of a jam's delay a motorcycle feels: it passes queues, but not where the street is full across. A prior set
here, to be learned from the tracks of motorcycle units."""


def hour_factor(street_class: str, hour: int | None) -> float:
    """What a car's time without lights is multiplied by in an hour of the local day; 1 where the hour is None.

    Raises ValueError for an hour that is none.
    """
    if hour is None:
        return 1.0
    if not 0 <= hour < len(HOUR_FACTOR_MAJOR):
        raise ValueError(f"{hour} is no hour of a day")
    return (HOUR_FACTOR_MAJOR if street_class in MAJOR else HOUR_FACTOR_MINOR)[hour]


def felt(factor: NDArray[np.float64], *, motorcycle: bool) -> NDArray[np.float64]:
    """What is felt of a car's slowdown (or of an empty hour): all of it, or a motorcycle's share."""
    return 1 + MOTORCYCLE_DELAY_SHARE * (factor - 1) if motorcycle else factor


def time_factor(
    street_class: str,
    *,
    hour: int | None = None,
    slowdown: float = 1.0,
    motorcycle: bool = False,
    lights: bool = False,
) -> float:
    """What to multiply a car's time on a street without lights by, for all that is known: hour, jam, vehicle, lights.

    `slowdown` is the jam's factor (slowdown.py); `hour` is None for the hour that the class speeds stand for.
    """
    delay = felt(np.array(hour_factor(street_class, hour) * slowdown), motorcycle=motorcycle)
    return vehicle_factor(motorcycle=motorcycle, lights=lights) * float(delay)


def running_speed_mps(street_class: str, limit_kmh: float | None) -> float:
    """Metres per second on a street of a drivable class; `limit_kmh` is the posted limit, if any."""
    speed = CLASS_SPEED_KMH[street_class] if limit_kmh is None else limit_kmh * LIMIT_SHARE
    return min(max(speed, SPEED_MIN_KMH), SPEED_MAX_KMH) / 3.6
