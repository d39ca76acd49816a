"""Every unit as one place sees it, in the order in which they would be sent: for screens and for decision records."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.candidates import Candidate, candidates
from dispatch.domain.geometry import Position
from dispatch.domain.incident import Priority
from dispatch.domain.policy import Plan, decide
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import Situation
from dispatch.roads.eta_spread import chance_later_than, spread_s
from dispatch.service.desk import Desk
from dispatch.service.situations import Picture, a_call, take_picture
from dispatch.store.decisions import Record


async def ranking_of(connection: AsyncConnection, desk: Desk, incident_id: UUID) -> list[Record]:
    """For one incident, with the units that the decision over all incidents would send to it first.

    Raises LookupError where it is not open.
    """
    policy = desk.settings.policy()
    picture = await take_picture(connection, desk, policy, also=(incident_id,))
    return await advised(picture, picture.row_of(incident_id), policy)


async def ranking_at(
    connection: AsyncConnection, desk: Desk, place: Position, priority: Priority = Priority.URGENT
) -> list[Record]:
    """The same for a place that has no incident yet."""
    policy = desk.settings.policy()
    picture = await take_picture(connection, desk, policy, calls=(a_call(place, priority, desk.clock()),))
    return await advised(picture, len(picture.incidents) - 1, policy)


async def nearest(connection: AsyncConnection, desk: Desk, place: Position) -> list[Record]:
    """Those whose way is known, the shortest first, whatever they are at: for an officer who needs help."""
    policy = desk.settings.policy()
    picture = await take_picture(connection, desk, policy, calls=(a_call(place, Priority.IMMEDIATE, desk.clock()),))
    ranked = records(picture.situation, len(picture.incidents) - 1, policy, eta_version=picture.speeds_version)
    return sorted((record for record in ranked if record["eta_s"] is not None), key=lambda record: record["eta_s"])


async def advised(picture: Picture, row: int, policy: PolicySettings) -> list[Record]:
    """What a dispatcher is recommended: every order may be changed, also one that was given by hand."""

    def ranked() -> list[Record]:
        chosen = chosen_for(decide(picture.situation, policy), row)
        return records(picture.situation, row, policy, chosen, eta_version=picture.speeds_version)

    return await asyncio.to_thread(ranked)


def chosen_for(plan: Plan, row: int) -> tuple[int, ...]:
    """The units that a plan sends to one incident, by index."""
    return tuple(order.unit for order in plan.orders if order.incident == row)


def records(
    situation: Situation, row: int, policy: PolicySettings, chosen: Collection[int] = (), *, eta_version: int
) -> list[Record]:
    """The candidates of one incident, with how far off each ETA may be and the chance that it is too late.

    `eta_version`: of the speeds that the ETAs were made with.
    """
    ranked = candidates(situation, row, policy, chosen)
    fixed_s = {unit.unit_id: unit.fixed_s for unit in situation.units}
    left_s = policy.target_s - (situation.now_s - situation.incidents[row].received_s)
    eta_s = [0.0 if one.eta_s is None else one.eta_s for one in ranked]
    age_s = [max(situation.now_s - (fixed_s[one.unit_id] or situation.now_s), 0.0) for one in ranked]
    spreads = spread_s(eta_s, position_age_s=age_s, on_street=["geodesic" not in one.reasons for one in ranked])
    late = chance_later_than(eta_s, spreads, left_s)
    shown = zip(ranked, spreads, late, strict=True)
    return [_record(one, float(s), float(c)) | {"eta_version": eta_version} for one, s, c in shown]


def _record(candidate: Candidate, eta_spread_s: float, chance_late: float) -> dict[str, Any]:
    known = candidate.eta_s is not None
    return {
        "unit_id": str(candidate.unit_id),
        "name": candidate.name,
        "status": str(candidate.status),
        "eta_s": round(candidate.eta_s, 1) if candidate.eta_s is not None else None,
        "eta_spread_s": round(eta_spread_s, 1) if known else None,
        "chance_late": round(chance_late, 3) if known else None,
        "distance_m": round(candidate.distance_m) if candidate.distance_m is not None else None,
        "reasons": list(candidate.reasons),
        "recommended": candidate.recommended,
        "would_divert_from": str(candidate.leaves) if candidate.leaves else None,
    }
