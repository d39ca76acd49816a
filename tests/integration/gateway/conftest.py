"""What most tests of the gateway start from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.cars import gateway_settings
from tests.support.gateway_parts import database, device, settings
from tests.support.phones import phones_of

__all__ = ["database", "device", "settings"]


@pytest.fixture
async def phone(database_url: str, nats_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway that listens for phones."""
    async with phones_of(gateway_settings(database_url, nats_url, phone_port=0)) as (client, _):
        yield client
