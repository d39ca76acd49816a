"""What speaks for and against a unit: for any incident, and for one. The one place where these rules stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import OpenIncident, Situation, Unit
from dispatch.domain.unit import UnitStatus

UNDER_WAY: Final = (UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE)
_ON_THE_WAY: Final = (AssignmentState.DISPATCHED, AssignmentState.ACKNOWLEDGED, AssignmentState.EN_ROUTE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of a unit, whatever the incident. `fit`: it may be sent by itself; `doubt_s`: what its ETA grows by."""

    fit: bool
    doubt_s: float
    reasons: tuple[str, ...] = ()


_FIT: Final = Judgement(fit=True, doubt_s=0.0)


def judge(unit: Unit, now_s: float, settings: PolicySettings) -> Judgement:
    """Position, link and duty. A unit under way is judged as if it were free: who may divert it is another rule."""
    age_s = None if unit.fixed_s is None else now_s - unit.fixed_s
    fine = unit.status is UnitStatus.AVAILABLE or unit.status in UNDER_WAY
    if fine and age_s is not None and age_s <= settings.stale_after_s and not unit.link_is_down:
        return _FIT
    reasons = []
    doubt_s = 0.0
    if unit.status is UnitStatus.OUT_OF_SERVICE:
        reasons.append("out_of_service")
    elif not fine:
        reasons.append("busy")
    if age_s is None:
        reasons.append("no_position")
        fine = False
    else:
        if age_s > settings.lost_after_s:
            reasons.append("position_lost")
            fine = False
        if age_s > settings.stale_after_s:
            reasons.append("stale_position")
            doubt_s += settings.stale_costs * (min(age_s, settings.lost_after_s) - settings.stale_after_s)
    if unit.link_is_down:
        reasons.append("link_down")
        doubt_s += settings.link_down_s
    return Judgement(fine, doubt_s, tuple(reasons))


def why_unit_stays(unit: Unit, settings: PolicySettings) -> str | None:
    """Why a unit under way may not be sent to another incident; None where it may."""
    if not settings.divert:
        return "diversion_is_off"
    return "diverted_before" if unit.diversions >= settings.diversions_max else None


def why_incident_keeps(incident: OpenIncident, settings: PolicySettings) -> str | None:
    """Why an incident gives up a unit under way only for a faster one; None where it may lose it."""
    if incident.priority == 1:
        return "on_priority_1"
    return "incident_lost_units_before" if incident.stripped >= settings.losses_max else None


def leaves_too_early(unit: Unit, arrives_s: float, incident: OpenIncident, settings: PolicySettings) -> bool:
    """Its shift ends before it could do any good; but for priority 1 everybody goes."""
    return incident.priority != 1 and arrives_s + settings.shift_margin_s > unit.shift_ends_s


def widened_s(situation: Situation, i: int, j: int, judgement: Judgement, settings: PolicySettings) -> float:
    """The ETA that the decision reckons with: doubts about the unit and narrow streets included."""
    narrow_s = settings.narrow_car_s if is_slowed(situation.incidents[i], situation.units[j]) else 0.0
    return float(situation.eta_s[i, j]) + judgement.doubt_s + narrow_s


def is_slowed(incident: OpenIncident, unit: Unit) -> bool:
    """A car where only a motorcycle gets through fast."""
    return incident.narrow and not unit.motorcycle


def is_under_way(state: AssignmentState) -> bool:
    """Sent, and not there yet."""
    return state in _ON_THE_WAY
