"""What a test of a gateway starts from: its settings, one registered device, a look into its database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.settings import Settings
from tests.support.cars import Device, gateway_settings, register


@pytest.fixture
def settings(database_url: str, nats_url: str) -> Settings:
    """A gateway on the test's own database."""
    return gateway_settings(database_url, nats_url)


@pytest.fixture
async def device(database_url: str) -> Device:
    """A car that may connect."""
    return await register(database_url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """What the server holds, and no car can see."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
