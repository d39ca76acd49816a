"""A line of the ledger: one incident with its figure as recorded and as reviewed, and what is known of its course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from dispatch.domain.kpi import IncidentRecord
from dispatch.domain.parts import Part

Figures = Literal["reviewed", "recorded"]


class Mark(StrEnum):
    """What a person should know before trusting a figure. Accuses nobody."""

    FAR_FROM_SCENE = "far_from_scene"
    BEFORE_GPS_ARRIVAL = "before_gps_arrival"
    GPS_GAP = "gps_gap"
    INFERRED = "inferred"
    CORRECTED = "corrected"
    REVIEWED = "reviewed"


MARKS: Final = tuple(Mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """`reviewed` is `recorded` itself where nobody reviewed; both are of the same incident.

    `parts`: seconds, of the reviewed response; `nearest_free_s`: what the response would have been, had the nearest
    free unit been sent at once, where that is known.
    """

    recorded: IncidentRecord
    reviewed: IncidentRecord
    parts: Mapping[Part, float | None] = field(default_factory=dict)
    eta_s: float | None = None
    nearest_free_s: float | None = None
    marks: frozenset[Mark] = frozenset()
    unit: str | None = None
    """Call sign of the unit that arrived first, else that was sent first."""
