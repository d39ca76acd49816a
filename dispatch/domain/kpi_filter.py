"""Which incidents a question is about: period and filters over columns. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.kpi import NOT_LATE, SHIFT_HOURS, SHIFTS, UNKNOWN, Clock
from dispatch.domain.kpi_columns import CATEGORIES, NAMED, Columns, KnownNames, to_us
from dispatch.domain.kpi_line import Figures

Bools = NDArray[np.bool_]
Chosen = frozenset[str] | None
"""Keys of groups, as `kpi` names them, UNKNOWN for none; None where all are meant."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a station belongs, by the names of today."""

    station: str | None = None
    precinct: str | None = None


Places = Mapping[Any, Place]
"""Of a station's id; what is missing belongs nowhere."""
NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiFilter:
    """Incidents received in [start, end) (UTC), of all these kinds at once; None: whatever it is."""

    start: datetime | None = None
    end: datetime | None = None
    precinct: Chosen = None
    station: Chosen = None
    priority: Chosen = None
    category: Chosen = None
    unit_type: Chosen = None
    shift: Chosen = None
    hour: Chosen = None
    weekday: Chosen = None
    cell: Chosen = None
    late_reason: Chosen = None

    @property
    def all_kinds(self) -> bool:
        """Nothing is asked for but a period."""
        return self == KpiFilter(start=self.start, end=self.end)


def places_named(names: KnownNames, places: Places, member: str) -> list[str]:
    """The name of each number in the column `place`: `station` or `precinct`."""
    return [key(getattr(places.get(one, NOWHERE), member)) for one in names["place"]]


def key(name: Hashable) -> str:
    """A name as a group's key."""
    return UNKNOWN if name is None else str(name)


def labels(kind: str, clock: Clock, figures: Figures, names: KnownNames, places: Places) -> tuple[str, list[str]]:
    """(column of numbers, the key of each number) for what has a list of names; KeyError for what has none."""
    if kind in ("station", "precinct"):
        return "place", places_named(names, places, kind)
    if kind == "late_reason":
        return f"{kind}_{clock}_{figures}", [NOT_LATE if name is None else str(name) for name in names[kind]]
    column = f"{kind}_{figures}" if len(NAMED[kind]) > 1 else kind
    return column, [key(name) for name in names[kind]]


_NUMBERED: Final[Mapping[str, tuple[str, Mapping[str, int]]]] = {
    "priority": ("priority", {str(number): number for number in range(1, 5)}),
    "category": ("category", {str(name): number for number, name in enumerate(CATEGORIES)}),
    "hour": ("hour", {f"{hour:02}": hour for hour in range(24)}),
    "weekday": ("weekday", {str(day): day for day in range(1, 8)}),
}


def rows_of(
    columns: Columns, wanted: KpiFilter, clock: Clock, figures: Figures, names: KnownNames, places: Places
) -> Bools | None:
    """Which rows are meant, on this clock and by these figures; None for all of them."""
    conditions: list[Bools] = []
    received_us = columns["received_us"]
    if len(received_us):
        if wanted.start is not None and received_us[0] < (start := to_us(wanted.start)):
            conditions.append(received_us >= start)
        if wanted.end is not None and received_us[-1] >= (end := to_us(wanted.end)):
            conditions.append(received_us < end)
    for member, (column, codes) in _NUMBERED.items():
        chosen: Chosen = getattr(wanted, member)
        if chosen is not None:
            conditions.append(_among(columns[column], [codes[one] for one in chosen if one in codes], 24))
    if wanted.shift is not None:
        conditions.append(
            _among(columns["hour"] // SHIFT_HOURS, [SHIFTS.index(one) for one in wanted.shift if one in SHIFTS], 3)
        )
    for member in ("precinct", "station", "unit_type", "cell", "late_reason"):
        chosen = getattr(wanted, member)
        if chosen is not None:
            column, known = labels(member, clock, figures, names, places)
            conditions.append(_among(columns[column], [n for n, one in enumerate(known) if one in chosen], len(known)))
    if not conditions:
        return None
    together = conditions[0]
    for condition in conditions[1:]:
        together &= condition
    return together


def _among(column: NDArray[Any], codes: list[int], highest: int) -> Bools:
    wanted = np.zeros(highest + 1, dtype=np.bool_)
    wanted[codes] = True
    return np.asarray(wanted[column])
