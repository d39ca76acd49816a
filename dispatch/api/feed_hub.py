"""The browser feed's centre: follows the event log, coalesces positions, and hands both to every listener.

Register, fetch, apply: a listener is registered before its snapshot is read, and events carry the state of what they
changed, so that applying one twice does no harm. Numbers rise by one within a stream; a gap or another stream tells
the client to ask again. Reads take turns, so that what is told later was also read later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final
from uuid import uuid4

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from dispatch.api import present
from dispatch.api.feed_picture import Changed, Frame, Picture, differences, new_lines, read_picture, take
from dispatch.api.feed_positions import NewestPositions
from dispatch.service.desk import Desk
from dispatch.service.waking import hinted
from dispatch.store import log
from dispatch.store.database import one_moment
from dispatch.store.rows import AnyRow
from gateway.store import unit_positions

_log = structlog.get_logger()
FLUSH_S: Final = 0.25
REREAD_S: Final = 1.0
POSITIONS_S: Final = 2.0
SWEEP_S: Final = 5.0
"""How often all is compared with what was told: what changes without an event is on the screens after two of these."""
BEHIND_S: Final = 2.5
"""A log that could not be read for so long may hold what no screen knows."""
BATCH: Final = 200
QUEUE_LIMIT: Final = 1000
"""A listener this far behind is cut off; its browser comes back and takes a snapshot."""


class Listener:
    """One browser's queue. `overrun` is set when it could not keep up."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Frame] = asyncio.Queue(QUEUE_LIMIT)
        self.overrun = False
        self.asked = asyncio.Event()
        self.asked.set()

    def put(self, frame: Frame) -> None:
        """Never waits: a slow browser must not hold up the others."""
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.overrun = True

    def ask(self) -> None:
        """It gets a fresh snapshot next, because it or the hub wants it to."""
        self.asked.set()
        self.put({"type": "asked"})


class FeedHub:
    """One per server process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listeners: set[Listener] = set()
        self._grown = asyncio.Event()
        self._positions = NewestPositions()
        self._last_event_id = 0
        self._reading = asyncio.Lock()
        self._reads = 0
        self._shared: tuple[int, Frame] | None = None
        self._told: Picture | None = None
        """What a listener that got every frame shows; None while nobody listens."""
        self._suspected: set[tuple[str, str]] = set()
        self._complete_at: float | None = None
        self.stream = uuid4().hex
        self.seq = 0

    @property
    def listeners(self) -> int:
        """How many browsers listen."""
        return len(self._listeners)

    def log_grew(self) -> None:
        """A hint that the event log has new lines."""
        self._grown.set()

    def fixes_came(self, payload: Any) -> None:
        """A `fixes` hint: keeps the newest position of each unit until the next flush."""
        if self._listeners:
            self._positions.hear(payload)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Listener]:
        """Registers a listener for the block."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._told = None

    async def snapshot(self) -> Frame:
        """All that a screen shows now. `seq`: events up to it are contained.

        Who asks while one is being read gets the next one together with all others who wait, so that a hundred screens
        that come back at once cost two reads.
        """
        begun = self._reads
        async with self._reading:
            if self._shared is None or self._shared[0] <= begun:
                self._reads += 1
                self._shared = None
                self._shared = (self._reads, await self._read_snapshot())
            return self._shared[1]

    async def _read_snapshot(self) -> Frame:
        async with one_moment(self._desk.engine) as connection:
            picture = await read_picture(connection)
        if self._told is None:
            self._told = {name: dict(group) for name, group in picture.items()}
        lists = {name: list(group.values()) for name, group in picture.items()}
        return {"type": "snapshot", "stream": self.stream, "seq": self.seq, "server_time": self._now(), **lists}

    def heartbeat(self) -> Frame:
        """Lets a screen know within seconds that the server, its database or the way to it is gone."""
        since = None if self._complete_at is None else asyncio.get_running_loop().time() - self._complete_at
        behind_s = 0.0 if since is not None and since < BEHIND_S else round(since or BEHIND_S, 1)
        return {
            "type": "heartbeat",
            "stream": self.stream,
            "seq": self.seq,
            "server_time": self._now(),
            "behind_s": behind_s,
        }

    def _now(self) -> str:
        return self._desk.clock().isoformat()

    async def begin(self) -> None:
        """Follows the log from here on; before any listener, whose snapshot might else miss what comes in between."""
        async with self._desk.engine.connect() as connection:
            self._last_event_id = await log.last_event_id(connection)

    async def run(self) -> None:
        """Follows the log and flushes positions until it is cancelled."""
        await asyncio.gather(
            self._follow_log(),
            self._flush_positions(),
            self._every(POSITIONS_S, self._reread_positions),
            self._every(SWEEP_S, self.sweep),
        )

    async def _follow_log(self) -> None:
        while True:
            self._grown.clear()
            try:
                while await self._broadcast_new():
                    pass
                self._complete_at = asyncio.get_running_loop().time()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("feed_waits_for_database", error=type(error).__name__)
                await asyncio.sleep(REREAD_S)
            await hinted(self._grown, REREAD_S)

    async def _broadcast_new(self) -> bool:
        async with self._reading, one_moment(self._desk.engine) as connection:
            rows, changed = await new_lines(connection, self._last_event_id, BATCH)
            if changed is None:
                await self._notice_another_log(await log.last_event_id(connection))
                return False
            self._broadcast(rows, changed)
        return len(rows) == BATCH

    def _broadcast(self, rows: Sequence[AnyRow], changed: Changed) -> None:
        for row in rows:
            self._last_event_id = row.event_id
            self.seq += 1
            what = changed.by(row)
            if self._told is not None:
                take(self._told, what)
            event = present.event_view(row).model_dump(mode="json")
            self._tell({"type": "event", "stream": self.stream, "seq": self.seq, "event": event, **what})

    async def _notice_another_log(self, newest: int) -> None:
        """A standby that took over may lack the last lines that the old primary had; new ones would get their ids."""
        if newest >= self._last_event_id:
            return
        _log.error("event_log_went_back", known=self._last_event_id, newest=newest)
        self._last_event_id, self.stream, self.seq = newest, uuid4().hex, 0
        self._start_anew()

    def _start_anew(self) -> None:
        self._told, self._shared = None, None
        for listener in self._listeners:
            listener.ask()

    def _tell(self, frame: Frame) -> None:
        for listener in self._listeners:
            listener.put(frame)

    async def sweep(self) -> None:
        """Compares all with what was told; where something differs twice, changed without an event, all get it anew."""
        if self._told is None:
            return
        async with self._reading, one_moment(self._desk.engine) as connection:
            rows, changed = await new_lines(connection, self._last_event_id, BATCH)
            if changed is not None:
                self._broadcast(rows, changed)
            if len(rows) == BATCH or self._told is None:
                return
            different = differences(self._told, await read_picture(connection))
        if again := different & self._suspected:
            _log.info("feed_told_anew", objects=len(again))
            self._suspected = set()
            self._start_anew()
        else:
            self._suspected = different

    async def _flush_positions(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            if items := self._positions.take():
                self._tell({"type": "positions", "items": items})

    async def _every(self, seconds: float, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            if not self._listeners:
                continue
            try:
                await look()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("feed_waits_for_database", error=type(error).__name__)

    async def _reread_positions(self) -> None:
        """What the bus lost: newer positions that only the table knows."""
        async with self._desk.engine.connect() as connection:
            rows = (await connection.execute(select(unit_positions))).all()
        self._positions.read(rows)
