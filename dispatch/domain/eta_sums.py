"""Predicted beside real travel times, summed over columns of journeys: of any incidents, by any group. Pure.

An ETA is the way alone, so it is compared with the way alone: from setting out to the arrival. What the caller waits,
from the order, stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.eta_columns import EtaGroupBy
from dispatch.domain.kpi import ALL
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_columns import NEVER, Columns
from dispatch.domain.kpi_filter import Bools
from dispatch.domain.kpi_tally import US_IN_S, Ints, Tally

_MILLION: Final = 1_000_000
_HIGHEST_RATIO: Final = 1e15
"""A milliard: so many ETAs of microseconds as there may be, no number overflows."""


@dataclass(frozen=True, slots=True)
class EtaBooks:
    """All that a question is answered from. `chunks`: the journeys of each of the books' chunks."""

    books: Books
    chunks: Sequence[Columns]
    names: Mapping[EtaGroupBy, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaFigure:
    """Of one group: seconds, and real over predicted. `n` have a time of the way, `from_order_n` arrived."""

    group: str
    n: int
    bias_s: float | None
    ratio_p10: float | None
    ratio_p50: float | None
    ratio_p90: float | None
    mae_s: float | None
    turnout_p50_s: float | None
    from_order_n: int
    from_order_bias_s: float


def eta_groups(books: EtaBooks, asked: Asked, group_by: EtaGroupBy | None = None) -> list[EtaFigure]:
    """The figures of each group that has a journey, in no order."""
    names = [ALL] if group_by is None else books.names[group_by]
    sums = _Sums(len(names))
    for columns, mine in _chosen(books, asked):
        sums.add(columns, mine, None if group_by is None else columns[group_by])
    return list(sums.figures(names))


def journey_ids(
    books: EtaBooks,
    asked: Asked,
    group: tuple[EtaGroupBy, str] | None,
    *,
    with_way: bool,
    before: tuple[int, UUID] | None,
    limit: int,
) -> list[UUID]:
    """The assignments behind a group's figures, the newest order first; `group`: (grouping, key); None: all.

    `with_way`: those alone that `n` counts. `before`: the last one's time of order, microseconds, and id.
    """
    if group is not None and group[1] not in books.names[group[0]]:
        return []
    found: list[tuple[int, UUID]] = []
    for columns, mine in reversed(list(_chosen(books, asked))):
        conditions = [] if mine is None else [mine]
        if group is not None:
            conditions.append(columns[group[0]] == books.names[group[0]].index(group[1]))
        if with_way:
            conditions.append(_ways(columns, None)[1])
        if before is not None:
            conditions.append(columns["sent_us"] <= before[0])
        if len(found) == limit:
            conditions.append(columns["sent_us"] >= found[-1][0])
        meant = np.flatnonzero(np.logical_and.reduce(conditions)) if conditions else np.arange(len(columns["row"]))
        found = sorted(found + _newest(columns, meant, before, limit), reverse=True)[:limit]
    return [assignment_id for _, assignment_id in found]


def _newest(
    columns: Columns, meant: NDArray[np.intp], before: tuple[int, UUID] | None, limit: int
) -> list[tuple[int, UUID]]:
    """So many of the newest of these rows at least, if there are so many; orders of one moment are not parted."""
    sent_us = columns["sent_us"][meant]
    if before is not None:
        # Of those that were ordered at the very moment, all are looked at: only ids tell which of them come after.
        is_tied = sent_us == before[0]
        limit += int(np.count_nonzero(is_tied))
    if len(meant) > limit:
        place = len(meant) - limit
        meant = meant[sent_us >= np.partition(sent_us, place)[place]]
    ids = columns["assignment_id"][meant]
    pairs = [(int(at), UUID(bytes=bytes(one))) for at, one in zip(columns["sent_us"][meant].tolist(), ids, strict=True)]
    return pairs if before is None else [pair for pair in pairs if pair < before]


def _chosen(books: EtaBooks, asked: Asked) -> Iterator[tuple[Columns, Bools | None]]:
    """The chunks of journeys that may be meant, and which of their rows are; None: all."""
    meant = {id(columns) for columns in books.books.of(asked.wanted)}
    for incidents, columns in zip(books.books.chunks, books.chunks, strict=True):
        if id(incidents) in meant:
            rows = books.books.rows(incidents, asked)
            yield columns, None if rows is None else rows[columns["row"]]


def _ways(columns: Columns, mine: Bools | None) -> tuple[Ints, Bools]:
    """(from setting out to the arrival, where that is known)."""
    turnout_us = _of(columns["turnout_us"], mine)
    way_us = _of(columns["from_order_us"], mine) - turnout_us
    return way_us, (turnout_us != NEVER) & (way_us >= 0)


def _of(column: NDArray[Any], mine: Bools | None) -> NDArray[Any]:
    return column if mine is None else column[mine]


class _Sums:
    def __init__(self, groups: int) -> None:
        self._groups = groups
        self._off, self._waited, self._ratio, self._turnout = (Tally(groups) for _ in range(4))
        self._off_sums = np.zeros(groups)

    def add(self, columns: Columns, mine: Bools | None, groups: NDArray[Any] | None) -> None:
        """The rows that are meant of a chunk."""
        eta_us, turnout_us = _of(columns["eta_us"], mine), _of(columns["turnout_us"], mine)
        mine_of = None if groups is None else _of(groups, mine)
        self._waited.add(_of(columns["from_order_us"], mine) - eta_us, mine_of)
        is_told = turnout_us != NEVER
        self._turnout.add(turnout_us[is_told], _some(mine_of, is_told))
        way_us, is_known = _ways(columns, mine)
        of = mine_of
        if not is_known.all():
            way_us, eta_us, of = way_us[is_known], eta_us[is_known], _some(mine_of, is_known)
        off_us = way_us - eta_us
        self._off.add(off_us, of)
        if of is None:
            self._off_sums[0] += np.abs(off_us).sum()
        else:
            self._off_sums += np.bincount(of, weights=np.abs(off_us), minlength=self._groups)
        if not (has_eta := eta_us > 0).all():
            way_us, eta_us, of = way_us[has_eta], eta_us[has_eta], _some(of, has_eta)
        ratio = np.minimum(np.rint(way_us / eta_us * _MILLION), _HIGHEST_RATIO).astype(np.int64)
        self._ratio.add(ratio, of)

    def figures(self, names: Sequence[str]) -> Iterator[EtaFigure]:
        """Of the groups that have a journey, in the order of their names."""
        (bias_s,), (turnout_s,), (waited_s,) = (
            one.percentiles_s((50,)) for one in (self._off, self._turnout, self._waited)
        )
        # Millionths of a ratio become ratios as microseconds become seconds.
        low, middle, high = self._ratio.percentiles_s((10, 50, 90))
        known, arrived = self._off.n().tolist(), self._waited.n().tolist()
        for number, name in enumerate(names):
            of_order_s, n = waited_s[number], known[number]
            if of_order_s is None:
                continue
            yield EtaFigure(
                group=name,
                n=n,
                bias_s=bias_s[number],
                ratio_p10=low[number],
                ratio_p50=middle[number],
                ratio_p90=high[number],
                mae_s=float(self._off_sums[number]) / n / US_IN_S if n else None,
                turnout_p50_s=turnout_s[number],
                from_order_n=arrived[number],
                from_order_bias_s=of_order_s,
            )


def _some(groups: NDArray[Any] | None, which: Bools) -> NDArray[Any] | None:
    return None if groups is None else groups[which]
