"""A random day of a bureau against a real server: calls, orders, steps, alarms, whatever anybody can do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy.dialects.postgresql import insert

from dispatch.domain.geometry import Position
from dispatch.domain.posts_moves import Suggestion
from dispatch.service.coverage_places import Post
from dispatch.service.desk import utc_now
from dispatch.service.standby import make_suggestion
from dispatch.service.transaction import transaction
from gateway.store import car_links
from tests.support.server import Server, fix_at


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
            *(self.radio, self.radio, self.note, self.crew, self.snooze, self.look, self.at_once, self.at_once),
        ]
        await self.random.choice(happenings)()

    async def at_once(self) -> None:
        """Several of them at the same moment."""
        await asyncio.gather(*(self.step() for _ in range(self.random.randint(2, 4))))

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

    async def radio(self) -> None:
        """A crew says it by radio, and the dispatcher enters it."""
        if self.random.random() < 0.3:
            body = {"available": self.random.random() < 0.6, "reason": "meal"}
            await self._post(f"/units/{self.random.choice(self.units)}/availability", body)
        elif assignment := await self._assignment():
            status = self.random.choice(["acknowledged", "en_route", "on_scene", "cleared", "declined"])
            await self._post(f"/assignments/{assignment['id']}/steps", {"status": status})

    async def note(self) -> None:
        """A note is written, and now and then taken back."""
        if incident := await self._incident():
            answer = await self.client.post(f"/incidents/{incident['id']}/notes", json={"text": "a dog, chained"})
            assert answer.status_code < 500, answer.text
            if answer.status_code == 201 and self.random.random() < 0.3:
                await self._post(f"/notes/{answer.json()['id']}/strike", None)

    async def crew(self) -> None:
        body = self.random.choice([{"crew": self.random.randint(1, 4)}, {"capabilities": ["accident"]}])
        answer = await self.client.patch(f"/units/{self.random.choice(self.units)}", json=body)
        assert answer.status_code < 500, answer.text

    async def snooze(self) -> None:
        if alarms := (await self.client.get("/alarms")).json()["items"]:
            await self._post(f"/alarms/{self.random.choice(alarms)['id']}/snooze", None)

    async def look(self) -> None:
        """Somebody opens a call."""
        if incident := await self._incident():
            await self._post(f"/incidents/{incident['id']}/seen", None)

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
