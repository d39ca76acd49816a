"""The ellipsoid (WGS 84) for whole arrays: lengths along shapes, and a conformal plane for the spatial index."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geometry import EQUATOR_RADIUS_M, FLATTENING

Floats = NDArray[np.float64]

_E2: Final = FLATTENING * (2 - FLATTENING)
_E: Final = _E2**0.5
LATITUDE_LIMIT_DEG: Final = 85.0
"""Mercator has no poles; no street lies beyond."""


def steps_m(lats: Floats, lons: Floats) -> Floats:
    """Metres from each point to the next; one fewer than points. Degrees.

    The radii of curvature at the middle of each step (Snyder, Map Projections, USGS 1395, p. 24): within 1 mm of the
    geodesic for the steps of a street, which are hundreds of metres at most.
    """
    mean = np.radians((lats[1:] + lats[:-1]) / 2)
    flat = 1 - _E2 * np.sin(mean) ** 2
    north = np.radians(np.diff(lats)) * EQUATOR_RADIUS_M * (1 - _E2) / flat**1.5
    east = np.radians(np.diff(lons)) * EQUATOR_RADIUS_M * np.cos(mean) / np.sqrt(flat)
    return np.asarray(np.hypot(north, east), dtype=np.float64)


def plane_m(lats: Floats, lons: Floats) -> Floats:
    """Points in Mercator metres, shape (n, 2): conformal, so the nearest in the plane is the nearest on the ground."""
    sine = np.sin(np.radians(np.clip(lats, -LATITUDE_LIMIT_DEG, LATITUDE_LIMIT_DEG)))
    north = np.arctanh(sine) - _E * np.arctanh(_E * sine)
    return np.asarray(EQUATOR_RADIUS_M * np.column_stack((np.radians(lons), north)), dtype=np.float64)


def ground_scale(lats: Floats) -> Floats:
    """Metres on the ground per metre in the plane, round each latitude."""
    phi = np.radians(np.clip(lats, -LATITUDE_LIMIT_DEG, LATITUDE_LIMIT_DEG))
    return np.asarray(np.cos(phi) / np.sqrt(1 - _E2 * np.sin(phi) ** 2), dtype=np.float64)
