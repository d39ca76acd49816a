"""The ledger: which incidents stand behind a figure, each in exactly one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.kpi import Exclusion
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_columns import EXCLUDED, EXCLUSIONS, NEVER, NOT_REACHED, REVIEWS, Columns, incident_ids
from dispatch.domain.kpi_filter import Bools, labels
from dispatch.domain.kpi_line import MARKS, Mark
from dispatch.domain.kpi_sums import differs_by_review, outcomes
from dispatch.domain.kpi_tally import US_IN_S, Ints
from dispatch.domain.parts import Part
from dispatch.domain.percentile import percentile
from dispatch.domain.review_state import ReviewState

Outcome = Literal["within", "late", "excluded", "measured"]
Nearest = Literal["in_time", "not_known"]
Sort = Literal["newest", "slowest"]


@dataclass(frozen=True, slots=True)
class Pick:
    """Which rows of what was asked for; None: all."""

    outcome: Outcome | None = None
    reason: Exclusion | None = None
    mark: Mark | None = None
    review: ReviewState | None = None
    sort: Sort = "newest"
    changed: bool | None = None
    """Whether a review gave it another figure, of the clock that is asked for."""
    reached: bool | None = None
    """Whether anybody came; what is excluded is neither."""
    over_s: float | None = None
    """Responses that took longer; what nobody reached is none."""
    up_to_s: float | None = None
    part: Part | None = None
    """Reached, and it is known how long this part took."""
    nearest: Nearest | None = None
    """Had the nearest free unit gone at once: it would have been in time, or nobody can say."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the row's rank and the incident."""

    rank: int
    incident_id: UUID


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of the ledger: within + late + excluded = incidents."""

    within: int
    late: int
    excluded: dict[str, int]

    @property
    def incidents(self) -> int:
        """All rows."""
        return self.within + self.late + sum(self.excluded.values())


def totals(books: Books, asked: Asked) -> Totals:
    """Of all that was asked for."""
    within = late = 0
    excluded = np.zeros(len(EXCLUSIONS), np.int64)
    for columns in books.of(asked.wanted):
        codes = outcomes(columns, asked, books.rows(columns, asked))
        is_within, is_late = _is_within(codes, asked), _is_late(codes, asked)
        within += int(np.count_nonzero(is_within))
        late += int(np.count_nonzero(is_late))
        excluded += np.bincount(EXCLUDED - codes[codes <= EXCLUDED], minlength=len(EXCLUSIONS))
    reasons = {str(reason): int(count) for reason, count in zip(EXCLUSIONS, excluded, strict=True) if count}
    return Totals(within, late, dict(sorted(reasons.items())))


def page(books: Books, asked: Asked, pick: Pick, limit: int, after: Position | None) -> tuple[list[Position], bool]:
    """The next rows in the order of `pick.sort`, and whether more follow. Each incident comes once."""
    found: list[Position] = []
    ranked = books.of(asked.wanted)
    if pick.sort == "newest":
        ranked.reverse()
    for columns in ranked:
        if pick.sort == "newest" and len(found) > limit:
            break  # older months hold only older calls
        ranks, rows = _ranked(columns, books, asked, pick)
        if after is not None:
            follows = ranks < after.rank
            ties = np.flatnonzero(ranks == after.rank)
            for tie, incident_id in zip(ties, incident_ids(columns, rows[ties]), strict=True):
                follows[tie] = incident_id < after.incident_id
            ranks, rows = ranks[follows], rows[follows]
        if len(rows) > limit + 1:
            # With all ties of the last one: they are settled by the incident's id.
            keep = ranks >= np.partition(ranks, len(ranks) - limit - 1)[len(ranks) - limit - 1]
            ranks, rows = ranks[keep], rows[keep]
        ids = incident_ids(columns, rows)
        found += [Position(int(rank), incident_id) for rank, incident_id in zip(ranks, ids, strict=True)]
    found.sort(key=lambda one: (one.rank, one.incident_id), reverse=True)
    return found[:limit], len(found) > limit


def every(books: Books, asked: Asked, pick: Pick) -> list[UUID]:
    """All incidents that are picked, the oldest first."""
    oldest_first = replace(pick, sort="newest")
    ids: list[UUID] = []
    for columns in books.of(asked.wanted):
        ids += incident_ids(columns, _ranked(columns, books, asked, oldest_first)[1])
    return ids


def count_reviews(books: Books, asked: Asked, state: ReviewState = "open") -> int:
    """How many of what was asked for are open to a supervisor's look, or done."""
    chunks = books.of(asked.wanted)
    return sum(int(np.count_nonzero(_of_review(columns, books, asked, state))) for columns in chunks)


@dataclass(frozen=True, slots=True)
class LateSum:
    """The late ones of one reason. `in_time`: had the nearest free unit gone at once; `unknown`: nobody can say."""

    reason: str
    n: int
    excess_p50_s: float | None
    in_time: int
    unknown: int


def late(books: Books, asked: Asked) -> list[LateSum]:
    """Why incidents were late on the clock that is asked for, the most frequent reason first."""
    reasons, keys = labels("late_reason", asked.clock, asked.figures, books.names, books.places)
    found: list[tuple[Ints, NDArray[np.int32], NDArray[np.float32]]] = []
    for columns in books.of(asked.wanted):
        meant = books.rows(columns, asked)
        rows = np.arange(len(columns["day"])) if meant is None else np.flatnonzero(meant)
        codes = outcomes(columns, asked, meant)
        is_late = _is_late(codes, asked)
        rows = rows[is_late]
        found.append((codes[is_late], columns[reasons][rows], _nearest_free_s(columns, asked)[rows]))
    if not found:
        return []
    codes, numbers, free_s = (np.concatenate(part) for part in zip(*found, strict=True))
    of_key = {key: [number for number, one in enumerate(keys) if one == key] for key in keys}
    sums = [_late_sum(key, np.isin(numbers, its), codes, free_s, asked) for key, its in of_key.items()]
    return sorted((one for one in sums if one.n), key=lambda one: (-one.n, one.reason))


def _nearest_free_s(columns: Columns, asked: Asked) -> NDArray[np.float32]:
    return columns[f"nearest_free_s_{asked.clock}_{asked.figures}"]


def _late_sum(reason: str, mine: Bools, codes: Ints, free_s: NDArray[np.float32], asked: Asked) -> LateSum:
    reached_s = np.sort(codes[mine & (codes >= 0)]) / US_IN_S - asked.target_s
    n = int(np.count_nonzero(mine))
    return LateSum(
        reason=reason,
        n=n,
        excess_p50_s=percentile(reached_s, len(reached_s), 50),
        in_time=int(np.count_nonzero(mine & (free_s <= asked.target_s))),
        unknown=int(np.count_nonzero(mine & np.isnan(free_s))),
    )


def _ranked(columns: Columns, books: Books, asked: Asked, pick: Pick) -> tuple[Ints, Ints]:
    """(rank, row) of the rows that are picked; the higher rank comes first."""
    meant = books.rows(columns, asked) if pick.review is None else _of_review(columns, books, asked, pick.review)
    rows = np.arange(len(columns["day"])) if meant is None else np.flatnonzero(meant)
    codes = outcomes(columns, asked, meant)
    keep = np.ones(len(rows), np.bool_)
    if pick.outcome is not None:
        keep &= _IS[pick.outcome](codes, asked)
    if pick.reason is not None:
        keep &= codes == EXCLUDED - EXCLUSIONS.index(pick.reason)
    if pick.reached is not None:
        keep &= codes >= 0 if pick.reached else codes == NOT_REACHED
    if pick.over_s is not None:
        keep &= codes > pick.over_s * US_IN_S
    if pick.up_to_s is not None:
        keep &= (codes >= 0) & (codes <= pick.up_to_s * US_IN_S)
    if pick.part is not None:
        keep &= (codes >= 0) & (columns[f"{pick.part}_us_{asked.figures}"][rows] != NEVER)
    if pick.nearest is not None:
        free_s = _nearest_free_s(columns, asked)[rows]
        keep &= free_s <= asked.target_s if pick.nearest == "in_time" else np.isnan(free_s)
    if pick.changed is not None:
        keep &= differs_by_review(columns, asked)[rows] == pick.changed
    if pick.mark is not None:
        keep &= (columns["marks"][rows] >> MARKS.index(pick.mark) & 1).astype(np.bool_)
    rows, codes = rows[keep], codes[keep]
    if pick.sort == "newest":
        return columns["received_us"][rows], rows
    # Nobody there is slower than anybody; what is excluded has no response and comes last.
    slowness = np.where(codes == NOT_REACHED, np.iinfo(np.int64).max, codes)
    return slowness, rows


def _of_review(columns: Columns, books: Books, asked: Asked, state: ReviewState) -> Bools:
    """Which rows are asked for and in this state."""
    found: Bools = columns["review"] == REVIEWS.index(state)
    if found.any() and (meant := books.rows(columns, asked)) is not None:
        found &= meant
    return found


def _is_within(codes: Ints, asked: Asked) -> Bools:
    return np.asarray((codes >= 0) & (codes <= asked.target_s * US_IN_S))


def _is_late(codes: Ints, asked: Asked) -> Bools:
    return np.asarray((codes > asked.target_s * US_IN_S) | (codes == NOT_REACHED))


def _is_measured(codes: Ints, _: Asked) -> Bools:
    return np.asarray(codes > EXCLUDED)


def _is_excluded(codes: Ints, _: Asked) -> Bools:
    return np.asarray(codes <= EXCLUDED)


_IS: dict[Outcome, Callable[[Ints, Asked], Bools]] = {
    "within": _is_within,
    "late": _is_late,
    "excluded": _is_excluded,
    "measured": _is_measured,
}
