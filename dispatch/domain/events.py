"""What happened, in the past tense, immutable. The event log is the timeline and the audit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class SaidBy(StrEnum):
    """Who says that it happened."""

    BUTTON = "button"
    GPS = "gps"
    DISPATCHER = "dispatcher"
    INFERRED = "inferred"
    SERVER = "server"
    IMPORT = "import"
    """A file of past calls. It stands in no line of the log, only in timelines that are made from what came with it."""


class EventKind(StrEnum):
    """Everything that enters the log."""

    INCIDENT_CREATED = "incident_created"
    INCIDENT_SEEN = "incident_seen"
    INCIDENT_CHANGED = "incident_changed"
    INCIDENT_CLOSED = "incident_closed"
    INCIDENT_CANCELLED = "incident_cancelled"
    INCIDENT_MERGED = "incident_merged"
    UNIT_DISPATCHED = "unit_dispatched"
    UNIT_ACKNOWLEDGED = "unit_acknowledged"
    UNIT_EN_ROUTE = "unit_en_route"
    UNIT_ON_SCENE = "unit_on_scene"
    ARRIVAL_MARKED_FOR_REVIEW = "arrival_marked_for_review"
    UNIT_CLEARED = "unit_cleared"
    UNIT_DECLINED = "unit_declined"
    ASSIGNMENT_ENDED = "assignment_ended"
    ACKNOWLEDGEMENT_OVERDUE = "acknowledgement_overdue"
    NOBODY_AVAILABLE = "nobody_available"
    UNIT_MISSING = "unit_missing"
    STEP_REFUSED = "step_refused"
    SOS_RAISED = "sos_raised"
    SOS_ENDED = "sos_ended"
    ALARM_RAISED = "alarm_raised"
    ALARM_ACKNOWLEDGED = "alarm_acknowledged"
    ALARM_ANSWERED = "alarm_answered"
    ALARM_SNOOZED = "alarm_snoozed"
    ALARM_RESOLVED = "alarm_resolved"
    UNIT_AVAILABILITY_CHANGED = "unit_availability_changed"
    UNIT_CHANGED = "unit_changed"
    UNIT_CONNECTED = "unit_connected"
    UNIT_DISCONNECTED = "unit_disconnected"
    CAMERA_CHANGED = "camera_changed"
    CREW_ASKED = "crew_asked"
    CREW_CHECKED_IN = "crew_checked_in"
    NOTICE_SENT = "notice_sent"
    NOTE_ADDED = "note_added"
    NOTE_STRUCK = "note_struck"
    RECORDING_INDEXED = "recording_indexed"
    RECORDING_VERIFIED = "recording_verified"
    RECORDING_QUARANTINED = "recording_quarantined"
    RECORDING_EXPORTED = "recording_exported"
    RECORDING_DELETED = "recording_deleted"
    RECORDING_LOST = "recording_lost"
    INCIDENT_HELD = "incident_held"
    INCIDENT_RELEASED = "incident_released"
    INCIDENT_REVIEWED = "incident_reviewed"
    MESSAGE_UNPROCESSABLE = "message_unprocessable"
    POLICY_MODE_CHANGED = "policy_mode_changed"
    STANDBY_SUGGESTED = "standby_suggested"
    STANDBY_ACCEPTED = "standby_accepted"
    STANDBY_DISMISSED = "standby_dismissed"
    STANDBY_EXPIRED = "standby_expired"
    STANDBY_REACHED = "standby_reached"
    COVERAGE_THIN = "coverage_thin"
    COVERAGE_RESTORED = "coverage_restored"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. `happened_at` is the time that counts; None for a step that was only inferred."""

    kind: EventKind
    happened_at: datetime | None
    said_by: SaidBy
    incident_id: UUID | None = None
    assignment_id: UUID | None = None
    unit_id: UUID | None = None
    car_time: datetime | None = None
    actor: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
