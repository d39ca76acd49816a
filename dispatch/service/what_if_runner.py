"""Runs what managers ask, in a process of its own, one at a time on each server; brings back what a dead worker left.

The row in `what_ifs` is the truth. Whichever server comes first takes the oldest that waits; a worker that is killed is
started once more; a row that was cancelled ends its worker within seconds, whichever server it was cancelled on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch.service.desk import Desk
from dispatch.store import what_ifs
from dispatch.store.what_ifs import Taken

_log = structlog.get_logger()
WORKER: Final = "dispatch.simulator.worker"
LOOK_S: Final = 1.0
SILENT_AFTER: Final = timedelta(minutes=2)
"""A worker writes every second, but not while a long table is made. One that is silent for so long is gone with its
server; that of a server which lives is noticed at once."""
GONE_WITHIN_S: Final = 5.0
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""A library that takes all cores would slow the server down."""


class WhatIfRunner:
    """One per server. `pid` is its worker's, while it has one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.pid: int | None = None

    async def run(self) -> None:
        """Until it is cancelled; then the worker is ended, and its what-if is queued as before."""
        while True:
            taken = None
            async with _waiting_for_database():
                await self._bring_back()
                async with self._desk.engine.begin() as connection:
                    taken = await what_ifs.take_next(connection)
            if taken is None:
                await asyncio.sleep(LOOK_S)
            else:
                await self._work(taken)

    async def _work(self, taken: Taken) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", WORKER, str(taken.what_if_id), str(taken.worker)),
                stdin=asyncio.subprocess.PIPE,
                env={**os.environ, **ONE_THREAD, "DATABASE_URL": self._desk.settings.database_url},
            )
        except OSError as error:  # no memory, no process: that must not end dispatching
            _log.error("what_if_not_started", what_if_id=str(taken.what_if_id), error=str(error))
            await self._settle(taken, None)
            await asyncio.sleep(LOOK_S)
            return
        self.pid = process.pid
        _log.info("what_if_started", what_if_id=str(taken.what_if_id), pid=process.pid)
        try:
            await self._watch(taken, process)
        except asyncio.CancelledError:
            await _kill(process)
            async with _waiting_for_database(), self._desk.engine.begin() as connection:
                await what_ifs.give_back(connection, taken)
            raise
        finally:
            self.pid = None
            if process.stdin is not None:
                process.stdin.close()
        await self._settle(taken, process.returncode)

    async def _watch(self, taken: Taken, process: asyncio.subprocess.Process) -> None:
        """Until the worker is gone, or is no longer wanted."""
        ended = asyncio.create_task(process.wait())
        try:
            while not ended.done():
                await asyncio.wait({ended}, timeout=LOOK_S)
                async with _waiting_for_database():
                    await self._bring_back(taken)
                    async with self._desk.engine.connect() as connection:
                        held = await what_ifs.is_held(connection, taken)
                    if not held:
                        await _kill(process)
        finally:
            ended.cancel()

    async def _settle(self, taken: Taken, status: int | None) -> None:
        """A worker that ended without a word in its row has died. If the database is away, silence will tell."""
        async with _waiting_for_database():
            async with self._desk.engine.begin() as connection:
                state = await what_ifs.worker_died(connection, taken)
            if state is not None:
                _log.warning("what_if_worker_died", what_if_id=str(taken.what_if_id), status=status, state=state)
            else:
                _log.info("what_if_ended", what_if_id=str(taken.what_if_id), status=status)

    async def _bring_back(self, own: Taken | None = None) -> None:
        async with self._desk.engine.begin() as connection:
            found = await what_ifs.bring_back_lost(connection, SILENT_AFTER, own)
        for what_if_id, state in found.items():
            _log.warning("what_if_worker_lost", what_if_id=str(what_if_id), state=state)


async def _kill(process: asyncio.subprocess.Process) -> None:
    """It holds nothing that a kill could break: all that counts is in the row."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GONE_WITHIN_S):
            await process.wait()


@contextlib.asynccontextmanager
async def _waiting_for_database() -> AsyncIterator[None]:
    """A database that is away is asked again in the next round."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        _log.warning("what_ifs_wait_for_database", error=type(error).__name__)
        await asyncio.sleep(LOOK_S)
