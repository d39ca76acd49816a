"""What a row that is kept now says of a past moment: its own times, and what was overwritten in it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.domain.past import Members


@dataclass(frozen=True, slots=True)
class Overwritten:
    """These members had these values until then."""

    until: datetime
    members: Mapping[str, Any]


def known_by(row: Members, at: datetime) -> Members:
    """The row without what was not written yet: each `X_at` later than that, and the `X_by` of it, is None."""
    later = {name.removesuffix("_at") for name, value in row.items() if _is_later(name, value, at)}
    return {name: None if name.removesuffix("_at").removesuffix("_by") in later else row[name] for name in row}


def _is_later(name: str, value: Any, at: datetime) -> bool:
    return name.endswith("_at") and isinstance(value, datetime) and value > at


def before_overwriting(row: Members, overwritten: Sequence[Overwritten], at: datetime) -> Members:
    """The row with what its members held at that moment. `overwritten` is in the order of time."""
    said: Members = {}
    for one in reversed(overwritten):
        if one.until > at:
            said |= one.members
    return row | said


def open_until_it_ended(row: Members, at: datetime) -> Members:
    """An incident of which the log says nothing (it was imported): open until it ended, without how."""
    known = known_by(row, at)
    return known if known["ended_at"] else known | {"state": "open", "disposition": None, "merged_into": None}


def suggestion_at(row: Members, at: datetime) -> Members:
    """A suggestion where to wait, as it stood."""
    known = known_by(row, at)
    if known["ended_at"]:
        return known
    return known | {"state": "accepted" if known["decided_at"] else "open", "reason": None}


def known_since(recorded: Iterable[datetime]) -> Iterator[datetime]:
    """When each line of the log became known: a server's clock may lag, but no line is known before one above it."""
    latest: datetime | None = None
    for at in recorded:
        latest = at if latest is None else max(latest, at)
        yield latest


def newest_by(times: Sequence[int], at: int) -> int | None:
    """Index of the last of these rising times that is not later; None where all are."""
    found = bisect_right(times, at) - 1
    return None if found < 0 else found
