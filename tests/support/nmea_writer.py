"""Writes NMEA 0183 as a receiver would, from the standard alone: one epoch is an RMC and a GGA of the same second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

MPS_PER_KNOT = 1852 / 3600


@dataclass(frozen=True)
class Epoch:
    """One position of a receiver. `lat`, `lon` WGS 84 degrees; `time_ms` since the Unix epoch, to the hundredth."""

    time_ms: int
    lat: float
    lon: float
    speed_mps: float


def sentences(epoch: Epoch) -> bytes:
    """The two sentences of this epoch, with their checksums."""
    moment = datetime.fromtimestamp(epoch.time_ms / 1000, UTC)
    clock = f"{moment:%H%M%S}.{moment.microsecond // 10_000:02d}"
    place = f"{_minutes(epoch.lat, 2)},{'NS'[epoch.lat < 0]},{_minutes(epoch.lon, 3)},{'EW'[epoch.lon < 0]}"
    knots = epoch.speed_mps / MPS_PER_KNOT
    rmc = f"GPRMC,{clock},A,{place},{knots:.3f},0.0,{moment:%d%m%y},,,A"
    gga = f"GPGGA,{clock},{place},1,09,0.8,1000.0,M,50.0,M,,"
    return _framed(rmc) + _framed(gga)


def _minutes(degrees: float, width: int) -> str:
    # In ten-millionths of a minute, so that no rounding makes sixty minutes.
    whole, rest = divmod(round(abs(degrees) * 60 * 10**6), 60 * 10**6)
    return f"{whole:0{width}d}{rest // 10**6:02d}.{rest % 10**6:06d}"


def _framed(body: str) -> bytes:
    checksum = 0
    for byte in body.encode("ascii"):
        checksum ^= byte
    return f"${body}*{checksum:02X}\r\n".encode("ascii")
