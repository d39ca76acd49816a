"""Makes reports and keeps them: on request, and by the calendar in the server that leads.

The calendar is read off the tables: what is due and has no report is made, so that a server that was down at 06:00 of
the first makes up for it when it is back. Nobody needs to remember what was done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch.domain.kpi import TAIPEI, local_day
from dispatch.domain.kpi_books import Books
from dispatch.domain.refusals import BeforeFirstCall, FiguresInPreparation
from dispatch.domain.report_period import Period, due_periods
from dispatch.reports.refusals import FontMissing
from dispatch.reports.rendering import render
from dispatch.reports.words import Language
from dispatch.service.desk import Desk
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.report_figures import Counted, count, counted_from, recount, same_layout
from dispatch.store import report_facts, reports
from dispatch.store.away import is_away
from dispatch.store.rows import AnyRow

LOOK_S: Final = 30.0
TRY_AGAIN: Final = timedelta(hours=1)
"""After a failure that will not pass by itself, as letters that are not there."""
MONTHS_MADE_UP: Final = 12
MADE_WITHIN: Final = timedelta(hours=1)
"""Between the counting of a report and its keeping."""
PATIENCE_S: Final = 2.0
"""So long does the list of reports wait to know which are outdated."""
BY_CALENDAR: Final = "server"
OFFICIAL: Final[Language] = "zh-TW"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Made:
    """`new`: it was made just now; else the newest one kept says the same."""

    report_id: UUID
    new: bool


async def make_report(desk: Desk, keeper: KpiKeeper, period: Period, language: Language, by: str) -> Made:
    """The report of the period with what is on record now; a new version where that changed since the last one.

    Raises PeriodNotOver before it is due, BeforeFirstCall, FontMissing.
    """
    period.check_over(desk.clock())
    await _check_begun(desk, period)
    asked_at = desk.clock()
    async with reports.one_at_a_time(desk.engine):
        newest = await _newest(desk, period, language)
        if newest is not None and newest.made_at > asked_at:  # somebody asked for the same a moment ago
            figures = await recount(desk, keeper, period, newest.ledger_sha256)
            if figures.digest() == newest.figures_sha256:
                return Made(newest.report_id, new=False)
        counted = await count(desk, keeper, period)
        digest = counted.figures.digest()
        if newest is not None and newest.figures_sha256 == digest:
            return Made(newest.report_id, new=False)
        files = await asyncio.to_thread(files_of, counted, language)
        async with desk.engine.begin() as connection:
            report_id = await reports.add_report(
                connection,
                files.items(),
                kind=period.kind,
                period=str(period),
                language=language,
                version=1 if newest is None else newest.version + 1,
                made_at=desk.clock(),
                made_by=by,
                ledger_sha256=counted.figures.ledger_sha256,
                figures_sha256=digest,
                counted_from=counted.counted_from,
            )
    return Made(report_id, new=True)


async def _check_begun(desk: Desk, period: Period) -> None:
    async with desk.engine.connect() as connection:
        first = await report_facts.first_call_at(connection)
    if first is None:
        raise BeforeFirstCall("There is no call on record yet: nothing to report.", member="year")
    if first >= period.end:
        begun = first.astimezone(TAIPEI)
        raise BeforeFirstCall(
            f"The first call on record came in on {begun:%Y-%m-%d} (Asia/Taipei): the first month that can be reported "
            f"is {begun:%Y-%m}, the first year {begun:%Y}.",
            member="month" if begun.year == period.year else "year",
        )


async def _newest(desk: Desk, period: Period, language: Language) -> AnyRow | None:
    async with desk.engine.connect() as connection:
        return await reports.newest_report(connection, str(period), language)


def files_of(counted: Counted, language: Language) -> dict[str, bytes]:
    """The files that are kept, by format."""
    return dict(render(counted.figures, language).items()) | {reports.LEDGER: counted.ledger}


async def outdated(desk: Desk, keeper: KpiKeeper, rows: Sequence[AnyRow]) -> dict[UUID, bool | None]:
    """Of each of these reports: are its figures no longer those of now? None: not known.

    They are not where a later version stands, or where since its making a row of its period or a target was changed.
    """
    async with desk.engine.connect() as connection:
        superseded = await reports.superseded(connection, [row.report_id for row in rows])
    found: dict[UUID, bool | None] = dict.fromkeys(superseded, True)
    try:
        books = await keeper.books(wait_s=PATIENCE_S)
    except FiguresInPreparation:
        return {row.report_id: found.get(row.report_id) for row in rows}
    async with desk.engine.connect() as connection:
        made_at = await report_facts.sheets_made_at(connection)
        targets_at = await report_facts.targets_set_at(connection)
    for row in rows:
        if row.report_id not in found:
            found[row.report_id] = await _is_outdated(row, books, made_at, targets_at)
    return found


async def _is_outdated(
    row: AnyRow, books: Books, made_at: Mapping[date, datetime], targets_at: Mapping[int, datetime]
) -> bool | None:
    period, since = Period.read(row.period), row.made_at - MADE_WITHIN
    if any(year <= period.year and at > row.made_at for year, at in targets_at.items()):
        return True
    first, last = local_day(period.start), local_day(period.end)
    if not any(first <= month < last and at > since for month, at in made_at.items()):
        return False
    if not same_layout(row.counted_from):
        return None
    return bool(await asyncio.to_thread(counted_from, books, period) != row.counted_from)


class ReportKeeper:
    """One per server; works where the server leads."""

    def __init__(self, desk: Desk, figures: KpiKeeper, leading: Callable[[], bool]) -> None:
        self._desk = desk
        self._figures = figures
        self._leading = leading
        self._rests_until: dict[Period | None, datetime] = {}
        """Periods whose report failed; None: all."""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            if self._desk.settings.scheduled_reports and self._leading():
                await self._guarded_look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Makes what is due and was never made: of the last twelve months, and of last year.

        One that fails keeps no other from being made; it is tried again in an hour.
        """
        for period in await self.missing():
            if self._rests(period):
                continue
            try:
                made = await make_report(self._desk, self._figures, period, OFFICIAL, BY_CALENDAR)
            except FontMissing:
                raise  # no other would come out either
            except Exception as error:
                if _is_away(error):
                    raise
                _log.exception("scheduled_report_failed", period=str(period))
                self._rest(period)
            else:
                _log.info("report_made", report_id=str(made.report_id), period=str(period), language=OFFICIAL)

    async def missing(self) -> list[Period]:
        """Oldest first. A month without calls has a report as well, once there were calls before it."""
        async with self._desk.engine.connect() as connection:
            first = await report_facts.first_call_at(connection)
            if first is None:
                return []
            due = due_periods(first, self._desk.clock(), MONTHS_MADE_UP)
            return [one for one in due if await reports.newest_report(connection, str(one), OFFICIAL) is None]

    async def _guarded_look(self) -> None:
        """A report that fails must not end the server."""
        if self._rests(None):
            return
        try:
            await self.look()
        except Exception as error:  # noqa: BLE001 - whatever it is, dispatching goes on
            if _is_away(error):
                _log.warning("reports_wait_for_database", error=type(error).__name__)
                return
            _log.exception("scheduled_reports_failed")
            self._rest(None)

    def _rests(self, period: Period | None) -> bool:
        """Also where the clock was put back meanwhile, it is an hour at most."""
        until, now = self._rests_until.get(period), self._desk.clock()
        return until is not None and now < until <= now + TRY_AGAIN

    def _rest(self, period: Period | None) -> None:
        self._rests_until[period] = self._desk.clock() + TRY_AGAIN


def _is_away(error: Exception) -> bool:
    return isinstance(error, ConnectionError | TimeoutError | SQLAlchemyError) and is_away(error)
