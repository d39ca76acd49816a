"""A screen without pixels: it takes the browser feed and keeps what a browser would show."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.support.server import WAIT_S, Server

Frame = dict[str, Any]


class Screen:
    """State by id, as the feed's rules build it: replace what comes, drop what has ended."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self.seq = 0
        self.units: dict[str, Frame] = {}
        self.incidents: dict[str, Frame] = {}
        self.alarms: dict[str, Frame] = {}
        self.suggestions: dict[str, Frame] = {}

    async def next(self) -> Frame:
        """The next frame, applied."""
        async with asyncio.timeout(WAIT_S):
            frame: Frame = json.loads(await self.socket.recv())
        self.frames.append(frame)
        self._apply(frame)
        return frame

    async def until(self, kind: str, wanted: Callable[[Frame], bool] = lambda _: True) -> Frame:
        """The next frame of that type for which `wanted` holds; what comes before it is applied too."""
        async with asyncio.timeout(WAIT_S):  # heartbeats never end
            while True:
                frame = await self.next()
                if frame["type"] == kind and wanted(frame):
                    return frame

    async def until_event(self, kind: str) -> Frame:
        """The next event of that kind."""
        return await self.until("event", lambda frame: bool(frame["event"]["kind"] == kind))

    async def ask_again(self) -> Frame:
        """Asks for a snapshot, as after a gap, and takes it."""
        await self.socket.send(json.dumps({"type": "snapshot"}))
        return await self.until("snapshot")

    def shown(self) -> dict[str, dict[str, Frame]]:
        """All of it, but the positions, which come by frames of their own."""
        units = {key: {**unit, "position": None} for key, unit in self.units.items()}
        parts = {"incidents": self.incidents, "alarms": self.alarms, "suggestions": self.suggestions}
        return {"units": units, **parts}

    def _apply(self, frame: Frame) -> None:
        if frame["type"] == "snapshot":
            self.units, self.incidents, self.alarms, self.suggestions = {}, {}, {}, {}
        elif frame["type"] == "event":
            assert frame["seq"] == self.seq + 1, "a gap, or a number twice"
        elif frame["type"] == "heartbeat":
            assert frame["seq"] == self.seq, "a heartbeat that knows of events which never came"
        if frame["type"] not in {"snapshot", "event"}:
            return
        self.seq = frame["seq"]
        self.units |= {unit["id"]: unit for unit in frame["units"]}
        self.incidents |= {incident["id"]: incident for incident in frame["incidents"]}
        self.alarms |= {alarm["id"]: alarm for alarm in frame["alarms"]}
        self.suggestions |= {suggestion["id"]: suggestion for suggestion in frame["suggestions"]}
        self.suggestions = {key: value for key, value in self.suggestions.items() if value["ended_at"] is None}
        self.incidents = {key: value for key, value in self.incidents.items() if value["state"] == "open"}
        self.alarms = {key: value for key, value in self.alarms.items() if value["resolved_at"] is None}


def dial(server: Server, **headers: str) -> connect:
    """A connection attempt with these headers; underscores stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return connect(f"{server.url.replace('http', 'ws')}/api/v1/feed", additional_headers=named, proxy=None)


@asynccontextmanager
async def watching(server: Server, username: str = "dora", role: str = "dispatcher") -> AsyncIterator[Screen]:
    """A screen that has its first snapshot."""
    async with dial(server, Authorization=f"Bearer {await server.token(username, role)}") as socket:
        screen = Screen(socket)
        assert (await screen.next())["type"] == "snapshot"
        yield screen
