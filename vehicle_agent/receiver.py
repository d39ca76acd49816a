"""What a receiver measured, in the project's units, whichever way it came (NMEA or gpsd)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gateway.protocol import TIME_MAX_MS, Fix

# One standard deviation of range error of a civilian single-frequency receiver under open sky is about 5 m; times HDOP
# it is the radius that holds about two positions of three.
METRES_PER_HDOP: Final = 5.0
# Dead reckoning has no measured accuracy. Never calling it better than this keeps an estimate from witnessing an
# arrival (which takes 30 m), while the car stays on the map in a tunnel.
ESTIMATED_ACCURACY_M: Final = 100.0
# A 2D fix assumes a height; where that is 100 m wrong the place is wrong by tens of metres, and HDOP does not say so.
FLAT_ACCURACY_M: Final = 25.0
# Below walking speed the course is noise.
COURSE_FROM_MPS: Final = 1.0
# One fix a second. Some receivers are up to 2 % early on the second before.
INTERVAL_MS: Final = 950


class Position(Struct, frozen=True, kw_only=True):
    """A position with the receiver's own time. `lat`, `lon` WGS 84 degrees; `altitude_m` above mean sea level."""

    time_ms: int
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None

    def as_fix(self, seq: int) -> Fix:
        """The message for the link."""
        return Fix(
            seq=seq,
            time_ms=self.time_ms,
            lat=self.lat,
            lon=self.lon,
            accuracy_m=self.accuracy_m,
            speed_mps=self.speed_mps,
            course_deg=self.course_deg,
            altitude_m=self.altitude_m,
            source="gnss",
        )


def position(
    *,
    time_ms: int,
    lat: float,
    lon: float,
    accuracy_m: float | None = None,
    speed_mps: float | None = None,
    course_deg: float | None = None,
    altitude_m: float | None = None,
    estimated: bool = False,
    flat: bool = False,
) -> Position | None:
    """A position whose members all lie within what the link allows; None where time or place themselves do not.

    A member out of range is left out. `estimated`: dead reckoning. `flat`: a 2D fix, whose height is not measured.
    The course is kept only while the car moves.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 <= time_ms <= TIME_MAX_MS):
        return None
    speed = _within(speed_mps, 0, 1_000)
    accuracy = _within(accuracy_m, 0, 1_000_000)
    if estimated:
        accuracy = max(accuracy or 0.0, ESTIMATED_ACCURACY_M)
    elif flat:
        accuracy = max(accuracy or 0.0, FLAT_ACCURACY_M)
    course = _within(course_deg, 0, 360) if speed is not None and speed >= COURSE_FROM_MPS else None
    return Position(
        time_ms=time_ms,
        lat=lat,
        lon=lon,
        accuracy_m=None if accuracy is None else round(accuracy, 2),
        speed_mps=None if speed is None else round(speed, 3),
        course_deg=course,
        altitude_m=None if flat else _within(altitude_m, -20_000, 100_000),
    )


def _within(value: float | None, low: float, high: float) -> float | None:
    # A comparison with NaN is false, so NaN and infinity fall out here too.
    return value if value is not None and low <= value <= high else None


class OncePerSecond:
    """Lets at most one position a second through, by the receiver's time, and never the same time twice.

    A jump back in time (a receiver that lost its date and found it again) is let through: its clock is the rule.
    """

    def __init__(self) -> None:
        self._last_ms: int | None = None

    def admits(self, candidate: Position) -> bool:
        """Whether this position is due."""
        if self._last_ms is not None and abs(candidate.time_ms - self._last_ms) <= INTERVAL_MS:
            return False
        self._last_ms = candidate.time_ms
        return True
