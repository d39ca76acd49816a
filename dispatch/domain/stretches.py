"""Stretches of time: cut to size, laid together so that no moment counts twice, taken out of each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

Stretch = tuple[datetime, datetime]
"""From and to; aware. One that ends where it begins, or before, is nothing."""


def within(stretches: Iterable[Stretch], begin: datetime, end: datetime) -> list[Stretch]:
    """What of them lies between the two, in order, each moment once."""
    found: list[Stretch] = []
    for since, until in sorted((max(since, begin), min(until, end)) for since, until in stretches):
        if since >= until:
            continue
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def without(stretches: Sequence[Stretch], taken: Iterable[Stretch]) -> list[Stretch]:
    """What of `stretches` does not lie in `taken`; in order, each moment once, if they were so."""
    left = list(stretches)
    for since, until in taken:
        pieces = [piece for begin, end in left for piece in ((begin, min(end, since)), (max(begin, until), end))]
        left = [piece for piece in pieces if piece[0] < piece[1]]
    return left


def total(stretches: Iterable[Stretch]) -> timedelta:
    """How long they are together; of stretches without a common moment."""
    return sum((until - since for since, until in stretches), timedelta(0))
