"""Who rules, and the unit that was sent."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from tests.support.server import Server


@pytest.fixture
async def supervisor(module_server: Server) -> httpx.AsyncClient:
    """By the name of sue."""
    return await module_server.client("sue", "supervisor")


@pytest.fixture(scope="module")
async def unit_id(module_server: Server) -> UUID:
    """The one that is sent."""
    return await module_server.add_unit("北興101")
