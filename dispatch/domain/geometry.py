"""Where things are: positions, distances, bearings, outlines. WGS 84, latitude before longitude, metres, degrees.

Not travel: how long a car needs from one place to another is the business of roads/.

Distances follow Lambert's formula (W. D. Lambert, "The distance between two widely separated points on the surface of
the earth", J. Washington Acad. Sci. 32, 1942): a great circle over reduced latitudes with the first-order correction
for the flattening. Against the exact geodesic (Karney, which geopy computes in 67 µs a pair) the error stays below one
part in 500,000, or 2 mm in a kilometre, up to 10,000 km; the tests hold that. A receiver is wrong by metres.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

EQUATOR_RADIUS_M: Final = 6_378_137.0
FLATTENING: Final = 1 / 298.257223563
_POLAR_RATIO: Final = 1 - FLATTENING
_ECCENTRICITY_SQUARED: Final = FLATTENING * (2 - FLATTENING)
_TINY: Final = 1e-300


@dataclass(frozen=True, slots=True)
class Position:
    """A point on the ground, WGS 84 decimal degrees. Raises ValueError where there is no such place."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError(f"no such position: lat {self.lat}, lon {self.lon}")


def distance_m(a: Position, b: Position) -> float:
    """Metres along the ground between two positions; within 1/500,000 of the geodesic (see the head of this file)."""
    beta_a = math.atan(_POLAR_RATIO * math.tan(math.radians(a.lat)))
    beta_b = math.atan(_POLAR_RATIO * math.tan(math.radians(b.lat)))
    sin2_half_lon = math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    sin2_half_lat = math.sin((beta_b - beta_a) / 2) ** 2
    near = min(1.0, sin2_half_lat + math.cos(beta_a) * math.cos(beta_b) * sin2_half_lon)
    sigma = 2 * math.asin(math.sqrt(near))
    sin2_mean_lat = math.sin((beta_a + beta_b) / 2) ** 2
    x = (sigma - math.sin(sigma)) * sin2_mean_lat * (1 - sin2_half_lat) / max(1 - near, _TINY)
    y = (sigma + math.sin(sigma)) * (1 - sin2_mean_lat) * sin2_half_lat / max(near, _TINY)
    return EQUATOR_RADIUS_M * (sigma - FLATTENING / 2 * (x + y))


def distances_m(lat: float, lon: float, lats: ArrayLike, lons: ArrayLike) -> NDArray[np.float64]:
    """Metres from one position to each of many: `distance_m`, for whole arrays at once."""
    beta_a = math.atan(_POLAR_RATIO * math.tan(math.radians(lat)))
    beta_b = np.arctan(_POLAR_RATIO * np.tan(np.radians(np.asarray(lats, dtype=np.float64))))
    sin2_half_lon = np.sin(np.radians(np.asarray(lons, dtype=np.float64) - lon) / 2) ** 2
    sin2_half_lat = np.sin((beta_b - beta_a) / 2) ** 2
    near = np.minimum(1.0, sin2_half_lat + math.cos(beta_a) * np.cos(beta_b) * sin2_half_lon)
    sigma = 2 * np.arcsin(np.sqrt(near))
    sin2_mean_lat = np.sin((beta_a + beta_b) / 2) ** 2
    x = (sigma - np.sin(sigma)) * sin2_mean_lat * (1 - sin2_half_lat) / np.maximum(1 - near, _TINY)
    y = (sigma + np.sin(sigma)) * (1 - sin2_mean_lat) * sin2_half_lat / np.maximum(near, _TINY)
    metres: NDArray[np.float64] = EQUATOR_RADIUS_M * (sigma - FLATTENING / 2 * (x + y))
    return metres


def bearing_deg(a: Position, b: Position) -> float:
    """Direction in which one leaves `a` for `b`: 0 is north, 90 east, always below 360; 0 where both are one place.

    On the sphere; within 0.2 degrees of the geodesic up to 1,000 km.
    """
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    turn = math.radians(b.lon - a.lon)
    east = math.sin(turn) * math.cos(lat_b)
    north = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(turn)
    degrees = math.degrees(math.atan2(east, north)) % 360.0
    # the remainder of a tiny negative angle rounds up to 360 itself
    return 0.0 if degrees == 360.0 else degrees


def offset(position: Position, north_m: float, east_m: float) -> Position:
    """The position so many metres north and east; negative is south and west.

    Good to one part in a thousand up to 10 km, below 75 degrees of latitude. Raises ValueError past a pole.
    """
    lat = math.radians(position.lat)
    half_way = lat + north_m / EQUATOR_RADIUS_M / 2
    bulge = 1 - _ECCENTRICITY_SQUARED * math.sin(half_way) ** 2
    prime_vertical_m = EQUATOR_RADIUS_M / math.sqrt(bulge)
    meridian_m = prime_vertical_m * (1 - _ECCENTRICITY_SQUARED) / bulge
    north_deg = math.degrees(north_m / meridian_m)
    east_deg = math.degrees(east_m / (prime_vertical_m * math.cos(half_way)))
    return Position(position.lat + north_deg, _wrapped_lon(position.lon + east_deg))


def between(a: Position, b: Position, share: float) -> Position:
    """The position `share` (0..1) of the way from `a` to `b`, the short way round; for places a few km apart."""
    turn_deg = _wrapped_lon(b.lon - a.lon)
    return Position(a.lat + share * (b.lat - a.lat), _wrapped_lon(a.lon + share * turn_deg))


def point_in_polygon(position: Position, outline: Sequence[Position]) -> bool:
    """Is the position inside the outline (closed or not; even-odd where it crosses itself)?

    Of two areas that share a border exactly one holds a position on it, so no call belongs to two precincts or to
    none. Edges are straight in latitude and longitude. An outline must not cross the 180th meridian.
    """
    inside = False
    for start, end in zip(outline, [*outline[1:], *outline[:1]], strict=True):
        low, high = (start, end) if start.lat <= end.lat else (end, start)
        if low.lat <= position.lat < high.lat:
            # always from the southern end, so that both neighbours compute the shared edge to the same bit
            crossing = low.lon + (position.lat - low.lat) / (high.lat - low.lat) * (high.lon - low.lon)
            inside ^= position.lon < crossing
    return inside


def _wrapped_lon(lon: float) -> float:
    return lon if -180 <= lon <= 180 else (lon + 180) % 360 - 180
