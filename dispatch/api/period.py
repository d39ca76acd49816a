"""A period as `from` and `to` of a query: half-open, RFC 3339 with offset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BeforeValidator

from dispatch.api.schemas import Time
from dispatch.domain.refusals import Invalid

_LOST_PLUS = re.compile(r"^(\S+T\S+) (\d\d:?\d\d)$")


def _mend_plus(value: Any) -> Any:
    """A plus sign that a client didn't escape arrives as a space: `…T08:00:00 08:00`."""
    return _LOST_PLUS.sub(r"\1+\2", value) if isinstance(value, str) else value


QueryTime = Annotated[Time, BeforeValidator(_mend_plus)]


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end); None leaves that side open."""

    start: datetime | None
    end: datetime | None

    @staticmethod
    def checked(moment: datetime) -> datetime:
        """Raises ValueError for a time without offset or outside the calendar that the store can hold."""
        if moment.tzinfo is None or not 1970 <= moment.year <= 9998:
            raise ValueError("no such time")
        return moment.astimezone(UTC)


def _period(
    from_: Annotated[QueryTime | None, Query(alias="from", description="Begin, inclusive")] = None,
    to: Annotated[QueryTime | None, Query(description="End, exclusive")] = None,
) -> Period:
    if from_ is not None and to is not None and to < from_:
        raise Invalid("the period ends before it begins", member="to")
    return Period(from_, to)


PeriodOf = Annotated[Period, Depends(_period)]
