"""The list of reviews: what waits for one, and what somebody ruled on, of what is asked for; the newest call first."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_line import Mark
from dispatch.service.kpi_ledger import among, marked
from dispatch.store.review_list import ListState, looked_through, review_page
from dispatch.store.rows import AnyRow

WORTH_A_LOOK: Final = frozenset(Mark) - {Mark.CORRECTED}
"""What waits for a look carries one of these in the ledger. A ruling may make an arrival count that has no mark yet."""


async def listed(
    connection: AsyncConnection,
    books: Books,
    asked: Asked,
    state: ListState,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[AnyRow]:
    """(`incident_id`, `received_at`); `before` is the last of the page before.

    What the ledger has marked is looked at closely, from the newest on, until the page is full: most orders that ended
    without an arrival were just taken back, and there are many of them.
    """
    wanted = asked.wanted
    page = partial(review_page, connection, state, start=wanted.start, end=wanted.end, before=before)
    if state == "done":
        only = None
        if not wanted.all_kinds:
            only = await to_thread(among, books, asked, await looked_through(connection, wanted.start, wanted.end))
        return await page(only=only, limit=limit)
    found: list[AnyRow] = []
    portions = marked(books, asked, WORTH_A_LOOK, before and before[0])
    while len(found) < limit and (ids := await to_thread(next, portions, None)) is not None:
        found += await page(only=ids, limit=limit - len(found))
    return found
