"""The dispatcher loop of a bureau: runs in the one server that holds the advisory lock; the others stand by.

A round: read the inbox, decide who goes, note links that came and went, take off who doesn't answer. Beside the rounds
the GPS witness reads tracks, for arrivals and for jams. Rounds start by wake-ups, which are hints, and every second
without any; then they decide only where the inbox held something, or the tick is due.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.refusals import Refused
from dispatch.service.alarm_watch import AlarmWatch
from dispatch.service.arrivals import look_near, sweep_arrivals
from dispatch.service.dead_links import end_dead_links
from dispatch.service.deciding import Deciding
from dispatch.service.desk import Desk
from dispatch.service.inbox import read_inbox
from dispatch.service.jams import Jams
from dispatch.service.silence import take_off_silent
from dispatch.service.transaction import transaction
from dispatch.service.waking import hinted
from dispatch.store.away import is_away
from dispatch.store.decisions import forget_seen
from dispatch.store.log import noted_links
from dispatch.store.past_kept import forget_overwritten
from dispatch.store.units import links

_log = structlog.get_logger()
LEADER_LOCK: Final = 0x_7A_70_02
TICK_S: Final = 1.0
JAMS_S: Final = 10.0
TIDY_S: Final = 24 * 3600.0
RETRY_S: Final = 1.0


class DispatcherLoop:
    """One per server; at any time one of a bureau leads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._moved: set[UUID] = set()
        self._links: dict[UUID, bool] | None = None
        self._swept_at: datetime | None = None
        self._more_to_sweep = False
        self._looked_at: datetime | None = None
        self._decided_at: datetime | None = None
        self._tidied_at: datetime | None = None
        self._due = True
        self.deciding = Deciding(desk)
        self.alarms = AlarmWatch(desk)
        self.leading = False

    def unit_moved(self, unit_id: UUID) -> None:
        """A hint that new fixes of this unit are stored."""
        self._moved.add(unit_id)

    async def run(self) -> None:
        """Until it is cancelled. A database that goes away and comes back is waited for."""
        while True:
            try:
                await self._lead()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("dispatcher_loop_waits_for_database", error=type(error).__name__)
            finally:
                self.leading = False
                self._desk.streets.slowdown = None
            await asyncio.sleep(RETRY_S)

    async def _lead(self) -> None:
        async with self._desk.engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            if not await connection.scalar(select(func.pg_try_advisory_lock(LEADER_LOCK))):
                return
            _log.info("dispatcher_loop_leads")
            self.leading, self._links, self._swept_at, self._due = True, None, None, True
            beside = [
                asyncio.create_task(self._witness(), name="gps-witness"),
                asyncio.create_task(self._watch_jams(), name="jams"),
                asyncio.create_task(self._watch_alarms(), name="alarms"),
                asyncio.create_task(self._watch_gateways(), name="dead-links"),
            ]
            try:
                while not any(task.done() for task in beside) and await self._still_leads(connection):
                    await self._guarded(self.round)
                    await hinted(self._desk.wake, TICK_S)
                for task in beside:
                    if task.done():
                        task.result()  # what ended it ends this as well
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
                with contextlib.suppress(SQLAlchemyError, OSError):
                    await connection.execute(select(func.pg_advisory_unlock(LEADER_LOCK)))

    @staticmethod
    async def _still_leads(connection: AsyncConnection) -> bool:
        """The lock lives with its connection: while that answers, the lock is ours."""
        await connection.execute(text("SELECT 1"))
        return True

    async def _guarded(self, part: Callable[[], Awaitable[None]]) -> None:
        """A round that a bug broke must not end dispatching: the next one starts from the tables again."""
        try:
            await part()
        except SQLAlchemyError as error:
            if is_away(error):
                raise
            _log.exception("dispatcher_round_failed")
            await asyncio.sleep(RETRY_S)
        except (
            Refused,
            LookupError,
            ValueError,
            TypeError,
            AttributeError,
            RuntimeError,
            ArithmeticError,
            AssertionError,
        ):
            _log.exception("dispatcher_round_failed")
            await asyncio.sleep(RETRY_S)

    async def _witness(self) -> None:
        """Reads tracks beside the rounds, so that a call never waits for them."""
        while True:
            await self._guarded(self.watch)
            await asyncio.sleep(TICK_S)

    async def _watch_jams(self) -> None:
        """Reads where own units crawl, beside the rounds."""
        jams = Jams(self._desk)
        while True:
            await self._guarded(jams.look)
            await asyncio.sleep(JAMS_S)

    async def _watch_alarms(self) -> None:
        """Looks whether somebody stands still, is out of reach, or will be late, beside the rounds."""
        self.alarms = AlarmWatch(self._desk)
        while True:
            await self._guarded(self.alarms.look)
            await asyncio.sleep(self._desk.settings.alarm_look_s)

    async def _watch_gateways(self) -> None:
        """Ends links that no gateway holds, after it had time to come up; where none is left, nobody else does."""
        while True:
            await asyncio.sleep(self._desk.settings.dead_links_s)
            await self._guarded(lambda: end_dead_links(self._desk))

    async def round(self) -> None:
        """One round; what it changes wakes the next. Decides where something happened, and every `tick_s`."""
        self._due |= self._desk.wake.is_set()
        self._desk.wake.clear()
        self._due |= await read_inbox(self._desk) > 0
        now = self._desk.clock()
        if self._due or self._since(self._decided_at, now) >= self._desk.settings.tick_s:
            self._decided_at = now
            await self.deciding.round()
            self._due = False
        if self._since(self._looked_at, now) < TICK_S:
            return
        self._looked_at = now
        await self._note_links()
        self._due |= await take_off_silent(self._desk) > 0
        if self._since(self._tidied_at, now) >= TIDY_S:
            self._tidied_at = now
            await self._tidy(now)

    @staticmethod
    def _since(before: datetime | None, now: datetime) -> float:
        """Seconds; a clock that was set back counts as if nothing had been done yet."""
        passed_s = math.inf if before is None else (now - before).total_seconds()
        return passed_s if passed_s >= 0 else math.inf

    async def _tidy(self, now: datetime) -> None:
        """What rounds saw goes with the positions of their time."""
        async with self._desk.engine.begin() as connection:
            kept_since = now - timedelta(days=self._desk.settings.fix_retention_days)
            forgotten = await forget_seen(connection, kept_since)
            await forget_overwritten(connection, kept_since)
        if forgotten:
            _log.info("decision_rounds_thinned", rounds=forgotten)

    async def watch(self) -> None:
        """Units near their scene as soon as fixes of theirs are announced; all every `tick_s`, announced or not.

        Sooner where a sweep left late news behind: so much at a time that what happens now is not held up by it.
        """
        now = self._desk.clock()
        moved, self._moved = self._moved, set()
        swept_at = self._swept_at
        if swept_at is None or self._more_to_sweep or self._since(swept_at, now) >= self._desk.settings.tick_s:
            self._more_to_sweep = await sweep_arrivals(self._desk)
            self._swept_at = now
        elif moved:
            await look_near(self._desk, moved, swept_at)

    async def _note_links(self) -> None:
        async with self._desk.engine.connect() as connection:
            now_up = await links(connection)
            if self._links is None:  # what changed while nobody led is noted now
                self._links = await noted_links(connection, now_up)
        changed = {unit: up for unit, up in now_up.items() if self._links.get(unit, False) != up}
        if changed:
            async with transaction(self._desk) as work:
                work.record(*(_link_event(unit, up, work.now) for unit, up in changed.items()))
        self._links = now_up


def _link_event(unit_id: UUID, up: bool, now: datetime) -> Event:
    kind = EventKind.UNIT_CONNECTED if up else EventKind.UNIT_DISCONNECTED
    return Event(kind=kind, happened_at=now, said_by=SaidBy.SERVER, unit_id=unit_id)


def moved_units(payload: Any) -> set[UUID]:
    """The units that a `fixes` hint names; a hint that can't be read is none."""
    with contextlib.suppress(TypeError, KeyError, ValueError):
        return {UUID(fix["unit_id"]) for fix in payload}
    return set()
