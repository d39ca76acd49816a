"""A unit: crew and vehicle on duty. Its status follows from assignment and availability, and is stored nowhere."""

from __future__ import annotations

from enum import StrEnum

from dispatch.domain.assignment import AssignmentState


class UnitStatus(StrEnum):
    """What a dispatcher sees of a unit."""

    AVAILABLE = "AVAILABLE"
    DISPATCHED = "DISPATCHED"
    EN_ROUTE = "EN_ROUTE"
    ON_SCENE = "ON_SCENE"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


_BY_ASSIGNMENT = {
    AssignmentState.DISPATCHED: UnitStatus.DISPATCHED,
    AssignmentState.ACKNOWLEDGED: UnitStatus.DISPATCHED,
    AssignmentState.EN_ROUTE: UnitStatus.EN_ROUTE,
    AssignmentState.ON_SCENE: UnitStatus.ON_SCENE,
}


def status_of(*, available: bool, active: AssignmentState | None) -> UnitStatus:
    """The status that follows: an active assignment wins over a break, so that no job is hidden by one."""
    if active is not None:
        return _BY_ASSIGNMENT[active]
    return UnitStatus.AVAILABLE if available else UnitStatus.OUT_OF_SERVICE
