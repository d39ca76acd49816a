"""Pictures of a past period as the feed's frames, tracks in columns, decisions with the candidates that mattered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from dispatch.api import present, schemas
from dispatch.api.schemas import replay as views
from dispatch.api.standby import suggestion_view
from dispatch.service.past import Moment, Shown
from dispatch.service.past_tracks import Track, tenth
from dispatch.store.rows import AnyRow

STREAM: Final = "replay"

Frame = dict[str, Any]


def snapshot_frame(shown: Shown, at: datetime) -> Frame:
    """All that was shown at the start."""
    return {"type": "snapshot", "stream": STREAM, "seq": 0, "server_time": at.isoformat(), **_picture(shown)}


def event_frame(moment: Moment, number: int) -> Frame:
    """One line of the log and what it changed."""
    event = present.event_view(moment.row).model_dump(mode="json")
    frame = {"type": "event", "stream": STREAM, "seq": number, "at": moment.at.isoformat(), "event": event}
    return frame | _picture(moment.shown)


def _picture(shown: Shown) -> dict[str, list[Frame]]:
    units = (
        present.unit_view(unit, [schemas.CameraView(**camera) for camera in cameras]) for unit, cameras in shown.units
    )
    incidents = (schemas.IncidentView(**present.incident_members(row, sent)) for row, sent in shown.incidents)
    return {
        "units": _plain(units),
        "incidents": _plain(incidents),
        "alarms": _plain(map(present.alarm_view, shown.alarms)),
        "suggestions": _plain(map(suggestion_view, shown.suggestions)),
    }


def track_view(unit_id: UUID, track: Track) -> Frame:
    """As `ReplayTrack` describes it."""
    return {
        "unit_id": str(unit_id),
        "at_ms": _steps(track.at_ms),
        "age_ms": track.age_ms,
        "lat_e6": _steps(track.lat_e6),
        "lon_e6": _steps(track.lon_e6),
        "accuracy_m": [tenth(value) for value in track.accuracy_dm],
        "speed_mps": [tenth(value) for value in track.speed_dmps],
        "course_deg": track.course_deg,
    }


def _steps(numbers: Sequence[int]) -> list[int]:
    """The first, then differences: small numbers pack well."""
    return [*numbers[:1], *(after - before for before, after in pairwise(numbers))]


def decision_view(row: AnyRow, assignments: Mapping[UUID, AnyRow]) -> Frame:
    """A decision as it was taken, with whom it chose."""
    chosen = assignments.get(row.assignment_id)
    is_told = row.candidate_chosen is None or row.candidate_chosen in row.first_candidates
    told = row.first_candidates if is_told else [*row.first_candidates, row.candidate_chosen]
    return views.ReplayDecision(
        id=row.decision_id,
        assignment_id=row.assignment_id,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        policy=row.policy,
        candidates=told,
        override_reason=row.override_reason,
        round_id=row.round_id,
        method=row.method,
        fallback=row.fallback,
        role=row.role,
        leaves=row.leaves,
        incident_id=row.incident_id,
        incident_number=row.number,
        unit_id=None if chosen is None else chosen.unit_id,
        unit_name=None if chosen is None else chosen.unit_name,
        leaves_number=row.leaves_number,
        candidates_left_out=row.candidates_count - len(told),
    ).model_dump(mode="json")


def _plain(items: Iterable[BaseModel]) -> list[Frame]:
    return [item.model_dump(mode="json") for item in items]
