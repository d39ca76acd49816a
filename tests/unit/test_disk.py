"""Work on the recordings' disk is never left behind, and its failures are told apart."""

from __future__ import annotations

import asyncio
import errno
import threading
import time

import pytest

from dispatch.store.disk import StorageFailed, StorageFull, on_disk


async def test_who_is_cancelled_waits_for_the_write() -> None:
    """A file that is closed under a write gives its number to another file, and the bytes go there."""
    begun, done = threading.Event(), threading.Event()

    def write() -> None:
        begun.set()
        time.sleep(0.2)
        done.set()

    task = asyncio.create_task(on_disk(write))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_a_failure_after_the_cancellation_is_nobody_s() -> None:
    """It ends there, without a warning of the loop."""

    def write() -> None:
        time.sleep(0.1)
        raise OSError(errno.EIO, "Input/output error")

    task = asyncio.create_task(on_disk(write))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("number", "named"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EIO, StorageFailed),
        (errno.EROFS, StorageFailed),
        (errno.EACCES, StorageFailed),
    ],
)
async def test_a_failing_disk_is_named(number: int, named: type[Exception]) -> None:
    """Full or failing: two things to do."""

    def write() -> None:
        raise OSError(number, "said")

    with pytest.raises(named):
        await on_disk(write)
