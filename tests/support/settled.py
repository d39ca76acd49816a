"""Figures beside the tables while the server's loop goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def settled(look: Callable[[], Awaitable[int]]) -> int:
    """What `look` gives when it holds: what the loop changes between two readings is no difference."""
    for _ in range(20):
        try:
            return await look()
        except AssertionError:
            await asyncio.sleep(0.3)
    return await look()
