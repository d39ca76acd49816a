"""How likely each open incident is to miss the target, all from one picture: one matrix of travel times for everything.

Asked by every console every few seconds, so one answer serves them all for a moment, unless something happened.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.judging import Judgement, is_slowed, is_under_way, judge
from dispatch.domain.kpi import TAIPEI
from dispatch.domain.lateness import BY_HAND_S, Lateness, Way, attention, reached, under_way, waiting
from dispatch.domain.mode import ModeRules
from dispatch.domain.policy import decide
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import Situation
from dispatch.roads.eta_spread import spread_s
from dispatch.roads.travel import TravelTimes
from dispatch.service.desk import Desk
from dispatch.service.situations import Picture, take_picture
from dispatch.store.database import one_moment
from dispatch.store.incidents import open_incidents
from dispatch.store.log import last_event_id
from dispatch.store.policy_modes import mode_set
from dispatch.store.rows import AnyRow
from dispatch.store.views import assignment_rows

KEPT_S: Final = 2.0
"""So old may an answer be while nothing happened: cars drive thirty metres meanwhile."""


@dataclass(frozen=True, slots=True)
class IncidentLateness:
    """One open incident's. `risk` is the order of the queue: the highest first."""

    incident_id: UUID
    lateness: Lateness
    risk: float
    expected_on_scene_at: datetime | None
    by_unit_id: UUID | None


@dataclass(frozen=True, slots=True)
class AllLateness:
    """Of all open incidents at one moment, the highest risk first."""

    computed_at: datetime
    items: tuple[IncidentLateness, ...]


class LatenessKeeper:
    """One per server process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asking = asyncio.Lock()
        self._kept: tuple[TravelTimes, int, AllLateness] | None = None

    async def now(self) -> AllLateness:
        """Of this moment: at most two seconds old, and never older than the last event."""
        async with self._asking, one_moment(self._desk.engine) as connection:
            travel, log_id = self._desk.streets.travel, await last_event_id(connection)
            if self._kept is not None:
                of, at_id, kept = self._kept
                age_s = (self._desk.clock() - kept.computed_at).total_seconds()
                if of is travel and at_id == log_id and 0 <= age_s < KEPT_S:
                    return kept
            computed = await lateness_now(connection, self._desk)
            self._kept = (travel, log_id, computed)
            return computed


async def lateness_now(connection: AsyncConnection, desk: Desk) -> AllLateness:
    """Read and computed anew; `connection` sees one moment."""
    policy = desk.settings.policy()
    rows = await open_incidents(connection)
    arrived_at = _first_arrivals(await assignment_rows(connection, [row.incident_id for row in rows]))
    unreached = {row.incident_id for row in rows if row.incident_id not in arrived_at}
    picture = await take_picture(connection, desk, policy, also=unreached)
    known = await mode_set(connection)
    rules = desk.settings.mode_rules(known.mode if known else None)

    def judged() -> dict[UUID, Lateness]:
        return lateness_of(picture, policy, rules, desk.settings.tick_s)

    open_ones = await asyncio.to_thread(judged)
    items = []
    for row in rows:
        arrival = arrived_at.get(row.incident_id)
        if arrival is not None:
            late = reached((arrival - row.received_at).total_seconds(), policy.target_s)
        else:
            late = open_ones[row.incident_id]
        expected_at = picture.now + timedelta(seconds=late.expected_s) if late.expected_s is not None else None
        risk = attention(late, policy.weights[row.priority - 1])
        by_unit_id = late.unit_id if isinstance(late.unit_id, UUID) else None
        items.append(IncidentLateness(row.incident_id, late, risk, expected_at, by_unit_id))
    return AllLateness(picture.now, tuple(sorted(items, key=lambda one: -one.risk)))


def lateness_of(picture: Picture, policy: PolicySettings, rules: ModeRules, round_s: float) -> dict[UUID, Lateness]:
    """Of each incident of the picture, as if nobody had reached it yet. `round_s`: the loop looks again within it.

    Where nobody is sent, whom the decision would send counts, a diversion too.
    """
    situation = picture.situation
    judgements = [judge(unit, situation.now_s, policy) for unit in situation.units]
    # One plan for all: a unit that goes to the more urgent incident is nobody's hope elsewhere.
    going = defaultdict(list)
    for order in decide(situation, policy).orders:
        going[order.incident].append(order.unit)
    hour = picture.now.astimezone(TAIPEI).hour
    found = {}
    for i, (incident, seen) in enumerate(zip(picture.incidents, situation.incidents, strict=True)):
        waited_s = situation.now_s - seen.received_s
        on_the_way = [one.unit for one in seen.sent if is_under_way(one.state)]
        if on_the_way:
            ways = _ways(situation, i, on_the_way, judgements, policy)
            found[incident.incident_id] = under_way(waited_s, ways, policy.target_s)
            continue
        ways = _ways(situation, i, going[i], judgements, policy)
        best = min(ways, key=lambda way: way.eta_s, default=None)
        by_itself = rules.sends_by_itself(seen.priority, hour)
        found[incident.incident_id] = waiting(waited_s, best, round_s if by_itself else BY_HAND_S, policy.target_s)
    return found


def _ways(
    situation: Situation, i: int, units: Sequence[int], judgements: Sequence[Judgement], policy: PolicySettings
) -> list[Way]:
    """The ways of these units to incident `i`, without those that nobody can tell."""
    columns = [j for j in units if np.isfinite(situation.eta_s[i, j])]
    if not columns:
        return []
    incident = situation.incidents[i]
    doubts_s = [
        judgements[j].doubt_s + (policy.narrow_car_s if is_slowed(incident, situation.units[j]) else 0.0)
        for j in columns
    ]
    eta_s = situation.eta_s[i, columns] + np.array(doubts_s)
    ages_s = [max(situation.now_s - (situation.units[j].fixed_s or situation.now_s), 0.0) for j in columns]
    on_street = True if situation.geodesic is None else ~situation.geodesic[i, columns]
    deviations_s = spread_s(eta_s, position_age_s=ages_s, on_street=on_street)
    return [
        Way(situation.units[j].unit_id, float(eta), float(deviation))
        for j, eta, deviation in zip(columns, eta_s, deviations_s, strict=True)
    ]


def _first_arrivals(assignments: Sequence[AnyRow]) -> dict[UUID, datetime]:
    """When somebody first stood at each incident; who was sent to a merged call counts for what it is merged into."""
    first: dict[UUID, datetime] = {}
    for row in assignments:
        for incident_id in (row.incident_id, row.merged_into):
            if incident_id is not None and row.on_scene_at is not None:
                first[incident_id] = min(row.on_scene_at, first.get(incident_id, row.on_scene_at))
    return first
