"""A server that keeps recordings, and who has to do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.car_rig import Rig
from tests.support.recordings import Car, add_car
from tests.support.server import Server, running_server


@pytest.fixture
async def server(database_url: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Server]:
    """A server that keeps recordings."""
    async with running_server(database_url, nats_url, recordings_folder=tmp_path / "recordings") as running:
        yield running


@pytest.fixture
async def car(server: Server) -> Car:
    """A unit with a device."""
    return await add_car(server)


@pytest.fixture
async def supervisor(server: Server) -> httpx.AsyncClient:
    """Who may export and hold."""
    return await server.client("sue", "supervisor")


@pytest.fixture
async def rig(server: Server, tmp_path: Path) -> AsyncIterator[Rig]:
    """The part of an agent that keeps and uploads recordings."""
    folder = tmp_path / "car"
    folder.mkdir()
    made = Rig(server, await add_car(server), folder)
    yield made
    made.book.close()
    made.parts.journal.close()
