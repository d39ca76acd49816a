"""Makes a plan come true: one transaction for each group of incidents that give each other units.

A unit leaves one incident and gets another, and the one that it leaves gets who was to take its place, or none of it
happens. What somebody else was faster with is skipped: the next round sees it as it is then.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.incident import Incident
from dispatch.domain.judging import is_under_way
from dispatch.domain.needs import fill, needs_of, on_duty
from dispatch.domain.policy import DIVERTED, REPLACED, Order, Plan
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.refusals import ChangedMeanwhile, Refused
from dispatch.domain.situation import Situation
from dispatch.service.assigning import Choice, send_unit, take_off
from dispatch.service.desk import Desk
from dispatch.service.ranking import chosen_for, records
from dispatch.service.situations import Picture
from dispatch.service.transaction import Work, transaction
from dispatch.store.assignments import active_assignments
from dispatch.store.decisions import Record, Round
from dispatch.store.incidents import lock_incident

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A plan with what it was made from. `situation` may hold a part of the picture's incidents."""

    picture: Picture
    situation: Situation
    policy: PolicySettings
    plan: Plan
    kept_as: Round

    def id_of(self, row: int) -> UUID:
        """The incident of a row."""
        found = self.situation.incidents[row].incident_id
        assert isinstance(found, UUID)  # noqa: S101 - the picture is made from the tables
        return found

    def unit_of(self, column: int) -> UUID:
        """The unit of a column."""
        return self.picture.units[column].unit_id

    def missing(self, row: int) -> tuple[str, ...]:
        """The roles of the incident's needs that nobody meets, by this plan either."""
        incident, units = self.situation.incidents[row], self.situation.units
        needs = needs_of(incident, self.policy, on_duty(units))
        ordered = {order.role for order in self.plan.orders if order.incident == row}
        filled = fill(needs, incident.sent, units)
        return tuple(n.role for n, one in zip(needs, filled, strict=True) if one is None and n.role not in ordered)

    def is_alone(self, row: int) -> bool:
        """Nobody is on it, and this plan sends nobody."""
        return not self.situation.incidents[row].sent and not any(o.incident == row for o in self.plan.orders)

    def records(self, row: int) -> list[Record]:
        """The candidates of one incident as they were when it was decided."""
        chosen, version = chosen_for(self.plan, row), self.picture.speeds_version
        return records(self.situation, row, self.policy, chosen, eta_version=version)


class CarryingOut:
    """One plan on its way into the tables. `done` counts the orders and releases that were carried out."""

    def __init__(self, desk: Desk, decided: Decided) -> None:
        self._desk = desk
        self._decided = decided
        self._on: dict[UUID, set[UUID]] = defaultdict(set)
        """Which units were on each incident when it was decided."""
        for unit in decided.picture.units:
            if unit.active_incident_id is not None:
                self._on[unit.active_incident_id].add(unit.unit_id)
        self.done = self.skipped = 0

    async def all(self) -> None:
        """The most urgent incident first."""
        incidents = self._decided.situation.incidents

        def urgency(rows: Collection[int]) -> tuple[int, float]:
            return min((incidents[row].priority, incidents[row].received_s) for row in rows)

        for rows in sorted(exchanges(self._decided.plan), key=urgency):
            orders = {n: order for n, order in enumerate(self._decided.plan.orders) if order.incident in rows}
            candidates = {
                row: await asyncio.to_thread(self._decided.records, row)
                for row in {order.incident for order in orders.values()}
            }
            try:
                async with transaction(self._desk) as work:
                    stood_down = await self._exchange(work, rows, orders, candidates)
            except Refused as refusal:  # undone as a whole
                _log.info("planned_orders_skipped", orders=len(orders), code=refusal.code, why=refusal.detail)
                self.skipped += len(orders)
            else:
                self._note(orders, stood_down)

    async def _exchange(
        self, work: Work, rows: Collection[int], orders: Mapping[int, Order], candidates: Mapping[int, list[Record]]
    ) -> list[int]:
        """Units leave, units are sent, slower ones stand down; which of the plan's releases the last ones were."""
        decided = self._decided
        ids = sorted(decided.id_of(row) for row in rows)
        locked = {one: await lock_incident(work.connection, one) for one in ids}
        active = {one: {a.unit_id: a for a in await active_assignments(work.connection, one)} for one in ids}
        for one in ids:
            self._require_as_seen(locked[one], active[one])
        left: dict[int, Assignment] = {}
        for number, order in orders.items():
            if order.leaves is not None:
                left[number] = _under_way(active[decided.id_of(order.leaves)], decided.unit_of(order.unit))
                to = locked[decided.id_of(order.incident)]
                await take_off(work, left[number], AssignmentState.REASSIGNED, reason=DIVERTED, to=to)
        for number, order in orders.items():
            choice = Choice(
                candidates=candidates[order.incident],
                decided_in=decided.kept_as,
                role=order.role,
                leaves=left.get(number),
            )
            incident = locked[decided.id_of(order.incident)]
            await send_unit(self._desk, work, incident, decided.unit_of(order.unit), choice)
        stood_down = []
        sent_to = {order.incident for order in orders.values()}
        for number, release in enumerate(decided.plan.releases):
            if release.reason == REPLACED and release.incident in sent_to:
                slower = _under_way(active[decided.id_of(release.incident)], decided.unit_of(release.unit))
                await take_off(work, slower, AssignmentState.REASSIGNED, reason=REPLACED)
                stood_down.append(number)
        return stood_down

    def _require_as_seen(self, incident: Incident, active: Collection[UUID]) -> None:
        """Raises ChangedMeanwhile unless it is still the incident that was decided, with the units that it had."""
        seen = self._decided.picture.incidents[self._decided.picture.row_of(incident.incident_id)]
        incident.require_open()
        if incident.version != seen.version or set(active) != self._on[incident.incident_id]:
            raise ChangedMeanwhile(f"incident {incident.number} is not what it was when it was decided")

    def _note(self, orders: Mapping[int, Order], stood_down: Collection[int]) -> None:
        """After the commit: what of the plan is done."""
        planned: dict[str, Any] = self._decided.kept_as.planned
        gone = {(order.unit, order.leaves) for order in orders.values()}
        for number in orders:
            planned["orders"][number]["done"] = True
        for number, release in enumerate(self._decided.plan.releases):
            if number in stood_down or (release.unit, release.incident) in gone:
                planned["releases"][number]["done"] = True
        self.done += len(orders) + len(stood_down)


def exchanges(plan: Plan) -> list[frozenset[int]]:
    """The incidents that get units, in groups: those that give each other units belong together."""
    groups: list[frozenset[int]] = []
    for order in plan.orders:
        group = frozenset({order.incident} if order.leaves is None else {order.incident, order.leaves})
        for other in [one for one in groups if one & group]:
            groups.remove(other)
            group |= other
        groups.append(group)
    return groups


def _under_way(active: Mapping[UUID, Assignment], unit_id: UUID) -> Assignment:
    """The unit's assignment. Raises ChangedMeanwhile where it has arrived, or is on it no longer."""
    assignment = active.get(unit_id)
    if assignment is None or not is_under_way(assignment.state):
        raise ChangedMeanwhile("a unit that was under way is not any more")
    return assignment
