"""The replay's law: what it shows of a moment is what the screens showed then, whatever happened before and since."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import deepcopy
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select

from dispatch.store.log import last_event_id, noted_links
from dispatch.store.tables import events
from dispatch.store.units import links
from tests.support.feed import Screen, watching
from tests.support.random_day import Day
from tests.support.replay import Shown, as_seen, differences, fetch, shown_at
from tests.support.server import Server, eventually, running_server

STEPS, EVERY = 70, 5


class LongerDay(Day):
    """More of what changes a row: words, crews, notes, alarms put off, help for an officer."""

    def happenings(self) -> list[Callable[[], Awaitable[Any]]]:
        """As likely as these stand here."""
        return [
            *(self.call, self.call, self.earlier_call, self.change, self.words, self.words, self.end, self.merge),
            *(self.merge, self.by_hand, self.by_hand, self.take_off, self.press, self.press, self.press, self.press),
            *(self.availability, self.sos, self.sos, self.camera, self.alarm, self.alarm, self.put_off, self.crew),
            *(self.link, self.later, self.drive, self.notice, self.standby, self.standby, self.note, self.help),
        ]

    async def step(self) -> None:
        await self.random.choice(self.happenings())()

    async def earlier_call(self) -> None:
        """One that rang before others did; merged into them it moves their clock."""
        received_at = self.server.desk.clock() - timedelta(minutes=self.random.randint(1, 9))
        body = {"category": "traffic_accident", "accident_class": "A2", "priority": 2, "lat": 23.49, "lon": 120.452}
        await self._post("/incidents", body | {"received_at": received_at.isoformat(), "description": "early"})

    async def words(self) -> None:
        if incident := await self._incident():
            change = {"description": f"words {self.random.random()}", "address": self.random.choice(["here", "there"])}
            await self.client.patch(f"/incidents/{incident['id']}", json=change)

    async def crew(self) -> None:
        unit_id = self.random.choice(self.units)
        ends = (self.server.desk.clock() + timedelta(hours=self.random.randint(1, 8))).isoformat()
        change = self.random.choice(
            [{"crew": self.random.randint(1, 4)}, {"shift_ends_at": ends}, {"capabilities": ["k9"]}]
        )
        await self.client.patch(f"/units/{unit_id}", json=change)

    async def note(self) -> None:
        if incident := await self._incident():
            await self._post(f"/incidents/{incident['id']}/notes", {"text": "said by phone"})

    async def put_off(self) -> None:
        for alarm in (await self.client.get("/alarms")).json()["items"][:2]:
            await self._post(f"/alarms/{alarm['id']}/snooze", {"minutes": 1})

    async def help(self) -> None:
        for alarm in (await self.client.get("/alarms")).json()["items"]:
            if alarm["kind"] == "sos":
                await self._post(f"/alarms/{alarm['id']}/help", {"unit_id": str(self.random.choice(self.units))})
                return


@pytest.mark.parametrize("seed", [3, 110, 119])
async def test_the_replay_shows_what_the_screens_showed(database_url: str, nats_url: str, seed: int) -> None:
    """At many quiet moments of a random day, from pages of any length, to every member that a screen shows."""
    async with running_server(database_url, nats_url, tick_s=0.5) as server:
        client = await server.client()
        day = LongerDay(server, client, seed)
        await day.begin()
        begun = server.desk.clock()
        looked: list[tuple[int, datetime, Shown]] = []
        async with watching(server) as screen:
            reader = asyncio.create_task(_read(screen))
            for step in range(STEPS):
                await day.step()
                if step % EVERY == EVERY - 1:
                    looked.append(await _quiet(server, screen, reader))
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
        end = server.desk.clock()
        seen = [(at, shown) for log, at, shown in looked if not await _was_being_written(server, log, at)]
        assert len(seen) > len(looked) / 2
        whole = await fetch(client, begun, end)
        for at, shown in seen:
            assert differences(shown, shown_at(whole, at)) == [], f"at {at}"
        for (since, _), (at, shown) in pairwise(seen):
            page = await fetch(client, since, end)
            assert differences(shown, shown_at(page, at)) == [], f"from {since} at {at}"
            empty = await fetch(client, at, at)
            assert differences(shown, shown_at(empty, at)) == [], f"a snapshot at {at}"


async def _quiet(server: Server, screen: Screen, reader: asyncio.Task[None]) -> tuple[int, datetime, Shown]:
    """A moment at which the screen shows what a newcomer sees, and nothing is under way."""

    async def look() -> tuple[int, datetime, Shown] | None:
        if reader.done():
            await reader
        await server.inbox_read()
        before = await _log_stands_at(server)
        async with watching(server) as fresh:
            at = server.desk.clock()
            wanted = as_seen(fresh.shown())
        same = wanted == as_seen(screen.shown())
        if not same or before is None or before != await _log_stands_at(server):
            await asyncio.sleep(0.1)
            return None
        return before, at, deepcopy(wanted)

    found = await eventually(look)
    assert found is not None
    return found


async def _log_stands_at(server: Server) -> int | None:
    """The newest line; None while a link that came or went is not in the log yet."""
    async with server.engine.connect() as connection:
        up = await links(connection)
        noted = await noted_links(connection, up)
        if any(noted.get(unit, False) != is_up for unit, is_up in up.items()):
            return None
        return await last_event_id(connection)


async def _was_being_written(server: Server, log: int, at: datetime) -> bool:
    """Did somebody's command begin before that moment and become known after it? A line has the time of its begin."""
    async with server.engine.connect() as connection:
        later = select(func.count()).where(events.c.event_id > log, events.c.recorded_at <= at)
        return bool(await connection.scalar(later))


async def _read(screen: Screen) -> None:
    while True:
        await screen.next()
