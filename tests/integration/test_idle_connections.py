"""A connection that nobody used for a while is still one."""

from __future__ import annotations

import asyncio

import httpx

from tests.support.server import Server

IDLE_S = 7.0
"""More than servers and programs commonly give it (5 s): both would let go of it at the same moment."""


async def test_an_idle_connection_is_answered(module_server: Server) -> None:
    """Proxies and programs keep theirs: a question over it is neither reset nor asked on another."""
    connections: set[object] = set()
    async with httpx.AsyncClient(
        base_url=module_server.url,
        trust_env=False,
        limits=httpx.Limits(max_connections=1, keepalive_expiry=60),
    ) as client:
        for pause_s in (IDLE_S, 0):
            answer = await client.get("/api/v1/session")
            connections.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
            await asyncio.sleep(pause_s)
    assert len(connections) == 1
