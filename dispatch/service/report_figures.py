"""The one place where a report's figures come from the books: whoever counts, what a report says looks the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from dispatch.domain.kpi import Clock, GroupBy, KpiGroup
from dispatch.domain.kpi_filter import KpiFilter
from dispatch.domain.kpi_line import Figures
from dispatch.domain.kpi_sums import Asked, Books, changed_by_review, groups, parts
from dispatch.domain.refusals import FiguresInPreparation
from dispatch.domain.report import DIMENSIONS, Group, Line, Pair, PartFigure, ReportFigures
from dispatch.domain.report_period import Period
from dispatch.service.desk import Desk
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.ledger_file import ledger_file
from dispatch.store.kpi_targets import all_targets
from dispatch.store.reports import bureau_name

TRIES: Final = 5
CLOCKS: Final[tuple[Clock, Clock]] = ("received", "dispatched")


async def figures_of(desk: Desk, keeper: KpiKeeper, period: Period) -> ReportFigures:
    """All that a report of this period tells, as of `period.due_at`, with what is on record now.

    The hash is that of `GET /kpi/ledger.csv` of the period, whose rows these figures were counted from: while somebody
    changes them between the two, both are read again. Raises FiguresInPreparation.
    """
    asked = asked_of(period)
    for _ in range(TRIES):
        books = await keeper.books()
        ledger = await ledger_file(desk.engine, books, asked, "zh-TW")
        async with desk.engine.connect() as connection:
            shares = {row.year: row.share for row in await all_targets(connection)}
            bureau = await bureau_name(connection) or desk.settings.bureau
        told = (bureau, period, shares, ledger.sha256)
        figures = await asyncio.to_thread(figures_from, books, *told)
        if figures == await asyncio.to_thread(figures_from, await keeper.books(), *told):
            return figures
    raise FiguresInPreparation("The incidents of this period are being changed right now; ask again in a minute.")


def asked_of(period: Period) -> Asked:
    """Everything of the period, from receipt, as reviewed, as of when its report is due."""
    return Asked(now=period.due_at, wanted=KpiFilter(start=period.start, end=period.end))


def figures_from(
    books: Books, bureau: str, period: Period, shares: dict[int, float], ledger_sha256: str
) -> ReportFigures:
    """Counted from these books."""
    asked = asked_of(period)
    total = _groups(books, asked, None)[0]
    spreads = parts(books, asked)
    return ReportFigures(
        bureau=bureau,
        period=period,
        total=total,
        groups={by: _groups(books, asked, by) for by in DIMENSIONS[period.kind]},
        ledger_sha256=ledger_sha256,
        ledger_rows=total.received.reviewed.incidents,
        parts={part: PartFigure(one.n, one.p50_s, one.p90_s, one.mean_s) for part, one in spreads.items()},
        shares=shares,
        changed_by_review=changed_by_review(books, asked),
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
