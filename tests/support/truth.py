"""The test's own record of calls and arrivals, and its own arithmetic of the ten-minute clock over it.

Every time is milliseconds since the Unix epoch as the test saw it happen, with how far it may be off.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TARGET_MS = 600_000
Z95 = 1.959963984540054


def ms(told: str) -> float:
    """A time as the API writes it."""
    return datetime.fromisoformat(told).timestamp() * 1000


@dataclass(frozen=True)
class Moment:
    """A time and how far off it may be, both ms."""

    at_ms: float
    within_ms: float

    @classmethod
    def between(cls, before_ms: float, after_ms: float) -> Moment:
        """Somewhere between two looks at the clock."""
        return cls((before_ms + after_ms) / 2, (after_ms - before_ms) / 2 + 1)


@dataclass
class Call:
    """One 110 call, as the test entered it and saw it go."""

    number: int
    plan: str
    body: dict[str, Any]
    incident_id: str = ""
    received: Moment = Moment(0, 0)
    arrivals: list[Moment] = field(default_factory=list)
    excluded: str | None = None
    is_open: bool = False
    go: asyncio.Event = field(default_factory=asyncio.Event)
    """for a crew that waits for the desk"""
    orders: set[str] = field(default_factory=set)
    """assignment ids of the orders for it that stood on a car's screen"""

    @property
    def arrived(self) -> Moment | None:
        """The earliest witness of the first unit."""
        return min(self.arrivals, key=lambda moment: moment.at_ms, default=None)

    def response_ms(self, now_ms: float) -> float | str:
        """Milliseconds of the response, infinite where nobody came, or why the clock leaves it out."""
        if self.excluded is not None:
            return self.excluded
        if self.arrived is not None:
            return max(0.0, float(self.arrived.at_ms - self.received.at_ms))
        return "pending" if self.is_open and now_ms - self.received.at_ms <= TARGET_MS else math.inf

    @property
    def within_ms(self) -> float:
        """How far off the response may be."""
        return self.received.within_ms + (self.arrived.within_ms if self.arrived else 0)


def figures(calls: Iterable[Call], now_ms: float) -> dict[str, Any]:
    """What `GET /kpi` has to say of these calls; seconds. `within_s`: how far its times may be off.

    Mean and percentiles move by no more than the largest error of any call. No response may be so near the target that
    its error could put it on the other side: asserted here, for then the counts are exact.
    """
    told = list(calls)
    outcomes = [call.response_ms(now_ms) for call in told]
    excluded = Counter(outcome for outcome in outcomes if isinstance(outcome, str))
    responses = sorted(outcome for outcome in outcomes if isinstance(outcome, float))
    within_ms = max((call.within_ms for call in told), default=0.0)
    assert all(abs(response - TARGET_MS) > within_ms for response in responses), "too near the target to tell"
    reached = [response for response in responses if response < math.inf]
    n, good = len(responses), sum(response <= TARGET_MS for response in responses)
    low, high = wilson(good, n)
    return {
        "incidents": len(told),
        "measured": n,
        "within_target": good,
        "share": good / n if n else None,
        "share_low": low,
        "share_high": high,
        "p50_s": _percentile_s(responses, 0.5),
        "p90_s": _percentile_s(responses, 0.9),
        "mean_s": sum(reached) / len(reached) / 1000 if reached else None,
        "reached": len(reached),
        "unreached": n - len(reached),
        "excluded": dict(excluded),
        "within_s": within_ms / 1000,
    }


def wilson(good: int, n: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a share (Wilson 1927), as the two roots of (p - share)² = z² p (1 - p) / n."""
    if n == 0:
        return None, None
    share, z2n = good / n, Z95**2 / n
    a, b, c = 1 + z2n, -(2 * share + z2n), share**2
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def _percentile_s(responses: list[float], share: float) -> float | None:
    """Linear between ranks; None where an unreached call has a part in it."""
    if not responses:
        return None
    rank = (len(responses) - 1) * share
    low = math.floor(rank)
    high = low if math.isclose(rank, low) else low + 1
    if responses[high] == math.inf:
        return None
    return (responses[low] + (responses[high] - responses[low]) * (rank - low)) / 1000
