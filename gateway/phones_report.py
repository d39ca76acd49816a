"""What a phone's tracker app reports, whichever protocol it speaks, and how it becomes messages of the link. Pure.

A phone has no journal and numbers nothing, may send a position twice, and sends what it kept in any order. So a
position counts once by its unit and its time: `seq` is made from the time (four numbers a millisecond, one per kind of
message), and all of a phone's messages stand under one boot. A call for help is numbered by the server's time: an app
hangs the position that it has on it, so that a second call may carry the time of the first one's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.parsing import Refusal
from gateway.protocol import TIME_MAX_MS, Fix, Sos
from gateway.session import Entry, checked

PHONE_BOOT: Final = UUID("70686f6e-6500-4000-8000-000000000001")
"""The one boot under which a phone's messages stand, whatever phone it is."""

TIME_MIN_MS: Final = 946_684_800_000  # 2000-01-01: no phone was a tracker before
MPS_PER_KNOT: Final = 1852 / 3600
MPS_PER_KMH: Final = 1 / 3.6
OLD_MS: Final = 60_000
"""A position that is older when a call for help comes was kept by the phone: the time and place of no press."""
_SECONDS_BELOW: Final = 10_000_000_000  # as seconds the year 2286, as milliseconds April 1970
_KINDS: Final = 4
_NUMBER: Final = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?")


class BadReport(Exception):
    """The request can't be read; its text names the member and says what is wrong, and repeats no value."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the phone was. Degrees of WGS 84; what the phone did not measure is None."""

    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `place` is None where the phone knows none; `sos`: somebody pressed for help."""

    time_ms: int
    place: Place | None
    sos: bool = False

    def entries(self, server_ms: int, sos_seq: int | None = None) -> list[Entry]:
        """Its messages, by the rules of the link: a fix from too far ahead is kept as refused, an SOS never is.

        `sos_seq`: the number of its call for help, from `sos_number`; as it comes where None.
        """
        entries: list[Entry] = []
        first = self.time_ms * _KINDS
        if (place := self.place) is not None:
            fix = Fix(
                seq=first,
                time_ms=self.time_ms,
                lat=place.lat,
                lon=place.lon,
                accuracy_m=place.accuracy_m,
                speed_mps=place.speed_mps,
                course_deg=place.course_deg,
                altitude_m=place.altitude_m,
                source="phone",
            )
            entry = checked(fix, server_ms)
            entries.append(replace(entry, seq=first + 1) if isinstance(entry, Refusal) else entry)
        if self.sos:
            old = self.time_ms < server_ms - OLD_MS
            lat, lon = (place.lat, place.lon) if place is not None and not old else (None, None)
            pressed_ms = server_ms if old else self.time_ms
            entries.append(Sos(seq=sos_seq or sos_number(server_ms), time_ms=pressed_ms, active=True, lat=lat, lon=lon))
        return entries


def sos_number(server_ms: int, before: int = 0) -> int:
    """The `seq` of a call for help that is received now; `before`: the one given to the device's last call."""
    return max(server_ms * _KINDS + 2, before + _KINDS)


def read_report(time_ms: Callable[[], int], place: Callable[[], Place | None], *, sos: bool, server_ms: int) -> Report:
    """The report of what the two read. A call for help goes through whatever is wrong with the rest: without a place
    where that can't be read, at the server's time where the time can't. Raises BadReport for any other report."""
    try:
        said_ms = time_ms()
    except BadReport:
        if not sos:
            raise
        said_ms = server_ms
    try:
        where = place()
    except BadReport:
        if not sos:
            raise
        where = None
    return Report(said_ms, where, sos)


def place_of(lat: Any, lon: Any, measured: Mapping[str, float | None]) -> Place | None:
    """The place with what was measured there; None where nothing is said of it, as by an app that only tells that it
    is alive, and for 0, 0, the word of a phone without one. Raises BadReport."""
    if lat is None and lon is None:
        return None
    where = _degrees("lat", lat, 90), _degrees("lon", lon, 180)
    return Place(where[0], where[1], **measured) if any(where) else None


def _degrees(member: str, value: Any, limit: float) -> float:
    number = number_of(value)
    if number is None or abs(number) > limit:
        raise BadReport(f"{member}: {'missing' if value is None else f'not a number of degrees up to {limit:g}'}")
    return number


def measured(value: Any, low: float, high: float, factor: float = 1.0) -> float | None:
    """A measurement times `factor`; None where it is missing, unreadable, or outside [low, high] after it.

    A fix is worth more than what hangs on it: a phone says -1 for a speed or a course that it does not know.
    """
    number = number_of(value)
    if number is None:
        return None
    number *= factor
    return number if low <= number <= high else None


def measurements(
    accuracy: Any, speed: Any, course: Any, altitude: Any, mps_per: float = 1.0
) -> dict[str, float | None]:
    """What the link's fix holds beside the place, in its units; a speed is in units of `mps_per` m/s."""
    return {
        "accuracy_m": measured(accuracy, 0, 1_000_000),
        "speed_mps": measured(speed, 0, 1_000, mps_per),
        "course_deg": measured(course, 0, 360),
        "altitude_m": measured(altitude, -20_000, 100_000),
    }


def number_of(value: Any) -> float | None:
    """A finite number from JSON, or from text; None for anything else."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def time_of(value: Any, member: str) -> int:
    """Milliseconds since the epoch from seconds, milliseconds, or ISO 8601 (UTC where it names no zone).

    Raises BadReport, also for a time before the year 2000.
    """
    number = number_of(value)
    if number is not None:
        time_ms = round(number * 1000 if number < _SECONDS_BELOW else number)
    elif isinstance(value, str):
        try:
            said = datetime.fromisoformat(value)
        except ValueError:
            raise BadReport(f"{member}: neither a number of seconds or milliseconds nor ISO 8601") from None
        time_ms = round((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp() * 1000)
    else:
        raise BadReport(f"{member}: missing or not a time")
    if not TIME_MIN_MS <= time_ms <= TIME_MAX_MS:
        raise BadReport(f"{member}: not a time since the year 2000")
    return time_ms
