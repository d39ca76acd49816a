"""An answer and a report never contradict themselves, whatever is told while they wait; nor do they wait for ever."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.service import kpi_keeper
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.store import kpi_sheets
from dispatch.store.log import append_events
from dispatch.store.tables import assignments, incidents
from tests.support.report_calls import WHOLE, ask, download, kept, server_with_a_past, stale, tables_of
from tests.support.server import Server

T = TypeVar("T")

FIRST = "past-1"
"""A call that was reached after 220 s."""


@pytest.fixture
async def past(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server with forty calls in October 2025."""
    async with server_with_a_past(database_url, nats_url) as running:
        yield running


@pytest.fixture
async def client(past: Server) -> httpx.AsyncClient:
    """A supervisor's."""
    return await past.client("sue", "supervisor")


class Watched(asyncio.Lock):
    """Tells when somebody wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = asyncio.Event()

    async def acquire(self) -> Any:
        self.wanted.set()
        return await super().acquire()


def keeper_of(server: Server) -> KpiKeeper:
    """Who keeps the server's figures."""
    keeper: KpiKeeper = server.app.state.kpi
    return keeper


async def rule_late(server: Server, client: httpx.AsyncClient) -> None:
    """A supervisor rules that the first call was reached after a quarter of an hour."""
    async with server.engine.connect() as connection:
        query = select(incidents.c.incident_id, incidents.c.received_at, assignments.c.assignment_id)
        row = (await connection.execute(query.join(assignments).where(incidents.c.number == FIRST))).one()
    body = {
        "ruling": "corrected",
        "assignment_id": str(row.assignment_id),
        "on_scene_at": (row.received_at + timedelta(seconds=900)).isoformat(),
        "reason": "the camera shows it",
        "after": None,
    }
    answer = await client.post(f"/incidents/{row.incident_id}/reviews", json=body)
    assert answer.status_code == 201, answer.text


async def correct(server: Server, number: int) -> None:
    """An arrival of any call gets another time, and the log tells so."""
    async with server.engine.begin() as connection:
        one = (await connection.execute(select(incidents).where(incidents.c.number == f"past-{number % 40}"))).one()
        arrived_at = one.received_at + timedelta(seconds=300 + 17 * number % 600)
        of = assignments.c.incident_id == one.incident_id
        await connection.execute(update(assignments).where(of).values(on_scene_at=arrived_at))
        told = Event(EventKind.UNIT_ON_SCENE, arrived_at, SaidBy.DISPATCHER, incident_id=one.incident_id)
        await append_events(connection, [told], server.desk.clock())


async def whole(client: httpx.AsyncClient) -> dict[str, Any]:
    """The ledger of the month."""
    answer = await client.get("/kpi/ledger", params=WHOLE | {"limit": 500})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def assert_agrees(told: dict[str, Any]) -> None:
    """Its sums are those of its rows."""
    counted = Counter(row["outcome"] for row in told["items"])
    assert (counted["within"], counted["late"]) == (told["totals"]["within"], told["totals"]["late"])


async def assert_report_agrees(client: httpx.AsyncClient, made: dict[str, Any]) -> Counter[str]:
    """What it says is what the ledger says whose hash it prints; the outcomes of that."""
    files = await download(client, made)
    rows = csv.DictReader(io.StringIO(gzip.decompress(files["ledger"]).decode("utf-8-sig"), newline=""))
    counted = Counter(row["結果"] for row in rows)
    row = tables_of(files["csv"])["自接獲報案起"]
    # incidents, excluded, measured, within, late
    assert [int(cell) for cell in (row[2], row[5], row[6])] == [40, counted["within"], counted["late"]]
    return counted


async def asked_through_a_ruling(
    past: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, question: Coroutine[Any, Any, T]
) -> T:
    """The answer to a question that waits for its turn while a ruling comes."""
    lock = Watched()
    monkeypatch.setattr(keeper_of(past), "_one_at_a_time", lock)
    async with lock:
        lock.wanted.clear()
        asking = asyncio.create_task(question)
        await lock.wanted.wait()
        await rule_late(past, client)
    return await asking


async def test_sums_and_rows_are_of_one_moment(
    past: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ruling that comes while a question waits for its turn is in the sums and in the rows."""
    before = (await whole(client))["totals"]
    told = await asked_through_a_ruling(past, client, monkeypatch, whole(client))
    assert_agrees(told)
    assert told["totals"]["late"] == before["late"] + 1
    (row,) = [one for one in told["items"] if one["number"] == FIRST]
    assert (row["outcome"], row["response_s"]) == ("late", 900)


async def test_a_report_says_what_its_ledger_says(
    past: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same while a report waits for its turn."""
    before = (await whole(client))["totals"]
    made = await asked_through_a_ruling(past, client, monkeypatch, ask(client))
    assert (await assert_report_agrees(client, made))["late"] == before["late"] + 1


async def test_what_is_told_while_sheets_are_made_is_not_left_out(
    past: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report waits for the sheets of many days; meanwhile a ruling comes of a day that is made already."""
    before = (await whole(client))["totals"]
    made, ruled = asyncio.Event(), asyncio.Event()

    async def slow(connection: AsyncConnection, now: datetime) -> list[date]:
        days = await kpi_sheets.make_stale(connection, now)
        if not days:
            made.set()
            await ruled.wait()
        return days

    monkeypatch.setattr(kpi_keeper, "make_stale", slow)
    async with past.engine.begin() as connection:
        await stale(connection)
    asking = asyncio.create_task(ask(client))
    await made.wait()
    await rule_late(past, client)
    ruled.set()
    assert (await assert_report_agrees(client, await asking))["late"] == before["late"] + 1


async def test_a_log_that_never_rests_keeps_no_report_waiting(
    past: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever sheets are made another arrival is corrected: after a few rounds the log waits for the view."""
    keeper, made, numbers = keeper_of(past), keeper_of(past)._made, count()

    async def then_told(*told: Any) -> None:
        await made(*told)
        await correct(past, next(numbers))

    monkeypatch.setattr(keeper, "_made", then_told)
    await correct(past, 1)
    for _ in range(3):
        assert_agrees(await whole(client))
        await correct(past, 2)
    await assert_report_agrees(client, await ask(client))
    assert next(numbers) <= 6 * kpi_keeper.ROUNDS


async def test_a_busy_hour_keeps_nobody_waiting(past: Server, client: httpx.AsyncClient) -> None:
    """Arrivals are corrected one after the other, as fast as they can be, while ledgers and a report are asked for."""
    numbers = count()

    async def correcting() -> None:
        while True:
            await correct(past, next(numbers) % 4)

    busy = [asyncio.create_task(correcting()) for _ in range(2)]
    for _ in range(2):
        for told in await asyncio.gather(*(whole(client) for _ in range(3))):
            assert_agrees(told)
    await assert_report_agrees(client, await ask(client))
    assert not any(one.done() for one in busy)
    for one in busy:
        one.cancel()
    assert next(numbers) > 20


async def test_a_report_that_contradicts_its_ledger_is_not_made(past: Server, client: httpx.AsyncClient) -> None:
    """Where the books count what the tables don't show, nothing is kept; it is told, and logged with both."""
    await whole(client)
    async with past.engine.begin() as connection:  # nobody tells
        of = select(incidents.c.incident_id).where(incidents.c.number == FIRST).scalar_subquery()
        late = assignments.c.dispatched_at + timedelta(seconds=2000)
        await connection.execute(update(assignments).where(assignments.c.incident_id == of).values(on_scene_at=late))
    with capture_logs() as logs:
        told = await ask(client, 503)
    assert told["code"] == "figures_disagree"
    (line,) = [one for one in logs if one["event"] == "report_contradicts_its_ledger"]
    assert (line["period"], line["counted"]["within"], line["written"]["within"]) == ("2025-10", 18, 17)
    assert await kept(past.engine) == []
    async with past.engine.begin() as connection:
        await stale(connection)
    assert (await assert_report_agrees(client, await ask(client)))["within"] == 17
