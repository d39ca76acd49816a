"""A car's book of recordings, uploads and camera folder against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from tests.support.recordings import Car
from tests.support.server import Server, eventually
from tests.unit.vehicle_agent.parts import Parts, parts
from vehicle_agent.cameras.indexing import Indexing
from vehicle_agent.cameras.settings import UploadSettings
from vehicle_agent.cameras.source import ClosedFile
from vehicle_agent.cameras.watching import Watch
from vehicle_agent.recording_book import MISSING, SPOILT, TOLD, VERIFIED, RecordingBook
from vehicle_agent.tus import TusClient
from vehicle_agent.uploads import Uploads


class Rig:
    """A car's book, its uploads and its camera's folder; what it tells reaches the server as the gateway would."""

    def __init__(self, server: Server, car: Car, folder: Path) -> None:
        self.server, self.car = server, car
        self.parts: Parts = parts(folder / "journal")
        self.parts.state.connected = True
        self.dock = folder / "dock"
        self.dock.mkdir()
        self.book = RecordingBook(folder / "book")
        watch = Watch([], self.parts.car)
        self.indexing = Indexing(self.book, self.parts.car, watch, self.parts.clock.ms)
        self._sent = 0

    def uploads(self, **members: Any) -> Uploads:
        """With these settings."""
        settings = UploadSettings(url=self.server.url, every_s=0.1, timeout_s=5, **members)
        token = self.car.http.headers["Authorization"].removeprefix("Bearer ")
        client = TusClient(settings.url, lambda: token, settings.timeout_s)
        return Uploads(settings, self.book, client, self.indexing, self.parts.state, self.parts.clock.ms)

    async def record(self, name: str, content: bytes) -> Path:
        """A file is closed, hashed, told; and the server has heard of it."""
        path = self.dock / name
        path.write_bytes(content)
        await self.index(path)
        return path

    async def index(self, path: Path, **members: Any) -> None:
        """The camera gives this file."""
        stat = await asyncio.to_thread(path.stat)
        ended_ms = stat.st_mtime_ns // 1_000_000
        told: dict[str, Any] = {
            "path": path,
            "size_bytes": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
            "started_ms": ended_ms - 5,
            "ended_ms": ended_ms,
            "device": stat.st_dev,
        }
        await self.indexing._take("dash-1", ClosedFile(**told | members))
        await self.carry()

    async def carry(self) -> None:
        """What is new in the journal arrives in the inbox."""
        for row in self.parts.journal.after(self._sent, 100):
            self._sent = row.seq
            self.parts.journal.forget(row.seq)
            body = msgspec.json.decode(row.body)
            members = {name: value for name, value in body.items() if name not in {"type", "seq", "time_ms"}}
            await self.server.says(self.car.unit_id, body["type"], **members)
        await self.server.inbox_read()

    def states(self) -> list[str]:
        """Of all that is in the book."""
        every = [TOLD, VERIFIED, SPOILT, MISSING, "sent", "removed", "refused", "hashed"]
        return [entry.state for entry in self.book.in_state(*every)]


async def during(work: Awaitable[Any], look: Callable[[], Any]) -> None:
    """Runs it until it looks so."""
    task = asyncio.ensure_future(work)

    async def seen() -> bool:
        if task.done():
            await task
        return bool(look())

    try:
        await eventually(seen)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
