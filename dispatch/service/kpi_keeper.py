"""The books of the figures, kept by each dispatch server: sheets in memory by month, fresh whenever they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from itertools import count
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi_books import Books
from dispatch.domain.kpi_columns import Columns, Names
from dispatch.domain.refusals import FiguresInPreparation
from dispatch.service.desk import Desk
from dispatch.service.eta_keeper import EtaKeeper
from dispatch.store.away import is_away
from dispatch.store.database import one_moment
from dispatch.store.kpi_lines import places
from dispatch.store.kpi_sheets import (
    is_fresh,
    make_stale,
    months_after,
    note_changes,
    sheets_of_month,
    sheets_version,
)
from dispatch.store.kpi_stale import hold_sheets
from dispatch.store.log import log_at_rest

WAIT_S: Final = 10.0
"""How long a question waits for sheets of many days; after an import or a new layout there may be years of them."""
ROUNDS: Final = 3
"""So often a question looks for a view of which its sheets know all; then it lets the log wait for the next one."""
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
        self.one_file = asyncio.Lock()
        """Whoever writes all rows of a ledger holds it: a file of years is minutes of work."""
        self._making: asyncio.Task[None] | None = None
        self.etas = EtaKeeper()

    async def run(self) -> None:
        """Keeps sheets fresh while nobody asks, so that whoever does need not wait for what an import left to do.

        Whatever goes wrong with a figure, dispatching goes on.
        """
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                # Also where it tells of no incident: else every question would look through it anew.
                await self._note()
                async with self.moment() as (books, connection):
                    await self.etas.books(books, connection, None)
            except FiguresInPreparation:
                continue
            except Exception as error:  # noqa: BLE001 - told, and tried again
                if is_away(error):
                    _log.warning("figures_wait_for_database", error=str(error))
                else:
                    _log.exception("figures_failed")

    async def books(self, wait_s: float | None = WAIT_S) -> Books:
        """All that was told up to this moment. Raises FiguresInPreparation where that takes longer; None: never."""
        async with self.moment(wait_s) as (books, _):
            return books

    @asynccontextmanager
    async def moment(self, wait_s: float | None = WAIT_S) -> AsyncIterator[tuple[Books, AsyncConnection]]:
        """The same with a connection that sees the tables as they were when the books were read, until the end.

        Of what the tables show there, the books know every event: rows that are read from it add up to their sums.
        """
        for turn in count():
            seen = self._making
            is_under_way = seen is not None and not seen.done()
            async with AsyncExitStack() as view:
                if (read := await self._read(view, let_log_wait=turn >= ROUNDS)) is not None:
                    yield read
                    return
            if not is_under_way and self._making is seen:
                self._making = asyncio.create_task(self._make(), name="sheets")
            await self._made(seen if is_under_way else self._making, wait_s)

    async def _read(self, view: AsyncExitStack, *, let_log_wait: bool) -> tuple[Books, AsyncConnection] | None:
        """Begins a view; None where its sheets don't hold all that it sees. One at a time: none is older than memory.

        Who waits for that holds no connection: whoever has the turn may need some more.
        """
        async with self._one_at_a_time:
            connection = await view.enter_async_context(one_moment(self._desk.engine))
            if not await (self._is_caught_up(connection) if let_log_wait else is_fresh(connection)):
                return None
            await self._take_newer(connection)
            where = await places(connection)
            chunks = [self._chunks[month] for month in sorted(self._chunks)]
            books = Books(chunks, self._names.known(), {str(station): place for station, place in where.items()})
            return books, connection

    async def _is_caught_up(self, connection: AsyncConnection) -> bool:
        """Is it fresh? The log rests from before its end is noted until the view has begun: for milliseconds.

        Without that a log that never rests would be ahead of every view. What can be noted before, is. The sheets' lock
        comes first: whoever holds it may need seconds, and nobody who has the log's waits for it.
        """
        await self._note()
        async with AsyncExitStack() as rest:
            async with self._desk.engine.begin() as noting:
                await hold_sheets(noting)
                await rest.enter_async_context(log_at_rest(self._desk.engine))
                await note_changes(noting, self._desk.clock())
            return await is_fresh(connection)

    async def _take_newer(self, connection: AsyncConnection) -> None:
        version = await sheets_version(connection)
        if version < self._version:
            # The database was put back to an older copy: what was taken from the newer one counts no longer.
            self._chunks, self._names, self._version = {}, Names(), 0
        for month in await months_after(connection, self._version):
            self._chunks[month] = self._names.joined(await sheets_of_month(connection, month))
        self._version = version

    async def _made(self, making: asyncio.Task[None] | None, wait_s: float | None) -> None:
        """Waits for the making of sheets, one for all who ask; it goes on when nobody waits any longer."""
        assert making is not None  # noqa: S101 - whoever waits has seen one, or has begun it
        try:
            async with asyncio.timeout(wait_s):
                await asyncio.shield(making)
        except TimeoutError:
            raise FiguresInPreparation("The figures of many days are being computed; ask again in a minute.") from None

    async def _make(self) -> None:
        """The log is noted again after each making of some days, so that at the end little is left to be noted."""
        days = True
        while days:
            await self._note()
            async with self._desk.engine.begin() as connection:
                days = bool(await make_stale(connection, self._desk.clock()))

    async def _note(self) -> None:
        async with self._desk.engine.begin() as connection:
            await note_changes(connection, self._desk.clock())
