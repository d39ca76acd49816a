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


def running_speed_mps(street_class: str, limit_kmh: float | None) -> float:
    """Metres per second on a street of a drivable class; `limit_kmh` is the posted limit, if any."""
    speed = CLASS_SPEED_KMH[street_class] if limit_kmh is None else limit_kmh * LIMIT_SHARE
    return min(max(speed, SPEED_MIN_KMH), SPEED_MAX_KMH) / 3.6
