"""Alarms that are raised once and resolved once: each rule at its edges, and the watch that never flaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.alarm_rules import (
    DEFAULT_ALARM_RULES,
    FINE,
    UNKNOWN,
    Camera,
    Change,
    Grade,
    Progress,
    Verdict,
    Watched,
    follow,
    judge_arrival,
    judge_cameras,
    judge_progress,
    watch,
)
from dispatch.domain.geometry import Position, offset

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SCENE = Position(23.48, 120.45)
WARNING = Verdict(Grade.WARNING, "any")
ALARM = Verdict(Grade.ALARM, "any")
NOTICE = Verdict(Grade.NOTICE, "any")


def at(second: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=second)


def looks(*verdicts: tuple[float, Verdict]) -> list[tuple[float, Change]]:
    """What the watch has to say over these looks."""
    watched, said = Watched(), []
    for second, verdict in verdicts:
        watched, change = watch(watched, verdict, at(second))
        if change is not None:
            said.append((second, change))
    return said


# ---- the watch


def test_an_alarm_is_raised_after_a_moment_and_resolved_after_a_longer_one() -> None:
    """5 s of a reason raise it once, 15 s without it resolve it once."""
    verdicts = [(s, WARNING if s < 30 else FINE) for s in range(0, 60, 5)]
    assert looks(*verdicts) == [(5, Change.RAISE), (45, Change.RESOLVE)]


def test_a_reason_that_comes_and_goes_neither_raises_nor_resolves() -> None:
    """Every other look says the opposite: whatever stands stays."""
    flapping = [(s, WARNING if s % 2 else FINE) for s in range(60)]
    assert looks(*flapping) == []
    assert looks((0, WARNING), (5, WARNING), *[(6 + s, v) for s, v in flapping]) == [(5, Change.RAISE)]


def test_what_nobody_can_tell_changes_nothing_and_starts_the_wait_anew() -> None:
    """A position that is missing for a while must not resolve the alarm that it would end."""
    assert looks((0, WARNING), (4, UNKNOWN), (8, WARNING), (12, WARNING), (13, WARNING)) == [(13, Change.RAISE)]
    up = [(0.0, WARNING), (5.0, WARNING)]
    assert looks(*up, *[(10.0 + s, UNKNOWN) for s in range(100)]) == [(5, Change.RAISE)]


def test_what_gets_worse_is_raised_anew_and_what_gets_better_stays() -> None:
    """A warning becomes an alarm; an alarm does not become a warning before it is over."""
    worse = looks((0, WARNING), (5, WARNING), (10, ALARM), (15, ALARM), (20, WARNING), (60, NOTICE))
    assert worse == [(5, Change.RAISE), (15, Change.RAISE)]


@given(st.lists(st.sampled_from([FINE, UNKNOWN, NOTICE, WARNING, ALARM]), max_size=60))
def test_between_two_changes_lies_the_time_that_they_ask_for(verdicts: list[Verdict]) -> None:
    """No series of looks makes two changes within 5 s, nor an end within 15 s of its beginning."""
    said = looks(*[(float(second), verdict) for second, verdict in enumerate(verdicts)])
    for (before_s, before), (after_s, after) in pairwise(said):
        assert after_s - before_s >= (15 if after is Change.RESOLVE else 5)
        assert (before, after) != (Change.RESOLVE, Change.RESOLVE)


# ---- progress


def driven(*places_m: tuple[float, float]) -> tuple[Progress, Position]:
    """Followed along these (second, metres east of the scene); the newest place with it."""
    known, place = None, SCENE
    for second, east_m in places_m:
        place = offset(SCENE, 0, east_m)
        known = follow(known, place, at(second), SCENE)
    assert known is not None
    return known, place


def judged(*places_m: tuple[float, float], now_s: float | None = None) -> Verdict:
    """The verdict right after the last of these fixes, or at `now_s`."""
    progress, place = driven(*places_m)
    return judge_progress(progress, place, SCENE, at(places_m[-1][0] if now_s is None else now_s))


def test_a_red_light_is_no_alarm_and_standing_longer_is() -> None:
    """119 s in one place are fine for who has driven before; 120 s are a warning with the distance left."""
    drive = [(float(s), 3000.0 - 10 * s) for s in range(0, 60, 5)]
    stand = [(55.0 + s, 2450.0 + (s % 3)) for s in range(0, 125, 5)]
    assert judged(*drive, *stand[:24]) == FINE
    verdict = judged(*drive, *stand)
    assert (verdict.grade, verdict.reason, verdict.data["for_s"]) == (Grade.WARNING, "standing", 120)
    assert verdict.data["distance_m"] == pytest.approx(2450, abs=3)


def test_moving_on_ends_it_and_standing_again_takes_as_long_again() -> None:
    """60 m are a move; 40 m are the receiver's noise."""
    stand = [(float(s), 2000.0) for s in range(0, 130, 10)]
    assert judged(*stand).reason == "standing"
    assert judged(*stand, (130, 1960)).reason == "standing"
    assert judged(*stand, (130, 1940)) == FINE


def test_driving_without_getting_nearer_is_said_after_five_minutes() -> None:
    """Round the same block for 300 s: no progress; one that comes 100 m nearer each minute is fine."""
    circles = [(float(s), 2000.0 + (0 if s % 20 else 90)) for s in range(0, 310, 10)]
    assert judged(*circles).reason == "no_progress"
    assert judged(*circles[:-1]) == FINE
    creeping = [(float(s), 2000.0 - 2 * s) for s in range(0, 400, 10)]
    assert judged(*creeping) == FINE


def test_at_the_scene_nobody_is_stationary() -> None:
    """Within 150 m of the scene a unit may stand, whatever it was doing before."""
    assert judged(*[(float(s), 149.0) for s in range(0, 200, 10)]) == FINE


def test_an_old_position_and_a_short_look_tell_nothing() -> None:
    """A fix older than 30 s, and a unit that has stood since the watch began, are unknown."""
    stand = [(float(s), 2000.0) for s in range(0, 130, 10)]
    assert judged(*stand, now_s=151) == UNKNOWN
    assert judged(*stand[:5]) == UNKNOWN
    slow = replace(DEFAULT_ALARM_RULES, standing_s=500.0, no_progress_s=500.0)
    progress, place = driven(*stand)
    assert judge_progress(progress, place, SCENE, at(120), slow) == UNKNOWN


def test_a_gap_begins_anew_and_a_fix_seen_before_is_none() -> None:
    """Nothing seen for more than a minute: the car may have been anywhere."""
    known, place = driven((0, 2000), (60, 2000))
    assert follow(known, place, at(60), SCENE) is known
    assert follow(known, place, at(121), SCENE).begun_at == at(121)


# ---- arrival


def arrival(
    waited_s: float, expected_s: float | None, *, assigned: bool = True, priority: int = 2, up: bool = False
) -> Verdict:
    """Of a call."""
    return judge_arrival(waited_s, expected_s, assigned=assigned, priority=priority, up=up)


def test_an_expected_arrival_past_ten_minutes_is_a_warning_until_it_is_well_within_them() -> None:
    """600 s is in time, 601 s is not; once up it takes 30 s of margin to be over."""
    assert arrival(100, 500) == FINE
    assert (arrival(100, 501).reason, arrival(100, 501).grade) == ("expected", Grade.WARNING)
    assert arrival(100, 480, up=True).reason == "expected"
    assert arrival(100, 470, up=True) == FINE


def test_a_call_without_a_unit_is_an_alarm_for_priority_1_and_a_warning_else() -> None:
    """From 240 s before the ten minutes on, and for as long as it stays so."""
    assert arrival(359, 100, assigned=False) == FINE
    assert (arrival(360, 100, assigned=False).grade, arrival(900, None, assigned=False).grade) == (Grade.WARNING,) * 2
    assert (arrival(360, None, assigned=False, priority=1).grade, arrival(360, None, assigned=False).reason) == (
        Grade.ALARM,
        "nobody",
    )


def test_past_ten_minutes_it_is_overdue_and_an_unknown_way_tells_nothing() -> None:
    """A unit without a position: nobody can tell, until time has told."""
    assert arrival(599, None) == UNKNOWN
    assert (arrival(600, None).reason, arrival(700, 5).reason) == ("overdue", "overdue")


# ---- link and cameras


def cameras(*cams: Camera, under_way_s: float = 60.0, up: bool = False) -> Verdict:
    """Of a unit on priority 1."""
    return judge_cameras(cams, under_way_s, up=up)


def test_no_camera_recording_is_a_warning_after_a_grace() -> None:
    """A crew has 30 s to start one; buffering is not recording; a unit without cameras is no alarm."""
    assert cameras(Camera("bwc", "buffering")).reason == "not_recording"
    assert cameras(Camera("bwc", "fault")).grade is Grade.WARNING
    assert cameras(Camera("bwc", "off"), under_way_s=29) == FINE
    assert cameras() == FINE


def test_a_fault_or_a_low_battery_beside_a_recording_camera_is_a_notice() -> None:
    """One records, so nothing is lost yet; a battery is low under 10 %, and fine again from 15 %."""
    front = Camera("front", "recording")
    assert cameras(front) == FINE
    assert (cameras(front, Camera("bwc", "fault")).grade, cameras(front, Camera("bwc", "off"))) == (Grade.NOTICE, FINE)
    assert cameras(Camera("bwc", "recording", 10.0)) == FINE
    assert cameras(Camera("bwc", "recording", 9.9)).data == {"battery_pct": {"bwc": 9.9}}
    assert cameras(Camera("bwc", "recording", 14.9), up=True).reason == "battery"
    assert cameras(Camera("bwc", "recording", 15.0), up=True) == FINE
