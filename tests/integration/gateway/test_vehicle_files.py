"""The streets on the gateway's port: for device tokens alone, in pieces, once a version; fetched by the car's code."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.support.cars import Device, gateway_settings, running
from vehicle_agent.base_map import BaseMap, over_http


@cache
def big() -> bytes:
    """A base map of a few megabytes."""
    return gzip.compress(b"".join(str(number * 7919).encode() for number in range(600_000)), 1, mtime=0)


@pytest.fixture
async def gateway(database_url: str, nats_url: str) -> AsyncIterator[str]:
    """A gateway's address."""
    async with running(gateway_settings(database_url, nats_url)) as address:
        yield address


async def load(database: asyncpg.Connection, etag: str, content: bytes) -> None:
    """What dispatch does when it has loaded a map."""
    await database.execute(
        "INSERT INTO vehicle_files (name, etag, content) VALUES ('streets', $1, $2)"
        " ON CONFLICT (name) DO UPDATE SET etag = $1, content = $2",
        etag,
        content,
    )


async def get(address: str, token: str | None, **headers: str) -> httpx.Response:
    """One GET."""
    async with httpx.AsyncClient(trust_env=False) as client:
        told = headers | ({} if token is None else {"Authorization": f"Bearer {token}"})
        url = address.replace("ws://", "http://") + "/streets"
        return await client.get(url, headers={name.replace("_", "-"): value for name, value in told.items()})


async def test_only_a_car_gets_the_streets(gateway: str, device: Device, database: asyncpg.Connection) -> None:
    """401 without a good token, 404 while none are loaded, then the streets with a version, and 304 for the same."""
    assert (await get(gateway, None)).status_code == 401
    assert (await get(gateway, "no-such-token")).status_code == 401
    assert (await get(gateway, device.token)).status_code == 404
    await load(database, "abc-1", gzip.compress(b'{"type":"FeatureCollection","features":[]}'))
    answer = await get(gateway, device.token)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"abc-1"')
    assert answer.json() == {"type": "FeatureCollection", "features": []}
    assert (await get(gateway, device.token, If_None_Match='"abc-1"')).status_code == 304
    assert (await get(gateway, device.token, If_None_Match='"abc-0"')).status_code == 200
    await database.execute("UPDATE devices SET revoked_at = now()")
    assert (await get(gateway, device.token)).status_code == 401


async def test_pieces_of_a_version(gateway: str, device: Device, database: asyncpg.Connection) -> None:
    """A range gets that piece; one of another version, or none, the beginning; one behind the end gets 416."""
    await load(database, "abc-1", big())
    async with httpx.AsyncClient(trust_env=False) as client:
        url = gateway.replace("ws://", "http://") + "/streets"
        for asked, if_range, start, end in (
            ("bytes=100-199", '"abc-1"', 100, 200),
            ("bytes=100-199", '"abc-0"', 0, 1024 * 1024),
            ("bytes=0-", '"abc-1"', 0, 1024 * 1024),
            (f"bytes={len(big()) - 5}-", '"abc-1"', len(big()) - 5, len(big())),
        ):
            told = {"Authorization": f"Bearer {device.token}", "Range": asked, "If-Range": if_range}
            async with client.stream("GET", url, headers=told) as answer:
                piece = b"".join([chunk async for chunk in answer.aiter_raw()])
            assert answer.status_code == 206
            assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(big())}"
            assert piece == big()[start:end]
    behind = await get(gateway, device.token, Range=f"bytes={len(big())}-")
    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{len(big())}")


async def test_the_agent_keeps_them(gateway: str, device: Device, database: asyncpg.Connection, tmp_path: Path) -> None:
    """What the agent's own code fetches is what dispatch stored; a new version replaces it, the same one is not
    fetched."""
    await load(database, "abc-1", big())
    kept = BaseMap(tmp_path / "journal")
    ask = over_http(gateway, lambda: device.token)
    assert await asyncio.to_thread(kept.refresh, ask)
    assert kept.read() == ('"abc-1"', big())
    assert not await asyncio.to_thread(kept.refresh, ask)
    other = gzip.compress(b"other", mtime=0)
    await load(database, "abc-2", other)
    assert await asyncio.to_thread(kept.refresh, ask)
    assert kept.read() == ('"abc-2"', other)
