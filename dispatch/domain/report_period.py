"""The months and years that are reported on: where they begin and end, when they are due. Pure; no clock is read.

All by the wall clock of Asia/Taipei. A report is due at 06:00 of the day after its period (the first of a month,
1 January for a year): by then no call of the period can still be within its ten minutes. Its figures are taken as of
that moment, whenever it is made, so that they can be made again. Before that moment there is no report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from dispatch.domain.kpi import TAIPEI
from dispatch.domain.refusals import Invalid, Refused

PeriodKind = Literal["month", "year"]

MINGUO: Final = 1911
"""Year 1 of the Republic is 1912."""
FIRST_YEAR: Final = MINGUO + 1
LAST_YEAR: Final = 9998
DUE: Final = timedelta(hours=6)


class PeriodNotOver(Refused):
    """The period can't be reported yet."""

    code = "period_not_over"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One month, or one year where `month` is None. Raises Invalid for what no calendar has."""

    year: int
    month: int | None = None

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise Invalid(f"The year must be from {FIRST_YEAR} to {LAST_YEAR}, as 2026.", member="year")
        if self.month is not None and not 1 <= self.month <= 12:
            raise Invalid("The month must be from 1 to 12.", member="month")

    @classmethod
    def of(cls, kind: PeriodKind, year: int, month: int | None) -> Period:
        """Raises Invalid where a month has no number, or a year has one."""
        if (kind == "month") != (month is not None):
            need = "needs its month (1 to 12)" if kind == "month" else "takes no month"
            raise Invalid(f"A report of a {kind} {need}.", member="month")
        return cls(year, month)

    @classmethod
    def read(cls, text: str) -> Period:
        """`2026-10` or `2026`. Raises Invalid."""
        found = re.fullmatch(r"(\d{4})(?:-(\d{2}))?", text, re.ASCII)
        if found is None:
            raise Invalid(f"{text!r} is no period: write a month as 2026-10, a year as 2026.")
        return cls(int(found[1]), int(found[2]) if found[2] else None)

    def __str__(self) -> str:
        return f"{self.year}" if self.month is None else f"{self.year}-{self.month:02}"

    @property
    def kind(self) -> PeriodKind:
        """What it is."""
        return "year" if self.month is None else "month"

    @property
    def minguo(self) -> int:
        """The year as Taiwan counts it: 2026 is 115."""
        return self.year - MINGUO

    @property
    def start(self) -> datetime:
        """Its first moment, in UTC."""
        return _begin(self.year, self.month or 1)

    @property
    def end(self) -> datetime:
        """The first moment after it, in UTC."""
        if self.month is None:
            return _begin(self.year + 1, 1)
        return _begin(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def due_at(self) -> datetime:
        """When its report may be made, and as of when its figures are, in UTC."""
        return self.end + DUE

    def check_over(self, now: datetime) -> None:
        """Raises PeriodNotOver before its report is due."""
        if now < self.due_at:
            due = self.due_at.astimezone(TAIPEI)
            raise PeriodNotOver(
                f"The {self.kind} {self} can be reported from {due:%Y-%m-%d %H:%M} (Asia/Taipei) on, when all of its "
                "calls have had their ten minutes. The page of statistics shows the figures so far."
            )


def due_periods(first_call_at: datetime, now: datetime, months: int) -> Iterator[Period]:
    """What is due at `now` of the last `months` months and of the last year, oldest first, since the first call."""
    first, local = first_call_at.astimezone(TAIPEI), now.astimezone(TAIPEI)
    for behind in range(months, 0, -1):
        year, month = divmod(local.year * 12 + local.month - 1 - behind, 12)
        if (year, month + 1) >= (first.year, first.month) and Period(year, month + 1).due_at <= now:
            yield Period(year, month + 1)
    if local.year > first.year and Period(local.year - 1).due_at <= now:
        yield Period(local.year - 1)


def _begin(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=TAIPEI).astimezone(UTC)
