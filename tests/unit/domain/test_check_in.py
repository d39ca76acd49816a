"""Signs of life: when a silent crew is asked, when that becomes an alarm, and which time of a late press counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.domain.alarm_rules import DEFAULT_ALARM_RULES, FINE, Grade
from dispatch.domain.check_in import Silence, ask_due, forewarned, judge_check_in, silence

ARRIVED = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def at(second: float) -> datetime:
    """So many seconds after the arrival."""
    return ARRIVED + timedelta(seconds=second)


def test_the_arrival_begins_the_silence_and_each_sign_begins_it_anew() -> None:
    """The newest of all signs counts; questions before it are answered."""
    assert silence(ARRIVED, [], []) == Silence(ARRIVED)
    assert silence(ARRIVED, [(at(300), at(301)), (at(100), at(101))], []).since == at(300)
    assert silence(ARRIVED, [(at(700), at(701))], [at(600), at(1400), at(1300)]) == Silence(
        at(700), (at(1300), at(1400))
    )


def test_a_press_that_came_late_counts_when_it_was_made() -> None:
    """The link was away: what was pressed ten minutes ago says nothing of now."""
    assert silence(ARRIVED, [(at(60), at(660))], []).since == at(60)


@pytest.mark.parametrize("said_at", [None, at(-10_800), at(10_800)])
def test_a_clock_that_cannot_be_right_counts_by_the_receipt(said_at: datetime | None) -> None:
    """Three hours behind would alarm for nothing, three hours ahead never."""
    assert silence(ARRIVED, [(said_at, at(400))], []).since == at(400)


def test_a_sign_from_before_the_arrival_does_not_move_it_back() -> None:
    """The silence on scene begins on scene."""
    assert silence(ARRIVED, [(at(-60), at(-50))], []).since == ARRIVED


def test_the_crew_is_asked_once_a_period_as_long_as_it_is_silent() -> None:
    """At 600 s, not again before 1200 s; never while it speaks."""
    assert [s for s in range(0, 601, 100) if ask_due(Silence(ARRIVED), at(s))] == [600]
    asked = Silence(ARRIVED, (at(600),))
    assert [s for s in range(600, 1300, 100) if ask_due(asked, at(s))] == [1200]
    assert not ask_due(Silence(at(650)), at(1200))


def test_it_is_no_alarm_before_the_crew_was_asked_and_had_its_time() -> None:
    """However long the silence: a server that was away asks first."""
    assert judge_check_in(Silence(ARRIVED), at(9999)) == FINE
    asked = Silence(ARRIVED, (at(600), at(1200)))
    assert judge_check_in(asked, at(779)) == FINE
    warning = judge_check_in(asked, at(780))
    assert (warning.grade, warning.reason, warning.data) == (Grade.WARNING, "silent", {"for_s": 780})
    assert judge_check_in(asked, at(959)).grade is Grade.WARNING
    assert judge_check_in(asked, at(960)).grade is Grade.ALARM


def test_the_crew_is_told_a_little_before_it_is_called_stationary() -> None:
    """Both figures are shorter by the same time and never negative; nothing else changes."""
    early = forewarned()
    assert (early.standing_s, early.no_progress_s) == (90, 270)
    assert early.standing_m == DEFAULT_ALARM_RULES.standing_m
    assert forewarned(forewarned(forewarned(forewarned(forewarned())))).standing_s == 0
