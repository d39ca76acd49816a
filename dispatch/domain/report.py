"""What a report says, as figures and nothing else: no words, no layout, no time of making. Pure.

Whoever fills it takes the figures as of `period.due_at`. Its digest names the content: equal digests, equal documents.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from dispatch.domain.kpi import Clock
from dispatch.domain.parts import PARTS, Part
from dispatch.domain.report_period import MINGUO, Period

PLAN_TARGET: Final = "<10分鐘"
"""The plan's yearly target (年度目標值), the same for each of its years and since."""
PLAN_YEARS: Final = (2019, 2020, 2021, 2022)
"""108 to 111; its target holds for every year since."""
NAMED_BY: Final = 16
"""So many digits of its digest does a report carry."""

Dimension = Literal["precinct", "station", "priority", "category", "day", "month"]
DIMENSIONS: Final[Mapping[str, tuple[Dimension, ...]]] = {
    "month": ("precinct", "station", "priority", "category", "day"),
    "year": ("precinct", "station", "priority", "category", "month"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Incidents on one clock. `measured` + all of `excluded` = `incidents`; `within` and later ones make `measured`.

    Shares from 0 to 1, times in seconds; None where there is none (see kpi.py for p50 and p90).
    """

    incidents: int
    measured: int
    within: int
    unreached: int
    share: float | None
    share_low: float | None
    share_high: float | None
    p50_s: float | None
    p90_s: float | None
    mean_s: float | None
    excluded: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.measured + sum(self.excluded.values()) != self.incidents or not 0 <= self.within <= self.measured:
            raise ValueError(f"the sums do not agree: {self}")

    @property
    def late(self) -> int:
        """Measured, and not within the target."""
        return self.measured - self.within


@dataclass(frozen=True, slots=True)
class Pair:
    """The same incidents as a supervisor's reviews left them, and as they were recorded."""

    reviewed: Line
    recorded: Line


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a breakdown: `key` as kpi.py names it, `unknown` for none."""

    key: str
    received: Pair
    dispatched: Pair


@dataclass(frozen=True, slots=True)
class PartFigure:
    """One part of the response over the `n` incidents of which it is known; seconds."""

    n: int = 0
    p50_s: float | None = None
    p90_s: float | None = None
    mean_s: float | None = None


@dataclass(frozen=True, slots=True)
class TargetSet:
    """Who set the target that counts, and when (aware)."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """All that a report tells. `shares`: the bureau's own target of a year (0..1), where one is set.

    `target_set`: that of the report's year. `ledger_sha256`: of the ledger that these figures were counted from, of
    `ledger_rows` incidents. `changed_by_review`: incidents of which a review changed outcome or time; `open_reviews`:
    those whose figure nobody has looked at though it carries a conflict; `cancelled_late`: of those left out as
    cancelled (from receipt, reviewed) the ones whose ten minutes were over by then. `newest_at`: when the newest word
    on an incident of the period came in, to the second; None where the log has none.
    """

    bureau: str
    period: Period
    total: Group
    groups: Mapping[Dimension, Sequence[Group]]
    ledger_sha256: str
    ledger_rows: int
    parts: Mapping[Part, PartFigure] = field(default_factory=lambda: dict.fromkeys(PARTS, PartFigure()))
    shares: Mapping[int, float] = field(default_factory=dict)
    target_set: TargetSet | None = None
    changed_by_review: int = 0
    cancelled_late: int = 0
    open_reviews: int = 0
    newest_at: datetime | None = None

    @property
    def years(self) -> tuple[int, ...]:
        """The years of the plan's table: its own four, every later one up to that of the report, and that one."""
        own = self.period.year
        return tuple(sorted({*PLAN_YEARS, *range(PLAN_YEARS[-1] + 1, own + 1), own}))

    def clock(self, clock: Clock) -> Pair:
        """All incidents of the period on this clock."""
        return self.total.received if clock == "received" else self.total.dispatched

    def judged(self) -> Literal["met", "missed", "open"] | None:
        """Does the interval (from receipt, reviewed) lie above or below the bureau's target? None where none is set."""
        target, line = self.shares.get(self.period.year), self.total.received.reviewed
        if target is None or line.share_low is None or line.share_high is None:
            return None
        if line.share_low >= target:
            return "met"
        return "missed" if line.share_high < target else "open"

    def digest(self) -> str:
        """SHA-256 over all of it, in an order that no run changes; targets of years that are not shown don't count."""
        shown = asdict(self) | {"shares": {year: self.shares[year] for year in self.years if year in self.shares}}
        text = json.dumps(_plain(shown), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def name(self) -> str:
        """The first digits of its digest: what a file of these figures is known by."""
        return self.digest()[:NAMED_BY]


def minguo(year: int) -> int:
    """2026 is 115."""
    return year - MINGUO


def _plain(value: Any) -> Any:
    """Millionths tell reports apart; digits after them may depend on the order in which a sum was taken."""
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return round(value, 6) if isinstance(value, float) else value
