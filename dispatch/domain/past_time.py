"""A time as a file of past calls writes it: one moment in UTC, or the reason why it is none. Pure.

Read are ISO 8601 (2026-11-23T14:05:00, with or without offset) and what spreadsheets and offices of Taiwan write:
2026/11/23 14:05, 2026.11.23 14:05:00, and years of the Republic with three digits (115/11/23 14:05 is 2026). Years with
two digits, and day or month in front, would have to be guessed; they are refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

MINGUO: Final = 1911
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9998
SUCH_AS: Final = "write it such as 2026-11-23 14:05:00"
_DATE: Final = r"(?P<year>\d{3,4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"
_CLOCK: Final = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
_OFFSET: Final = r"(?P<offset>[Zz]|[+-]\d\d(?::?\d\d)?)?"
_TIME: Final = re.compile(rf"{_DATE}(?:[Tt]| +){_CLOCK} *{_OFFSET}", re.ASCII)


class NoTime(ValueError):
    """What stands there is no moment; the text says why and what to write."""


class NoZone(NoTime):
    """It may be many moments: neither an offset stands there nor was a zone declared for the file."""


def read_time(text: str, zone: ZoneInfo | None) -> datetime:
    """The moment, in UTC. `zone`: of the wall clock, where the text has no offset. Raises NoTime, NoZone."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise NoTime(f"{text!r} is no time that can be read for sure; {SUCH_AS}")
    year = int(found["year"])
    if len(found["year"]) == 3:
        year += MINGUO
    micros = int(f"{found['fraction'] or '0':0<6}"[:6])
    month, day, hour, minute, second = (int(found[name] or 0) for name in ("month", "day", "hour", "minute", "second"))
    try:
        wall = datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001 - its zone comes below
        offset = _offset(found["offset"])
    except ValueError as error:
        raise NoTime(f"{text!r} is no time ({error}); {SUCH_AS}") from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NoTime(f"{text!r} does not lie between {FIRST_YEAR} and {LAST_YEAR}")
    if offset is not None:
        return (wall - offset).replace(tzinfo=UTC)
    if zone is None:
        raise NoZone(f"{text!r} has no zone; say which the file's times are in, such as --zone Asia/Taipei")
    return _moment(wall, zone, text)


def _offset(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text in "Zz":
        return timedelta(0)
    minutes = int(text[3:].removeprefix(":") or 0)
    if minutes > 59:
        raise ValueError("an hour of an offset has 60 minutes")
    size = timedelta(hours=int(text[1:3]), minutes=minutes)
    timezone(size)  # raises ValueError where no clock on earth could be set so
    return -size if text[0] == "-" else size


def _moment(wall: datetime, zone: ZoneInfo, text: str) -> datetime:
    """By PEP 495: where both readings of a wall clock differ it was turned forward (no such time) or back (two)."""
    first = wall.replace(tzinfo=zone)
    early, late = first.utcoffset(), first.replace(fold=1).utcoffset()
    assert early is not None and late is not None  # noqa: S101, PT018 - a ZoneInfo knows every wall clock's offset
    if early < late:
        raise NoTime(f"{text!r} never was in {zone.key}: the clocks were put forward over it")
    if early > late:
        raise NoTime(
            f"{text!r} was twice in {zone.key}, when the clocks were put back; write the offset behind it, "
            f"{_written(early)} or {_written(late)}"
        )
    return (wall - early).replace(tzinfo=UTC)


def _written(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
