"""A car's side of recordings for tests: a device with a token, an index that is told, a tus client by hand."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select, update

from dispatch.service.desk import utc_now
from dispatch.service.sessions import hash_token
from dispatch.store.recording_tables import recordings
from dispatch.store.rows import AnyRow
from dispatch.store.tables import alarms, events
from gateway.store import devices
from tests.support.server import WAIT_S, Server, eventually

TUS = {"Tus-Resumable": "1.0.0"}
BODY = TUS | {"Content-Type": "application/offset+octet-stream"}


@dataclass
class Car:
    """One unit's device as a tus client."""

    server: Server
    unit_id: UUID
    http: httpx.AsyncClient
    told: dict[str, bytes] = field(default_factory=dict)

    async def record(
        self, content: bytes, *, told_id: str | None = None, ended_at: datetime | None = None, **members: Any
    ) -> str:
        """Tells of a recording with this content; its name in the car."""
        told_id = told_id or f"r-{uuid4().hex[:8]}"
        ended_at = ended_at or utc_now()
        index: dict[str, Any] = {
            "recording_id": told_id,
            "camera_id": "dash-1",
            "started_ms": round((ended_at - timedelta(seconds=60)).timestamp() * 1000),
            "ended_ms": round(ended_at.timestamp() * 1000),
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "name": f"{told_id}.mp4",
            "media_type": "video/mp4",
        }
        await self.server.says(self.unit_id, "recording", **index | members)
        await self.server.inbox_read()
        self.told[told_id] = content
        return told_id

    async def begin(self, told_id: str, length: int | None = None) -> httpx.Response:
        """`POST /uploads`."""
        name = base64.b64encode(told_id.encode()).decode()
        size = len(self.told[told_id]) if length is None else length
        headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": f"recording_id {name}"}
        return await self.http.post("/api/v1/uploads", headers=headers)

    async def patch(self, place: str, offset: int, body: bytes, *, checksum: bytes | None = None) -> httpx.Response:
        """One PATCH; `checksum`: SHA-256 digest to claim."""
        headers = BODY | {"Upload-Offset": str(offset)}
        if checksum is not None:
            headers["Upload-Checksum"] = f"sha256 {base64.b64encode(checksum).decode()}"
        return await self.http.patch(place, headers=headers, content=body)

    async def look(self, place: str) -> httpx.Response:
        """`HEAD`."""
        return await self.http.head(place, headers=TUS)

    async def upload(self, told_id: str, content: bytes | None = None) -> str:
        """All of it, in two pieces; the upload's address."""
        content = self.told[told_id] if content is None else content
        began = await self.begin(told_id)
        assert began.status_code == 201, began.text
        place, half = began.headers["Location"], len(content) // 2
        for offset, piece in ((0, content[:half]), (half, content[half:])):
            answer = await self.patch(place, offset, piece, checksum=hashlib.sha256(piece).digest())
            assert answer.status_code == 204, answer.text
        return place

    async def becomes(self, place: str, state: str) -> None:
        """Waits until the server says so of the upload."""

        async def said() -> str:
            return str((await self.look(place)).headers.get("Patrol-Recording-State", ""))

        await eventually(said, lambda seen: seen == state)


async def add_car(server: Server, name: str = "R1", at: tuple[float, float] = (23.48, 120.45)) -> Car:
    """A unit whose device has a token; its client is closed with the server."""
    unit_id = await server.add_unit(name, at=at)
    token = secrets.token_urlsafe(16)
    async with server.engine.begin() as connection:
        statement = update(devices).where(devices.c.unit_id == unit_id)
        await connection.execute(statement.values(token_sha256=hash_token(token)))
    http = httpx.AsyncClient(base_url=server.url, timeout=WAIT_S, trust_env=False)
    http = await server.stack.enter_async_context(http)
    http.headers["Authorization"] = f"Bearer {token}"
    return Car(server, unit_id, http)


def video(size: int = 300_000) -> bytes:
    """Content that no other has."""
    return os.urandom(size)


async def row_of(server: Server, told_id: str) -> AnyRow:
    """The index of a recording."""
    async with server.engine.connect() as connection:
        return (await connection.execute(select(recordings).where(recordings.c.told_id == told_id))).one()


async def verified(server: Server, car: Car, content: bytes | None = None) -> tuple[str, Path]:
    """A recording that is here, and its file."""
    told = await car.record(content or video(1000))
    await car.becomes(await car.upload(told), "verified")
    return told, server.app.state.recordings.files.root / (await row_of(server, told)).path


async def kinds_about(server: Server, recording_id: UUID) -> list[str]:
    """What the log says of a recording."""
    async with server.engine.connect() as connection:
        query = select(events.c.kind).where(events.c.data["recording_id"].astext == str(recording_id))
        return list((await connection.execute(query.order_by(events.c.event_id))).scalars())


async def alarms_now(server: Server) -> list[AnyRow]:
    """Unresolved alarms about damage."""
    async with server.engine.connect() as connection:
        query = select(alarms).where(alarms.c.kind == "recording_damaged", alarms.c.resolved_at.is_(None))
        return list((await connection.execute(query)).all())
