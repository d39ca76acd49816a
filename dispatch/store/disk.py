"""Work on the recordings' disk: in a thread, never left behind half done, and its failures told apart from others.

An OSError says nothing of where it came from; a database that is away is one too. So what fails here is named here.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar, TypeVarTuple, Unpack

import structlog

from dispatch.domain.refusals import Refused

T = TypeVar("T")
Args = TypeVarTuple("Args")

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

_log = structlog.get_logger()


class StorageFull(Refused):
    """No room; the file stays in the car."""

    code = "storage_full"


class StorageFailed(Refused):
    """The disk takes or gives nothing: read-only, failing, gone, or not for this server's user."""

    code = "storage_failed"


def no_room() -> StorageFull:
    """What is said of a full disk."""
    return StorageFull(
        "The disk for recordings is full; the file stays in the car. Free space, then it goes on by itself."
    )


async def on_disk(work: Callable[[Unpack[Args]], T], *args: *Args) -> T:
    """`work` in a thread. Raises StorageFull or StorageFailed for its OSError.

    Cancelled, it waits for the thread first: a file must not be closed, and its number given to another, under a write.
    """
    working = asyncio.ensure_future(asyncio.to_thread(work, *args))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        if not working.cancelled():
            working.exception()
        raise
    except OSError as error:
        raise _named(error) from error


def _named(error: OSError) -> Refused:
    reason = error.strerror or type(error).__name__
    _log.error("recording_disk_failed", reason=reason)
    if error.errno in FULL:
        return no_room()
    return StorageFailed(
        f"The disk for recordings fails ({reason}); nothing was changed. See that it is mounted, writable and sound, "
        "and the server's user may use it."
    )
