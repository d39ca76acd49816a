"""What the event log says of a moment: which incidents were open, who was on them, and how far each had got."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.events import EventKind, SaidBy
from dispatch.domain.geometry import Position
from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.judging import is_under_way
from dispatch.domain.needs import fill, needs_of, on_duty
from dispatch.domain.policy import DIVERTED, REPLACED
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import OpenIncident, Sent, Situation
from dispatch.service.situations import WHY_NOT_AGAIN, seen_unit
from dispatch.store.rows import AnyRow
from dispatch.store.units import UnitNow

_STEPS: Final = {
    EventKind.UNIT_ACKNOWLEDGED: AssignmentState.ACKNOWLEDGED,
    EventKind.UNIT_EN_ROUTE: AssignmentState.EN_ROUTE,
    EventKind.UNIT_ON_SCENE: AssignmentState.ON_SCENE,
    EventKind.UNIT_CLEARED: AssignmentState.CLEARED,
    EventKind.UNIT_DECLINED: AssignmentState.DECLINED,
}
_ENDS: Final = (EventKind.INCIDENT_CLOSED, EventKind.INCIDENT_CANCELLED, EventKind.INCIDENT_MERGED)
_OVER: Final = (AssignmentState.CLEARED, AssignmentState.DECLINED)


@dataclass(slots=True)
class _On:
    """A unit on an incident, as far as the log has come."""

    assignment_id: UUID
    unit_id: UUID
    incident_id: UUID
    by_hand: bool
    diversions: int
    state: AssignmentState = AssignmentState.DISPATCHED
    reason: str | None = None
    is_over: bool = False


class RecordedDay:
    """Takes the log event by event, and tells how things stand."""

    def __init__(self) -> None:
        self._open: dict[UUID, None] = {}
        self._on: dict[UUID, _On] = {}
        self._of_incident: dict[UUID, list[_On]] = defaultdict(list)
        self._away: set[UUID] = set()
        self.changed: set[UUID] = set()
        """Incidents that a dispatcher has changed: the tables no longer say what the call was."""

    def take(self, event: AnyRow) -> None:
        """The next event of the log."""
        kind = EventKind(event.kind)
        if kind is EventKind.INCIDENT_CREATED:
            self._open[event.incident_id] = None
        elif kind is EventKind.INCIDENT_CHANGED:
            self.changed.add(event.incident_id)
        elif kind in _ENDS:
            self._open.pop(event.incident_id, None)
        elif kind is EventKind.UNIT_AVAILABILITY_CHANGED:
            (self._away.discard if event.data["available"] else self._away.add)(event.unit_id)
        elif kind is EventKind.UNIT_DISPATCHED:
            self._send(event)
        elif kind is EventKind.ASSIGNMENT_ENDED:
            one = self._on[event.assignment_id]
            one.state, one.reason, one.is_over = AssignmentState(event.data["state"]), event.data.get("reason"), True
        elif kind in _STEPS and event.said_by != SaidBy.INFERRED:
            one = self._on[event.assignment_id]
            if not one.is_over:
                one.state = _STEPS[kind]
                one.is_over = one.state in _OVER

    def _send(self, event: AnyRow) -> None:
        came_from = event.data.get("diverted_from")
        before = [one for one in self._on.values() if one.unit_id == event.unit_id]
        one = _On(
            assignment_id=event.assignment_id,
            unit_id=event.unit_id,
            incident_id=event.incident_id,
            by_hand=event.said_by == SaidBy.DISPATCHER,
            diversions=before[-1].diversions + 1 if came_from and before else 0,
        )
        self._on[one.assignment_id] = one
        self._of_incident[one.incident_id].append(one)

    def unit(self, unit_id: UUID, seen: Mapping[str, Any], fix: AnyRow | None) -> UnitNow:
        """A unit with the position of this fix; of the round's own word only what the log does not hold."""
        active = next((one for one in self._on.values() if one.unit_id == unit_id and not one.is_over), None)
        return UnitNow(
            unit_id=unit_id,
            name=seen["name"],
            vehicle_type="motorcycle" if seen["motorcycle"] else "car",
            capabilities=frozenset(seen["capabilities"]),
            station_id=UUID(seen["station"]) if seen["station"] else None,
            crew=seen["crew"],
            shift_ends_at=_moment(seen["shift_ends_ms"]),
            available=unit_id not in self._away,
            unavailable_reason=None,
            active=active.state if active else None,
            active_assignment_id=active.assignment_id if active else None,
            active_incident_id=active.incident_id if active else None,
            diversions=active.diversions if active else 0,
            position=Position(fix.lat, fix.lon) if fix is not None else None,
            fixed_at=fix.fixed_at if fix is not None else None,
            link_is_down=seen["link_down"],
            course_deg=fix.course_deg if fix is not None else None,
            speed_mps=fix.speed_mps if fix is not None else None,
        )

    def situation_without_times(
        self,
        units: Sequence[UnitNow],
        calls: Mapping[UUID, AnyRow],
        seen: Mapping[UUID, Mapping[str, Any]],
        policy: PolicySettings,
        now: datetime,
        *,
        settle: bool,
    ) -> Situation:
        """How things stand, without ETAs. `settle`: where all is automatic, every open incident is in; else those that
        the round had before it."""
        number = {unit.unit_id: column for column, unit in enumerate(units)}
        as_seen = tuple(seen_unit(unit) for unit in units)
        capabilities = on_duty(as_seen)
        incidents = []
        for incident_id in self._open:
            if not settle and incident_id not in seen:
                continue
            one = self._incident(calls[incident_id], seen.get(incident_id), number)
            filled = fill(needs_of(one, policy, capabilities), one.sent, as_seen)
            if any(sent is None or is_under_way(sent.state) for sent in filled):
                incidents.append(self._pinned(one, number))
        incidents.sort(key=lambda one: (one.priority, one.received_s, one.number))
        return Situation(round(now.timestamp() * 1000) / 1000, tuple(incidents), as_seen, np.empty((0, 0)))

    def _incident(self, row: AnyRow, seen: Mapping[str, Any] | None, number: Mapping[UUID, int]) -> OpenIncident:
        sent: list[Sent] = []
        refused: dict[Hashable, str] = {}
        stripped = 0
        for one in self._of_incident[row.incident_id]:
            if not one.is_over or one.state is AssignmentState.CLEARED:
                sent.append(Sent(number[one.unit_id], one.state))
            elif one.reason in (DIVERTED, REPLACED):
                stripped += one.reason == DIVERTED
            elif one.state in WHY_NOT_AGAIN and (seen is None or str(one.unit_id) in seen["refused"]):
                refused[one.unit_id] = WHY_NOT_AGAIN[one.state]
        in_sos = WHY_NOT_AGAIN["sos"]  # alarms are no part of a recorded day; what was seen of them is
        refused |= {UUID(unit): why for unit, why in (seen or {"refused": {}})["refused"].items() if why == in_sos}
        now = seen if seen is not None and row.incident_id in self.changed else None
        accident_class = row.accident_class if now is None else now["accident_class"]
        return OpenIncident(
            incident_id=row.incident_id,
            number=row.number,
            priority=row.priority if now is None else now["priority"],
            received_s=round(row.received_at.timestamp() * 1000) / 1000 if now is None else now["received_ms"] / 1000,
            category=Category(row.category if now is None else now["category"]),
            accident_class=AccidentClass(accident_class) if accident_class else None,
            station=row.station_id if now is None else (UUID(now["station"]) if now["station"] else None),
            sent=tuple(sent),
            stripped=stripped,
            refused=refused,
        )

    def _pinned(self, incident: OpenIncident, number: Mapping[UUID, int]) -> OpenIncident:
        """What a dispatcher ordered is as settled as a unit on the scene."""
        hands = {
            number[one.unit_id]
            for one in self._of_incident[UUID(str(incident.incident_id))]
            if one.by_hand and not one.is_over
        }
        pinned = tuple(
            Sent(one.unit, AssignmentState.ON_SCENE) if one.unit in hands and is_under_way(one.state) else one
            for one in incident.sent
        )
        return replace(incident, sent=pinned)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
