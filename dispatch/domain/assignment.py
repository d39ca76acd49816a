"""A unit on an incident: its states, and the one table of transitions. What is missing in the table is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from dispatch.domain.refusals import AssignmentEnded


class AssignmentState(StrEnum):
    """On the job, or how it ended."""

    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLEARED = "cleared"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    REASSIGNED = "reassigned"
    TIMED_OUT = "timed_out"
    CLOSED = "closed"


S = AssignmentState
_ENDINGS: Final = frozenset({S.CANCELLED, S.REASSIGNED, S.CLOSED})

TRANSITIONS: Final[dict[AssignmentState, frozenset[AssignmentState]]] = {
    S.DISPATCHED: frozenset({S.ACKNOWLEDGED, S.EN_ROUTE, S.ON_SCENE, S.CLEARED, S.DECLINED, S.TIMED_OUT}) | _ENDINGS,
    S.ACKNOWLEDGED: frozenset({S.EN_ROUTE, S.ON_SCENE, S.CLEARED, S.DECLINED}) | _ENDINGS,
    S.EN_ROUTE: frozenset({S.ON_SCENE, S.CLEARED, S.DECLINED}) | _ENDINGS,
    S.ON_SCENE: frozenset({S.CLEARED}) | _ENDINGS,
    S.CLEARED: frozenset(),
    S.DECLINED: frozenset(),
    S.CANCELLED: frozenset(),
    S.REASSIGNED: frozenset(),
    S.TIMED_OUT: frozenset(),
    S.CLOSED: frozenset(),
}
STRAIGHT: Final = "straight"
"""In the place of a street class: no street answered, and the ETA is the straight line's."""
PROGRESS: Final = (S.DISPATCHED, S.ACKNOWLEDGED, S.EN_ROUTE, S.ON_SCENE, S.CLEARED)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A unit on an incident. A milestone is None while it is not reached, or where it was skipped and inferred."""

    assignment_id: UUID
    incident_id: UUID
    unit_id: UUID
    state: AssignmentState
    dispatched_at: datetime
    eta_s: float | None = None
    acknowledged_at: datetime | None = None
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    cleared_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    override_reason: str | None = None
    review: tuple[str, ...] = ()
    role: str | None = None
    """Which of the incident's needs it meets; None where a dispatcher chose."""
    diversions: int = 0
    """How often its unit was sent elsewhere since it last was free."""
    eta_version: int = 0
    """Of the speeds that `eta_s` was made with; 0: the priors."""
    eta_street_class: str | None = None
    """On which most of the planned way lies; STRAIGHT where `eta_s` is not over the streets; None: there is no way."""

    @property
    def is_over(self) -> bool:
        """No step leads out of its state."""
        return not TRANSITIONS[self.state]

    @property
    def is_answered(self) -> bool:
        """The crew, or GPS for it, has said something of it."""
        return any((self.acknowledged_at, self.en_route_at, self.on_scene_at, self.cleared_at))

    @property
    def last_milestone_at(self) -> datetime:
        """The latest time that is known of it; a later step can't lie before it."""
        known = (self.acknowledged_at, self.en_route_at, self.on_scene_at, self.cleared_at)
        return max([self.dispatched_at, *(at for at in known if at is not None)])

    def end(self, state: AssignmentState, *, at: datetime, reason: str | None) -> Assignment:
        """Taken off by the server or a dispatcher. Raises AssignmentEnded where it is over already."""
        if state not in TRANSITIONS[self.state]:
            raise AssignmentEnded(f"This assignment is {self.state}; it can't become {state}.")
        return replace(self, state=state, ended_at=at, end_reason=reason)


def skipped_steps(state: AssignmentState, to: AssignmentState) -> tuple[AssignmentState, ...]:
    """The steps between two states of the usual progress that nobody reported."""
    if to not in PROGRESS:
        return ()
    return PROGRESS[PROGRESS.index(state) + 1 : PROGRESS.index(to)]
