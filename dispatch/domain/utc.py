"""One rule for every time in the domain: aware, and in UTC.

Python compares and subtracts two times of one and the same other zone by their wall clocks, which is wrong by an hour
across a change of the clocks; in UTC there is no such hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_ZERO = timedelta(0)


def require_utc(what: str, at: datetime) -> datetime:
    """The time itself, if it is aware and in UTC; else raises ValueError that names `what`."""
    if at.utcoffset() != _ZERO:
        raise ValueError(f"{what} must be in UTC, got {at.isoformat()}")
    return at
