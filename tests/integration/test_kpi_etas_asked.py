"""ETA figures of what the page's filters choose; and who waits while their columns are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.eta_columns import Journeys
from dispatch.domain.eta_sums import EtaBooks
from dispatch.domain.hexagon import cell_of
from dispatch.domain.refusals import FiguresInPreparation
from dispatch.service import eta_keeper
from dispatch.service.eta_keeper import EtaKeeper
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.store.eta_figures import journeys_of_days
from dispatch.store.tables import incidents
from tests.support.eta_rows import MIDNIGHT, RUNG, Row, by_hand, opened, past_of, report, store
from tests.support.server import Server, running_server


@pytest.fixture(scope="module")
async def past(module_database_url: str, nats_url: str) -> AsyncIterator[tuple[Server, list[Row]]]:
    """A server with two hundred assignments."""
    async with running_server(module_database_url, nats_url, dispatch_mode="recommend") as running:
        yield running, await past_of(running)


@pytest.fixture
async def client(past: tuple[Server, list[Row]]) -> httpx.AsyncClient:
    """An auditor's."""
    return await past[0].client("aud", "auditor")


def received(row: Row) -> datetime:
    """The call, on the wall clock of Asia/Taipei."""
    at: datetime = row["dispatched_at"] - RUNG
    return at


FILTERS: list[tuple[dict[str, Any], Callable[[int, Row], bool]]] = [
    ({"priority": ["1", "3"]}, lambda n, _: n % 4 in (0, 2)),
    ({"category": "traffic"}, lambda n, _: n % 3 == 1),
    ({"station": "unknown"}, lambda _n, _: True),
    ({"precinct": "unknown"}, lambda _n, _: True),
    ({"cell": cell_of(23.48, 121.45)}, lambda n, _: n % 2 == 1),
    ({"unit_type": "motorcycle"}, lambda _, row: row["unit_type"] == "motorcycle"),
    ({"hour": [7, 23]}, lambda _, row: received(row).hour in (7, 23)),
    ({"shift": "night"}, lambda _, row: received(row).hour < 8),
    ({"weekday": 6}, lambda _, row: received(row).isoweekday() == 6),
    ({"priority": "2", "weekday": 5, "shift": "day"}, lambda n, row: n % 4 == 1 and on_friday_by_day(row)),
]


def on_friday_by_day(row: Row) -> bool:
    """Received from 8 to 16 o'clock."""
    return received(row).isoweekday() == 5 and 8 <= received(row).hour < 16


@pytest.mark.parametrize(("filters", "admits"), FILTERS)
async def test_filters_choose_incidents_as_in_every_figure(
    client: httpx.AsyncClient,
    past: tuple[Server, list[Row]],
    filters: dict[str, Any],
    admits: Callable[[int, Row], bool],
) -> None:
    """The figure is that of the journeys to them, and opens exactly these; so is that of each hour of the order."""
    meant = [row for n, row in enumerate(past[1]) if admits(n, row)]
    arrived = [row for row in meant if row["eta_s"] is not None and row["on_scene_at"] is not None]
    found = await report(client, **filters)
    assert found["items"] == ([{"group": "all"} | by_hand(meant)] if meant else [])
    listed = {one["assignment_id"] for one in await opened(client, **filters, of="from_order_n")}
    assert listed == {str(row["assignment_id"]) for row in arrived}
    hours = (await report(client, **filters, group_by="hour"))["items"]
    assert sum(one["from_order_n"] for one in hours) == len(arrived)


async def test_a_unit_sent_to_a_merged_call_counts_for_the_other(database_url: str, nats_url: str) -> None:
    """The other one's priority and time of receipt; the list names the call that the unit was sent to."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as running:
        unit_id, rows = await running.add_unit("u"), []
        for number in range(2):
            at = MIDNIGHT + timedelta(days=40 * number)
            row = {"assignment_id": uuid4(), "incident_id": uuid4(), "unit_id": unit_id, "state": "cleared"}
            row |= {"dispatched_at": at, "en_route_at": at, "on_scene_at": at + RUNG, "ended_at": at + RUNG}
            rows.append(row | {"eta_s": 100.0, "cleared_at": row["ended_at"]})
        await store(running, rows)
        one, other = rows[0]["incident_id"], rows[1]["incident_id"]
        async with running.engine.begin() as connection:
            merged = {"state": "merged", "merged_into": other, "exclusion": "duplicate"}
            await connection.execute(update(incidents).where(incidents.c.incident_id == one).values(**merged))
        client = await running.client("aud", "auditor")
        (found,) = (await report(client, priority="2", **{"from": (MIDNIGHT + timedelta(days=9)).isoformat()}))["items"]
        assert (found["n"], found["bias_s"]) == (2, 320)
        listed = [item["incident_id"] for item in await opened(client, priority="2")]
        assert listed == [str(other), str(one)]
        assert (await report(client, priority="1"))["items"] == []


async def test_no_other_figure_waits_for_the_first_reading(
    past: tuple[Server, list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While months of journeys are read, other figures answer; who waits too long is told so; what is read is kept."""
    gate, begun = asyncio.Event(), asyncio.Event()

    async def slow(connection: AsyncConnection, days: list[date]) -> Journeys:
        begun.set()
        await gate.wait()
        return await journeys_of_days(connection, days)

    monkeypatch.setattr(eta_keeper, "journeys_of_days", slow)
    keeper = KpiKeeper(past[0].desk)

    async def ask(wait_s: float | None) -> EtaBooks:
        async with keeper.moment() as (books, connection):
            return await keeper.etas.books(books, connection, wait_s)

    first = asyncio.create_task(ask(None))
    await begun.wait()
    assert sum(len(chunk["day"]) for chunk in (await keeper.books()).chunks) == len(past[1])
    with pytest.raises(FiguresInPreparation):
        await ask(0.05)
    gate.set()
    read = await first
    assert sum(len(chunk["row"]) for chunk in read.chunks) == by_hand(past[1])["from_order_n"]
    begun.clear()
    assert (await ask(0.05)).chunks[0] is read.chunks[0]
    assert not begun.is_set()
    with pytest.raises(FiguresInPreparation):
        async with KpiKeeper(past[0].desk).moment() as (books, connection):
            await EtaKeeper().books(books, connection, -1)
