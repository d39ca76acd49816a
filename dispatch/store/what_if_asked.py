"""What a what-if asks, as it is kept: plain values, resolved, so that it can be run again when stations have moved."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec

MOST_UNITS = 200
FEWEST_CALLS = 50
"""Of a period: fewer are no base to draw from."""
LONGEST_DAYS = 31

Mode = Literal["resample", "replay"]
Preset = Literal["none", "festival", "typhoon"]
Idle = Literal["home", "posts"]


class Period(msgspec.Struct, frozen=True, rename={"begin": "from", "end": "to"}):
    """Past calls received from one day to before another, days of Asia/Taipei."""

    begin: date
    end: date
    mode: Mode

    @property
    def days(self) -> int:
        """Whole days in it."""
        return (self.end - self.begin).days


class StationAt(msgspec.Struct, frozen=True):
    """A station, degrees. In a wish what the register knows may be missing; once resolved nothing is."""

    station_id: UUID | None = None
    name: str | None = None
    lat: float | None = None
    lon: float | None = None


class Crews(msgspec.Struct, frozen=True):
    """Units of one station that are alike, and when they are on duty ("08:00", wall clock); None: day and night."""

    station: str
    cars: int
    motorcycles: int
    starts: str | None = None
    ends: str | None = None
    capabilities: tuple[str, ...] = ()


class AskedVariant(msgspec.Struct, frozen=True):
    """One column of the table, complete."""

    name: str
    stations: tuple[StationAt, ...]
    units: tuple[Crews, ...]
    policy: str
    demand_scale: float = 1.0
    preset: Preset = "none"
    idle: Idle = "home"


class Asked(msgspec.Struct, frozen=True):
    """All of it. Either `period` or `calls_per_day` is given. The first variant is the base."""

    name: str
    seed: int
    replications: int
    days: int
    variants: tuple[AskedVariant, ...]
    period: Period | None = None
    calls_per_day: float | None = None

    @property
    def runs(self) -> int:
        """Of all variants together."""
        return self.replications * len(self.variants)

    def as_builtins(self) -> dict[str, Any]:
        """As the database keeps it."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        return kept

    def digest(self) -> str:
        """SHA-256 of all members in their order, hex."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def asked_of(kept: Any) -> Asked:
    """From what the database, or a checked request, holds."""
    return msgspec.convert(kept, Asked)
