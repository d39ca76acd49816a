"""Beside the dispatcher loop, in the server that leads: suggestions where to wait, and the watch over coverage.

A round comes every 30 s, and soon after units became idle or got busy: several changes within a moment are one. Ends
of suggestions are noted more often, for they cost no search.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch.domain.coverage import Goal
from dispatch.domain.geometry import Position, distance_m
from dispatch.domain.posts_moves import MoveRules, Waiting, why_not_moved
from dispatch.domain.refusals import NoMap, Refused
from dispatch.domain.unit import UnitStatus
from dispatch.service.coverage import Base, IdleUnits, hour_of, picture
from dispatch.service.coverage_alarm import CoverageAlarm
from dispatch.service.coverage_keeper import CoverageKeeper
from dispatch.service.desk import Desk
from dispatch.service.standby import end_suggestion, make_suggestion
from dispatch.service.standby_plan import Setting, plan
from dispatch.service.transaction import transaction
from dispatch.service.waking import hinted
from dispatch.store import standby as store
from dispatch.store.away import is_away
from dispatch.store.database import one_moment
from dispatch.store.rows import AnyRow
from dispatch.store.units import UnitNow, units_now

_log = structlog.get_logger()
ROUND_S: Final = 30.0
LOOK_S: Final = 2.0
GATHER_S: Final = 2.0
"""After a change so long is waited for others: an order and the step that follows it are one change."""
STANDS_S: Final = 600.0
REACHED_M: Final = 150.0


class StandbyRounds:
    """One per server; works where `leads` says so."""

    def __init__(self, desk: Desk, keeper: CoverageKeeper, leads: Callable[[], bool]) -> None:
        self._desk, self._keeper, self._leads = desk, keeper, leads
        self._rules = MoveRules(moves_max=desk.settings.standby_moves_max)
        self._alarm = CoverageAlarm(desk)
        self._woken = asyncio.Event()
        self._seen: dict[UUID, UnitStatus] = {}
        self._looked_at: datetime | None = None

    def hint(self) -> None:
        """Something was written to the log: a unit may be idle now that was not."""
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled. A database that goes away and comes back is waited for."""
        while True:
            if await hinted(self._woken, LOOK_S):
                await asyncio.sleep(GATHER_S)
            self._woken.clear()
            if not self._leads():
                self._looked_at = None
                self._alarm.forget()
                continue
            try:
                await self.round()
            except (Refused, LookupError, ValueError, TypeError, AttributeError, RuntimeError, ArithmeticError):
                _log.exception("standby_round_failed")
            except (SQLAlchemyError, OSError) as error:
                if not is_away(error):
                    _log.exception("standby_round_failed")
                else:
                    _log.warning("standby_waits_for_database", error=type(error).__name__)

    async def round(self) -> None:
        """Notes what has ended; where something changed or it is time, looks at coverage and suggests."""
        now = self._desk.clock()
        async with one_moment(self._desk.engine) as connection:
            units = await units_now(connection)
            standing = await store.standing_suggestions(connection)
        await self._end_what_is_over(units, standing, now)
        statuses = {unit.unit_id: unit.status for unit in units}
        since_s = (now - self._looked_at).total_seconds() if self._looked_at else ROUND_S
        if statuses == self._seen and 0 <= since_s < ROUND_S:
            return
        try:
            base = await self._keeper.base(now)
        except NoMap:
            return
        self._seen, self._looked_at = statuses, now
        if units:
            idle = await self._keeper.idle(base, units, now)
            settings = self._desk.settings
            seen = picture(base, idle, now, settings.coverage_limit_s, settings.coverage_threshold)
            await self._alarm.look(seen)
            if settings.standby_suggestions and idle.units:
                await self._suggest(base, idle, now)

    async def _end_what_is_over(self, units: Sequence[UnitNow], standing: Sequence[AnyRow], now: datetime) -> None:
        by_id = {unit.unit_id: unit for unit in units}
        over = [(row, _why_over(row, by_id[row.unit_id], now, self._rules)) for row in standing]
        if not any(why for _, why in over):
            return
        async with transaction(self._desk) as work:
            await store.hold_standby(work.connection)
            for row, why in over:
                if why == "reached":
                    await end_suggestion(work, row, "done", None)
                elif why:
                    await end_suggestion(work, row, "expired", why)

    async def _suggest(self, base: Base, idle: IdleUnits, now: datetime) -> None:
        async with self._desk.engine.connect() as connection:
            standing = await store.standing_suggestions(connection)
            moved = await store.moved_since(connection, now - timedelta(seconds=self._rules.cooldown_s))
            dismissed = await store.dismissed_since(connection, now - timedelta(seconds=self._rules.dismissed_s))
        number = {(post.position.lat, post.position.lon): n for n, post in enumerate(base.places.posts)}
        row_of = {unit.unit_id: n for n, unit in enumerate(idle.units)}
        post_s = np.asarray(await asyncio.to_thread(base.places.from_posts_s, hour_of(now)), dtype=np.float64)
        unit_s = idle.to_places_s.astype(np.float64)
        movable = np.array(
            [
                unit.unit_id not in dismissed
                and why_not_moved(_waiting(unit, moved.get(unit.unit_id), now), self._rules) is None
                for unit in idle.units
            ]
        ) & np.isfinite(unit_s).any(axis=1)
        asked: dict[int, int] = {}
        for row in standing:
            unit, post = row_of.get(row.unit_id), number.get((row.lat, row.lon))
            if unit is None or post is None:
                continue
            if row.state == "accepted":  # it counts where it is bound for
                unit_s[unit], movable[unit] = post_s[post], False
            else:
                asked[unit] = post
        setting = Setting(base.expected.next_hour(now), unit_s, post_s, idle.to_posts_s.astype(np.float64), movable)
        goal = Goal(limit_s=self._desk.settings.coverage_limit_s)
        chosen = await asyncio.to_thread(plan, setting, asked, goal, self._rules)
        dropped = [r for r in standing if r.state == "open" and row_of.get(r.unit_id) not in chosen.stands]
        if not dropped and not chosen.moves:
            return
        async with transaction(self._desk) as work:
            await store.hold_standby(work.connection)
            for row in dropped:
                await end_suggestion(work, row, "expired", "replaced")
            for move in chosen.moves:
                await make_suggestion(work, idle.units[move.unit].unit_id, base.places.posts[move.place], move)


def _waiting(unit: UnitNow, moved_at: datetime | None, now: datetime) -> Waiting:
    def age_s(at: datetime | None) -> float | None:
        return None if at is None else (now - at).total_seconds()

    ends_ago_s = age_s(unit.shift_ends_at)
    return Waiting(
        status=unit.status,
        position_age_s=age_s(unit.fixed_at),
        shift_ends_in_s=None if ends_ago_s is None else -ends_ago_s,
        moved_ago_s=age_s(moved_at),
    )


def _why_over(row: AnyRow, unit: UnitNow, now: datetime, rules: MoveRules) -> str | None:
    """Why a standing suggestion stands no longer: `reached` is the good end; None while it stands."""
    why = why_not_moved(_waiting(unit, None, now), rules)
    if row.state == "open":
        return why or ("timeout" if (now - row.made_at).total_seconds() >= STANDS_S else None)
    if why in {"busy", "out_of_service"}:
        return why
    if unit.position is not None and distance_m(unit.position, Position(row.lat, row.lon)) <= REACHED_M:
        return "reached"
    return "not_reached" if (now - row.decided_at).total_seconds() >= rules.cooldown_s else None
