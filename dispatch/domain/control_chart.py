"""A chart of monthly shares that tells noise from change: Laney's p′ chart. Pure.

A plain p chart takes each call as a toss of the same coin. Months differ by more than that (weather, roadworks, staff),
and with thousands of calls its limits are so narrow that every month looks like news. p′ measures that spread between
neighbouring months and widens the limits by it. D. B. Laney, "Improved control charts for attributes", Quality
Engineering 14(4), 2002. The factor is not taken below 1: shares can't vary less than their own counting does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from dispatch.domain.wilson import Z_95

SIGMAS: Final = 3.0
RUN: Final = 8
"""So many months on the same side of the centre are no chance (one in 128), though each is within its limits."""
D2: Final = 1.128
"""Mean range of two normal values, in their standard deviations (tables of control chart constants, n = 2)."""
MONTHS_NEEDED: Final = 6
"""With fewer no limits are drawn: the spread between them says too little."""

Signal = Literal["below", "above", "run"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one month. `low` and `high` are None where it has no calls, or the chart has too few months."""

    low: float | None = None
    high: float | None = None
    signal: Signal | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """`centre`: the share over all months together; None where nothing is measured."""

    centre: float | None
    limits: tuple[Limits, ...]


def chart(counts: Sequence[tuple[int, int]]) -> Chart:
    """The chart of (hits, n) by month, oldest first. Raises ValueError where hits are not within 0..n."""
    for hits, n in counts:
        if not 0 <= hits <= n:
            raise ValueError(f"{hits} hits of {n}")
    total = sum(n for _, n in counts)
    if not total:
        return Chart(None, tuple(Limits() for _ in counts))
    centre = sum(hits for hits, _ in counts) / total
    known = [(number, hits / n, math.sqrt(centre * (1 - centre) / n)) for number, (hits, n) in enumerate(counts) if n]
    if len(known) < MONTHS_NEEDED or centre in (0.0, 1.0):
        return Chart(centre, tuple(Limits() for _ in counts))
    scores = [(share - centre) / sigma for _, share, sigma in known]
    ranges = [abs(b - a) for a, b in pairwise(scores)]
    factor = max(1.0, sum(ranges) / len(ranges) / D2)
    limits = [Limits() for _ in counts]
    side, length = 0, 0
    for (number, share, sigma), score in zip(known, scores, strict=True):
        low, high = max(0.0, centre - SIGMAS * sigma * factor), min(1.0, centre + SIGMAS * sigma * factor)
        now = (score > 0) - (score < 0)
        length = length + 1 if now == side and now else abs(now)
        side = now
        signal: Signal | None = "below" if share < low else "above" if share > high else None
        if signal is None and length >= RUN:
            signal = "run"
        limits[number] = Limits(low, high, signal)
    return Chart(centre, tuple(limits))


def differs(hits_a: int, n_a: int, hits_b: int, n_b: int) -> bool:
    """Are two shares further apart than chance explains (two-sided, 5 %)? By the pooled z test; False where n is 0."""
    if not n_a or not n_b:
        return False
    pooled = (hits_a + hits_b) / (n_a + n_b)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    return bool(spread) and abs(hits_a / n_a - hits_b / n_b) / spread > Z_95
