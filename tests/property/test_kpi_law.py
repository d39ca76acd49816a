"""The figures' law: sheets, made again where something changed, say what the raw tables say, whatever happened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from itertools import count, product
from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, insert, select, update

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.kpi import TAIPEI, Clock, GroupBy, IncidentRecord, kpi, local_day
from dispatch.domain.kpi_books import Asked
from dispatch.domain.kpi_line import Figures
from dispatch.domain.kpi_sums import groups
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.kpi_ledger import Pick, count_reviews, page
from dispatch.service.transaction import transaction
from dispatch.store.kpi_sheets import make_stale, note_changes
from dispatch.store.kpi_stale import mark_stale
from dispatch.store.kpi_tables import kpi_sheets
from dispatch.store.review_tables import reviews
from dispatch.store.tables import assignments, incidents
from tests.support.random_day import Day
from tests.support.raw_kpi import raw_records, reviewed_records
from tests.support.raw_reviews import raw_reviews
from tests.support.server import Server, running_server
from tests.support.settled import settled

STEPS = 60
RULED = 3
RAW: set[GroupBy] = set(get_args(GroupBy)) - {"category", "late_reason"}


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """Reads all tracks twice a second."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


async def same_as_raw(server: Server, keeper: KpiKeeper) -> int:
    """Each grouping on each clock, as recorded and as reviewed, and the lists of reviews; how many incidents."""
    books = await keeper.books()
    async with server.engine.connect() as connection:
        told: dict[Figures, list[IncidentRecord]] = {
            "recorded": await raw_records(connection),
            "reviewed": await reviewed_records(connection),
        }
        reviewing = await raw_reviews(connection)
    now = server.desk.clock()
    for figures, clock, group_by in product(get_args(Figures), get_args(Clock), (None, "category", *sorted(RAW))):
        found = groups(books, Asked(now, clock=clock, figures=figures), group_by)
        raw = kpi(told[figures], now=now, clock=clock, group_by=group_by)
        assert [_plain(line) for line in found] == [_near(line) for line in raw], (figures, clock, group_by)
    for state, ids in reviewing.items():
        rows, _ = page(books, Asked(now), Pick(review=state), len(ids) + 1, None)
        assert [row.incident_id for row in rows] == ids, state
    assert count_reviews(books, Asked(now)) == len(reviewing["open"])
    return len(told["recorded"])


def _plain(line: Any) -> dict[str, Any]:
    return asdict(line)


def _near(line: Any) -> dict[str, Any]:
    """A mean depends in its last digit on the order of its sum."""
    return asdict(line) | {"mean_s": line.mean_s and pytest.approx(line.mean_s)}


@pytest.mark.parametrize("seed", [6, 115, 2026])
async def test_sheets_say_what_the_tables_say(server: Server, seed: int) -> None:
    """After every few steps of a random day, by a keeper that follows all day, and at the end by one that is new."""
    client = await server.client("sue", "supervisor")
    day = Day(server, client, seed)
    await day.begin()
    keeper = KpiKeeper(server.desk)
    for step in count():
        await day.step()
        await rule(day)
        if step % 6 == 5:
            await settled(partial(same_as_raw, server, keeper))
            if step >= STEPS and await _ruled(server) >= RULED:
                break
    assert await settled(partial(same_as_raw, server, keeper)) > 0
    assert await settled(partial(same_as_raw, server, KpiKeeper(server.desk))) > 0


async def _ruled(server: Server) -> int:
    async with server.engine.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(reviews)) or 0)


async def rule(day: Day) -> None:
    """The supervisor rules on something, right or wrong."""
    items = (await day.client.get("/incidents?limit=50&state=all")).json()["items"]
    ended = [one for one in items if one["state"] in ("closed", "cancelled")]
    if not ended:
        return
    incident = day.random.choice(ended)
    path = f"/incidents/{incident['id']}/reviews"
    case = (await day.client.get(path)).json()
    ruling = day.random.choice(["stands", "gps", "button", "corrected", "not_reached", "excluded", "counted"])
    body = {"ruling": ruling, "reason": "as the camera shows", "after": (case["reviews"] or [{"id": None}])[-1]["id"]}
    if ruling == "excluded":
        body["exclusion"] = day.random.choice(["test", "scheduled", "cancelled"])
    elif ruling != "counted" and incident["assignments"]:
        body["assignment_id"] = day.random.choice(incident["assignments"])["id"]
    if ruling == "corrected":
        body["on_scene_at"] = incident["received_at"]
    answer = await day.client.post(path, json=body)
    assert answer.status_code in (201, 409, 422), answer.text


async def test_what_changes_an_old_day_changes_its_figures(server: Server) -> None:
    """A late correction, an import without an event, a call that moves to another day: seen at the next look."""
    client = await server.client("sue", "supervisor")
    day = Day(server, client, 1)
    await day.begin()
    for _ in range(6):
        await day.call()
    keeper = KpiKeeper(server.desk)
    assert await settled(partial(same_as_raw, server, keeper)) >= 6
    async with server.engine.begin() as connection:
        rows = (await connection.execute(incidents.select().order_by(incidents.c.received_at))).all()
        old = rows[0].received_at - timedelta(days=400)
        await connection.execute(
            update(incidents).where(incidents.c.incident_id == rows[0].incident_id).values(received_at=old)
        )
        await mark_stale(connection, {local_day(old), local_day(rows[0].received_at)})
    assert await settled(partial(same_as_raw, server, keeper)) == len(rows)
    books = await keeper.books()
    assert [line.incidents for line in groups(books, Asked(server.desk.clock()), "day")] == [1, len(rows) - 1]
    # A day that has lost its last call shows none.
    async with server.engine.begin() as connection:
        await connection.execute(
            update(incidents)
            .where(incidents.c.incident_id == rows[0].incident_id)
            .values(received_at=rows[1].received_at)
        )
        await mark_stale(connection, {local_day(old), local_day(rows[1].received_at)})
    assert await settled(partial(same_as_raw, server, keeper)) == len(rows)
    assert [line.incidents for line in groups(await keeper.books(), Asked(server.desk.clock()), "day")] == [len(rows)]


async def test_a_server_that_dies_between_two_sheets_leaves_nothing_out(server: Server) -> None:
    """What was marked stays marked until its sheet is committed, and the next one that asks makes it."""
    client = await server.client("sue", "supervisor")
    day = Day(server, client, 2)
    await day.begin()
    for _ in range(4):
        await day.call()
    now = server.desk.clock()
    async with server.engine.connect() as connection:
        await note_changes(connection, now)
        await make_stale(connection, now)
        await connection.rollback()
    async with server.engine.begin() as connection:
        assert await connection.scalar(select(func.count()).select_from(kpi_sheets)) == 0
        await note_changes(connection, now)
    assert await settled(partial(same_as_raw, server, KpiKeeper(server.desk))) == 4


async def test_a_unit_of_a_merged_call_changes_the_day_of_what_it_is_merged_into(server: Server) -> None:
    """The log names the merged call alone; the response is that of the other one, of another day."""
    client = await server.client("sue", "supervisor")
    day = Day(server, client, 3)
    await day.begin()
    for _ in range(2):
        await day.call()
    async with server.engine.begin() as connection:
        into, merged = (await connection.execute(incidents.select().order_by(incidents.c.received_at))).all()
        old = into.received_at - timedelta(days=400)
        here = incidents.c.incident_id
        await connection.execute(update(incidents).where(here == into.incident_id).values(received_at=old))
        ends = {"state": "merged", "merged_into": into.incident_id}
        await connection.execute(update(incidents).where(here == merged.incident_id).values(**ends))
        await mark_stale(connection, {local_day(old), local_day(into.received_at)})
    keeper = KpiKeeper(server.desk)
    assert await settled(partial(same_as_raw, server, keeper)) == 2
    arrived = old + timedelta(seconds=300)
    async with transaction(server.desk) as work:
        sent = {"assignment_id": uuid4(), "incident_id": merged.incident_id, "unit_id": day.units[0]}
        times = {"dispatched_at": old, "on_scene_at": arrived, "ended_at": arrived}
        await work.connection.execute(insert(assignments).values(state="cleared", **sent, **times))
        work.record(Event(EventKind.UNIT_ON_SCENE, arrived, SaidBy.GPS, merged.incident_id))
    assert await settled(partial(same_as_raw, server, keeper)) == 2
    by_day = groups(await keeper.books(), Asked(server.desk.clock()), "day")
    assert [line.within_target for line in by_day] == [1, 0]


async def enter(client: httpx.AsyncClient, received_at: datetime) -> str:
    """A call that came in then; its incident's id."""
    body = {"category": "other", "priority": 3, "lat": 23.48, "lon": 120.45, "received_at": received_at.isoformat()}
    answer = await client.post("/incidents", json=body)
    return str(answer.raise_for_status().json()["id"])


async def test_a_call_taken_along_to_the_day_before_leaves_its_own(server: Server) -> None:
    """Merged across midnight: the incident stands on the earlier day alone."""
    client = await server.client("sue", "supervisor")
    midnight = server.desk.clock().astimezone(TAIPEI).replace(hour=0, minute=0, second=0, microsecond=0)
    before, after = midnight - timedelta(days=2, minutes=2), midnight - timedelta(days=2) + timedelta(minutes=1)
    earlier, later = await enter(client, before), await enter(client, after)
    keeper = KpiKeeper(server.desk)
    await settled(partial(same_as_raw, server, keeper))
    answer = await client.post(f"/incidents/{earlier}/merge", json={"into": later})
    assert answer.status_code < 300, answer.text
    await settled(partial(same_as_raw, server, keeper))
    by_day = groups(await keeper.books(), Asked(server.desk.clock()), "day")
    assert [(line.group, line.incidents) for line in by_day] == [(local_day(before).isoformat(), 2)]
