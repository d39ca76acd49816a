"""The transition table under any sequence of steps, of crews and of GPS, with any clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.assignment import TRANSITIONS, Assignment, AssignmentState
from dispatch.domain.decide import KIND_OF_STEP, take_step
from dispatch.domain.decide import Testimony as Word
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.refusals import AssignmentEnded, BadStep

S = AssignmentState
TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MILESTONES = ("acknowledged_at", "en_route_at", "on_scene_at", "cleared_at")


@dataclass(frozen=True)
class Move:
    """Something that somebody tries with an assignment."""

    to: AssignmentState
    said_by: SaidBy
    received_s: float
    car_s: float | None

    def testimony(self) -> Word:
        """Who says it, and when by both clocks."""
        car_time = None if self.car_s is None else TEN + timedelta(seconds=self.car_s)
        return Word(self.said_by, TEN + timedelta(seconds=self.received_s), car_time)


seconds = st.floats(-600, 7200, allow_nan=False)
presses = st.builds(Move, st.sampled_from(list(S)), st.just(SaidBy.BUTTON), seconds, st.none() | seconds)
sights = st.builds(Move, st.just(S.ON_SCENE), st.just(SaidBy.GPS), seconds, seconds)
moves = st.lists(presses | sights, max_size=12)


def fresh() -> Assignment:
    """Just sent."""
    return Assignment(uuid4(), uuid4(), uuid4(), S.DISPATCHED, TEN)


def tried(before: Assignment, move: Move) -> tuple[Assignment, tuple[Event, ...]]:
    """What comes of a move; a refusal leaves everything as it was."""
    try:
        outcome = take_step(before, move.to, move.testimony())
    except BadStep:
        return before, ()
    return outcome.assignment, outcome.events


@given(moves)
def test_an_ended_state_is_never_left(steps: list[Move]) -> None:
    """Whatever comes after the end, the state stays; GPS alone may still add when the car arrived."""
    assignment = fresh()
    for move in steps:
        after, _ = tried(assignment, move)
        if assignment.is_over:
            assert (after.state, after.ended_at, after.end_reason) == (
                assignment.state,
                assignment.ended_at,
                assignment.end_reason,
            )
            assert after == assignment or move.said_by is SaidBy.GPS
        else:
            assert after.state is assignment.state or after.state in TRANSITIONS[assignment.state]
        assert after.is_over == (after.ended_at is not None)
        assignment = after


@given(st.lists(presses, max_size=12))
def test_milestones_of_the_crew_never_decrease(steps: list[Move]) -> None:
    """By whatever clocks, known milestones follow each other, and none lies before the order."""
    assignment = fresh()
    for move in steps:
        assignment, _ = tried(assignment, move)
    known = [at for name in MILESTONES if (at := getattr(assignment, name)) is not None]
    assert known == sorted(known)
    assert all(at >= TEN for at in known)


@given(moves)
def test_a_milestone_once_said_stays_but_for_an_earlier_arrival(steps: list[Move]) -> None:
    """No later word moves a time; the arrival alone may move, and only back, to an earlier witness."""
    assignment = fresh()
    for move in steps:
        after, _ = tried(assignment, move)
        for name in MILESTONES:
            before_at, after_at = getattr(assignment, name), getattr(after, name)
            if before_at is not None and before_at != after_at:
                assert name == "on_scene_at"
                assert after_at < before_at
        assignment = after


@given(moves)
def test_every_word_of_a_witness_that_counts_is_in_the_log(steps: list[Move]) -> None:
    """Inferred steps have no time and no car; the last event of a step is what was said, with the car's own time.

    A second witness of the arrival is kept though nothing else changes.
    """
    assignment = fresh()
    for move in steps:
        after, events = tried(assignment, move)
        for inferred in events[:-1]:
            assert (inferred.happened_at, inferred.car_time, inferred.said_by) == (None, None, SaidBy.INFERRED)
        if events:
            said = events[-1]
            assert (said.kind, said.said_by) == (KIND_OF_STEP[move.to], move.said_by)
            assert said.car_time == move.testimony().car_time
            assert said.happened_at is not None
        else:
            assert after == assignment
        if move.to is S.ON_SCENE and assignment.state is S.ON_SCENE:
            assert [event.kind for event in events] == [EventKind.UNIT_ON_SCENE]
        assignment = after


@given(moves, st.sampled_from([S.CANCELLED, S.REASSIGNED, S.TIMED_OUT, S.CLOSED]))
def test_taking_off_works_exactly_once(steps: list[Move], end: AssignmentState) -> None:
    """From any state that the table allows, and never from an ended one."""
    assignment = fresh()
    for move in steps:
        assignment, _ = tried(assignment, move)
    if end in TRANSITIONS[assignment.state]:
        assignment = assignment.end(end, at=TEN, reason="why")
        assert (assignment.state, assignment.end_reason) == (end, "why")
    with pytest.raises(AssignmentEnded):
        assignment.end(end, at=TEN, reason="again")
