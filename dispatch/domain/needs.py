"""Which units an incident needs, and which of them it has: the capability rules. One need takes one unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.domain.incident import AccidentClass
from dispatch.domain.policy_settings import ACCIDENT_SPECIALIST, PolicySettings
from dispatch.domain.situation import OpenIncident, Sent, Unit
from dispatch.domain.unit import UnitStatus


@dataclass(frozen=True, slots=True)
class Need:
    """One unit that an incident needs. `share`: what its wait counts beside the first unit's."""

    role: str
    share: float = 1.0
    capability: str | None = None
    officers: int = 1

    def met_by(self, unit: Unit) -> bool:
        """Has the unit what it takes?"""
        return unit.crew >= self.officers and (self.capability is None or self.capability in unit.capabilities)


FIRST: Final = Need("first")
_ONE: Final = (FIRST,)


def needs_of(incident: OpenIncident, settings: PolicySettings, capabilities: frozenset[str]) -> tuple[Need, ...]:
    """What it needs, the first to arrive before the others.

    `capabilities` are those on duty: a specialist whom no shift has is not waited for. A deadly or injuring accident
    takes a specialist, and whoever is nearest to protect the scene; a violent crime takes two units, the first of
    them with two officers.
    """
    if incident.accident_class in (AccidentClass.A1, AccidentClass.A2):
        if ACCIDENT_SPECIALIST not in capabilities:
            return _ONE
        return (FIRST, Need("specialist", settings.second_unit_weight, ACCIDENT_SPECIALIST))
    if incident.priority <= settings.two_units_priority and incident.category in settings.two_units_categories:
        return (Need("first", officers=2), Need("second", settings.second_unit_weight))
    return _ONE


def on_duty(units: Sequence[Unit]) -> frozenset[str]:
    """The capabilities of the units that are on duty."""
    skilled = [
        unit.capabilities for unit in units if unit.capabilities and unit.status is not UnitStatus.OUT_OF_SERVICE
    ]
    return frozenset[str]().union(*skilled)


def fill(needs: Sequence[Need], sent: Sequence[Sent], units: Sequence[Unit]) -> list[Sent | None]:
    """The unit that meets each need, or None; the most demanding need chooses first.

    A unit that meets none of those left (sent by hand, against the rule) takes the first need that is open, for it is
    there or will be.
    """
    filled: list[Sent | None] = [None] * len(needs)
    left = list(sent)
    for index in sorted(range(len(needs)), key=lambda i: (needs[i].capability is None, -needs[i].officers)):
        found = next((one for one in left if needs[index].met_by(units[one.unit])), None)
        if found is not None:
            filled[index] = found
            left.remove(found)
    for one in left:
        if None in filled:
            filled[filled.index(None)] = one
    return filled
