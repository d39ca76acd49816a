"""NMEA 0183: bytes of any quality in, readable sentences out. What they mean together is epoch.py's affair.

A sentence counts only with its right checksum: half a longitude is another place. Parsing itself is pynmeagps'.
"""

from __future__ import annotations

import re
from datetime import date, time
from typing import Final

from msgspec import Struct
from pynmeagps import exceptions
from pynmeagps.nmeareader import NMEAReader

# Two letters of talker (P would be a maker's own format), one of the sentences that matter, no `$` or `*` inside.
_SENTENCE: Final = re.compile(
    rb"\$(?!P)[A-Z0-9]{2}(?:RMC|GGA|GNS|VTG|GSA|ZDA|GST),[\x20-\x23\x25-\x29\x2b-\x7e]{0,200}\*[0-9A-Fa-f]{2}"
)
_LONGEST: Final = 256
_UNREADABLE: Final = (
    exceptions.NMEAParseError,
    exceptions.NMEAMessageError,
    exceptions.NMEATypeError,
    exceptions.NMEAStreamError,
)


class Sentence(Struct, frozen=True, kw_only=True):
    """One sentence, members that it lacks None. Speeds in knots and km/h as sent, `lat`, `lon` WGS 84 degrees."""

    kind: str
    time: time | None = None
    date: date | None = None
    lat: float | None = None
    lon: float | None = None
    status: str | None = None
    mode: str | None = None
    quality: int | None = None
    fix_type: int | None = None
    hdop: float | None = None
    altitude_m: float | None = None
    speed_knots: float | None = None
    speed_kmh: float | None = None
    course_deg: float | None = None
    std_lat_m: float | None = None
    std_lon_m: float | None = None


class Scanner:
    """Cuts sentences out of a stream that may hold anything else between and inside them."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Sentence]:
        """The sentences that end within `data`, in order; what no sentence can be made of is dropped."""
        self._buffer += data
        end = 0
        found: list[Sentence] = []
        for match in _SENTENCE.finditer(self._buffer):
            end = match.end()
            sentence = parse(match.group())
            if sentence is not None:
                found.append(sentence)
        # Only from the last `$` on may a sentence still be growing.
        start = self._buffer.rfind(b"$", end)
        self._buffer = self._buffer[start:][:_LONGEST] if start >= 0 else b""
        return found


def parse(raw: bytes) -> Sentence | None:
    """One raw sentence; None where the checksum or a member is wrong."""
    try:
        message = NMEAReader.parse(raw)
    except _UNREADABLE:
        return None
    if message is None:
        return None

    def number(name: str) -> float | None:
        value = getattr(message, name, None)
        return float(value) if isinstance(value, int | float) else None

    def whole(name: str) -> int | None:
        value = getattr(message, name, None)
        return value if isinstance(value, int) else None

    def text(name: str) -> str | None:
        return getattr(message, name, None) or None

    told = getattr(message, "time", None)
    return Sentence(
        kind=message.msgID,
        time=told if isinstance(told, time) else None,
        date=_date(message),
        lat=number("lat") if text("NS") in {"N", "S"} else None,
        lon=number("lon") if text("EW") in {"E", "W"} else None,
        status=text("status"),
        mode=text("posMode"),
        quality=whole("quality"),
        fix_type=whole("navMode"),
        hdop=number("HDOP"),
        altitude_m=number("alt"),
        speed_knots=number("spd") if message.msgID == "RMC" else number("sogn"),
        speed_kmh=number("sogk"),
        course_deg=number("cog") if message.msgID == "RMC" else number("cogt"),
        std_lat_m=number("stdLat"),
        std_lon_m=number("stdLong"),
    )


def _date(message: object) -> date | None:
    told = getattr(message, "date", None)
    if isinstance(told, date):
        return told
    parts = [part for name in ("year", "month", "day") if isinstance(part := getattr(message, name, None), int)]
    try:
        return date(*parts) if len(parts) == 3 else None
    except (ValueError, OverflowError):
        return None
