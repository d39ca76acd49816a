"""The ten-minute clock over columns: the report that `kpi` gives of the same incidents, of millions at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.incident import TARGET_S
from dispatch.domain.kpi import ALL, SHIFT_HOURS, SHIFTS, UNKNOWN, Clock, Exclusion, GroupBy, KpiGroup, percentile
from dispatch.domain.kpi_columns import (
    CATEGORIES,
    EXCLUDED,
    EXCLUSIONS,
    NEVER,
    NOT_REACHED,
    STILL_OPEN,
    Columns,
    KnownNames,
    to_us,
)
from dispatch.domain.kpi_filter import Bools, KpiFilter, Places, labels, rows_of
from dispatch.domain.kpi_line import Figures
from dispatch.domain.parts import PARTS, Part
from dispatch.domain.wilson import wilson

Ints = NDArray[np.int64]
_US_IN_S: Final = 1_000_000
_GROUP_BIT: Final = 51
"""Below it a response in microseconds, up to 71 years; above it the number of its group."""
_PENDING: Final = EXCLUDED - EXCLUSIONS.index(Exclusion.PENDING)


@dataclass(frozen=True, slots=True)
class Books:
    """All that a question is answered from: chunks of columns in the order of time, and what their numbers mean."""

    chunks: Sequence[Columns]
    names: KnownNames
    places: Places


@dataclass(frozen=True, slots=True)
class Asked:
    """What a figure is asked for. `now` (UTC) settles what is still open."""

    now: datetime
    wanted: KpiFilter = field(default_factory=KpiFilter)
    clock: Clock = "received"
    figures: Figures = "reviewed"
    target_s: float = TARGET_S


@dataclass(frozen=True, slots=True)
class Spread:
    """How long a part of the responses took, seconds, over the `n` of which it is known."""

    n: int
    p50_s: float | None
    p90_s: float | None
    mean_s: float | None


def outcomes(columns: Columns, asked: Asked, rows: Bools | None) -> Ints:
    """The settled code of each of these rows: a response in microseconds, NOT_REACHED, or an exclusion's."""
    codes = columns[f"{asked.clock}_{asked.figures}"]
    codes = codes.copy() if rows is None else codes[rows]
    is_open = np.flatnonzero(codes == STILL_OPEN)
    if len(is_open):
        received_us = _rows(columns["received_us"], rows)[is_open]
        start_us = received_us
        if asked.clock == "dispatched":
            dispatched_us = _rows(columns[f"dispatched_us_{asked.figures}"], rows)[is_open]
            start_us = np.where(dispatched_us == NEVER, received_us, dispatched_us)
        is_pending = to_us(asked.now) - start_us <= asked.target_s * _US_IN_S
        codes[is_open] = np.where(is_pending, _PENDING, NOT_REACHED)
    return codes


def groups(books: Books, asked: Asked, group_by: GroupBy | None = None) -> list[KpiGroup]:
    """The report, as `kpi` gives it of the same incidents: same groups, same order, same numbers."""
    codes, keys, names = _gathered(books, asked, group_by)
    if group_by is None:
        return [_lines(codes, keys, [ALL], asked.target_s)[0]]
    lines = [line for line in _lines(codes, keys, names, asked.target_s) if line.incidents]
    return sorted(lines, key=lambda line: (line.group == UNKNOWN, line.group))


def parts(books: Books, asked: Asked) -> dict[Part, Spread]:
    """Where the time of the reached ones went: handling, dispatch, turnout, travel."""
    found: dict[Part, Spread] = {}
    for part in PARTS:
        pieces = []
        for columns in books.chunks:
            rows = rows_of(columns, asked.wanted, books.names, books.places)
            reached = outcomes(columns, asked, rows) >= 0
            seconds = _rows(columns[f"{part}_s"], rows)[reached]
            pieces.append(seconds[~np.isnan(seconds)])
        found[part] = _spread(np.sort(np.concatenate(pieces)) if pieces else np.zeros(0))
    return found


def _spread(ordered: NDArray[np.float64]) -> Spread:
    n = len(ordered)
    mean_s = float(ordered.mean()) if n else None
    return Spread(n, percentile(ordered, n, 50), percentile(ordered, n, 90), mean_s)


def responses_s(books: Books, asked: Asked) -> tuple[NDArray[np.float64], int]:
    """The responses of all that were reached, seconds, and how many nobody reached."""
    codes, _, _ = _gathered(books, asked, None)
    return codes[codes >= 0] / _US_IN_S, int(np.count_nonzero(codes == NOT_REACHED))


def changed_by_review(books: Books, asked: Asked) -> int:
    """How many incidents have another figure since a review."""
    count = 0
    for columns in books.chunks:
        rows = rows_of(columns, asked.wanted, books.names, books.places)
        differs = columns[f"{asked.clock}_reviewed"] != columns[f"{asked.clock}_recorded"]
        count += int(np.count_nonzero(_rows(differs, rows)))
    return count


def _rows(column: NDArray[Any], rows: Bools | None) -> NDArray[Any]:
    return column if rows is None else column[rows]


def _gathered(books: Books, asked: Asked, group_by: GroupBy | None) -> tuple[Ints, Ints, list[str]]:
    """Of every row that is meant: its outcome, and the number of its group; and the groups' keys by their numbers."""
    codes, keys, shift = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
    names: list[str] = [ALL]
    if group_by == "day":
        days = [columns["day"] for columns in books.chunks if len(columns["day"])]
        shift = min((int(day[0]) for day in days), default=0)
        last = max((int(day[-1]) for day in days), default=-1)
        names = [date.fromordinal(ordinal).isoformat() for ordinal in range(shift, last + 1)]
    months: dict[str, int] = {}
    for columns in books.chunks:
        rows = rows_of(columns, asked.wanted, books.names, books.places)
        codes.append(outcomes(columns, asked, rows))
        if group_by is None:
            continue
        column: NDArray[Any]
        if group_by == "month":
            column = _months(columns, months)
        elif group_by == "day":
            column = columns["day"] - shift
        else:
            column, names = _keyed(columns, books, group_by)
        keys.append(_rows(column, rows).astype(np.int64, copy=False))
    return np.concatenate(codes), np.concatenate(keys), list(months) if group_by == "month" else names


def _months(columns: Columns, known: dict[str, int]) -> Ints:
    days, inverse = np.unique(columns["day"], return_inverse=True)
    months = [date.fromordinal(int(day)).isoformat()[:7] for day in days]
    return np.array([known.setdefault(month, len(known)) for month in months], np.int64)[inverse]


_PLAIN: Final[Mapping[str, list[str]]] = {
    "hour": [f"{hour:02}" for hour in range(24)],
    "weekday": [str(day) for day in range(8)],
    "priority": [str(number) for number in range(5)],
    "category": [str(name) for name in CATEGORIES],
}
"""Columns whose numbers are the places of these keys."""


def _keyed(columns: Columns, books: Books, group_by: GroupBy) -> tuple[NDArray[Any], list[str]]:
    if group_by == "weekday_hour":
        keys = columns["weekday"].astype(np.int16) * 24 + columns["hour"]
        return keys, [f"{day}-{hour:02}" for day in range(8) for hour in range(24)]
    if group_by == "shift":
        return columns["hour"] // SHIFT_HOURS, list(SHIFTS)
    if group_by in _PLAIN:
        return columns[group_by], _PLAIN[group_by]
    column, names = labels(group_by, books.names, books.places)
    # Two stations of one name, or of one precinct, are one group.
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)[columns[column]], list(numbers)


def _lines(codes: Ints, keys: Ints, names: Sequence[str], target_s: float) -> list[KpiGroup]:
    n = len(names)
    if n == 1 and len(keys) != len(codes):
        keys = np.zeros(len(codes), np.int64)
    reached = codes >= 0
    responses_us, groups_of = codes[reached], keys[reached]
    ordered = np.sort((groups_of << _GROUP_BIT) | responses_us)
    ends = np.searchsorted(ordered, np.arange(1, n + 1) << _GROUP_BIT)
    within = np.bincount(groups_of[responses_us <= target_s * _US_IN_S], minlength=n)
    unreached = np.bincount(keys[codes == NOT_REACHED], minlength=n)
    left_out = keys[codes <= EXCLUDED] * len(EXCLUSIONS) + (EXCLUDED - codes[codes <= EXCLUDED])
    excluded = np.bincount(left_out, minlength=n * len(EXCLUSIONS)).reshape(n, len(EXCLUSIONS))
    lines = []
    for number, name in enumerate(names):
        begin = int(ends[number - 1]) if number else 0
        mine = (ordered[begin : ends[number]] & ((1 << _GROUP_BIT) - 1)) / _US_IN_S
        counts = {str(reason): int(count) for reason, count in zip(EXCLUSIONS, excluded[number], strict=True) if count}
        lines.append(_line(name, mine, int(within[number]), int(unreached[number]), counts))
    return lines


def _line(name: str, ordered_s: NDArray[np.float64], within: int, unreached: int, excluded: dict[str, int]) -> KpiGroup:
    measured = len(ordered_s) + unreached
    low, high = wilson(within, measured) or (None, None)
    return KpiGroup(
        group=name,
        incidents=measured + sum(excluded.values()),
        measured=measured,
        within_target=within,
        share=within / measured if measured else None,
        share_low=low,
        share_high=high,
        p50_s=percentile(ordered_s, measured, 50),
        p90_s=percentile(ordered_s, measured, 90),
        mean_s=float(ordered_s.mean()) if len(ordered_s) else None,
        reached=len(ordered_s),
        unreached=unreached,
        excluded=dict(sorted(excluded.items())),
    )
