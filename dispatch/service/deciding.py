"""One decision of the dispatcher loop: read the situation, decide, carry out, keep what was seen and done."""

from __future__ import annotations

import asyncio
import time
from functools import cache
from typing import Final
from uuid import uuid4

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.incident import IncidentState
from dispatch.domain.kpi import TAIPEI
from dispatch.domain.mode import ModeRules
from dispatch.domain.policy import Plan, decide
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import Situation
from dispatch.service.assigning import AUTOMATIC, NEED_ALARMS, NO_UNIT, SECOND_UNIT
from dispatch.service.carrying_out import CarryingOut, Decided
from dispatch.service.desk import Desk
from dispatch.service.figures import DecisionFigures
from dispatch.service.looks import Looks
from dispatch.service.seen import planned, policy_record, remember
from dispatch.service.situations import Picture, take_picture
from dispatch.service.solver import DeadlineSolver
from dispatch.service.transaction import transaction
from dispatch.store import alarms
from dispatch.store.alarm_facts import standing_alarms
from dispatch.store.assignments import active_assignments
from dispatch.store.database import one_moment
from dispatch.store.decisions import Round, keep_decision, keep_round, note_outcome
from dispatch.store.incidents import lock_incident
from dispatch.store.policy_modes import mode_set

POLICY_NAME: Final = "batch-1"
"""Of the rules and the cost; rises when the same situation and settings are decided otherwise."""


class Deciding:
    """One per server; works where the server leads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.figures = DecisionFigures()
        self.looks = Looks(desk)
        self.solver = DeadlineSolver(desk.settings.decision_deadline_ms / 1000)

    async def round(self) -> None:
        """Sends units where the mode lets it, and says where nobody can go."""
        policy = self._desk.settings.policy()
        async with one_moment(self._desk.engine) as connection:
            picture = await take_picture(connection, self._desk, policy)
            known = await mode_set(connection)
        rules = self._desk.settings.mode_rules(known.mode if known else None)
        self.looks.forget(frozenset(one.incident_id for one in picture.incidents))
        if not picture.incidents:
            return
        hour = picture.now.astimezone(TAIPEI).hour
        acting = [r for r, one in enumerate(picture.incidents) if rules.sends_by_itself(one.priority, hour)]
        if acting:
            decided = await self._decide(picture, picture.only(acting, keep_by_hand=True), policy, rules)
            work = CarryingOut(self._desk, decided)
            await work.all()
            for _ in range(work.skipped):
                self.figures.was_skipped()
            await self._say_who_waits(decided)
            await self.looks.keep(decided)
            if work.done:
                async with self._desk.engine.begin() as connection:
                    await note_outcome(connection, decided.kept_as.round_id, decided.kept_as.planned)
        if len(acting) < len(picture.incidents):
            advice = await self._decide(picture, picture.situation, policy, rules)
            await self._say_who_waits(advice, but=frozenset(acting))
            await self.looks.keep(advice, but=frozenset(acting))

    async def _decide(
        self, picture: Picture, situation: Situation, policy: PolicySettings, rules: ModeRules
    ) -> Decided:
        began = time.perf_counter()
        plan: Plan = await asyncio.to_thread(decide, situation, policy, self.solver.from_now())
        took_ms = round((time.perf_counter() - began) * 1000, 3)
        size = {"rows": plan.rows, "columns": plan.columns}
        self.figures.decided(at=picture.now, method=plan.method, fallback=plan.fallback, took_ms=took_ms, **size)
        kept_as = Round(
            round_id=uuid4(),
            decided_at=picture.now,
            mode=str(rules.mode),
            policy=POLICY_NAME,
            settings=policy_record(policy),
            method=plan.method,
            fallback=plan.fallback,
            took_ms=took_ms,
            seen=cache(lambda: remember(situation, picture)),  # most rounds change nothing and are not kept
            planned=planned(plan, situation),
            **size,
        )
        return Decided(picture=picture, situation=situation, policy=policy, plan=plan, kept_as=kept_as)

    async def _say_who_waits(self, decided: Decided, but: frozenset[int] = frozenset()) -> None:
        """Incidents to which nobody can go, or not all who should: said once, and again only after it was resolved."""
        # An incident whose unit is taken from it just now is looked at in the next round.
        waiting = {row: roles for row in decided.plan.waiting if row not in but and (roles := decided.missing(row))}
        if not waiting:
            return
        async with self._desk.engine.connect() as connection:
            standing = {(row.incident_id, row.kind) for row in await standing_alarms(connection, NEED_ALARMS)}
        for row, roles in waiting.items():
            kind = NO_UNIT if decided.is_alone(row) else SECOND_UNIT
            if (decided.id_of(row), kind) not in standing:  # else it costs a lock in each round of a bad night
                await self._missing(decided, row, roles)

    async def _missing(self, decided: Decided, row: int, roles: tuple[str, ...]) -> None:
        async with transaction(self._desk) as work:
            current = await lock_incident(work.connection, decided.id_of(row))
            active = await active_assignments(work.connection, current.incident_id)
            alone = decided.is_alone(row)
            if current.state is not IncidentState.OPEN or bool(active) is alone:
                return  # it was ended, or somebody was sent or taken off by hand, while we looked
            if alone:
                level = "alarm" if current.priority == 1 else "warning"
                alarm_id = await alarms.raise_alarm(
                    work.connection,
                    kind=NO_UNIT,
                    level=level,
                    raised_at=work.now,
                    incident_id=current.incident_id,
                )
            else:
                alarm_id = await alarms.raise_alarm(
                    work.connection,
                    kind=SECOND_UNIT,
                    level="warning",
                    raised_at=work.now,
                    incident_id=current.incident_id,
                    data={"missing": list(roles)},
                )
            if alarm_id is None:
                return
            candidates = await asyncio.to_thread(decided.records, row)
            await keep_round(work.connection, decided.kept_as)
            await keep_decision(
                work.connection,
                incident_id=current.incident_id,
                assignment_id=None,
                decided_at=work.now,
                decided_by=AUTOMATIC,
                policy=decided.kept_as.policy,
                candidates=candidates,
                decided_in=decided.kept_as,
                role=roles[0],
            )
            work.record(
                Event(
                    kind=EventKind.NOBODY_AVAILABLE if alone else EventKind.UNIT_MISSING,
                    happened_at=work.now,
                    said_by=SaidBy.SERVER,
                    incident_id=current.incident_id,
                    data={"alarm_id": str(alarm_id), "considered": len(candidates)}
                    | ({} if alone else {"missing": list(roles)}),
                )
            )
