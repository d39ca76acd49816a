"""Waiting for a hint: it comes, it does not come, or the waiter is cancelled."""

from __future__ import annotations

import asyncio

import pytest

from dispatch.service.waking import hinted


async def test_a_hint_ends_the_wait_and_its_absence_does_as_well() -> None:
    """The answer says which of the two it was."""
    event = asyncio.Event()
    assert not await hinted(event, 0.01)
    event.set()
    assert await hinted(event, 60)


async def test_a_cancellation_at_the_moment_of_the_hint_is_not_swallowed() -> None:
    """Else a server that is asked to stop while it is busy never does."""
    event = asyncio.Event()
    waiter = asyncio.create_task(hinted(event, 60))
    await asyncio.sleep(0)
    event.set()
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
