"""The open incidents of a run as the decision sees them, and which units are on each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.incident import AccidentClass
from dispatch.domain.needs import needs_of
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import OpenIncident, Sent
from dispatch.domain.unit import UnitStatus
from dispatch.simulator.car import Car
from dispatch.simulator.conditions import Conditions
from dispatch.simulator.stream import CATEGORIES, CallStream

_CLASSES: Final = (None, AccidentClass.A1, AccidentClass.A2, AccidentClass.A3)
_STATE_OF: Final = {
    UnitStatus.EN_ROUTE: AssignmentState.EN_ROUTE,
    UnitStatus.ON_SCENE: AssignmentState.ON_SCENE,
}


class OpenCalls:
    """By the index of the call. `incidents` holds those alone that may still need a unit."""

    def __init__(
        self, calls: CallStream, cars: Sequence[Car], settings: PolicySettings, conditions: Conditions
    ) -> None:
        self._cars, self._settings, self._conditions = cars, settings, conditions
        self._capabilities = frozenset[str]().union(*(car.plan.capabilities for car in cars))
        # plain lists: an item of an array costs ten times as much
        self._at, self._node = calls.at_s.tolist(), calls.node.tolist()
        self._priority, self._category = calls.priority.tolist(), calls.category.tolist()
        self._class = calls.accident_class.tolist()
        self._on: dict[int, list[int]] = {}
        self._losses: dict[int, int] = {}
        self.incidents: dict[int, OpenIncident] = {}

    def enter(self, call: int) -> None:
        """Call taking is over."""
        node, conditions = self._node[call], self._conditions
        self.incidents[call] = OpenIncident(
            incident_id=call,
            number=f"{call:07d}",
            priority=self._priority[call],
            received_s=self._at[call],
            category=CATEGORIES[self._category[call]],
            accident_class=_CLASSES[self._class[call]],
            station=None if conditions.stations is None else int(conditions.stations[node]),
            narrow=conditions.narrow is not None and bool(conditions.narrow[node]),
        )
        self._on[call], self._losses[call] = [], 0

    def send(self, call: int, unit: int) -> None:
        """A unit is under way to it."""
        self._on[call].append(unit)
        self.refresh(call)

    def take_off(self, call: int, unit: int, *, diverted: bool) -> None:
        """A unit under way leaves it, for another one or for nothing."""
        self._on[call].remove(unit)
        self._losses[call] += diverted
        self.refresh(call)

    def clear(self, call: int, unit: int) -> None:
        """A unit is done with it. The last one closes it, as on the server."""
        self._on[call].remove(unit)
        if self._on[call]:
            self.refresh(call)
        else:
            self.incidents.pop(call, None)
            del self._on[call], self._losses[call]

    def refresh(self, call: int) -> None:
        """Its units have changed; one that needs nothing more is no part of a decision."""
        incident = self.incidents.get(call)
        if incident is None:
            return
        sent = tuple(Sent(unit, _STATE_OF[self._cars[unit].status]) for unit in self._on[call])
        needs = needs_of(incident, self._settings, self._capabilities)
        if len(sent) >= len(needs) and all(one.state is AssignmentState.ON_SCENE for one in sent):
            del self.incidents[call]
            return
        self.incidents[call] = OpenIncident(  # `replace` takes five times as long
            incident.incident_id,
            incident.number,
            incident.priority,
            incident.received_s,
            incident.category,
            incident.accident_class,
            incident.station,
            incident.narrow,
            sent,
            self._losses[call],
        )
