"""A line of the ledger: one incident with its figure as recorded and as reviewed, and what is known of its course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from dispatch.domain.kpi import Clock, IncidentRecord
from dispatch.domain.parts import Part
from dispatch.domain.review_state import ReviewState

Figures = Literal["reviewed", "recorded"]


class Mark(StrEnum):
    """What a person should know before trusting a figure. Accuses nobody.

    CANCELLED_LATE: by the record or by rulings it is left out by a cancellation that came after its ten minutes.
    """

    FAR_FROM_SCENE = "far_from_scene"
    BEFORE_GPS_ARRIVAL = "before_gps_arrival"
    GPS_GAP = "gps_gap"
    INFERRED = "inferred"
    CORRECTED = "corrected"
    REVIEWED = "reviewed"
    CANCELLED_LATE = "cancelled_late"


MARKS: Final = tuple(Mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a response went, by the arrivals that count. Seconds; None where it is not known.

    `unit`: call sign of the one that arrived first, else that was sent first; `parts` and `eta_s` are its own.
    `nearest_free_s_…`: what the response would have been on each clock, had the nearest free unit been sent at once.
    """

    parts: Mapping[Part, float | None] = field(default_factory=dict)
    eta_s: float | None = None
    nearest_free_s_received: float | None = None
    nearest_free_s_dispatched: float | None = None
    unit: str | None = None

    def nearest_free_s(self, clock: Clock) -> float | None:
        """On this clock."""
        return self.nearest_free_s_received if clock == "received" else self.nearest_free_s_dispatched


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One incident, as it was recorded and as supervisors ruled; the same where nobody did."""

    recorded: IncidentRecord
    reviewed: IncidentRecord
    recorded_course: Course = field(default_factory=Course)
    reviewed_course: Course = field(default_factory=Course)
    marks: frozenset[Mark] = frozenset()
    review: ReviewState | None = None
    ended_at: datetime | None = None
    is_imported: bool = False
    """It has no track: it came from a file."""

    def of(self, figures: Figures) -> tuple[IncidentRecord, Course]:
        """By these figures."""
        if figures == "recorded":
            return self.recorded, self.recorded_course
        return self.reviewed, self.reviewed_course
