"""The dispatcher loop of a bureau: runs in the one server that holds the advisory lock; the others stand by.

A round: read the inbox, send a unit to each waiting incident, note links that came and went, take off who doesn't
answer. Beside the rounds the GPS witness reads tracks. Rounds start by wake-ups, which are hints, and every second
without any.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.incident import Incident, IncidentState
from dispatch.domain.policy import POLICY_NAME, Candidate, choose_units
from dispatch.domain.refusals import Refused
from dispatch.service.arrivals import watch_arrivals
from dispatch.service.assigning import AUTOMATIC, assign_automatically, take_off
from dispatch.service.candidates import candidates_for
from dispatch.service.desk import Desk
from dispatch.service.inbox import read_inbox
from dispatch.service.transaction import transaction
from dispatch.store import alarms
from dispatch.store.assignments import (
    active_assignments,
    find_assignment,
    lock_assignment,
    overdue_acknowledgements,
)
from dispatch.store.decisions import keep_decision
from dispatch.store.incidents import lock_incident, waiting_incidents
from dispatch.store.log import noted_links
from dispatch.store.units import links

_log = structlog.get_logger()
LEADER_LOCK: Final = 0x_7A_70_02
TICK_S: Final = 1.0
NEVER: Final = datetime(1970, 1, 2, tzinfo=UTC)
RETRY_S: Final = 1.0


class DispatcherLoop:
    """One per server; at any time one of a bureau leads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._moved: set[UUID] = set()
        self._links: dict[UUID, bool] | None = None
        self._swept_at: datetime | None = None
        self._looked_at: datetime | None = None
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
            await asyncio.sleep(RETRY_S)

    async def _lead(self) -> None:
        async with self._desk.engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            if not await connection.scalar(select(func.pg_try_advisory_lock(LEADER_LOCK))):
                return
            _log.info("dispatcher_loop_leads")
            self.leading, self._links, self._swept_at = True, None, None
            witness = asyncio.create_task(self._witness(), name="gps-witness")
            try:
                while not witness.done() and await self._still_leads(connection):
                    await self._guarded(self.round)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._desk.wake.wait(), TICK_S)
                await witness  # it ended first: what ended it ends this as well
            finally:
                witness.cancel()
                await asyncio.gather(witness, return_exceptions=True)
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
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            _log.exception("dispatcher_round_failed")
            await asyncio.sleep(RETRY_S)
        except (Refused, LookupError, ValueError, TypeError, AttributeError, RuntimeError, ArithmeticError):
            _log.exception("dispatcher_round_failed")
            await asyncio.sleep(RETRY_S)

    async def _witness(self) -> None:
        """Reads tracks beside the rounds, so that a call never waits for them."""
        while True:
            await self._guarded(self.watch)
            await asyncio.sleep(TICK_S)

    async def round(self) -> None:
        """One round; what it changes wakes the next."""
        self._desk.wake.clear()
        await read_inbox(self._desk)
        await self.send_units()
        now = self._desk.clock()
        if self._looked_at is not None and 0 <= (now - self._looked_at).total_seconds() < TICK_S:
            return
        self._looked_at = now
        await self._note_links()
        await self.take_off_silent()

    async def send_units(self) -> None:
        """A unit for each waiting incident; in the mode `recommend` the choice is the dispatcher's."""
        async with self._desk.engine.begin() as connection:
            waiting = await waiting_incidents(connection)
            if not waiting:
                return
            candidates = await candidates_for(connection, self._desk, waiting)
        automatic = self._desk.settings.dispatch_mode == "automatic"
        for choice in choose_units(waiting, candidates):
            if choice.unit_id is None:
                await self._nobody(choice.incident, choice.candidates)
            elif automatic:
                await assign_automatically(self._desk, choice.incident, choice.unit_id, choice.candidates)

    async def take_off_silent(self) -> None:
        """Units that didn't acknowledge in time come off; the dispatcher is told, the next unit is sent."""
        limit_s = self._desk.settings.ack_timeout_s
        async with self._desk.engine.connect() as connection:
            overdue = await overdue_acknowledgements(connection, self._desk.clock() - timedelta(seconds=limit_s))
        for assignment_id in overdue:
            await self._take_off(assignment_id, limit_s)
        if overdue:
            await self.send_units()

    async def _take_off(self, assignment_id: UUID, limit_s: float) -> None:
        async with transaction(self._desk) as work:
            found = await find_assignment(work.connection, assignment_id)
            await lock_incident(work.connection, found.incident_id)
            assignment = await lock_assignment(work.connection, assignment_id)
            if assignment.state is not AssignmentState.DISPATCHED:
                return  # it answered while we looked
            await take_off(work, assignment, AssignmentState.TIMED_OUT, reason=f"no acknowledgement in {limit_s:.0f} s")
            alarm_id = await alarms.raise_alarm(
                work.connection,
                kind="no_acknowledgement",
                level="warning",
                raised_at=work.now,
                unit_id=assignment.unit_id,
                incident_id=assignment.incident_id,
                data={"waited_s": limit_s},
            )
            work.record(
                Event(
                    kind=EventKind.ACKNOWLEDGEMENT_OVERDUE,
                    happened_at=work.now,
                    said_by=SaidBy.SERVER,
                    incident_id=assignment.incident_id,
                    assignment_id=assignment_id,
                    unit_id=assignment.unit_id,
                    data={"waited_s": limit_s} | ({"alarm_id": str(alarm_id)} if alarm_id else {}),
                )
            )
        _log.warning("acknowledgement_overdue", assignment_id=str(assignment_id), unit_id=str(assignment.unit_id))

    async def _nobody(self, incident: Incident, candidates: Sequence[Candidate]) -> None:
        """Nobody can go: said once, and again only after it was resolved."""
        async with transaction(self._desk) as work:
            current = await lock_incident(work.connection, incident.incident_id)
            if current.state is not IncidentState.OPEN or await active_assignments(
                work.connection, incident.incident_id
            ):
                return  # it was ended, or somebody was sent by hand, while we looked
            alarm_id = await alarms.raise_alarm(
                work.connection,
                kind="no_unit",
                level="alarm" if incident.priority == 1 else "warning",
                raised_at=work.now,
                incident_id=incident.incident_id,
            )
            if alarm_id is None:
                return
            await keep_decision(
                work.connection,
                incident_id=incident.incident_id,
                assignment_id=None,
                decided_at=work.now,
                decided_by=AUTOMATIC,
                policy=POLICY_NAME,
                candidates=candidates,
            )
            work.record(
                Event(
                    kind=EventKind.NOBODY_AVAILABLE,
                    happened_at=work.now,
                    said_by=SaidBy.SERVER,
                    incident_id=incident.incident_id,
                    data={"alarm_id": str(alarm_id), "considered": len(candidates)},
                )
            )

    async def watch(self) -> None:
        """Units near their scene as soon as fixes of theirs are announced; all every `tick_s`, announced or not."""
        now = self._desk.clock()
        moved, self._moved = self._moved, set()
        if self._swept_at is None or (now - self._swept_at).total_seconds() >= self._desk.settings.tick_s:
            since, self._swept_at = self._swept_at or NEVER, now
            await watch_arrivals(self._desk, None, since)
        elif moved:
            await watch_arrivals(self._desk, moved, self._swept_at)

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
