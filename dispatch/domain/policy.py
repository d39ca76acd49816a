"""Who goes. Pure: candidates with their ETA in, a ranking and a choice out, with every reason kept.

Today's rule: the open call with the best priority gets the available unit with the least street ETA. The batch
optimiser over all waiting incidents takes the place of `choose_units` (docs/decisions/0004-who-goes-first-rule.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from dispatch.domain.incident import Incident
from dispatch.domain.unit import UnitStatus

POLICY_NAME: Final = "street-eta-by-priority"
STALE_S_PER_S: Final = 0.5
"""A unit drives on while its position stands still: each second of staleness may cost half a second of driving."""


@dataclass(frozen=True, slots=True)
class Staleness:
    """From when a position is doubted, and from when it no longer counts, in seconds of age.

    An order over a link that is down most likely costs the wait for an acknowledgement that doesn't come.
    """

    stale_after_s: float = 30.0
    lost_after_s: float = 300.0
    link_down_costs_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit as one incident sees it. `eta_s` is None where the unit's position is not known."""

    unit_id: UUID
    name: str
    status: UnitStatus
    eta_s: float | None
    distance_m: float | None
    reasons: tuple[str, ...] = ()
    active_incident_id: UUID | None = None
    recommended: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One incident's decision: the unit that goes, if any, and all that were considered, in order."""

    incident: Incident
    unit_id: UUID | None
    candidates: tuple[Candidate, ...]


def judge(
    candidate: Candidate,
    *,
    position_age_s: float | None,
    refused_before: str | None,
    staleness: Staleness,
    link_is_down: bool = False,
) -> Candidate:
    """Adds what speaks against a unit, and widens its ETA where its position is stale or its link down."""
    reasons = list(candidate.reasons)
    eta_s = candidate.eta_s
    eligible = True
    if candidate.status is UnitStatus.OUT_OF_SERVICE:
        reasons.append("out_of_service")
        eligible = False
    elif candidate.status is not UnitStatus.AVAILABLE:
        reasons.append("busy")
        eligible = False
    if position_age_s is None or eta_s is None:
        reasons.append("no_position")
        eligible = False
    elif position_age_s > staleness.lost_after_s:
        reasons.append("position_lost")
        eligible = False
    if position_age_s is not None and eta_s is not None and position_age_s > staleness.stale_after_s:
        reasons.append("stale_position")
        doubt_s = min(position_age_s, staleness.lost_after_s) - staleness.stale_after_s
        eta_s += STALE_S_PER_S * doubt_s
    if link_is_down:
        reasons.append("link_down")
        eta_s = None if eta_s is None else eta_s + staleness.link_down_costs_s
    if refused_before is not None:
        reasons.append(refused_before)
        eligible = False
    return replace(candidate, eta_s=eta_s, reasons=tuple(reasons), recommended=eligible)


def rank(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Recommended units first, each part by ETA; the call sign settles ties, so that a ranking can be repeated."""
    return tuple(
        sorted(
            candidates,
            key=lambda c: (not c.recommended, c.eta_s is None, c.eta_s if c.eta_s is not None else 0.0, c.name),
        )
    )


def choose_units(waiting: Sequence[Incident], candidates: Mapping[UUID, Sequence[Candidate]]) -> list[Choice]:
    """A unit for each waiting incident, best priority first, then the longest waiting; no unit twice.

    `candidates` holds each incident's judged candidates by incident id.
    """
    taken: set[UUID] = set()
    choices = []
    for incident in sorted(waiting, key=lambda i: (i.priority, i.received_at, i.number)):
        ranked = rank(candidates[incident.incident_id])
        best = next((c for c in ranked if c.recommended and c.unit_id not in taken), None)
        if best is not None:
            taken.add(best.unit_id)
        choices.append(Choice(incident, best.unit_id if best else None, ranked))
    return choices
