"""The durable write of all that cars send: one writer, many messages to a commit, and acknowledged only after it.

It holds a bounded queue. While the database is away the queue fills, `put` waits, and the sockets behind it are no
longer read; nothing is acknowledged and nothing is lost. A message that the database itself refuses is singled out,
kept as refused, and holds up nobody.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import asyncpg
import structlog

from gateway.batch import Parcel, Plan, write
from gateway.database import POISON, TRANSIENT
from gateway.parsing import Refusal, storable
from gateway.protocol import Camera, Fix, Health, Recording, RejectedCode, encode
from gateway.session import Entry

log = structlog.get_logger(__name__)

_NO_BODY: Final = "{}"


@dataclass(frozen=True, slots=True)
class Pace:
    """How messages are gathered. Times in seconds."""

    delay_s: float = 0.05
    batch_messages: int = 5_000
    queue_messages: int = 50_000
    retry_first_s: float = 0.1
    retry_last_s: float = 3.0


class Inbox:
    """`put` parcels from any task of the loop; `run` writes them; `stop` ends after what is queued is written."""

    def __init__(self, pool: asyncpg.Pool, pace: Pace, announce: Callable[[Plan], None]) -> None:
        self._pool = pool
        self._pace = pace
        self._announce = announce
        self._queue: deque[Parcel] = deque()
        self._queued = 0
        self._arrived = asyncio.Event()
        self._urgent = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._stopping = False
        self._failing = False
        self.commits = 0

    @property
    def queued_messages(self) -> int:
        """How many messages wait for a commit, the batch under way included."""
        return self._queued

    @property
    def failing(self) -> bool:
        """Whether the last attempt to write failed."""
        return self._failing

    async def put(self, parcel: Parcel) -> None:
        """Queues a parcel; waits while the queue is full."""
        while self._queued >= self._pace.queue_messages:
            self._room.clear()
            await self._room.wait()
        self._queue.append(parcel)
        self._queued += len(parcel.entries)
        self._arrived.set()
        patient = all(isinstance(e, Fix | Camera | Recording | Health) for e in parcel.entries)
        if self._queued >= self._pace.batch_messages or not patient:
            self._urgent.set()

    def stop(self) -> None:
        """Lets `run` end once the queue is empty; until then it goes on writing."""
        self._stopping = True
        self._arrived.set()
        self._urgent.set()

    async def run(self) -> None:
        """Writes batch after batch until stopped. A step or an SOS is written at once, positions are gathered."""
        while not (self._stopping and not self._queue):
            await self._arrived.wait()
            if not self._stopping:
                try:
                    async with asyncio.timeout(self._pace.delay_s):
                        await self._urgent.wait()
                except TimeoutError:
                    pass
            self._urgent.clear()
            batch = self._take_batch()
            if not self._queue and not self._stopping:
                self._arrived.clear()
            if batch:
                await self._store(batch)

    def _take_batch(self) -> list[Parcel]:
        batch: list[Parcel] = []
        size = 0
        while self._queue and size < self._pace.batch_messages:
            batch.append(self._queue.popleft())
            size += len(batch[-1].entries)
        return batch

    async def _store(self, batch: Sequence[Parcel]) -> None:
        """Writes the batch, halving it around a message that the database refuses until that one stands alone."""
        try:
            result = await self._write_until_answered(batch)
        except POISON as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._store(batch[:middle])
                await self._store(batch[middle:])
            elif len(entries := batch[0].entries) > 1:
                middle = len(entries) // 2
                await self._store([replace(batch[0], entries=entries[:middle])])
                await self._store([replace(batch[0], entries=entries[middle:])])
            else:
                if isinstance(entries[0], Refusal) and entries[0].body == _NO_BODY:
                    await asyncio.sleep(self._pace.retry_last_s)  # not even its seq is taken: the store is at fault
                await self._store([replace(batch[0], entries=[_quarantined(entries[0], error)])])
            return
        self.commits += 1
        for parcel in batch:
            self._queued -= len(parcel.entries)
            refused = [entry for entry in parcel.entries if isinstance(entry, Refusal)]
            parcel.settle(result.high_water.get(parcel.journal), refused)
        self._room.set()
        self._announce(result)

    async def _write_until_answered(self, batch: Sequence[Parcel]) -> Plan:
        """The plan as committed. Tried again as long as the database is away; a commit whose answer got lost is found
        done by the high-water mark. Raises one of POISON where the database refuses what the batch holds."""
        wait_s = self._pace.retry_first_s
        while True:
            try:
                async with self._pool.acquire() as connection:
                    result = await write(connection, batch)
            except POISON:
                self._answered()
                raise
            except TRANSIENT as error:
                if not self._failing:
                    self._failing = True
                    log.error("inbox_write_failing", error=type(error).__name__, queued=self._queued)
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
                wait_s = min(2 * wait_s, self._pace.retry_last_s)
            else:
                self._answered()
                return result

    def _answered(self) -> None:
        if self._failing:
            self._failing = False
            log.info("inbox_write_recovered", queued=self._queued)


def _quarantined(entry: Entry, error: Exception) -> Refusal:
    """What stands in the store for a message that the database refused; the second time, without its body."""
    log.error("message_quarantined", seq=entry.seq, error=type(error).__name__)
    reason = f"the store refused it: {type(error).__name__}"
    if isinstance(entry, Refusal):
        return replace(entry, message=reason, type=storable(entry.type), time_ms=None, body=_NO_BODY)
    return Refusal(
        seq=entry.seq,
        code=RejectedCode.BAD_MESSAGE,
        message=reason,
        type=str(entry.__struct_config__.tag),
        time_ms=entry.time_ms,
        body=encode(entry),
    )
