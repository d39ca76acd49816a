"""The feed against what could make it lie: racing commits, changes without an event, another server, slow readers."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.api import feed, feed_hub
from dispatch.api.feed_hub import FeedHub
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.service.desk import utc_now
from dispatch.service.transaction import transaction
from dispatch.store import log
from dispatch.store.assignments import set_review
from dispatch.store.database import create_engine
from dispatch.store.tables import alarms
from tests.support.feed import Screen, dial, watching
from tests.support.server import Server, assigned, enter, eventually, running_server


def hub_of(server: Server) -> FeedHub:
    """The centre of the server's feed."""
    hub: FeedHub = server.app.state.hub
    return hub


def _line(unit_id: UUID) -> Event:
    return Event(EventKind.UNIT_CONNECTED, happened_at=utc_now(), said_by=SaidBy.SERVER, unit_id=unit_id)


async def test_two_open_transactions_never_let_a_later_line_be_seen_first(database_url: str) -> None:
    """The one that wrote to the log first is committed last: a reader that follows by id still gets both lines."""
    engine: AsyncEngine = create_engine(database_url, pool_size=3)
    first, second = uuid4(), uuid4()
    seen: list[UUID] = []
    last = 0

    async def read() -> None:
        nonlocal last
        async with engine.connect() as connection:
            for row in await log.events_after(connection, last, 100):
                seen.append(row.unit_id)
                last = row.event_id

    async def quick() -> None:
        async with engine.begin() as connection:
            await log.append_events(connection, [_line(second)], utc_now())

    try:
        async with engine.connect() as slow:
            await log.append_events(slow, [_line(first)], utc_now())
            racing = asyncio.create_task(quick())
            for _ in range(20):
                await read()
                await asyncio.sleep(0.02)
            assert seen == []
            await slow.commit()
        await racing
        await read()
        assert seen == [first, second]
    finally:
        await engine.dispose()


async def test_a_late_arrival_at_a_merged_call_shows_in_the_incident_that_it_went_into(server: Server) -> None:
    """The log names the merged call, which no screen shows any more; the unit's times stand in the other one."""
    unit_id = await server.add_unit("北興101", at=(23.49, 120.45))
    client = await server.client()
    other = await enter(client, 23.5, 120.47, exclusion="test")
    call = await enter(client)
    assignment = await assigned(client, call["id"], unit_id)
    await client.post(f"/incidents/{call['id']}/merge", json={"into": other["id"]})
    async with watching(server) as screen:
        async with transaction(server.desk) as work:  # as the GPS witness does up to 15 minutes later
            await set_review(work.connection, UUID(assignment["id"]), ["far_from_scene"])
            told: dict[str, Any] = {
                "incident_id": UUID(call["id"]),
                "unit_id": unit_id,
                "data": {"review": ["far_from_scene"]},
            }
            kind = EventKind.ARRIVAL_MARKED_FOR_REVIEW
            work.record(Event(kind, happened_at=utc_now(), said_by=SaidBy.SERVER, **told))
        await screen.until_event("arrival_marked_for_review")
        fresh = (await client.get(f"/incidents/{other['id']}")).json()["assignments"]
        wanted = [one for one in fresh if one["id"] == assignment["id"]]
        assert wanted[0]["review"] == ["far_from_scene"]
        assert wanted[0] in screen.incidents[other["id"]]["assignments"]


async def test_what_changes_without_an_event_reaches_the_screens_all_the_same(
    server: Server,
) -> None:
    """A vehicle that is registered on the command line, a name that an operator corrects: told by a fresh snapshot."""
    await server.add_unit("北興101")
    async with watching(server) as screen:
        unit_id = str(await server.add_unit("北興102"))
        for _ in range(2):
            await hub_of(server).sweep()
        await screen.until("snapshot")
        assert screen.units[unit_id]["name"] == "北興102"
        async with server.engine.begin() as connection:
            await connection.execute(text("UPDATE units SET name = '北興103' WHERE name = '北興102'"))
        for _ in range(2):
            await hub_of(server).sweep()
        await screen.until("snapshot")
        assert screen.units[unit_id]["name"] == "北興103"


async def test_what_events_told_is_not_told_anew(server: Server) -> None:
    """A call, its unit's steps, an SOS, a note, a look: after each the sweep finds the screens as they should be."""
    unit_id = await server.add_unit("北興101", at=(23.481, 120.451))
    client = await server.client()
    hub = hub_of(server)
    async with watching(server) as screen:
        before = hub._reads
        incident = await enter(client)
        assignment = await assigned(client, incident["id"], unit_id)
        await server.steps(unit_id, assignment["id"], "en_route")
        await server.says(unit_id, "sos", active=True)
        await screen.until_event("sos_raised")
        await client.post(f"/incidents/{incident['id']}/seen")
        await client.post(f"/incidents/{incident['id']}/notes", json={"text": "a dog"})
        for _ in range(4):
            await hub.sweep()
        assert hub._reads == before
        assert hub._suspected == set()


async def test_a_log_that_went_back_begins_a_new_stream(server: Server) -> None:
    """A standby that took over may lack the last lines; what it then writes is told, and old numbers mean nothing."""
    client = await server.client()
    async with watching(server) as screen:
        old = screen.frames[0]["stream"]
        hub_of(server)._last_event_id += 1000
        fresh = await screen.until("snapshot")
        assert fresh["stream"] != old
        incident = await enter(client)
        created = await screen.until_event("incident_created")
        assert (created["stream"], created["seq"]) == (fresh["stream"], fresh["seq"] + 1)
        assert incident["id"] in screen.incidents


async def test_a_heartbeat_says_that_the_server_cannot_read_its_database(server: Server) -> None:
    """A lock that nobody gives back stands for it: the picture may be old, though the server is well."""
    async with watching(server) as screen:
        await screen.until("heartbeat", lambda frame: frame["behind_s"] == 0)
        async with server.engine.begin() as holder:
            await holder.execute(text("LOCK TABLE events IN ACCESS EXCLUSIVE MODE"))
            late = await screen.until("heartbeat", lambda frame: frame["behind_s"] > 0)
            assert late["behind_s"] >= feed_hub.BEHIND_S
            await screen.until("heartbeat", lambda frame: frame["behind_s"] > late["behind_s"])
        await screen.until("heartbeat", lambda frame: frame["behind_s"] == 0)


async def test_a_browser_that_takes_nothing_is_let_go(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-open socket must hold neither memory nor the other screens."""
    monkeypatch.setattr(feed, "WRITE_S", 0.2)
    hub = hub_of(server)
    async with dial(server, Authorization=f"Bearer {await server.token()}") as deaf:
        await deaf.recv()
        deaf.transport.pause_reading()
        big = {"type": "positions", "items": [{"unit_id": str(uuid4()), "filling": secrets.token_hex(50_000)}]}

        async def flood() -> int:
            hub._tell(big)
            return hub.listeners

        await eventually(flood, lambda count: count == 0)
        deaf.transport.abort()


async def test_screens_that_come_back_together_share_their_snapshots(server: Server) -> None:
    """After a restart every console comes at once; the database is asked a few times, not once for each."""
    await server.add_unit("北興101")
    token = await server.token()
    before = hub_of(server)._reads
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_first_frame(server, token)) for _ in range(20)]
    assert all(task.result()["units"] for task in tasks)
    assert hub_of(server)._reads - before < 20


async def _first_frame(server: Server, token: str) -> dict[str, Any]:
    async with dial(server, Authorization=f"Bearer {token}") as socket:
        frame: dict[str, Any] = json.loads(await socket.recv())
        return frame


async def test_two_servers_number_for_themselves_and_tell_the_same(
    server: Server, database_url: str, nats_url: str
) -> None:
    """Behind one address a screen may reach either: the streams have other names and numbers, and equal pictures."""
    client = await server.client()
    await enter(client, 23.4, 120.4)
    async with (
        running_server(database_url, nats_url, bureau=server.bureau) as other,
        watching(server) as one,
        watching(other) as two,
    ):
        assert one.frames[0]["stream"] != two.frames[0]["stream"]
        incident = await enter(client)
        for screen in (one, two):
            await screen.until_event("incident_created")
            await _settled(screen, incident["id"])
        assert one.seq != two.seq
        assert one.incidents == two.incidents


async def _settled(screen: Screen, incident_id: str) -> None:
    """Nobody is available: the last that is heard of the call for now."""
    await screen.until("event", lambda f: f["event"]["kind"] == "nobody_available")
    assert incident_id in screen.incidents


async def test_no_open_alarm_is_left_out_of_a_snapshot(server: Server) -> None:
    """An old call for help must not fall off the end behind hundreds of newer warnings."""
    unit_id, now = await server.add_unit("北興101"), utc_now()
    sos = uuid4()
    row = {"kind": "declined", "level": "warning", "raised_at": now, "unit_id": unit_id}
    rows = [{**row, "alarm_id": uuid4()} for _ in range(600)]
    rows.append({**row, "alarm_id": sos, "kind": "sos", "level": "alarm", "raised_at": now - timedelta(hours=9)})
    async with server.engine.begin() as connection:
        await connection.execute(insert(alarms), rows)
    async with watching(server) as screen:
        assert str(sos) in screen.alarms
        assert len(screen.alarms) == 601
