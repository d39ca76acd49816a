"""The alarm watchers of the leading server: a look every few seconds, alarms raised once and resolved by themselves.

What a person resolved while its reason stands is not raised again before the reason was gone, also by another server.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from dispatch.domain.alarm_rules import (
    AlarmKind,
    Camera,
    Change,
    Grade,
    Progress,
    Verdict,
    Watched,
    follow,
    judge_arrival,
    judge_cameras,
    judge_progress,
    watch,
)
from dispatch.domain.assignment import AssignmentState
from dispatch.domain.check_in import Silence, forewarned, judge_check_in
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.geometry import Position
from dispatch.domain.lateness import Basis
from dispatch.domain.reach import Reach, judge_reach
from dispatch.service.crew_first import CrewFirst, on_urgent_scene, silences
from dispatch.service.desk import Desk
from dispatch.service.lateness import AllLateness, lateness_now
from dispatch.service.transaction import Work, transaction
from dispatch.store import alarm_facts, alarms
from dispatch.store.database import one_moment
from dispatch.store.incidents import open_incidents
from dispatch.store.rows import AnyRow

SERVER: Final = "server"
KINDS: Final = tuple(str(kind) for kind in AlarmKind)
ACCURATE_M: Final = 50.0
"""A fix that is less sure than this moves nothing."""
LEVELS: Final = {Grade.NOTICE: "notice", Grade.WARNING: "warning", Grade.ALARM: "alarm"}
GRADES: Final = {level: grade for grade, level in LEVELS.items()}


@dataclass(frozen=True, slots=True)
class Matter:
    """What an alarm is about."""

    kind: str
    unit_id: UUID | None
    incident_id: UUID | None

    @classmethod
    def of(cls, row: AnyRow) -> Matter:
        """That of an alarm."""
        return cls(row.kind, row.unit_id, row.incident_id)


@dataclass(frozen=True, slots=True)
class Looked:
    """How a matter stands now, and where."""

    verdict: Verdict
    place: Position | None = None


class AlarmWatch:
    """Of one stretch of leading. What stands is read from the table each time; how long it has been so is kept here."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rules = desk.settings.alarm_rules()
        self._watched: dict[Matter, Watched] = {}
        self._progress: dict[UUID, Progress] = {}
        self._standing: dict[UUID, Verdict] = {}
        self._crew_first = CrewFirst(desk, self._rules)
        self._begun = False
        self._looking = asyncio.Lock()

    async def look(self) -> None:
        """One round over everything; one at a time."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        async with one_moment(self._desk.engine) as connection:
            standing = {Matter.of(row): row for row in await alarm_facts.standing_alarms(connection, KINDS)}
            if not self._begun:
                for row in await alarm_facts.dismissed_alarms(connection, KINDS, SERVER):
                    self._watched[Matter.of(row)] = Watched(GRADES[row.level])
                self._begun = True
            for matter, row in standing.items():
                self._watched.setdefault(matter, Watched(GRADES[row.level]))
            now = self._desk.clock()
            at_work = await alarm_facts.units_at_work(connection)
            urgent = [row.unit_id for row in at_work if row.priority == 1]
            cameras = await alarm_facts.cameras_of(connection, urgent) if urgent else ()
            quiet = await silences(connection, [row for row in at_work if on_urgent_scene(row)])
            calls = await open_incidents(connection)
            late = await lateness_now(connection, self._desk) if calls else None
        looked = self._at_units(at_work, cameras, quiet, now) | self._at_calls(calls, late, now)
        gone = standing.keys() - looked.keys()
        due: list[tuple[Matter, Change]] = [(matter, Change.RESOLVE) for matter in gone]
        watched = {}
        for matter, seen in looked.items():
            watched[matter], change = watch(self._watched.get(matter, Watched()), seen.verdict, now, self._rules)
            if change is not None:
                due.append((matter, change))
        for matter, change in due:
            await self._carry_out(matter, change, looked.get(matter), standing.get(matter))
        self._watched = watched  # only now: what failed on the way is tried again
        await self._crew_first.look(at_work, quiet, self._standing, now)

    def _at_units(
        self, rows: Sequence[AnyRow], cameras: Sequence[AnyRow], quiet: Mapping[UUID, Silence], now: datetime
    ) -> dict[Matter, Looked]:
        by_unit: dict[UUID, list[Camera]] = defaultdict(list)
        for row in cameras:
            by_unit[row.unit_id].append(Camera(row.camera_id, row.state, row.battery_pct))
        looked: dict[Matter, Looked] = {}
        progress: dict[UUID, Progress] = {}
        standing: dict[UUID, Verdict] = {}
        for row in rows:
            place = None if row.lat is None else Position(row.lat, row.lon)
            about = (row.unit_id, row.incident_id)
            looked[Matter(AlarmKind.LINK_LOST, *about)] = Looked(judge_reach(_reach(row, now), self._rules), place)
            if row.state == AssignmentState.EN_ROUTE and place is not None:
                scene = Position(row.scene_lat, row.scene_lon)
                known = self._progress.get(row.assignment_id)
                if known is None or row.accuracy_m is None or row.accuracy_m <= ACCURATE_M:
                    known = follow(known, place, row.fixed_at, scene, self._rules)
                progress[row.assignment_id] = known
                verdict = judge_progress(known, place, scene, now, self._rules)
                looked[Matter(AlarmKind.STATIONARY, *about)] = Looked(verdict, place)
                standing[row.assignment_id] = judge_progress(known, place, scene, now, forewarned(self._rules))
            if row.priority == 1 and row.state in (AssignmentState.EN_ROUTE, AssignmentState.ON_SCENE):
                matter = Matter(AlarmKind.CAMERA, *about)
                since_s = _seconds(row.under_way_at, now)
                verdict = judge_cameras(by_unit[row.unit_id], since_s, up=self._is_up(matter), rules=self._rules)
                looked[matter] = Looked(verdict, place)
            if row.assignment_id in quiet:
                verdict = judge_check_in(quiet[row.assignment_id], now, self._rules)
                looked[Matter(AlarmKind.NO_CHECK_IN, *about)] = Looked(verdict, place)
        self._progress, self._standing = progress, standing
        return looked

    def _at_calls(self, calls: Sequence[AnyRow], late: AllLateness | None, now: datetime) -> dict[Matter, Looked]:
        open_calls = {row.incident_id: row for row in calls}
        looked: dict[Matter, Looked] = {}
        for item in late.items if late else ():
            call = open_calls.get(item.incident_id)
            if call is None or call.exclusion is not None or item.lateness.basis is Basis.REACHED:
                continue
            matter = Matter(AlarmKind.LATE, None, item.incident_id)
            verdict = judge_arrival(
                _seconds(call.received_at, now),
                item.lateness.expected_s,
                assigned=item.lateness.basis is Basis.UNDER_WAY,
                priority=call.priority,
                up=self._is_up(matter),
                rules=self._rules,
            )
            looked[matter] = Looked(verdict, Position(call.lat, call.lon))
        return looked

    def _is_up(self, matter: Matter) -> bool:
        return self._watched.get(matter, Watched()).up > Grade.NONE

    async def _carry_out(self, matter: Matter, change: Change, looked: Looked | None, row: AnyRow | None) -> None:
        async with transaction(self._desk) as work:
            if row is not None:
                await self._resolve(work, row.alarm_id, matter)
            if change is Change.RAISE and looked is not None:
                await self._raise(work, matter, looked)

    async def _raise(self, work: Work, matter: Matter, looked: Looked) -> None:
        verdict = looked.verdict
        level = LEVELS[verdict.grade]
        alarm_id = await alarms.raise_alarm(
            work.connection,
            kind=str(matter.kind),
            level=level,
            raised_at=work.now,
            unit_id=matter.unit_id,
            incident_id=matter.incident_id,
            place=looked.place,
            data={"reason": verdict.reason, **verdict.data},
        )
        if alarm_id is not None:
            data = {"alarm_id": str(alarm_id), "level": level, "reason": verdict.reason}
            work.record(_event(EventKind.ALARM_RAISED, work, matter, data))

    async def _resolve(self, work: Work, alarm_id: UUID, matter: Matter) -> None:
        alarm = await alarms.lock_alarm(work.connection, alarm_id)
        if alarm.resolved_at is None:
            await alarms.change_alarm(work.connection, alarm_id, resolved_at=work.now, resolved_by=SERVER)
            work.record(_event(EventKind.ALARM_RESOLVED, work, matter, {"alarm_id": str(alarm_id)}))


def _event(kind: EventKind, work: Work, matter: Matter, data: dict[str, Any]) -> Event:
    return Event(
        kind=kind,
        happened_at=work.now,
        said_by=SaidBy.SERVER,
        unit_id=matter.unit_id,
        incident_id=matter.incident_id,
        data={"alarm": str(matter.kind), **data},
    )


def _reach(row: AnyRow, now: datetime) -> Reach:
    """A tracker's silence counts from the beginning of the assignment at the earliest: before it, it may have slept."""
    heard_at = None if row.heard_at is None else max(row.heard_at, row.dispatched_at)
    return Reach(
        up=row.link_is_up,
        down_s=None if row.down_at is None else _seconds(row.down_at, now),
        silent_s=None if heard_at is None else _seconds(heard_at, now),
    )


def _seconds(since: datetime, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0)
