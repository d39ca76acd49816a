"""A step of a crew or of the GPS witness: which time counts, what is inferred, what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.decide import Testimony as Word
from dispatch.domain.decide import milestone_time, take_step
from dispatch.domain.events import EventKind, SaidBy
from dispatch.domain.refusals import BadStep

S = AssignmentState
TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Minutes after ten."""
    return TEN + timedelta(minutes=minutes)


def assignment(state: AssignmentState = S.DISPATCHED, **members: datetime | None) -> Assignment:
    """Sent at ten."""
    return replace(Assignment(uuid4(), uuid4(), uuid4(), state, TEN), **members)  # type: ignore[arg-type]


def button(received: float, car: float | None = None) -> Word:
    """A press, by the minutes after ten of its receipt and of the car's clock."""
    return Word(SaidBy.BUTTON, at(received), None if car is None else at(car), "北興101")


def gps(received: float, car: float) -> Word:
    """The other witness."""
    return Word(SaidBy.GPS, at(received), at(car))


class TestMilestoneTime:
    """The time that counts."""

    def test_a_step_taken_at_10_02_counts_as_10_02(self) -> None:
        """However late the message came in: at 10:09, after a tunnel."""
        assert milestone_time(button(9, car=2), TEN) == (at(2), None)

    def test_a_clock_ahead_gives_way_to_the_receipt(self) -> None:
        """A step can't have been taken after its message came in; that the clock was wrong is said."""
        assert milestone_time(button(2, car=9), TEN) == (at(2), "car_clock_ahead")

    def test_a_clock_behind_gives_way_to_the_receipt(self) -> None:
        """A step can't have been taken before the one that it follows."""
        assert milestone_time(button(2, car=-5), TEN) == (at(2), "car_clock_behind")

    def test_a_clock_behind_never_brings_the_step_before_the_one_it_follows(self) -> None:
        """Also where the server that received it was behind the one that sent the order."""
        assert milestone_time(button(-1, car=-5), TEN) == (TEN, "car_clock_behind")

    def test_a_message_without_a_time_counts_from_its_receipt(self) -> None:
        """What has no time of its own has the server's."""
        assert milestone_time(button(2), TEN) == (at(2), None)

    @pytest.mark.parametrize(("car_s", "counts_s"), [(-4, 0), (64, 60), (30, 30)])
    def test_a_few_seconds_are_no_wrong_clock(self, car_s: float, counts_s: float) -> None:
        """Within 5 s of what is possible the time is moved to what is possible, and nobody's clock is blamed."""
        assert milestone_time(button(1, car=car_s / 60), TEN) == (at(counts_s / 60), None)


class TestSteps:
    """What a step does."""

    def test_a_step_in_turn_sets_its_milestone_and_enters_the_log(self) -> None:
        """Who said it, when by the car and when by us, and what was said with it."""
        before = assignment()
        after, (event,) = _taken(before, S.ACKNOWLEDGED, button(2, car=1), note="on our way", reason=None)
        assert after == replace(before, state=S.ACKNOWLEDGED, acknowledged_at=at(1))
        assert (event.kind, event.happened_at, event.car_time) == (EventKind.UNIT_ACKNOWLEDGED, at(1), at(1))
        assert (event.said_by, event.actor, event.data) == (SaidBy.BUTTON, "北興101", {"note": "on our way"})
        assert (event.unit_id, event.incident_id) == (before.unit_id, before.incident_id)

    def test_skipped_steps_are_inferred_without_a_time(self) -> None:
        """Straight to the scene: the two steps between enter the log as inferred, and get no invented time."""
        after, (acknowledged, en_route, on_scene) = _taken(assignment(), S.ON_SCENE, button(6, car=5))
        assert [acknowledged.kind, en_route.kind] == [EventKind.UNIT_ACKNOWLEDGED, EventKind.UNIT_EN_ROUTE]
        for inferred in (acknowledged, en_route):
            assert (inferred.happened_at, inferred.car_time, inferred.said_by) == (None, None, SaidBy.INFERRED)
            assert inferred.data == {"inferred_from": "on_scene"}
        assert on_scene.said_by is SaidBy.BUTTON
        assert (after.acknowledged_at, after.en_route_at, after.on_scene_at) == (None, None, at(5))

    def test_clearing_ends_the_assignment_with_its_disposition(self) -> None:
        """The last step is the end, at the time that counts."""
        after, _ = _taken(assignment(S.ON_SCENE, on_scene_at=at(5)), S.CLEARED, button(31, car=30), disposition="done")
        assert (after.cleared_at, after.ended_at, after.end_reason, after.is_over) == (at(30), at(30), "done", True)

    def test_declining_ends_it_and_sets_no_milestone(self) -> None:
        """The crew can't come: over, with its reason."""
        after, (event,) = _taken(assignment(), S.DECLINED, button(1), reason="flat tyre")
        assert event.kind is EventKind.UNIT_DECLINED
        assert (after.state, after.end_reason, after.ended_at) == (S.DECLINED, "flat tyre", at(1))
        assert after.last_milestone_at == TEN

    def test_repeating_the_present_step_changes_nothing(self) -> None:
        """A second press of the same button is no second event."""
        en_route = assignment(S.EN_ROUTE, en_route_at=at(1))
        assert _taken(en_route, S.EN_ROUTE, button(3)) == (en_route, ())

    @pytest.mark.parametrize(
        ("state", "step"),
        [
            (S.ON_SCENE, S.EN_ROUTE),
            (S.EN_ROUTE, S.ACKNOWLEDGED),
            (S.ON_SCENE, S.DECLINED),
            (S.CLEARED, S.ON_SCENE),
            (S.CLEARED, S.CLEARED),
            (S.DECLINED, S.ACKNOWLEDGED),
            (S.TIMED_OUT, S.ACKNOWLEDGED),
            (S.REASSIGNED, S.CLEARED),
            (S.DISPATCHED, S.CANCELLED),
            (S.DISPATCHED, S.TIMED_OUT),
        ],
    )
    def test_a_step_out_of_order_is_refused(self, state: AssignmentState, step: AssignmentState) -> None:
        """Backwards, after the end, or an end that is not the crew's to say; the refusal names member and state."""
        with pytest.raises(BadStep, match=str(state)) as refused:
            take_step(assignment(state), step, button(1))
        assert refused.value.member == "status"

    def test_a_wrong_clock_is_noted_with_the_step(self) -> None:
        """Why not the car's time counts stands in the log; the car's own word stays beside it."""
        after, (event,) = _taken(assignment(), S.ACKNOWLEDGED, button(2, car=60))
        assert event.data == {"clock": "car_clock_ahead"}
        assert (event.happened_at, event.car_time, after.acknowledged_at) == (at(2), at(60), at(2))


class TestWitnesses:
    """Button and GPS."""

    def test_gps_after_the_button_keeps_both_and_the_earlier_counts(self) -> None:
        """The crew pressed on its way in; GPS saw the stop a minute later: both stand, the press counts."""
        pressed = assignment(S.ON_SCENE, on_scene_at=at(5))
        after, (event,) = _taken(pressed, S.ON_SCENE, gps(8, car=6))
        assert after == pressed
        assert (event.kind, event.said_by, event.happened_at) == (EventKind.UNIT_ON_SCENE, SaidBy.GPS, at(6))

    def test_the_button_after_gps_keeps_both_and_the_earlier_counts(self) -> None:
        """The crew got out first and pressed later: GPS counts, the press is kept."""
        seen, _ = _taken(assignment(S.EN_ROUTE, en_route_at=at(1)), S.ON_SCENE, gps(6, car=5))
        after, (event,) = _taken(seen, S.ON_SCENE, button(7, car=7))
        assert after.on_scene_at == at(5)
        assert (event.said_by, event.happened_at) == (SaidBy.BUTTON, at(7))

    def test_a_second_press_never_comes_before_the_step_it_follows(self) -> None:
        """The crew presses again, with a clock that is behind: the arrival stays after "en route"."""
        pressed = assignment(S.ON_SCENE, en_route_at=at(3), on_scene_at=at(5))
        after, (event,) = _taken(pressed, S.ON_SCENE, button(4, car=1))
        assert after.on_scene_at == at(4)
        assert event.data == {"clock": "car_clock_behind"}

    def test_an_earlier_second_witness_moves_the_arrival_back(self) -> None:
        """Fixes that came in late show an arrival before the press."""
        after, _ = _taken(assignment(S.ON_SCENE, on_scene_at=at(9)), S.ON_SCENE, gps(12, car=6))
        assert after.on_scene_at == at(6)

    @pytest.mark.parametrize("state", [S.CLEARED, S.CANCELLED, S.REASSIGNED, S.TIMED_OUT, S.CLOSED])
    def test_a_track_that_came_in_after_the_end_still_tells_the_arrival(self, state: AssignmentState) -> None:
        """It gives the milestone that was missing and leaves the end as it is."""
        over = assignment(state, ended_at=at(30))
        after, (event,) = _taken(over, S.ON_SCENE, gps(40, car=6))
        assert after == replace(over, on_scene_at=at(6))
        assert event.said_by is SaidBy.GPS

    def test_who_declined_did_not_arrive(self) -> None:
        """A car that happened to pass says nothing about an order that its crew refused."""
        with pytest.raises(BadStep):
            take_step(assignment(S.DECLINED, ended_at=at(1)), S.ON_SCENE, gps(9, car=6))

    def test_the_receivers_time_stands_where_a_late_press_says_otherwise(self) -> None:
        """A crew that pressed "en route" at the scene, late, doesn't move what GPS saw before."""
        after, (event,) = _taken(assignment(S.EN_ROUTE, en_route_at=at(7)), S.ON_SCENE, gps(8, car=5))
        assert (after.on_scene_at, event.data) == (at(5), {})


def _taken(before: Assignment, to: AssignmentState, testimony: Word, **data: str | None):  # type: ignore[no-untyped-def]
    outcome = take_step(before, to, testimony, **data)
    return outcome.assignment, outcome.events
