"""The picture of a past moment: the log's fold laid over the rows that are kept now, and the fixes of the time.

What a row holds now and no line of the log changes (a call sign, a plate) is shown as it is now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from dispatch.domain.past import Line, Members, Past, is_over
from dispatch.domain.past_rows import before_overwriting, known_by, known_since, open_until_it_ended, suggestion_at
from dispatch.service.past_kept import Kept
from dispatch.service.past_tracks import Tracks
from dispatch.store.rows import AnyRow

RESOLVED_LATELY: Final = timedelta(minutes=1)
_ON_DUTY: Final[Members] = {"available": True, "unavailable_reason": None, "connected": False}
_NO_JOB: Final[Members] = dict.fromkeys(("assignment_id", "assignment_state", "incident_id", "incident_number"))


@dataclass(slots=True)
class Shown:
    """Rows as the live picture is made of: units with cameras, incidents with assignments, alarms, suggestions."""

    units: list[tuple[SimpleNamespace, list[Members]]] = field(default_factory=list)
    incidents: list[tuple[SimpleNamespace, list[SimpleNamespace]]] = field(default_factory=list)
    alarms: list[SimpleNamespace] = field(default_factory=list)
    suggestions: list[SimpleNamespace] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the log, when it was known, and what it changed."""

    at: datetime
    row: AnyRow
    shown: Shown


class Pictures:
    """Plays a period once: first what was shown at its start, then what each line of the log changed."""

    def __init__(self, kept: Kept, tracks: Tracks) -> None:
        self._kept, self._tracks = kept, tracks
        self._past = Past()
        for row in kept.lines.before:
            self._past.take(line_of(row))
        self._of_incident: defaultdict[UUID, list[UUID]] = defaultdict(list)
        self._of_unit: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for key, assignment in kept.assignments.items():
            self._of_incident[assignment.incident_id].append(key)
            self._of_unit[assignment.unit_id].append(key)
        self._merged = [key for key, row in kept.incidents.items() if row.merged_into is not None]

    def at_start(self) -> Shown:
        """All units; what had not ended."""
        kept, at = self._kept, self._kept.start
        there = (key for key in kept.units if (added := kept.added_at.get(key)) is None or added <= at)
        opened = (key for key in kept.incidents if self._incident(key, at)["state"] == "open")
        return Shown(
            units=[self._unit(key, at) for key in there],
            incidents=[self._shown_incident(key, at) for key in opened if kept.incidents[key].created_at <= at],
            alarms=[alarm for alarm in map(self._alarm_at(at), kept.alarms) if alarm and alarm.resolved_at is None],
            suggestions=[one for one in map(self._suggestion_at(at), kept.suggestions) if one and one.ended_at is None],
        )

    def moments(self) -> Iterator[Moment]:
        """Every line of the period, in the order of the log."""
        rows = self._kept.lines.within
        for row, at in zip(rows, known_since(row.recorded_at for row in rows), strict=True):
            self._past.take(line_of(row))
            yield Moment(at, row, self._changed_by(row, at))

    def approximate(self) -> list[UUID]:
        """The incidents whose first line is of a version that wrote less: their place may be a later one."""
        return [key for key, known in self._past.incidents.items() if "lat" not in known]

    def _changed_by(self, row: AnyRow, at: datetime) -> Shown:
        named = [row.incident_id] if row.incident_id in self._kept.incidents else []
        into = self._past.incidents.get(row.incident_id, {}).get("merged_into")
        incidents = [*named, *([into] if into in self._kept.incidents else [])]
        alarms = [alarm for alarm in map(self._alarm_at(at), self._kept.alarms) if alarm is not None]
        of_line = (
            alarm
            for alarm in alarms
            if str(alarm.alarm_id) == row.data.get("alarm_id")
            or (alarm.incident_id is not None and alarm.incident_id in (row.incident_id, into))
            or (row.unit_id is not None and alarm.unit_id == row.unit_id)
        )
        suggestion_id = row.data.get("suggestion_id")
        suggestions = [UUID(suggestion_id)] if suggestion_id else []
        return Shown(
            units=[self._unit(row.unit_id, at)] if row.unit_id in self._kept.units else [],
            incidents=[self._shown_incident(key, at) for key in incidents],
            alarms=[one for one in of_line if one.resolved_at is None or one.resolved_at >= at - RESOLVED_LATELY],
            suggestions=[one for one in map(self._suggestion_at(at), suggestions) if one is not None],
        )

    def _incident(self, key: UUID, at: datetime) -> Members:
        row = before_overwriting(dict(self._kept.incidents[key]._mapping), self._kept.overwritten.get(key, ()), at)
        said = self._past.incidents.get(key)
        if said is None:
            return open_until_it_ended(row, at)
        if row["exclusion"] == "duplicate" and said["state"] != "merged":
            row["exclusion"] = None
        known = known_by(row, at) | said
        station, precinct = self._kept.stations.get(known["station_id"], (None, None))
        return known | {"station": station, "precinct": precinct}

    def _shown_incident(self, key: UUID, at: datetime) -> tuple[SimpleNamespace, list[SimpleNamespace]]:
        merged = (one for one in self._merged if self._past.incidents.get(one, {}).get("merged_into") == key)
        ids = [found for one in (key, *merged) for found in self._of_incident[one]]
        sent = [self._assignment(one) for one in ids if one in self._past.assignments]
        sent.sort(key=lambda one: (one.dispatched_at, one.assignment_id))
        return SimpleNamespace(**self._incident(key, at)), sent

    def _assignment(self, key: UUID) -> SimpleNamespace:
        return SimpleNamespace(**dict(self._kept.assignments[key]._mapping) | self._past.assignments[key])

    def _unit(self, key: UUID, at: datetime) -> tuple[SimpleNamespace, list[Members]]:
        said = self._past.units.get(key, {})
        later = {n: v for n, v in self._kept.before_next_changes.get(key, {}).items() if n not in said}
        known = dict(self._kept.units[key]._mapping) | _ON_DUTY | later | said | self._tracks.position(key, at)
        cameras = self._past.cameras.get(key, {})
        shown = [camera | {"camera_id": name} for name, camera in sorted(cameras.items())]
        return SimpleNamespace(**known | self._job(key)), shown

    def _job(self, unit_id: UUID) -> Members:
        for key in self._of_unit[unit_id]:
            known = self._past.assignments.get(key)
            if known is not None and not is_over(known):
                incident_id = known["incident_id"]
                return {
                    "assignment_id": key,
                    "assignment_state": known["state"],
                    "incident_id": incident_id,
                    "incident_number": self._kept.incidents[incident_id].number,
                }
        return _NO_JOB

    def _alarm_at(self, at: datetime) -> Any:
        def alarm(key: UUID) -> SimpleNamespace | None:
            row = before_overwriting(dict(self._kept.alarms[key]._mapping), self._kept.overwritten.get(key, ()), at)
            if row["raised_at"] > at:
                return None
            row |= {"snoozed_until": None, "snoozed_by": None}
            known = known_by(row, at) | self._past.alarms.get(key, {})
            if row["kind"] == "sos" and (key not in self._past.alarms or known["incident_id"] is None):
                known["incident_id"] = self._help(row, at)
            return SimpleNamespace(**known | {"incident_number": self._kept.numbers.get(known["incident_id"])})

        return alarm

    def _help(self, alarm: Members, at: datetime) -> UUID | None:
        """The incident that was made to send help to an officer, of which no line on the alarm tells yet."""
        made = self._kept.incidents.get(alarm["incident_id"])
        is_of_it = made is not None and alarm["raised_at"] <= made.created_at <= at
        return alarm["incident_id"] if is_of_it else None

    def _suggestion_at(self, at: datetime) -> Any:
        def suggestion(key: UUID) -> SimpleNamespace | None:
            row = self._kept.suggestions.get(key)
            if row is None or row.made_at > at:
                return None
            return SimpleNamespace(**suggestion_at(dict(row._mapping), at))

        return suggestion


def line_of(row: AnyRow) -> Line:
    """A row of the log, for the fold."""
    return Line(**{name: getattr(row, name) for name in Line.__dataclass_fields__})
