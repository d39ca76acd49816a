"""The ten-minute clock over columns: the report that `kpi` gives of the same incidents, of millions at once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.kpi import ALL, SHIFT_HOURS, SHIFTS, UNKNOWN, Exclusion, GroupBy, KpiGroup
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_columns import (
    CATEGORIES,
    EXCLUDED,
    EXCLUSIONS,
    NEVER,
    NOT_REACHED,
    STILL_OPEN,
    Columns,
    to_us,
)
from dispatch.domain.kpi_filter import Bools, labels
from dispatch.domain.kpi_tally import US_IN_S, Ints, Tally
from dispatch.domain.parts import PARTS, Part
from dispatch.domain.wilson import wilson

Numbering = Callable[[Columns], NDArray[Any]]
_LEFT: Final = -EXCLUDED + len(EXCLUSIONS)
"""So many negative codes there are, and 0, which is a response."""
_PENDING: Final = EXCLUDED - EXCLUSIONS.index(Exclusion.PENDING)


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
        received_us, now_us = _rows(columns["received_us"], rows)[is_open], to_us(asked.now)
        start_us = received_us
        if asked.clock == "dispatched":
            dispatched_us = _rows(columns[f"dispatched_us_{asked.figures}"], rows)[is_open]
            is_sent = (dispatched_us != NEVER) & (dispatched_us <= now_us)
            start_us = np.where(is_sent, dispatched_us, received_us)
        is_pending = now_us - start_us <= asked.target_s * US_IN_S
        codes[is_open] = np.where(is_pending, _PENDING, NOT_REACHED)
    return codes


def groups(books: Books, asked: Asked, group_by: GroupBy | None = None) -> list[KpiGroup]:
    """The report, as `kpi` gives it of the same incidents: same groups, same order, same numbers."""
    chunks, names, number = books.of(asked.wanted), [ALL], None
    if group_by is not None:
        names, number = _numbering(chunks, books, asked, group_by)
    n = len(names)
    tally, within_us = Tally(n), int(asked.target_s * US_IN_S)
    within, left = np.zeros(n, np.int64), np.zeros(n * _LEFT, np.int64)
    for columns in chunks:
        rows = books.rows(columns, asked)
        codes = outcomes(columns, asked, rows)
        is_reached = codes >= 0
        reached, unreached = codes[is_reached], codes[~is_reached]
        if number is None:
            tally.add(reached)
            within[0] += np.count_nonzero(reached <= within_us)
            left += np.bincount(-unreached, minlength=_LEFT)
        else:
            mine = _rows(number(columns), rows)
            of_reached = mine[is_reached]
            tally.add(reached, of_reached)
            within += np.bincount(of_reached[reached <= within_us], minlength=n)
            left += np.bincount(mine[~is_reached].astype(np.int64) * _LEFT - unreached, minlength=n * _LEFT)
    lines = _lines(names, tally, within, left.reshape(n, _LEFT))
    if group_by is None:
        return lines
    return sorted((line for line in lines if line.incidents), key=lambda line: (line.group == UNKNOWN, line.group))


def parts(books: Books, asked: Asked) -> dict[Part, Spread]:
    """Where the time of the reached ones went: handling, dispatch, turnout, travel."""
    tallies = {part: Tally(1) for part in PARTS}
    for columns in books.of(asked.wanted):
        reached = _reached(columns, books, asked)
        for part, tally in tallies.items():
            took_us = columns[f"{part}_us_{asked.figures}"].take(reached)
            is_known = took_us != NEVER
            tally.add(took_us if is_known.all() else took_us[is_known])
    return {part: _spreads(tally)[0] for part, tally in tallies.items()}


def parts_by(books: Books, asked: Asked, group_by: GroupBy) -> list[tuple[str, dict[Part, Spread]]]:
    """`parts` of each group that has a reached incident, in the order of `groups`."""
    chunks = books.of(asked.wanted)
    names, number = _numbering(chunks, books, asked, group_by)
    tallies = {part: Tally(len(names)) for part in PARTS}
    count = np.zeros(len(names), np.int64)
    for columns in chunks:
        reached = _reached(columns, books, asked)
        mine = number(columns)[reached]
        count += np.bincount(mine, minlength=len(names))
        for part, tally in tallies.items():
            took_us = columns[f"{part}_us_{asked.figures}"].take(reached)
            is_known = took_us != NEVER
            tally.add(took_us[is_known], mine[is_known])
    spreads = {part: _spreads(tally) for part, tally in tallies.items()}
    found = [(name, {part: spreads[part][place] for part in PARTS}) for place, name in enumerate(names) if count[place]]
    return sorted(found, key=lambda one: (one[0] == UNKNOWN, one[0]))


def _reached(columns: Columns, books: Books, asked: Asked) -> NDArray[np.intp]:
    """The places of the rows that are asked for and that somebody reached."""
    rows = books.rows(columns, asked)
    reached = np.flatnonzero(outcomes(columns, asked, rows) >= 0)
    return reached if rows is None else np.flatnonzero(rows)[reached]


def _spreads(tally: Tally) -> list[Spread]:
    p50_s, p90_s = tally.percentiles_s((50, 90))
    figures = zip(tally.n().tolist(), p50_s, p90_s, tally.means_s(), strict=True)
    return [Spread(*one) for one in figures]


def responses_s(books: Books, asked: Asked) -> tuple[NDArray[np.float64], int]:
    """The responses of all that were reached, seconds, and how many nobody reached."""
    pieces = [np.zeros(0, np.int64)]
    for columns in books.of(asked.wanted):
        pieces.append(outcomes(columns, asked, books.rows(columns, asked)))
    codes = np.concatenate(pieces)
    return codes[codes >= 0] / US_IN_S, int(np.count_nonzero(codes == NOT_REACHED))


def changed_by_review(books: Books, asked: Asked) -> int:
    """How many incidents have another figure since a review."""
    count = 0
    for columns in books.of(asked.wanted):
        rows = books.rows(columns, asked)
        count += int(np.count_nonzero(_rows(differs_by_review(columns, asked), rows)))
    return count


def differs_by_review(columns: Columns, asked: Asked) -> Bools:
    """Which rows have another figure since a review."""
    differs: Bools = columns[f"{asked.clock}_reviewed"] != columns[f"{asked.clock}_recorded"]
    return differs


def _rows(column: NDArray[Any], rows: Bools | None) -> NDArray[Any]:
    return column if rows is None else column[rows]


def _numbering(chunks: Sequence[Columns], books: Books, asked: Asked, group_by: GroupBy) -> tuple[list[str], Numbering]:
    """(the key of each group, the numbers of the groups that a chunk's rows are of)."""
    if group_by in ("day", "month"):
        return _by_date(chunks, len("2026-11") if group_by == "month" else len("2026-11-23"))
    if group_by == "weekday_hour":
        names = [f"{day}-{hour:02}" for day in range(8) for hour in range(24)]
        return names, lambda columns: columns["weekday"].astype(np.int32) * 24 + columns["hour"]
    if group_by == "shift":
        return list(SHIFTS), lambda columns: columns["hour"] // SHIFT_HOURS
    if group_by in _PLAIN:
        return _PLAIN[group_by], lambda columns: columns[group_by]
    column, keys = labels(group_by, asked.clock, asked.figures, books.names, books.places)
    # Two stations of one name, or of one precinct, are one group.
    names, table = _table(keys)
    return names, lambda columns: table[columns[column]]


def _by_date(chunks: Sequence[Columns], length: int) -> tuple[list[str], Numbering]:
    """By so many characters of the day. Rows come in the order of time."""
    if not chunks:
        return [], lambda columns: columns["day"]
    first, last = int(chunks[0]["day"][0]), int(chunks[-1]["day"][-1])
    names, table = _table([date.fromordinal(day).isoformat()[:length] for day in range(first, last + 1)])
    return names, lambda columns: table[columns["day"] - first]


def _table(keys: Sequence[str]) -> tuple[list[str], NDArray[np.int32]]:
    """The different keys, and the number of each entry's key among them."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return list(numbers), np.array([numbers[key] for key in keys], np.int32)


_PLAIN: Final[Mapping[str, list[str]]] = {
    "hour": [f"{hour:02}" for hour in range(24)],
    "weekday": [str(day) for day in range(8)],
    "priority": [str(number) for number in range(5)],
    "category": [str(name) for name in CATEGORIES],
}
"""Columns whose numbers are the places of these keys."""


def _lines(names: Sequence[str], tally: Tally, within: Ints, left: Ints) -> list[KpiGroup]:
    """`left`: by group, how many have each of the negative codes."""
    unreached = left[:, -NOT_REACHED]
    measured = tally.n() + unreached
    (p50_s, p90_s), mean_s = tally.percentiles_s((50, 90), measured), tally.means_s()
    excluded = [
        {str(reason): int(n) for reason, n in zip(EXCLUSIONS, row[-EXCLUDED:], strict=True) if n} for row in left
    ]
    return [
        _line(name, *figures)
        for name, *figures in zip(
            names, tally.n().tolist(), within.tolist(), unreached.tolist(), excluded, p50_s, p90_s, mean_s, strict=True
        )
    ]


def _line(
    name: str,
    reached: int,
    within: int,
    unreached: int,
    excluded: dict[str, int],
    p50_s: float | None,
    p90_s: float | None,
    mean_s: float | None,
) -> KpiGroup:
    measured = reached + unreached
    low, high = wilson(within, measured) or (None, None)
    return KpiGroup(
        group=name,
        incidents=measured + sum(excluded.values()),
        measured=measured,
        within_target=within,
        share=within / measured if measured else None,
        share_low=low,
        share_high=high,
        p50_s=p50_s,
        p90_s=p90_s,
        mean_s=mean_s,
        reached=reached,
        unreached=unreached,
        excluded=dict(sorted(excluded.items())),
    )
