"""The columns of ETA figures, kept in memory beside the books, fresh whenever they are asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.eta_columns import EtaNames, moved, together
from dispatch.domain.eta_sums import EtaBooks
from dispatch.domain.kpi_books import Books
from dispatch.domain.kpi_columns import Columns
from dispatch.domain.refusals import FiguresInPreparation
from dispatch.store.eta_figures import Stamps, journeys_of_days, stamps_of_month

WAIT_S: Final = 10.0
"""How long a question waits for months that are not in memory; after a start there may be years of them."""


@dataclass(frozen=True, slots=True)
class _Month:
    incidents: Columns
    stamps: Stamps
    journeys: Columns


class EtaKeeper:
    """Adds the journeys to the books of a moment. Safe to be asked by many at once; no other figure waits for it."""

    def __init__(self) -> None:
        self._names = EtaNames()
        self._held: dict[date, _Month] = {}
        self._one_at_a_time = asyncio.Lock()

    async def books(self, books: Books, connection: AsyncConnection, wait_s: float | None = WAIT_S) -> EtaBooks:
        """`connection`: of the moment at which the books were read. Raises FiguresInPreparation where it takes longer.

        What has been read by then is kept: the next question goes on from there. None: however long it takes.
        """
        clock = asyncio.get_running_loop().time
        until = None if wait_s is None else clock() + wait_s
        try:
            async with asyncio.timeout_at(until):
                await self._one_at_a_time.acquire()
        except TimeoutError:
            raise _in_preparation() from None
        try:
            known = replace(books, chunks=[one for one in books.chunks if len(one["day"])])
            chunks = []
            for incidents in known.chunks:
                if until is not None and clock() > until:
                    raise _in_preparation()
                chunks.append(await self._of(incidents, connection))
            return EtaBooks(known, chunks, self._names.known())
        finally:
            self._one_at_a_time.release()

    async def _of(self, incidents: Columns, connection: AsyncConnection) -> Columns:
        """Whatever changes an assignment makes the sheet of its incident's day anew, and with it the books' month."""
        month = date.fromordinal(int(incidents["day"][0])).replace(day=1)
        held = self._held.get(month)
        if held is None or held.incidents is not incidents:
            stamps = await stamps_of_month(connection, month)
            before = {} if held is None else held.stamps
            changed = [day for day in stamps.keys() | before.keys() if stamps.get(day) != before.get(day)]
            news = await journeys_of_days(connection, changed)
            journeys = await asyncio.to_thread(self._names.joined, news, incidents)
            if held is not None:
                stay = await asyncio.to_thread(moved, held.journeys, held.incidents, incidents, changed)
                journeys = together(stay, journeys)
            held = self._held[month] = _Month(incidents, stamps, journeys)
        return held.journeys


def _in_preparation() -> FiguresInPreparation:
    return FiguresInPreparation("The ETAs of many months are being read; ask again in a few seconds.")
