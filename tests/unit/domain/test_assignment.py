"""An assignment's states: what ends it, what it knows of its times, and which steps a jump leaves out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from dispatch.domain.assignment import PROGRESS, TRANSITIONS, Assignment, AssignmentState, skipped_steps
from dispatch.domain.refusals import AssignmentEnded

S = AssignmentState
DISPATCHED_AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def assignment(state: AssignmentState = S.DISPATCHED, **members: Any) -> Assignment:
    """Sent at ten."""
    return replace(Assignment(uuid4(), uuid4(), uuid4(), state, DISPATCHED_AT), **members)


def test_every_state_has_its_line_in_the_table() -> None:
    """No state is forgotten, so that none is left or entered by accident."""
    assert set(TRANSITIONS) == set(S)


@pytest.mark.parametrize("state", [S.CLEARED, S.DECLINED, S.CANCELLED, S.REASSIGNED, S.TIMED_OUT, S.CLOSED], ids=str)
def test_an_ended_assignment_stays_ended(state: AssignmentState) -> None:
    """What is over is over: no end can be put on it again, by anybody."""
    over = assignment(state)
    assert over.is_over
    for ending in (S.CANCELLED, S.REASSIGNED, S.TIMED_OUT, S.CLOSED):
        with pytest.raises(AssignmentEnded, match=str(state)):
            over.end(ending, at=DISPATCHED_AT, reason=None)


def test_ending_keeps_the_reason_and_the_time() -> None:
    """A unit that is taken off keeps all that it did, and why and when it came off."""
    under_way = assignment(S.EN_ROUTE, en_route_at=DISPATCHED_AT + timedelta(minutes=1))
    at = DISPATCHED_AT + timedelta(minutes=2)
    ended = under_way.end(S.REASSIGNED, at=at, reason="nearer unit")
    assert ended == replace(under_way, state=S.REASSIGNED, ended_at=at, end_reason="nearer unit")


@pytest.mark.parametrize("state", [S.ACKNOWLEDGED, S.EN_ROUTE, S.ON_SCENE])
def test_only_an_unanswered_order_can_time_out(state: AssignmentState) -> None:
    """A crew that has answered can't lose its order to the acknowledgement timer."""
    assert not assignment().is_answered
    with pytest.raises(AssignmentEnded):
        assignment(state).end(S.TIMED_OUT, at=DISPATCHED_AT, reason=None)


def test_the_last_milestone_is_the_latest_known_time() -> None:
    """Whichever milestone is the latest, a later step is measured against it; skipped ones don't count."""
    assert assignment().last_milestone_at == DISPATCHED_AT
    later = DISPATCHED_AT + timedelta(minutes=3)
    known = assignment(S.ON_SCENE, en_route_at=later, on_scene_at=DISPATCHED_AT + timedelta(minutes=2))
    assert known.last_milestone_at == later
    assert known.is_answered


def test_steps_between_two_states_are_the_ones_left_out() -> None:
    """Straight from the order to the scene leaves out two steps; the next step leaves out none; an end none at all."""
    assert skipped_steps(S.DISPATCHED, S.ON_SCENE) == (S.ACKNOWLEDGED, S.EN_ROUTE)
    assert skipped_steps(S.DISPATCHED, S.CLEARED) == (S.ACKNOWLEDGED, S.EN_ROUTE, S.ON_SCENE)
    assert skipped_steps(S.EN_ROUTE, S.DECLINED) == ()
    for before, after in pairwise(PROGRESS):
        assert skipped_steps(before, after) == ()
