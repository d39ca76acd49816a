"""The browser feed's centre: follows the event log, coalesces positions, and hands both to every listener.

Register, fetch, apply: a listener is registered before its snapshot is read, and events carry the state of what they
changed, so that applying one twice does no harm. Numbers rise by one; a gap tells the client to ask again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.api import present
from dispatch.api.standby import suggestion_view
from dispatch.service.desk import Desk
from dispatch.service.waking import hinted
from dispatch.store import log, standby, views
from dispatch.store.rows import AnyRow
from gateway.store import unit_positions

_log = structlog.get_logger()
FLUSH_S: Final = 0.25
REREAD_S: Final = 2.0
BATCH: Final = 200
QUEUE_LIMIT: Final = 1000
"""A listener this far behind is cut off; its browser comes back and takes a snapshot."""

Frame = dict[str, Any]


class Listener:
    """One browser's queue. `overrun` is set when it could not keep up."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Frame] = asyncio.Queue(QUEUE_LIMIT)
        self.overrun = False

    def put(self, frame: Frame) -> None:
        """Never waits: a slow browser must not hold up the others."""
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.overrun = True


class FeedHub:
    """One per server process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listeners: set[Listener] = set()
        self._grown = asyncio.Event()
        self._positions: dict[str, Frame] = {}
        self._newest: dict[UUID, datetime] = {}
        self._last_event_id = 0
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
        if not self._listeners or not isinstance(payload, list):
            return
        for fix in payload:
            with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
                if fix.get("live", True):
                    self._keep(
                        UUID(fix["unit_id"]),
                        _from_ms(fix["time_ms"]),
                        {
                            "lat": fix["lat"],
                            "lon": fix["lon"],
                            "accuracy_m": fix.get("accuracy_m"),
                            "speed_mps": fix.get("speed_mps"),
                            "course_deg": fix.get("course_deg"),
                            "received_at": _from_ms(fix["received_ms"]).isoformat(),
                        },
                    )

    def _keep(self, unit_id: UUID, fixed_at: datetime, members: Frame) -> None:
        newest = self._newest.get(unit_id)
        if newest is None or newest < fixed_at:
            self._newest[unit_id] = fixed_at
            self._positions[str(unit_id)] = {"unit_id": str(unit_id), "fixed_at": fixed_at.isoformat(), **members}

    @contextlib.contextmanager
    def listening(self) -> Iterator[Listener]:
        """Registers a listener for the block."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def snapshot(self) -> Frame:
        """All that a screen shows now. `seq`: events up to it are contained."""
        seq = self.seq
        async with self._desk.engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            units = await present.unit_views(connection)
            incidents = await present.incident_views(connection, await views.open_incident_rows(connection))
            alarms = [present.alarm_view(row) for row in await views.alarm_rows(connection, only_open=True)]
            suggestions = [suggestion_view(row) for row in await standby.standing_suggestions(connection)]
        return {
            "type": "snapshot",
            "seq": seq,
            "server_time": self._desk.clock().isoformat(),
            "units": _plain(units),
            "incidents": _plain(incidents),
            "alarms": _plain(alarms),
            "suggestions": _plain(suggestions),
        }

    def heartbeat(self) -> Frame:
        """Lets a screen know within seconds that the server or the way to it is gone."""
        return {"type": "heartbeat", "seq": self.seq, "server_time": self._desk.clock().isoformat()}

    async def begin(self) -> None:
        """Follows the log from here on; before any listener, whose snapshot might else miss what comes in between."""
        async with self._desk.engine.connect() as connection:
            self._last_event_id = await log.last_event_id(connection)

    async def run(self) -> None:
        """Follows the log and flushes positions until it is cancelled."""
        await asyncio.gather(self._follow_log(), self._flush_positions(), self._reread_positions())

    async def _follow_log(self) -> None:
        while True:
            self._grown.clear()
            try:
                while await self._broadcast_new():
                    pass
            except (SQLAlchemyError, OSError) as error:
                _log.warning("feed_waits_for_database", error=type(error).__name__)
                await asyncio.sleep(REREAD_S)
            await hinted(self._grown, REREAD_S)

    async def _broadcast_new(self) -> bool:
        async with self._desk.engine.connect() as connection:
            rows = await log.events_after(connection, self._last_event_id, BATCH)
            if not rows:
                return False
            changed = await _Changed.of(connection, rows)
        for row in rows:
            self._last_event_id = row.event_id
            self.seq += 1
            frame = {
                "type": "event",
                "seq": self.seq,
                "event": present.event_view(row).model_dump(mode="json"),
                **changed.by(row),
            }
            for listener in self._listeners:
                listener.put(frame)
        return len(rows) == BATCH

    async def _flush_positions(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            if self._positions:
                frame = {"type": "positions", "items": list(self._positions.values())}
                self._positions = {}
                for listener in self._listeners:
                    listener.put(frame)

    async def _reread_positions(self) -> None:
        """What the bus lost: newer positions that only the table knows."""
        while True:
            await asyncio.sleep(REREAD_S)
            if not self._listeners:
                continue
            try:
                async with self._desk.engine.connect() as connection:
                    rows = (await connection.execute(select(unit_positions))).all()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("feed_waits_for_database", error=type(error).__name__)
                continue
            for row in rows:
                view = present.position_view(row).model_dump(mode="json", exclude={"fixed_at"})
                self._keep(row.unit_id, row.fixed_at, view)


class _Changed:
    """What a batch of events changed, as it is now, by id."""

    def __init__(
        self,
        incidents: dict[str, Frame],
        units: dict[str, Frame],
        alarms: dict[str, Frame],
        suggestions: dict[str, Frame],
    ) -> None:
        self._incidents, self._units, self._alarms, self._suggestions = incidents, units, alarms, suggestions

    @classmethod
    async def of(cls, connection: AsyncConnection, rows: Sequence[AnyRow]) -> _Changed:
        incident_rows = await views.incident_rows(connection, {row.incident_id for row in rows if row.incident_id})
        incidents = await present.incident_views(connection, incident_rows)
        units = await present.unit_views(connection, {row.unit_id for row in rows if row.unit_id})
        alarms = [present.alarm_view(row) for row in await views.changed_alarm_rows(connection, rows)]
        named = [UUID(row.data["suggestion_id"]) for row in rows if "suggestion_id" in row.data]
        suggested = await standby.suggestion_rows(connection, suggestion_ids=named) if named else []
        suggestions = [suggestion_view(row) for row in suggested]
        groups = (incidents, units, alarms, suggestions)
        return cls(*({view["id"]: view for view in _plain(group)} for group in groups))

    def by(self, row: AnyRow) -> dict[str, list[Frame]]:
        incident, unit, suggestion = str(row.incident_id), str(row.unit_id), row.data.get("suggestion_id")
        return {
            "incidents": [self._incidents[incident]] if incident in self._incidents else [],
            "units": [self._units[unit]] if unit in self._units else [],
            "alarms": [
                alarm
                for alarm in self._alarms.values()
                if alarm["id"] == row.data.get("alarm_id")
                or (row.incident_id is not None and alarm["incident_id"] == incident)
                or (row.unit_id is not None and alarm["unit_id"] == unit)
            ],
            "suggestions": [self._suggestions[suggestion]] if suggestion in self._suggestions else [],
        }


def _plain(group: list[Any]) -> list[Frame]:
    return [view.model_dump(mode="json") for view in group]


def _from_ms(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
