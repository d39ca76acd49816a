"""The feed's law: an old snapshot and the events after it give the fresh snapshot, whatever happened in between."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.dialects.postgresql import insert

from dispatch.domain.geometry import Position
from dispatch.domain.posts_moves import Suggestion
from dispatch.service.coverage_places import Post
from dispatch.service.desk import utc_now
from dispatch.service.standby import make_suggestion
from dispatch.service.transaction import transaction
from gateway.store import car_links
from tests.support.feed import Screen, watching
from tests.support.server import Server, eventually, fix_at, running_server

STEPS = 70


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that reads all tracks twice a second."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


class Day:
    """A random day: dispatchers and crews do whatever they could, in any order, right or wrong."""

    def __init__(self, server: Server, client: httpx.AsyncClient, seed: int) -> None:
        self.server, self.client, self.random = server, client, random.Random(seed)
        self.units: list[UUID] = []
        self.ahead = timedelta(0)

    async def begin(self) -> None:
        for n in range(4):
            self.units.append(await self.server.add_unit(f"U{n}", at=(23.48 + n / 200, 120.45)))

    async def step(self) -> None:
        """One thing happens; nothing that a client does may be answered with a 500."""
        happenings: list[Callable[[], Awaitable[Any]]] = [
            *(self.call, self.call, self.change, self.end, self.merge, self.by_hand, self.take_off),
            *(self.press, self.press, self.press, self.press, self.availability, self.sos, self.camera, self.alarm),
            *(self.link, self.later, self.drive, self.notice, self.standby, self.standby),
        ]
        await self.random.choice(happenings)()

    async def call(self) -> None:
        place = {"lat": 23.48 + self.random.random() / 50, "lon": 120.45}
        await self._post("/incidents", {"category": "other", "priority": self.random.randint(1, 4), **place})

    async def change(self) -> None:
        if incident := await self._incident():
            change = self.random.choice([{"priority": 1}, {"address": "somewhere"}, {"lat": 23.5}])
            answer = await self.client.patch(f"/incidents/{incident['id']}", json=change)
            assert answer.status_code < 500, answer.text

    async def end(self) -> None:
        if incident := await self._incident():
            how, body = self.random.choice([("close", {"disposition": "done"}), ("cancel", {"reason": "none"})])
            await self._post(f"/incidents/{incident['id']}/{how}", body)

    async def merge(self) -> None:
        one, other = await self._incident(), await self._incident()
        if one and other:
            await self._post(f"/incidents/{one['id']}/merge", {"into": other["id"]})

    async def by_hand(self) -> None:
        if incident := await self._incident():
            unit_id = str(self.random.choice(self.units))
            await self._post(f"/incidents/{incident['id']}/assignments", {"unit_id": unit_id})

    async def take_off(self) -> None:
        if assignment := await self._assignment():
            await self._post(f"/assignments/{assignment['id']}/end", {"reason": "any"})

    async def press(self) -> None:
        if assignment := await self._assignment():
            status = self.random.choice(["acknowledged", "en_route", "on_scene", "cleared", "declined"])
            await self.server.steps(UUID(assignment["unit_id"]), assignment["id"], status)

    async def availability(self) -> None:
        available = self.random.random() < 0.6
        await self.server.says(self.random.choice(self.units), "availability", available=available, reason="meal")

    async def sos(self) -> None:
        await self.server.says(self.random.choice(self.units), "sos", active=self.random.random() < 0.6)

    async def camera(self) -> None:
        state = self.random.choice(["standby", "recording", "fault"])
        await self.server.says(self.random.choice(self.units), "camera", camera_id="bwc", state=state)

    async def alarm(self) -> None:
        if alarms := (await self.client.get("/alarms")).json()["items"]:
            alarm_id = self.random.choice(alarms)["id"]
            await self._post(f"/alarms/{alarm_id}/{self.random.choice(['acknowledge', 'resolve'])}", None)

    async def link(self) -> None:
        now = utc_now()
        ended = self.random.choice([None, now])
        values = {"connected_at": now, "connection_id": uuid4(), "disconnected_at": ended}
        async with self.server.engine.begin() as connection:
            statement = insert(car_links).values(unit_id=self.random.choice(self.units), **values)
            await connection.execute(statement.on_conflict_do_update(index_elements=[car_links.c.unit_id], set_=values))

    async def later(self) -> None:
        self.ahead += timedelta(seconds=self.random.choice([2, 31]))
        self.server.clock_ahead_by(self.ahead)

    async def drive(self) -> None:
        """To the scene of its incident, if it has one, and stands there."""
        if assignment := await self._assignment():
            incident = (await self.client.get(f"/incidents/{assignment['incident_id']}")).json()
            start, scene = self.server.desk.clock(), Position(incident["lat"], incident["lon"])
            self.ahead += timedelta(seconds=25)
            self.server.clock_ahead_by(self.ahead)
            track = [fix_at(start + timedelta(seconds=s), scene, 0.0) for s in range(20)]
            await self.server.drives(UUID(assignment["unit_id"]), track)

    async def notice(self) -> None:
        await self._post(f"/units/{self.random.choice(self.units)}/notices", {"text": "hello"})

    async def standby(self) -> None:
        """A suggestion comes as from a round, or somebody decides one that stands."""
        if standing := (await self.client.get("/standby/suggestions")).json()["items"]:
            suggestion_id = self.random.choice(standing)["id"]
            await self._post(f"/standby/suggestions/{suggestion_id}/{self.random.choice(['accept', 'dismiss'])}", None)
            return
        post = Post(0, Position(23.5, 120.45), "中山路/民族路口")
        async with transaction(self.server.desk) as work:
            await make_suggestion(work, self.random.choice(self.units), post, Suggestion(0, 0, 0.06, 9, 240, 0.5, 0.56))

    async def _post(self, path: str, body: Any) -> None:
        answer = await self.client.post(path, json=body)
        assert answer.status_code < 500, answer.text

    async def _incident(self) -> dict[str, Any] | None:
        items = (await self.client.get("/incidents?limit=20")).json()["items"]
        return self.random.choice(items) if items else None

    async def _assignment(self) -> dict[str, Any] | None:
        items = (await self.client.get("/incidents?limit=20")).json()["items"]
        assignments = [a for incident in items for a in incident["assignments"]]
        active = [a for a in assignments if a["ended_at"] is None]
        return self.random.choice(active or assignments) if assignments else None


@pytest.mark.parametrize("seed", [110, 119])
async def test_an_old_snapshot_and_the_events_give_the_fresh_one(server: Server, seed: int) -> None:
    """Screens that came at different moments of the day show, at its end, what a newcomer sees."""
    client = await server.client()
    day = Day(server, client, seed)
    await day.begin()
    async with watching(server) as early, watching(server) as late:
        readers = [asyncio.create_task(_read(early))]
        for step in range(STEPS):
            await day.step()
            if step == STEPS // 2:
                await late.ask_again()
                readers.append(asyncio.create_task(_read(late)))
        await server.inbox_read()

        async def differences() -> list[str]:
            for reader in readers:
                if reader.done():
                    await reader  # a gap: says so
            async with watching(server) as fresh:
                wanted = fresh.shown()
                return [
                    f"{part} {key}: {shown[part].get(key)} instead of {wanted[part].get(key)}"
                    for shown in (early.shown(), late.shown())
                    for part in wanted
                    for key in wanted[part].keys() | shown[part].keys()
                    if shown[part].get(key) != wanted[part].get(key)
                ]

        await eventually(differences, lambda found: found == [])
        for reader in readers:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
    assert early.seq == late.seq > STEPS // 2


async def _read(screen: Screen) -> None:
    while True:
        await screen.next()
