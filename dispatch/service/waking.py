"""Waiting for a hint, but not for ever: hints are lost at times, so every waiter looks by itself as well."""

from __future__ import annotations

import asyncio
import contextlib


async def hinted(event: asyncio.Event, within_s: float) -> bool:
    """True as soon as the event is set, False after so long. Whoever cancels the waiter ends the wait in any case.

    `asyncio.wait_for` does not do for this: until Python 3.12 a cancellation that comes at the moment of the event is
    swallowed (python/cpython#86296), and a server that was asked to stop goes on for ever.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            return await event.wait()
    return False
