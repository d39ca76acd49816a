"""The one place where a report's figures come from the books: whoever counts, what a report says looks the same."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Final, cast

import numpy as np
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi import Clock, Exclusion, GroupBy, KpiGroup
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_columns import LAYOUT, NAMED
from dispatch.domain.kpi_filter import KpiFilter
from dispatch.domain.kpi_line import Figures, Mark
from dispatch.domain.kpi_sums import changed_by_review, groups, parts
from dispatch.domain.refusals import FiguresDisagree
from dispatch.domain.report import DIMENSIONS, Group, Line, Pair, PartFigure, ReportFigures, TargetSet
from dispatch.domain.report_period import Period
from dispatch.service.desk import Desk
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.kpi_ledger import Pick, count_reviews, every
from dispatch.service.ledger_file import Outcomes, Written, write_ledger
from dispatch.store import report_facts
from dispatch.store.kpi_targets import target_history

CLOCKS: Final[tuple[Clock, Clock]] = ("received", "dispatched")
_log = structlog.get_logger()
_LAYOUT: Final = hashlib.sha256(repr(LAYOUT.descr).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a report tells beside what its incidents add up to; see ReportFigures."""

    bureau: str
    shares: Mapping[int, float]
    target_set: TargetSet | None = None
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """`ledger`: the file of which the figures tell the hash, packed by gzip; `counted_from`: see below."""

    figures: ReportFigures
    ledger: bytes
    counted_from: str


async def count(desk: Desk, keeper: KpiKeeper, period: Period) -> Counted:
    """All that a report of this period tells, as of `period.due_at`, with what is on record now; may take minutes.

    The ledger is that of `GET /kpi/ledger.csv` of the period; it and all figures are of one moment. Raises
    FiguresDisagree where they were not.
    """
    asked, packed = asked_of(period), io.BytesIO()
    async with keeper.one_file, keeper.moment(wait_s=None) as (books, connection):
        facts = await _facts(desk, connection, period)
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
            written = await write_ledger(connection, books, asked, "zh-TW", cast("IO[bytes]", file))
    figures = await asyncio.to_thread(figures_from, books, period, facts, written.sha256)
    _check_agree(figures, written)
    return Counted(figures, packed.getvalue(), await asyncio.to_thread(counted_from, books, period))


def _check_agree(figures: ReportFigures, written: Written) -> None:
    """A report that contradicts the ledger whose hash it prints is never kept."""
    said = figures.total.received
    for counted, rows in ((_outcomes(said.reviewed), written.outcomes), (_outcomes(said.recorded), written.recorded)):
        if counted != rows:
            period = str(figures.period)
            _log.error("report_contradicts_its_ledger", period=period, counted=dict(counted), written=dict(rows))
            raise FiguresDisagree(
                f"The figures of {period} and the rows of their ledger did not add up to the same, so no report was "
                "made. Ask again; if that does not help, the log of the server has both sums."
            )


def _outcomes(line: Line) -> Outcomes:
    return Outcomes(line.excluded) + Outcomes(within=line.within, late=line.measured - line.within)


async def recount(desk: Desk, keeper: KpiKeeper, period: Period, ledger_sha256: str) -> ReportFigures:
    """The same with a ledger that was read a moment ago: enough to tell that nothing changed since."""
    async with keeper.moment(wait_s=None) as (books, connection):
        facts = await _facts(desk, connection, period)
    return await asyncio.to_thread(figures_from, books, period, facts, ledger_sha256)


async def _facts(desk: Desk, connection: AsyncConnection, period: Period) -> Facts:
    await report_facts.take_time(connection)
    told = {year: rows[-1] for year, rows in (await target_history(connection)).items()}
    own = told.get(period.year)
    return Facts(
        bureau=await report_facts.bureau_name(connection) or desk.settings.bureau,
        shares={year: row.share for year, row in told.items() if row.share is not None},
        target_set=None if own is None or own.share is None else TargetSet(own.set_by, own.set_at),
        newest_at=await report_facts.newest_word_at(connection, period.start, period.end),
    )


def asked_of(period: Period) -> Asked:
    """Everything of the period, from receipt, as reviewed, as of when its report is due."""
    return Asked(now=period.due_at, wanted=KpiFilter(start=period.start, end=period.end))


def counted_from(books: Books, period: Period) -> str:
    """A hash over the period's rows, after one of their layout: of another layout it can't be compared."""
    asked, found = asked_of(period), hashlib.sha256()
    numbers = {
        kind: np.array([int.from_bytes(hashlib.sha256(repr(name).encode()).digest()[:8]) for name in names], np.uint64)
        for kind, names in books.names.items()
    }
    kinds = {column: kind for kind, named in NAMED.items() for column in named}
    for columns in books.of(asked.wanted):
        rows = books.rows(columns, asked)
        for name in sorted(columns):
            values = columns[name] if rows is None else columns[name][rows]
            # Numbers of names are those of a process; what they stand for is not.
            found.update((numbers[kinds[name]][values] if name in kinds else np.ascontiguousarray(values)).tobytes())
    return f"{_LAYOUT}.{found.hexdigest()}"


def same_layout(one: str | None) -> bool:
    """Can it be compared with what `counted_from` says now?"""
    return one is not None and one.startswith(_LAYOUT)


def figures_from(books: Books, period: Period, facts: Facts, ledger_sha256: str) -> ReportFigures:
    """Counted from these books."""
    asked = asked_of(period)
    total = _groups(books, asked, None)[0]
    spreads = parts(books, asked)
    return ReportFigures(
        bureau=facts.bureau,
        period=period,
        total=total,
        groups={by: _groups(books, asked, by) for by in DIMENSIONS[period.kind]},
        ledger_sha256=ledger_sha256,
        ledger_rows=total.received.reviewed.incidents,
        parts={part: PartFigure(one.n, one.p50_s, one.p90_s, one.mean_s) for part, one in spreads.items()},
        shares=facts.shares,
        target_set=facts.target_set,
        changed_by_review=changed_by_review(books, asked),
        cancelled_late=len(every(books, asked, Pick(reason=Exclusion.CANCELLED, mark=Mark.CANCELLED_LATE))),
        open_reviews=count_reviews(books, asked),
        newest_at=facts.newest_at,
    )


def _groups(books: Books, asked: Asked, by: GroupBy | None) -> list[Group]:
    """On both clocks, as reviewed and as recorded: the same incidents in all four."""

    def lines(clock: Clock, kind: Figures) -> dict[str, Line]:
        return {one.group: line_of(one) for one in groups(books, replace(asked, clock=clock, figures=kind), by)}

    clocks = []
    for clock in CLOCKS:
        reviewed, recorded = lines(clock, "reviewed"), lines(clock, "recorded")
        clocks.append({key: Pair(line, recorded[key]) for key, line in reviewed.items()})
    received, dispatched = clocks
    return [Group(key, received[key], dispatched[key]) for key in received]


def line_of(group: KpiGroup) -> Line:
    """A line of the figures as one of the report."""
    return Line(
        incidents=group.incidents,
        measured=group.measured,
        within=group.within_target,
        unreached=group.unreached,
        share=group.share,
        share_low=group.share_low,
        share_high=group.share_high,
        p50_s=group.p50_s,
        p90_s=group.p90_s,
        mean_s=group.mean_s,
        excluded=group.excluded,
    )
