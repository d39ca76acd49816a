"""A recorded live day once more: from the calls, the fixes and the steps of the log, does the policy decide the same?

At each kept round of the dispatcher loop the world is built anew from the log up to the event that the round had read:
which incidents were open, who was on them and how far. Positions are looked up among the fixes, ETAs searched over
the streets again. Then the policy decides, with the settings of the round, and the plan is laid beside the recorded
one. Where every round agrees, the simulator would have gone through the whole day as the server did.

Not read from the record but taken as given: crew, capabilities and shift of a unit, whether its link was up, which
streets were jammed, which version of the speeds was in force. The plan and the ETAs of the record are only compared
with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.domain.geometry import Position
from dispatch.domain.incident import Incident
from dispatch.domain.kpi import TAIPEI
from dispatch.domain.policy import decide
from dispatch.roads.conditions import Conditions, Slowdown
from dispatch.roads.speed_factors import PRIORS
from dispatch.roads.travel import TravelTimes
from dispatch.service.seen import planned, recall_policy
from dispatch.service.situations import travel_matrix
from dispatch.service.streets import speeds_of
from dispatch.simulator.replay_log import RecordedDay
from dispatch.store.database import one_moment
from dispatch.store.incidents import incident_of
from dispatch.store.policy_tables import decision_rounds
from dispatch.store.rows import AnyRow
from dispatch.store.tables import events, incidents
from dispatch.store.units import UnitNow
from gateway.store import fixes

AUTOMATIC: Final = "automatic"


@dataclass(frozen=True, slots=True)
class Difference:
    """A round that was decided otherwise. Each a set of (what, incident id, unit id or none)."""

    round_id: UUID
    decided_at: datetime
    by_server: frozenset[tuple[str, str, str | None]]
    by_simulator: frozenset[tuple[str, str, str | None]]


@dataclass(slots=True)
class Replayed:
    """How many rounds were decided again, and which of them came out otherwise."""

    rounds: int = 0
    orders: int = 0
    without_record: int = 0
    """Rounds whose positions have gone with the retention of fixes."""
    differences: list[Difference] = field(default_factory=list)


async def replay(engine: AsyncEngine, travel: TravelTimes, start: datetime, end: datetime) -> Replayed:
    """The rounds of [start, end) again, over these streets (those that were loaded then).

    All is read as of one moment: a bureau goes on while it is replayed, and a round that is newer than the steps that
    were read would come out otherwise.
    """
    done = Replayed()
    async with one_moment(engine) as connection:
        log = (await connection.execute(select(events).order_by(events.c.event_id))).all()
        calls = {row.incident_id: row for row in await connection.execute(select(incidents))}
        query = select(decision_rounds).where(decision_rounds.c.decided_at.between(start, end))
        rounds = (await connection.execute(query.order_by(decision_rounds.c.decided_at))).all()
        day, read, by_version = RecordedDay(), 0, {travel.speeds.version: travel}
        for recorded in rounds:
            seen = recorded.seen
            if seen is None or recorded.fallback:
                done.without_record += 1
                continue
            while read < len(log) and log[read].event_id <= seen["log_id"]:
                day.take(log[read])
                read += 1
            version = seen.get("speeds", PRIORS.version)
            if version not in by_version:
                by_version[version] = travel.with_speeds(await speeds_of(connection, version))
            again = await _decide_again(connection, by_version[version], day, calls, recorded)
            done.rounds += 1
            done.orders += len(recorded.planned["orders"])
            by_server, by_simulator = _said(recorded.planned), _said(again)
            if by_server != by_simulator:
                done.differences.append(Difference(recorded.round_id, recorded.decided_at, by_server, by_simulator))
    return done


async def _decide_again(
    connection: AsyncConnection, travel: TravelTimes, day: RecordedDay, calls: Mapping[UUID, AnyRow], recorded: AnyRow
) -> dict[str, Any]:
    seen, policy = recorded.seen, recall_policy(recorded.settings)
    now = datetime.fromtimestamp(seen["now_ms"] / 1000, UTC)
    units = await _units(connection, day, seen["units"])
    known = {UUID(one["incident_id"]): one for one in seen["incidents"]}
    given = day.situation_without_times(units, calls, known, policy, now, settle=recorded.mode == AUTOMATIC)
    wanted = [_as_it_was(calls[UUID(str(one.incident_id))], known, day) for one in given.incidents]
    slowdown = _slowdown(travel, seen["jams"])
    conditions = Conditions(now.astimezone(TAIPEI).hour, slowdown)
    eta_s, _, _, narrow = await asyncio.to_thread(travel_matrix, travel, conditions, wanted, units)
    situation = replace(
        given,
        eta_s=eta_s,
        incidents=tuple(replace(one, narrow=slim) for one, slim in zip(given.incidents, narrow, strict=True)),
    )
    return planned(decide(situation, policy), situation)


async def _units(
    connection: AsyncConnection, day: RecordedDay, seen: Sequence[Mapping[str, Any]]
) -> tuple[UnitNow, ...]:
    found = []
    for one in seen:
        unit_id = UUID(one["unit_id"])
        fix = None
        if one["fixed_ms"] is not None:
            fixed_at = datetime.fromtimestamp(one["fixed_ms"] / 1000, UTC)
            query = select(fixes).where(fixes.c.unit_id == unit_id, fixes.c.fixed_at == fixed_at)
            fix = (await connection.execute(query.limit(1))).one_or_none()
        found.append(day.unit(unit_id, one, fix))
    return tuple(found)


def _as_it_was(row: AnyRow, known: Mapping[UUID, Mapping[str, Any]], day: RecordedDay) -> Incident:
    """The call as it stood then; what was changed later is taken from the round."""
    incident = incident_of(row)
    seen = known.get(row.incident_id)
    if seen is None or row.incident_id not in day.changed:
        return incident
    return replace(incident, known_place=Position(seen["lat"], seen["lon"]))


def _slowdown(travel: TravelTimes, jams: Sequence[Sequence[float]]) -> Slowdown | None:
    if not jams or travel.street_map is None:
        return None
    factor = np.ones(len(travel.street_map.arcs.tail))
    for arc, times in jams:
        factor[int(arc)] = times
    return Slowdown(factor, version=hash(tuple(map(tuple, jams))) or 1)


def _said(plan: Mapping[str, Any]) -> frozenset[tuple[str, str, str | None]]:
    orders = {("order", order["incident_id"], order["unit_id"]) for order in plan["orders"]}
    releases = {("release", release["incident_id"], release["unit_id"]) for release in plan["releases"]}
    return frozenset(orders | releases | {("waits", incident, None) for incident in plan["waiting"]})
