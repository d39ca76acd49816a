"""Who keeps the figures: nothing left out, nobody kept waiting twice, nothing that ends the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from dispatch.domain.kpi import local_day
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_sums import groups
from dispatch.service import kpi_keeper
from dispatch.service.desk import Desk, utc_now
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.store.database import create_engine
from dispatch.store.kpi_sheets import make_stale
from dispatch.store.kpi_stale import hold_sheets, mark_stale
from dispatch.store.kpi_tables import kpi_progress, kpi_sheets
from dispatch.store.tables import incidents
from dispatch.up import bring_up_to_date
from tests.support.server import Server, running_server


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """Nobody is sent anywhere."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as running:
        yield running


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An up-to-date database that no server looks after."""
    await bring_up_to_date(database_url)
    made = create_engine(database_url)
    yield made
    await made.dispose()


async def enter(server: Server, days_ago: int) -> None:
    """A call of that day."""
    client = await server.client("dora", "dispatcher")
    received_at = server.desk.clock() - timedelta(days=days_ago)
    body = {"category": "other", "priority": 3, "lat": 23.48, "lon": 120.45, "received_at": received_at.isoformat()}
    (await client.post("/incidents", json=body)).raise_for_status()


def count(books: Books, server: Server) -> int:
    """Incidents in all figures."""
    return groups(books, Asked(server.desk.clock()))[0].incidents


async def test_what_comes_in_while_its_day_is_made_is_not_left_out(server: Server) -> None:
    """An import of a day that is marked already waits for the sheet in the making, and marks the day anew."""
    received_at = server.desk.clock() - timedelta(days=3)
    await enter(server, 3)
    keeper = KpiKeeper(server.desk)
    assert count(await keeper.books(), server) == 1
    async with server.engine.begin() as connection:
        await mark_stale(connection, [local_day(received_at)])

    async def take_in() -> None:
        async with server.engine.begin() as connection:
            one = (await connection.execute(incidents.select())).one()._asdict()
            new = one | {"incident_id": uuid4(), "number": "another file's"}
            await connection.execute(insert(incidents).values(**new))
            await mark_stale(connection, [local_day(received_at)])

    async with server.engine.begin() as connection:
        await hold_sheets(connection)  # as whoever makes a sheet does before it reads
        other = asyncio.create_task(take_in())
        done, _ = await asyncio.wait([other], timeout=0.5)
        assert not done
        assert await make_stale(connection, server.desk.clock()) == [local_day(received_at)]
    await other
    assert count(await keeper.books(), server) == 2


async def test_all_days_are_there_or_none(server: Server) -> None:
    """Columns of another layout are made again before anything is answered, by one making for all who ask."""
    for days in range(1, 6):
        await enter(server, days)
    keeper = KpiKeeper(server.desk)
    assert count(await keeper.books(), server) == 5
    async with server.engine.begin() as connection:
        await connection.execute(update(kpi_sheets).values(layout="of an older release"))
    asking = [asyncio.create_task(keeper.books()) for _ in range(20)]
    making: set[asyncio.Task[Any]] = set()
    while not all(one.done() for one in asking):
        making |= {task for task in asyncio.all_tasks() if task.get_name() == "sheets"}
        await asyncio.sleep(0)
    for books in await asyncio.gather(*asking):
        assert sum(line.incidents for line in groups(books, Asked(server.desk.clock()), "day")) == 5
    assert len(making) == 1


async def test_an_older_copy_of_the_database_is_believed(engine: AsyncEngine) -> None:
    """Restored under a running server: what memory holds of the newer one is forgotten."""
    keeper = KpiKeeper(cast(Desk, SimpleNamespace(engine=engine, clock=utc_now)))
    async with engine.begin() as connection:
        for days in (1, 2):
            at = utc_now() - timedelta(days=days)
            call = {"incident_id": uuid4(), "number": f"a call {days} days ago", "category": "other", "priority": 3}
            place = {"lat": 23.48, "lon": 120.45, "received_at": at, "created_at": at, "ended_at": at}
            await connection.execute(insert(incidents).values(**call, **place, state="closed"))

    async def held() -> list[int]:
        return [line.incidents for line in groups(await keeper.books(), Asked(utc_now()), "day")]

    assert await held() == [1, 1]
    async with engine.begin() as connection:
        await connection.execute(delete(kpi_sheets).where(kpi_sheets.c.version > 1))
        await connection.execute(update(kpi_progress).values(version=1))
    assert await held() == [1]


async def test_figures_that_fail_end_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop tells of it and tries again."""
    monkeypatch.setattr(kpi_keeper, "EVERY_S", 0.02)
    keeper = KpiKeeper(server.desk)
    async with server.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE kpi_sheets RENAME TO kpi_sheets_away"))
    with capture_logs() as logs:
        loop = asyncio.create_task(keeper.run())
        async with asyncio.timeout(20):
            while sum(line["event"] == "figures_failed" for line in logs) < 2:  # noqa: ASYNC110 - the log has no event
                await asyncio.sleep(0.02)
    assert not loop.done()
    async with server.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE kpi_sheets_away RENAME TO kpi_sheets"))
    assert count(await keeper.books(), server) == 0
    loop.cancel()
