"""Makes reports and keeps them: on request, and by the calendar in the server that leads.

The calendar is read off the tables: what is due and has no report is made, so that a server that was down at 06:00 of
the first makes up for it when it is back. Nobody needs to remember what was done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch.domain.refusals import FiguresInPreparation
from dispatch.domain.report_period import Period, due_periods
from dispatch.reports.rendering import render
from dispatch.reports.words import Language
from dispatch.service.desk import Desk
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.report_figures import figures_of
from dispatch.store import reports
from dispatch.store.away import is_away

LOOK_S: Final = 30.0
TRY_AGAIN: Final = timedelta(hours=1)
"""After a failure that will not pass by itself, as letters that are not there."""
MONTHS_MADE_UP: Final = 12
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

    Raises PeriodNotOver before it is due, FontMissing, FiguresInPreparation.
    """
    period.check_over(desk.clock())
    figures = await figures_of(desk, keeper, period)
    digest = figures.digest()
    async with desk.engine.connect() as connection:
        newest = await reports.newest_report(connection, str(period), language)
    if newest is not None and newest.figures_sha256 == digest:
        return Made(newest.report_id, new=False)
    files = await asyncio.to_thread(render, figures, language)
    async with desk.engine.begin() as connection:
        await reports.lock_keeping(connection)
        newest = await reports.newest_report(connection, str(period), language)
        if newest is not None and newest.figures_sha256 == digest:
            return Made(newest.report_id, new=False)
        version = 1 if newest is None else newest.version + 1
        report_id = await reports.add_report(
            connection,
            files.items(),
            kind=period.kind,
            period=str(period),
            language=language,
            version=version,
            made_at=desk.clock(),
            made_by=by,
            ledger_sha256=figures.ledger_sha256,
            figures_sha256=digest,
        )
    return Made(report_id, new=True)


class ReportKeeper:
    """One per server; works where the server leads."""

    def __init__(self, desk: Desk, figures: KpiKeeper, leading: Callable[[], bool]) -> None:
        self._desk = desk
        self._figures = figures
        self._leading = leading
        self._rests_until: datetime | None = None

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            if self._desk.settings.scheduled_reports and self._leading():
                await self._guarded_look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Makes what is due and was never made: of the last twelve months, and of last year."""
        for period in await self.missing():
            made = await make_report(self._desk, self._figures, period, OFFICIAL, BY_CALENDAR)
            _log.info("report_made", report_id=str(made.report_id), period=str(period), language=OFFICIAL)

    async def missing(self) -> list[Period]:
        """Oldest first. A month without calls has a report as well, once there were calls before it."""
        async with self._desk.engine.connect() as connection:
            first = await reports.first_call_at(connection)
            if first is None:
                return []
            due = due_periods(first, self._desk.clock(), MONTHS_MADE_UP)
            return [one for one in due if await reports.newest_report(connection, str(one), OFFICIAL) is None]

    async def _guarded_look(self) -> None:
        """A report that fails must not end the server: it is tried again in an hour, and others can be asked for."""
        now = self._desk.clock()
        if self._rests_until is not None and now < self._rests_until <= now + TRY_AGAIN:
            return
        self._rests_until = None
        try:
            await self.look()
        except FiguresInPreparation:
            _log.info("reports_wait_for_figures")
        except Exception as error:  # noqa: BLE001 - whatever it is, dispatching goes on
            if isinstance(error, ConnectionError | TimeoutError | SQLAlchemyError) and is_away(error):
                _log.warning("reports_wait_for_database", error=type(error).__name__)
                return
            _log.exception("scheduled_report_failed")
            self._rests_until = now + TRY_AGAIN
