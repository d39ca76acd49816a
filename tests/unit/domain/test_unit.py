"""A unit's status follows from its assignment and its availability."""

from __future__ import annotations

import pytest

from dispatch.domain.assignment import TRANSITIONS, AssignmentState
from dispatch.domain.unit import UnitStatus, status_of


@pytest.mark.parametrize(
    ("active", "status"),
    [
        (AssignmentState.DISPATCHED, UnitStatus.DISPATCHED),
        (AssignmentState.ACKNOWLEDGED, UnitStatus.DISPATCHED),
        (AssignmentState.EN_ROUTE, UnitStatus.EN_ROUTE),
        (AssignmentState.ON_SCENE, UnitStatus.ON_SCENE),
    ],
)
@pytest.mark.parametrize("available", [True, False])
def test_an_active_assignment_decides(active: AssignmentState, status: UnitStatus, available: bool) -> None:
    """A crew that says "meal" with a job in hand still has the job."""
    assert status_of(available=available, active=active) is status


def test_without_one_the_availability_decides() -> None:
    """Idle is available, unless the crew has said otherwise."""
    assert status_of(available=True, active=None) is UnitStatus.AVAILABLE
    assert status_of(available=False, active=None) is UnitStatus.OUT_OF_SERVICE


def test_every_state_that_is_not_over_has_a_status() -> None:
    """No active assignment leaves a unit without a status."""
    for state, steps in TRANSITIONS.items():
        if steps:
            assert status_of(available=True, active=state) in UnitStatus
