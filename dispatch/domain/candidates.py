"""Every unit as one incident sees it: its ETA, and all that speaks for and against it. For people and for the record.

The decision itself works on whole arrays (cost.py); both follow the same rules; a property test holds them together.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from dispatch.domain.incident import AccidentClass
from dispatch.domain.judging import (
    UNDER_WAY,
    is_slowed,
    judge,
    leaves_too_early,
    why_incident_keeps,
    why_unit_stays,
    widened_s,
)
from dispatch.domain.needs import Need, fill, needs_of, on_duty
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import OpenIncident, Situation, Unit
from dispatch.domain.unit import UnitStatus


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit as one incident sees it. `eta_s` is None where nobody can say; `leaves` where it would be diverted."""

    unit_id: Hashable
    name: str
    status: UnitStatus
    eta_s: float | None
    distance_m: float | None
    reasons: tuple[str, ...] = ()
    active_incident_id: Hashable = None
    leaves: Hashable = None
    recommended: bool = False
    """It may be sent by itself."""


def candidates(
    situation: Situation, i: int, settings: PolicySettings, chosen: Collection[int] = ()
) -> tuple[Candidate, ...]:
    """All units in the order in which they are recommended for incident `i`; `chosen` by the decision come first.

    Then those that may be sent by themselves, the nearest first; then the others. Ties by call sign, so that a ranking
    can be repeated.
    """
    incident = situation.incidents[i]
    needs = needs_of(incident, settings, on_duty(situation.units))
    missing = [n for n, sent in zip(needs, fill(needs, incident.sent, situation.units), strict=True) if sent is None]

    def open_to(j: int) -> Sequence[Need]:
        return needs if j in chosen else missing or needs  # a chosen one may take the place of a slower unit

    seen = [
        (_candidate(situation, i, j, open_to(j), settings, is_chosen=j in chosen), j in chosen, unit)
        for j, unit in enumerate(situation.units)
    ]

    def key(entry: tuple[Candidate, bool, Unit]) -> tuple[bool, bool, float, str]:
        candidate, is_chosen, unit = entry
        eta_s = math.inf if candidate.eta_s is None else candidate.eta_s
        if candidate.recommended and _is_own(situation, incident, unit, eta_s, settings):
            eta_s -= settings.own_station_s
        return (not is_chosen, not candidate.recommended, eta_s, candidate.name)

    return tuple(entry[0] for entry in sorted(seen, key=key))


def _candidate(
    situation: Situation, i: int, j: int, needs: Sequence[Need], settings: PolicySettings, *, is_chosen: bool
) -> Candidate:
    incident, unit = situation.incidents[i], situation.units[j]
    judgement = judge(unit, situation.now_s, settings)
    reasons = list(judgement.reasons)
    recommended = judgement.fit
    eta_s = widened_s(situation, i, j, judgement, settings)
    if not math.isfinite(eta_s):
        recommended = False
        if "no_position" not in reasons:
            reasons.append("no_position")
    if situation.geodesic is not None and situation.geodesic[i, j] and math.isfinite(eta_s):
        reasons.append("geodesic")
    if is_slowed(incident, unit):
        reasons.append("narrow_street")
    if not any(need.met_by(unit) for need in needs):
        reasons.extend(_lacks(unit, needs))
        recommended = False
    if leaves_too_early(unit, situation.now_s + eta_s, incident, settings):
        reasons.append("shift_ends")
        recommended = False
    if unit.unit_id in incident.refused:
        reasons.append(incident.refused[unit.unit_id])
        recommended = False
    if _is_own(situation, incident, unit, eta_s, settings):
        reasons.append("own_station")
    leaves = None
    if unit.status in UNDER_WAY:
        why = (
            "on_this_incident"
            if unit.incident_id == incident.incident_id
            else _why_not_diverted(situation, unit, settings)
        )
        reasons.append(why or "under_way_elsewhere")
        if is_chosen or (why is None and recommended):
            leaves = unit.incident_id
        recommended = is_chosen
    distance_m = None if situation.distance_m is None else float(situation.distance_m[i, j])
    return Candidate(
        unit_id=unit.unit_id,
        name=unit.name,
        status=unit.status,
        eta_s=eta_s if math.isfinite(eta_s) else None,
        distance_m=distance_m if distance_m is not None and math.isfinite(distance_m) else None,
        reasons=tuple(reasons),
        active_incident_id=unit.incident_id,
        leaves=leaves,
        recommended=recommended,
    )


def _why_not_diverted(situation: Situation, unit: Unit, settings: PolicySettings) -> str | None:
    """What keeps a unit under way on its incident; None where the decision may send it elsewhere."""
    for i, incident in enumerate(situation.incidents):
        if incident.incident_id == unit.incident_id:
            j = situation.units.index(unit)
            left_s = float(situation.eta_s[i, j]) + judge(unit, situation.now_s, settings).doubt_s
            if left_s <= settings.freeze_s:
                return "nearly_there"
            return why_unit_stays(unit, settings) or why_incident_keeps(incident, settings)
    return "busy"


def _is_own(situation: Situation, incident: OpenIncident, unit: Unit, eta_s: float, settings: PolicySettings) -> bool:
    """Damage only, of the unit's own station, and it gets there in time."""
    in_time = situation.now_s - incident.received_s + eta_s <= settings.target_s
    return (
        incident.accident_class is AccidentClass.A3
        and incident.station is not None
        and unit.station == incident.station
        and in_time
    )


def _lacks(unit: Unit, needs: Sequence[Need]) -> list[str]:
    lacking = {
        f"lacks_{n.capability}" for n in needs if n.capability is not None and n.capability not in unit.capabilities
    }
    if any(unit.crew < need.officers for need in needs):
        lacking.add("crew_too_small")
    return sorted(lacking)
