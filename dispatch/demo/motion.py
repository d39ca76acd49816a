"""A simulated vehicle on the generated streets: where it is at any moment, and what its receiver would say. Pure."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import xor
from typing import Final

from dispatch.domain.geometry import Position, bearing_deg, between, distance_m, offset

KNOTS_PER_MPS: Final = 1 / 0.514444
NOISE_M: Final = 2.0
HALT_CHANCE_PER_S: Final = 0.012
HALT_S: Final = (4.0, 12.0)
"""Red lights: shorter than what the GPS witness takes for an arrival."""


@dataclass(slots=True)
class Vehicle:
    """One vehicle under way on a line, or standing."""

    place: Position
    rng: random.Random
    course_deg: float = 0.0
    speed_mps: float = 0.0

    _line: tuple[Position, ...] = ()
    _next: int = 0
    _cruise_mps: float = 0.0
    _halt_s: float = 0.0

    @property
    def arrived(self) -> bool:
        """Nothing of the line is left."""
        return self._next >= len(self._line)

    def drive(self, line: list[tuple[float, float]], seconds: float, metres: float) -> None:
        """Sets out on a line of (lon, lat) that takes so long."""
        self._line = tuple(Position(lat, lon) for lon, lat in line)
        self._next = 0
        self._cruise_mps = max(metres / seconds, 2.0) if seconds > 0 else 8.0
        self._halt_s = 0.0

    def stop(self) -> None:
        """Stays where it is."""
        self._line, self._next, self.speed_mps = (), 0, 0.0

    def advance(self, elapsed_s: float) -> None:
        """Moves on along the line, with a red light now and then."""
        if self.arrived:
            self.speed_mps = 0.0
            return
        if self._halt_s > 0:
            self._halt_s -= elapsed_s
            self.speed_mps = 0.0
            return
        if self.rng.random() < HALT_CHANCE_PER_S * elapsed_s:
            self._halt_s = self.rng.uniform(*HALT_S)
        left_m = self._cruise_mps * elapsed_s * self.rng.uniform(0.85, 1.15)
        self.speed_mps = left_m / elapsed_s
        while left_m > 0 and not self.arrived:
            corner = self._line[self._next]
            ahead_m = distance_m(self.place, corner)
            if ahead_m > 0.5:
                self.course_deg = bearing_deg(self.place, corner)
            if ahead_m <= left_m:
                self.place, self._next, left_m = corner, self._next + 1, left_m - ahead_m
            else:
                self.place, left_m = between(self.place, corner, left_m / ahead_m), 0.0

    def nmea(self, now: datetime) -> str:
        """One epoch, RMC and GGA, with a receiver's noise."""
        seen = offset(self.place, self.rng.gauss(0, NOISE_M), self.rng.gauss(0, NOISE_M))
        clock, day = f"{now:%H%M%S}.{now.microsecond // 10000:02d}", f"{now:%d%m%y}"
        lat = f"{_degrees(abs(seen.lat), 2)},{'N' if seen.lat >= 0 else 'S'}"
        lon = f"{_degrees(abs(seen.lon), 3)},{'E' if seen.lon >= 0 else 'W'}"
        knots = max(self.speed_mps + self.rng.gauss(0, 0.1), 0.0) * KNOTS_PER_MPS
        rmc = f"GPRMC,{clock},A,{lat},{lon},{knots:.2f},{self.course_deg:.1f},{day},,,A"
        gga = f"GPGGA,{clock},{lat},{lon},1,10,0.9,30.0,M,15.0,M,,"
        return f"{_sentence(rmc)}{_sentence(gga)}"


def _degrees(value: float, digits: int) -> str:
    whole = math.floor(value)
    minutes = round((value - whole) * 60, 5)
    if minutes >= 60:
        whole, minutes = whole + 1, 0.0
    return f"{whole:0{digits}d}{minutes:08.5f}"


def _sentence(body: str) -> str:
    return f"${body}*{reduce(xor, body.encode()):02X}\r\n"
