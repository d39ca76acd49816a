"""The books of the figures, kept by each dispatch server: sheets in memory by month, fresh whenever they are asked."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi_columns import Columns, Names
from dispatch.domain.kpi_sums import Books
from dispatch.domain.refusals import FiguresInPreparation
from dispatch.service.desk import Desk
from dispatch.store.away import is_away
from dispatch.store.kpi_lines import places
from dispatch.store.kpi_sheets import is_stale, make_stale, months_after, note_changes, sheets_of_month

WAIT_S: Final = 10.0
"""How long a question waits for sheets of many days; after an import or a new layout there may be years of them."""


EVERY_S: Final = 60.0
_log = structlog.get_logger()


class KpiKeeper:
    """Answers from memory what all that is committed says. Safe to be asked by many at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._names = Names()
        self._chunks: dict[date, Columns] = {}
        self._version = 0
        self._one_at_a_time = asyncio.Lock()
        self._making: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Keeps sheets fresh while nobody asks, so that whoever does need not wait for what an import left to do."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.books()
            except FiguresInPreparation:
                continue
            except Exception as error:
                if not is_away(error):
                    raise
                _log.warning("figures_wait_for_database", error=str(error))

    async def books(self) -> Books:
        """As of this moment. Raises FiguresInPreparation where that takes longer than a question may wait."""
        if self._making is not None and not self._making.done():
            await self._wait()  # it may have begun before what the asker knows of
        async with self._desk.engine.connect() as connection:
            if not await is_stale(connection):
                return await self._read(connection)
        self._making = asyncio.create_task(self._make(), name="figures")
        await self._wait()
        async with self._desk.engine.connect() as connection:
            return await self._read(connection)

    async def _read(self, connection: AsyncConnection) -> Books:
        async with self._one_at_a_time:
            months, version = await months_after(connection, self._version)
            for month in months:
                self._chunks[month] = self._names.joined(await sheets_of_month(connection, month))
            self._version = version
            chunks = [self._chunks[month] for month in sorted(self._chunks)]
            names = self._names.known()
        where = await places(connection)
        return Books(chunks, names, {str(station): place for station, place in where.items()})

    async def _wait(self) -> None:
        """For the making of sheets, which goes on when nobody waits any longer."""
        assert self._making is not None  # noqa: S101 - asked only where there is one
        try:
            async with asyncio.timeout(WAIT_S):
                await asyncio.shield(self._making)
        except TimeoutError:
            raise FiguresInPreparation("The figures of many days are being computed; ask again in a minute.") from None

    async def _make(self) -> None:
        async with self._desk.engine.begin() as connection:
            left = await note_changes(connection)
        while left > 0:
            async with self._desk.engine.begin() as connection:
                made = await make_stale(connection, self._desk.clock())
            left = left - len(made) if made else 0
