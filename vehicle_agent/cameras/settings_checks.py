"""Settings that have the right type and can't work all the same. Each raises ValueError: what is wrong, what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_PLAIN: Final = re.compile(r"[\x21-\x7e]+")
_SOME_TIME: Final = datetime(2026, 11, 25, 10, 15, 42)  # noqa: DTZ001 - written out and read back, no moment


def check_url(url: str, what: str) -> None:
    """An address that a request can be sent to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError as error:
        raise ValueError(f"{what} is {url!r} ({error}); write http://HOST[:PORT]/… or https://…") from error
    if parts.scheme not in {"http", "https"} or not host or port == 0 or not _PLAIN.fullmatch(url):
        raise ValueError(f"{what} is {url!r}; write http://HOST[:PORT]/… or https://…, other signs as %XX")


def check_headers(headers: Mapping[str, str], what: str) -> None:
    """Names and values that HTTP carries."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f'{what}: {name!r} can\'t be sent; write NAME = "VALUE" in Latin letters, on one line')


def check_time_zone(name: str, what: str) -> None:
    """One that this computer knows."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{what} is {name!r}, which is no time zone here; write one such as Asia/Taipei") from error


def check_name_time(pattern: str, what: str) -> None:
    """A pattern of strptime that tells a day and a time."""
    try:
        told = datetime.strptime(_SOME_TIME.strftime(pattern), pattern)  # noqa: DTZ007 - as above
    except (ValueError, re.error) as error:
        raise ValueError(f"{what} is {pattern!r} ({error}); write one such as %Y%m%d_%H%M%S") from error
    if told.date() != _SOME_TIME.date():
        raise ValueError(f"{what} is {pattern!r}, which tells no day; write one such as %Y%m%d_%H%M%S")
