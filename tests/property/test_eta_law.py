"""The law of ETA figures: columns, read anew where something changed, say what the assignments say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select, update

from dispatch.domain.eta_columns import ETA_GROUPS
from dispatch.domain.eta_sums import eta_groups, journey_ids
from dispatch.domain.kpi import local_day
from dispatch.domain.kpi_books import Asked
from dispatch.domain.kpi_filter import KpiFilter
from dispatch.service import eta_keeper
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.store.eta_figures import journeys_of_days
from dispatch.store.kpi_stale import mark_stale
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, incidents
from tests.support.random_day import Day
from tests.support.server import Server, running_server
from tests.support.settled import settled

STEPS = 60


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """Reads all tracks twice a second."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


async def raw(server: Server, priority: int | None = None) -> list[AnyRow]:
    """The assignments that arrived and had an ETA, of incidents of a priority, where a merged call is its other's."""
    call = incidents.alias("call")
    query = (
        select(assignments)
        .join(call, call.c.incident_id == assignments.c.incident_id)
        .join(incidents, incidents.c.incident_id == func.coalesce(call.c.merged_into, call.c.incident_id))
        .where(assignments.c.eta_s.is_not(None), assignments.c.on_scene_at >= assignments.c.dispatched_at)
    )
    if priority is not None:
        query = query.where(incidents.c.priority == priority)
    async with server.engine.connect() as connection:
        return list((await connection.execute(query)).all())


async def same_as_raw(server: Server, keeper: KpiKeeper) -> int:
    """Counts, medians and lists, for all and for each priority; how many arrived."""
    n = 0
    for priority in (None, 1, 2, 3, 4):
        async with keeper.moment() as (books, connection):
            etas = await keeper.etas.books(books, connection)
        rows = await raw(server, priority)
        wanted = KpiFilter() if priority is None else KpiFilter(priority=frozenset([str(priority)]))
        asked = Asked(server.desk.clock(), wanted=wanted)
        waited_s = [(row.on_scene_at - row.dispatched_at).total_seconds() - row.eta_s for row in rows]
        found = eta_groups(etas, asked)
        assert [one.from_order_n for one in found] == ([len(rows)] if rows else [])
        assert [one.from_order_bias_s for one in found] == ([pytest.approx(np.median(waited_s))] if rows else [])
        known = [row for row in rows if row.en_route_at is not None and row.en_route_at <= row.on_scene_at]
        assert [one.n for one in found] == ([len(known)] if rows else [])
        ids = journey_ids(etas, asked, None, with_way=False, before=None, limit=len(rows) + 1)
        assert set(ids) == {row.assignment_id for row in rows}
        for group_by in ETA_GROUPS:
            assert sum(one.from_order_n for one in eta_groups(etas, asked, group_by)) == len(rows)
        n += len(rows)
    return n


async def test_columns_say_what_the_assignments_say(server: Server) -> None:
    """After every few steps of a random day, by a keeper that follows all day, and at the end by one that is new."""
    day = Day(server, await server.client("sue", "supervisor"), 6)
    await day.begin()
    keeper = KpiKeeper(server.desk)
    for step in range(STEPS):
        await day.step()
        if step % 10 == 9:
            await settled(partial(same_as_raw, server, keeper))
    assert await settled(partial(same_as_raw, server, keeper)) > 0
    assert await settled(partial(same_as_raw, server, KpiKeeper(server.desk))) > 0


async def test_only_days_that_changed_are_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change reads one day again, whatever the month holds; a call that moves takes its journeys along."""
    read: list[set[object]] = []

    async def noted(connection: object, days: list[object]) -> object:
        read.append(set(days))
        return await journeys_of_days(connection, days)  # type: ignore[arg-type]

    monkeypatch.setattr(eta_keeper, "journeys_of_days", noted)
    day = Day(server, await server.client("sue", "supervisor"), 1)
    await day.begin()
    while len(await raw(server)) < 2:
        await day.step()
    keeper = KpiKeeper(server.desk)
    await settled(partial(same_as_raw, server, keeper))
    first = (await raw(server))[0]
    today = local_day(first.dispatched_at)
    # A day of the same month, before or after.
    shift = timedelta(days=-1 if today.day > 1 else 1)
    other = today + shift
    await move(server, first.incident_id, shift, {today, other})
    read.clear()
    await settled(partial(same_as_raw, server, keeper))
    assert read
    assert set.union(*read) <= {today, other}
    assert other in set.union(*read)

    async def read_alone() -> int:
        """A day that changed is read without the one beside it, as soon as the running day is quiet for a moment."""
        read.clear()
        await move(server, first.incident_id, timedelta(0), {other})
        arrived = await same_as_raw(server, keeper)
        assert {other} in read
        return arrived

    await settled(read_alone)


async def move(server: Server, incident_id: UUID, by: timedelta, days: set[object]) -> None:
    """As an import would: without an event."""
    async with server.engine.begin() as connection:
        where = incidents.c.incident_id == incident_id
        await connection.execute(update(incidents).where(where).values(received_at=incidents.c.received_at + by))
        await mark_stale(connection, days)  # type: ignore[arg-type]
