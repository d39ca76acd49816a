"""What was known at a past moment: the event log folded line by line, in the order in which the lines were written.

A step that was reported late, and an arrival that GPS dates back, change the picture from the line on that told of
them, and not before: the fold shows what people knew, not what turned out. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from dispatch.domain.assignment import TRANSITIONS, AssignmentState
from dispatch.domain.events import EventKind as K

Members = dict[str, Any]
"""Some members of a thing by name; those that the log doesn't hold are missing."""

BORN_WITH: Final = ("number", "category", "priority", "accident_class", "lat", "lon", "exclusion")
UNIT_MEMBERS: Final = ("crew", "shift_ends_at", "capabilities")
_STEPS: Final = {
    K.UNIT_ACKNOWLEDGED: AssignmentState.ACKNOWLEDGED,
    K.UNIT_EN_ROUTE: AssignmentState.EN_ROUTE,
    K.UNIT_ON_SCENE: AssignmentState.ON_SCENE,
    K.UNIT_CLEARED: AssignmentState.CLEARED,
    K.UNIT_DECLINED: AssignmentState.DECLINED,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. Its order in the log is the order in which it became known."""

    kind: str
    recorded_at: datetime
    happened_at: datetime | None = None
    said_by: str = "server"
    incident_id: UUID | None = None
    assignment_id: UUID | None = None
    unit_id: UUID | None = None
    actor: str | None = None
    data: Mapping[str, Any] | None = None

    @property
    def said(self) -> Mapping[str, Any]:
        """`data`, never None."""
        return self.data or {}


def is_over(assignment: Members) -> bool:
    """No step leads out of its state."""
    return not TRANSITIONS[AssignmentState(assignment["state"])]


class Past:
    """What the lines so far say, by id. `units` and `cameras` know what was said of them, and nothing else."""

    def __init__(self) -> None:
        self.incidents: dict[UUID, Members] = {}
        self.assignments: dict[UUID, Members] = {}
        self.units: defaultdict[UUID, Members] = defaultdict(dict)
        self.cameras: defaultdict[UUID, dict[str, Members]] = defaultdict(dict)
        self.alarms: defaultdict[UUID, Members] = defaultdict(dict)

    def take(self, line: Line) -> None:
        """The next line. One that says nothing of the picture, or of a thing that no line began, changes nothing."""
        rule = _RULES.get(line.kind)
        if rule is not None:
            rule(self, line)

    def incident(self, line: Line) -> Members | None:
        """What is known of the line's incident."""
        return None if line.incident_id is None else self.incidents.get(line.incident_id)


def _created(past: Past, line: Line) -> None:
    assert line.incident_id is not None  # noqa: S101 - the line is about an incident
    born = {name: line.said[name] for name in BORN_WITH if name in line.said}
    if "station_id" in line.said:
        born["station_id"] = _id(line.said["station_id"])
    past.incidents[line.incident_id] = born | {
        "state": "open",
        "received_at": line.happened_at,
        "ended_at": None,
        "disposition": None,
        "merged_into": None,
        "version": 1,
    }


def _changed(past: Past, line: Line) -> None:
    known = past.incident(line)
    if known is None or not line.said.get("members"):
        return
    known["version"] += 1
    known |= line.said.get("values", {})
    if "station_id" in line.said.get("values", {}):
        known["station_id"] = _id(known["station_id"])
    if "received_at" in line.said["members"]:  # a call was merged in that had rung before
        merged = (one for one in past.incidents.values() if one["merged_into"] == line.incident_id)
        known["received_at"] = min([known["received_at"], *(one["received_at"] for one in merged)])


def _ended(state: str) -> Callable[[Past, Line], None]:
    def end(past: Past, line: Line) -> None:
        known = past.incident(line)
        if known is None:
            return
        known["version"] += 1
        known |= {"state": state, "ended_at": line.recorded_at}
        known["disposition"] = line.said.get("disposition", line.said.get("reason"))

    return end


def _merged(past: Past, line: Line) -> None:
    known, into = past.incident(line), UUID(line.said["into"])
    if known is None:
        return
    known["version"] += 1
    known |= {"state": "merged", "ended_at": line.recorded_at, "merged_into": into, "exclusion": "duplicate"}
    for one in past.incidents.values():
        if one["merged_into"] == line.incident_id:
            one["merged_into"] = into


def _dispatched(past: Past, line: Line) -> None:
    assert line.assignment_id is not None  # noqa: S101 - the line is about an assignment
    milestones = ("acknowledged_at", "en_route_at", "on_scene_at", "cleared_at", "ended_at", "end_reason")
    past.assignments[line.assignment_id] = dict.fromkeys(milestones) | {
        "incident_id": line.incident_id,
        "unit_id": line.unit_id,
        "state": str(AssignmentState.DISPATCHED),
        "dispatched_at": line.happened_at,
        "eta_s": line.said.get("eta_s"),
        "override_reason": line.said.get("override_reason"),
        "role": line.said.get("role"),
        "review": [],
    }


def _assignment(past: Past, line: Line) -> Members | None:
    return None if line.assignment_id is None else past.assignments.get(line.assignment_id)


def _stepped(past: Past, line: Line) -> None:
    known, to = _assignment(past, line), _STEPS[K(line.kind)]
    if known is None:
        return
    is_witness = to is AssignmentState.ON_SCENE and (is_over(known) or known["state"] == to)
    if not is_witness:
        known["state"] = str(to)
    if line.happened_at is None:  # inferred: it has no time of its own
        return
    if to is not AssignmentState.DECLINED:
        milestone, at = f"{to}_at", line.happened_at
        known[milestone] = min(at, known[milestone] or at) if is_witness else at
    if not is_witness and is_over(known):
        known["ended_at"] = line.happened_at
        known["end_reason"] = line.said.get("reason") or line.said.get("disposition")


def _taken_off(past: Past, line: Line) -> None:
    if (known := _assignment(past, line)) is not None:
        known |= {"state": line.said["state"], "ended_at": line.happened_at, "end_reason": line.said.get("reason")}


def _reviewed(past: Past, line: Line) -> None:
    if (known := _assignment(past, line)) is not None:
        known["review"] = list(line.said["review"])


def _availability(past: Past, line: Line) -> None:
    assert line.unit_id is not None  # noqa: S101 - the line is about a unit, as those below
    available = line.said["available"]
    reason = None if available else line.said.get("reason")
    past.units[line.unit_id] |= {"available": available, "unavailable_reason": reason}


def _unit_changed(past: Past, line: Line) -> None:
    assert line.unit_id is not None  # noqa: S101
    past.units[line.unit_id] |= unit_members(line.said)


def unit_members(said: Mapping[str, Any]) -> Members:
    """What a line of a changed unit, or its `before`, says, with times as times."""
    found = {name: said[name] for name in UNIT_MEMBERS if name in said}
    if found.get("shift_ends_at") is not None:
        found["shift_ends_at"] = datetime.fromisoformat(found["shift_ends_at"])
    return found


def _link(past: Past, line: Line) -> None:
    assert line.unit_id is not None  # noqa: S101
    past.units[line.unit_id]["connected"] = line.kind == K.UNIT_CONNECTED


def _camera(past: Past, line: Line) -> None:
    assert line.unit_id is not None  # noqa: S101
    measured = {name: line.said.get(name) for name in ("state", "battery_pct", "free_mb", "recording_id")}
    past.cameras[line.unit_id][line.said["camera_id"]] = measured | {"said_at": line.happened_at}


def _heard(past: Past, line: Line) -> None:
    """The first name stays, until the alarm was put off and rings again."""
    known = past.alarms[UUID(line.said["alarm_id"])]
    until = known.get("snoozed_until")
    if known.get("acknowledged_at") is None or (until is not None and until <= line.recorded_at):
        known |= {"acknowledged_at": line.recorded_at, "acknowledged_by": line.actor}
        known |= {"snoozed_until": None, "snoozed_by": None}
    known["incident_id"] = line.incident_id


def _snoozed(past: Past, line: Line) -> None:
    past.alarms[UUID(line.said["alarm_id"])] |= {
        "acknowledged_at": line.recorded_at,
        "acknowledged_by": line.actor,
        "snoozed_until": line.recorded_at + timedelta(minutes=line.said["minutes"]),
        "snoozed_by": line.actor,
        "incident_id": line.incident_id,
    }


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


_RULES: Final[Mapping[str, Callable[[Past, Line], None]]] = {
    K.INCIDENT_CREATED: _created,
    K.INCIDENT_CHANGED: _changed,
    K.INCIDENT_CLOSED: _ended("closed"),
    K.INCIDENT_CANCELLED: _ended("cancelled"),
    K.INCIDENT_MERGED: _merged,
    K.UNIT_DISPATCHED: _dispatched,
    **dict.fromkeys(_STEPS, _stepped),
    K.ASSIGNMENT_ENDED: _taken_off,
    K.ARRIVAL_MARKED_FOR_REVIEW: _reviewed,
    K.UNIT_AVAILABILITY_CHANGED: _availability,
    K.UNIT_CHANGED: _unit_changed,
    K.UNIT_CONNECTED: _link,
    K.UNIT_DISCONNECTED: _link,
    K.CAMERA_CHANGED: _camera,
    K.ALARM_ACKNOWLEDGED: _heard,
    K.ALARM_ANSWERED: _heard,
    K.ALARM_SNOOZED: _snoozed,
}
