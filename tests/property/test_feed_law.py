"""The feed's law: an old snapshot and the events after it give the fresh snapshot, whatever happened in between.

The frames are those of a real server, and what applies them is the reducer that the console runs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.feed import Frame, Screen, dial
from tests.support.random_day import Day
from tests.support.server import Server, eventually, running_server

STEPS = 60
REDUCER: Final = Path(__file__).parents[1] / "support" / "reduce_frames.mjs"


@pytest.fixture
async def servers(database_url: str, nats_url: str) -> AsyncIterator[tuple[Server, Server]]:
    """Two behind one address: the first reads all tracks twice a second; the other numbers its events by itself."""
    async with (
        running_server(database_url, nats_url, tick_s=0.5) as one,
        running_server(database_url, nats_url, bureau=one.bureau, tick_s=0.5) as other,
    ):
        yield one, other


@dataclass
class Watcher:
    """A console that keeps every frame, goes to another server when it is told to, and asks again when it likes."""

    servers: tuple[Server, ...]
    token: str
    frames: list[str] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    screen: Screen | None = None
    _turn: int = 0

    async def __aenter__(self) -> Watcher:
        await self._connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._disconnect()

    async def move(self) -> None:
        """Its socket breaks; the next one leads to the next server."""
        await self._disconnect()
        self._turn += 1
        await self._connect()

    async def ask(self) -> None:
        """As after a gap."""
        assert self.screen is not None
        await self.screen.socket.send(json.dumps({"type": "snapshot"}))

    async def _connect(self) -> None:
        server = self.servers[self._turn % len(self.servers)]
        socket = await dial(server, Authorization=f"Bearer {self.token}")
        self.screen = Screen(socket)
        self.task = asyncio.create_task(self._read(self.screen))

    async def _disconnect(self) -> None:
        assert self.task is not None
        assert self.screen is not None
        if self.task.done():
            await self.task  # says what broke it
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        await self.screen.socket.close()

    async def _read(self, screen: Screen) -> None:
        with suppress(ConnectionClosed):
            while True:
                self.frames.append(json.dumps(await screen.next()))


async def reduced(*consoles: list[str]) -> list[dict[str, Any]]:
    """What the console's own reducer makes of each list of frames: `shown` by group and id, `seq`, and the `gaps`."""
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec("node", str(REDUCER), stdin=pipe, stdout=pipe, stderr=pipe)
    out, complaint = await node.communicate(json.dumps(consoles).encode())
    assert node.returncode == 0, complaint.decode()
    result: list[dict[str, Any]] = json.loads(out)
    return result


async def fresh_frame(server: Server, token: str) -> str:
    """A newcomer's snapshot."""
    async with dial(server, Authorization=f"Bearer {token}") as socket:
        return str(await socket.recv())


def different(shown: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Every member that is not as it should be."""
    found = []
    for part, group in wanted.items():
        for key in group.keys() | shown[part].keys():
            one, other = shown[part].get(key), group.get(key)
            if one is None or other is None:
                found += [f"{part} {key}: {one} instead of {other}"] if one != other else []
            else:
                members = one.keys() | other.keys()
                found += [
                    f"{part} {key} {name}: {one.get(name)} instead of {other.get(name)}"
                    for name in members
                    if one.get(name) != other.get(name)
                ]
    return found


@pytest.mark.parametrize("seed", [110, 119, 165])
async def test_an_old_snapshot_and_the_events_give_the_fresh_one(servers: tuple[Server, Server], seed: int) -> None:
    """One console stays all day, one comes late and asks again and again, one goes from server to server: at the end
    each shows what a newcomer sees, positions too, and that is what the API answers."""
    server = servers[0]
    client = await server.client()
    token = await server.token()
    day = Day(server, client, seed)
    await day.begin()
    one_day, coming_late, wandering = (Watcher(which, token) for which in (servers[:1], servers[1:], servers))
    async with one_day, wandering:
        for step in range(STEPS):
            await day.step()
            if step % 13 == 12:
                await wandering.move()
            if step == STEPS // 2:
                await coming_late._connect()
            if step > STEPS // 2 and step % 5 == 0:
                await coming_late.ask()
        await server.inbox_read()

        async def differences() -> list[str]:
            fresh = await fresh_frame(server, token)
            newcomer, *others = await reduced([fresh], *(one.frames for one in (one_day, coming_late, wandering)))
            assert [other["gaps"] for other in others] == [[], [], []]
            found = [line for other in others for line in different(other["shown"], newcomer["shown"])]
            return found or await _against_api(client, newcomer["shown"])

        await eventually(differences, lambda found: found == [])
        await coming_late._disconnect()
    assert one_day.screen is not None
    assert one_day.screen.seq > STEPS // 2


async def _against_api(client: httpx.AsyncClient, shown: dict[str, Any]) -> list[str]:
    """What a console shows beside what the API answers: another road to the same truth."""

    async def listed(path: str) -> dict[str, Frame]:
        return {item["id"]: item for item in (await client.get(path)).json()["items"]}

    wanted = {
        "units": await listed("/units"),
        "incidents": await listed("/incidents?state=open&limit=500"),
        "alarms": await listed("/alarms"),
    }
    for unit in [*wanted["units"].values(), *shown["units"].values()]:
        del unit["position"]
    return different(shown, wanted)
