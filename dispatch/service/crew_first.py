"""The crew is asked before a dispatcher is alarmed: a notice to one that stands under way or is silent on its scene."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.alarm_rules import AlarmKind, AlarmRules, Change, Verdict, Watched, watch
from dispatch.domain.assignment import AssignmentState
from dispatch.domain.check_in import Silence, ask_due, silence
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.service.desk import Desk
from dispatch.service.transaction import transaction
from dispatch.store import check_ins
from dispatch.store.rows import AnyRow
from gateway import protocol

WORDS: Final = {
    AlarmKind.STATIONARY: ("asked_why_stationary", "案件 {number}：車輛停滯，請回報狀況。"),
    AlarmKind.NO_CHECK_IN: ("asked_to_check_in", "案件 {number}：請回報平安。"),
}
"""Code and text of what a crew is asked, before the desk is told of its silence."""


def on_urgent_scene(row: AnyRow) -> bool:
    """Is this one of the assignments whose crews have to check in?"""
    return row.priority == 1 and row.state == AssignmentState.ON_SCENE and row.on_scene_at is not None


async def silences(connection: AsyncConnection, rows: Sequence[AnyRow]) -> dict[UUID, Silence]:
    """Of each of these assignments, all on urgent scenes."""
    if not rows:
        return {}
    signs: dict[UUID, list[tuple[datetime | None, datetime]]] = defaultdict(list)
    asked: dict[tuple[UUID, UUID], list[datetime]] = defaultdict(list)
    for press in await check_ins.presses(connection, [row.assignment_id for row in rows]):
        signs[press.unit_id].append((press.sent_at, press.received_at))
    for line in await check_ins.heard_and_asked(connection, [row.incident_id for row in rows]):
        if line.kind == EventKind.CREW_ASKED:
            asked[line.unit_id, line.incident_id].append(line.recorded_at)
        else:
            signs[line.unit_id].append((None, line.recorded_at))
    return {
        row.assignment_id: silence(row.on_scene_at, signs[row.unit_id], asked[row.unit_id, row.incident_id])
        for row in rows
    }


class CrewFirst:
    """Of one stretch of leading. Questions on a scene are read from the log; who was told that it stands is kept here,
    so that a crew may be told so once more when another server leads."""

    def __init__(self, desk: Desk, rules: AlarmRules) -> None:
        self._desk = desk
        self._rules = rules
        self._told: dict[Hashable, Watched] = {}

    async def look(
        self,
        rows: Sequence[AnyRow],
        silences: Mapping[UUID, Silence],
        standing: Mapping[UUID, Verdict],
        now: datetime,
    ) -> None:
        """`rows`: units at work. `standing`: of an assignment under way, the verdict of the earlier rules."""
        told = {}
        for row in rows:
            quiet = silences.get(row.assignment_id)
            if quiet is not None and ask_due(quiet, now, self._rules):
                await self._ask(row, AlarmKind.NO_CHECK_IN)
            verdict = standing.get(row.assignment_id)
            if verdict is not None and self._rules.crew_first_s > 0:
                before = self._told.get(row.assignment_id, Watched())
                told[row.assignment_id], change = watch(before, verdict, now, self._rules)
                if change is Change.RAISE:
                    await self._ask(row, AlarmKind.STATIONARY)
        self._told = told

    async def _ask(self, row: AnyRow, about: AlarmKind) -> None:
        code, text = WORDS[about]
        async with transaction(self._desk) as work:
            await work.tell(
                row.unit_id, protocol.Notice(text=text.format(number=row.number), level="warning", code=code)
            )
            work.record(
                Event(
                    kind=EventKind.CREW_ASKED,
                    happened_at=work.now,
                    said_by=SaidBy.SERVER,
                    incident_id=row.incident_id,
                    assignment_id=row.assignment_id,
                    unit_id=row.unit_id,
                    data={"about": str(about)},
                )
            )
