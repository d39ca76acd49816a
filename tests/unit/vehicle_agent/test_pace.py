"""Which fixes are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.protocol import encode
from vehicle_agent.budget import DAY_MS, FIX_BYTES, Budget
from vehicle_agent.pace import PARKED_MS, STEPS, Pace
from vehicle_agent.receiver import Position, position

MIDNIGHT_MS = 1_795_449_600_000  # in Taipei
M_PER_DEG = 111_195.0


@dataclass
class Drive:
    """Fixes that follow from speeds and courses, one a second unless told otherwise."""

    now_ms: int = MIDNIGHT_MS
    lat: float = 23.48
    reports_speed: bool = True
    sent: list[int] = field(default_factory=list)

    def fix(self, speed_mps: float, course_deg: float = 90.0, gap_ms: int = 1000) -> Position:
        """The next."""
        self.now_ms += gap_ms
        self.lat += speed_mps * gap_ms / 1000 / M_PER_DEG
        made = position(
            time_ms=self.now_ms,
            lat=self.lat,
            lon=120.45,
            accuracy_m=5.0,
            speed_mps=speed_mps if self.reports_speed else None,
            course_deg=course_deg,
        )
        assert made is not None
        return made

    def go(self, pace: Pace, seconds: int, speed_mps: float, course_deg: float = 90.0) -> list[int]:
        """The seconds, from the start of this stretch, whose fixes are due."""
        start_ms = self.now_ms
        return [
            (place.time_ms - start_ms) // 1000
            for place in (self.fix(speed_mps, course_deg) for _ in range(seconds))
            if pace.due(place)
        ]


def calm(left: Callable[[int], float] = lambda _: 1.0) -> Pace:
    """No assignment."""
    return Pace(lambda: False, left)


def test_a_moving_car_sends_every_second_and_a_parked_one_every_15() -> None:
    """The stop itself is sent at once; then the gaps are 15 s, below the console's 30."""
    pace, drive = calm(), Drive()
    assert drive.go(pace, 10, 12.0) == list(range(1, 11))
    parked = drive.go(pace, 100, 0.1)
    assert parked[:3] == [1, 2, 3]
    assert [after - before for before, after in pairwise(parked[2:])] == [15] * 6
    assert drive.go(pace, 3, 5.0) == [1, 2, 3]


def test_a_car_in_a_jam_is_moving() -> None:
    """Crawling is not parking."""
    pace, drive = calm(), Drive()
    drive.go(pace, 5, 3.0)
    assert drive.go(pace, 30, 0.9) == list(range(1, 31))


def test_a_receiver_without_speed_parks_too() -> None:
    """Speed is then told from the way of ten seconds."""
    pace, drive = calm(), Drive(reports_speed=False)
    assert len(drive.go(pace, 30, 10.0)) == 30
    assert len(drive.go(pace, 120, 0.0)) < 30
    assert len(drive.go(pace, 30, 10.0)) > 20


def test_a_car_that_moves_while_its_speed_reads_nought_is_seen() -> None:
    """Towed, or a receiver with a broken speed: the way counts."""
    pace, drive = calm(), Drive()
    drive.go(pace, 30, 0.0)
    drive.lat += 100 / M_PER_DEG
    assert drive.go(pace, 1, 0.0) == [1]


@pytest.mark.parametrize(("left", "every_s"), [(0.9, 1), (0.4, 2), (0.2, 5), (0.05, 10), (0.0, 15), (-3.0, 15)])
def test_as_the_budget_is_used_up_a_moving_car_sends_less_in_steps(left: float, every_s: int) -> None:
    """One in 1, 2, 5, 10 and 15 s."""
    pace, drive = calm(lambda _: left), Drive()
    due = drive.go(pace, 61, 12.0)[1:]
    assert {after - before for before, after in pairwise(due)} == {every_s}


def test_turns_stops_and_settings_out_are_extra_while_there_is_budget() -> None:
    """At one fix in 5 s a corner is not cut off; with nothing left it is."""
    for left, extra in ((0.2, True), (0.0, False)):
        pace, drive = calm(lambda _, left=left: left), Drive()  # type: ignore[misc]
        drive.go(pace, 6, 12.0)
        drive.go(pace, 10, 12.0)
        assert (1 in drive.go(pace, 3, 12.0, course_deg=160.0)) is extra
        drive.go(pace, 20, 12.0, course_deg=160.0)
        assert (3 in drive.go(pace, 4, 0.0)) is extra
        assert (1 in drive.go(pace, 2, 8.0, course_deg=160.0)) is extra


def test_a_turn_over_north_is_counted_the_short_way() -> None:
    """From 355 to 5 degrees is no turn."""
    pace, drive = calm(lambda _: 0.2), Drive()
    drive.go(pace, 12, 12.0, course_deg=355.0)
    due = drive.go(pace, 10, 12.0, course_deg=5.0)
    assert len(due) == 2


def test_a_clock_set_back_is_sent() -> None:
    """The receiver's clock is the rule; nothing waits for the old time to come again."""
    pace, drive = calm(), Drive()
    drive.go(pace, 30, 0.0)
    drive.now_ms -= 3_600_000
    assert drive.go(pace, 1, 0.0) == [1]


SPEEDS = st.lists(st.tuples(st.sampled_from([0.0, 0.4, 1.0, 3.0, 15.0]), st.integers(1, 40)), max_size=12)


def fixes(drive: Drive, stretches: list[tuple[float, int]], gap_ms: int = 1000) -> Iterator[Position]:
    """The drive through these stretches (speed, how many fixes)."""
    for speed_mps, count in stretches:
        for _ in range(count):
            yield drive.fix(speed_mps, gap_ms=gap_ms)


@given(SPEEDS, st.floats(-1, 1), st.integers(950, 15_000))
def test_never_silent_for_more_than_15_s_while_fixes_come(
    stretches: list[tuple[float, int]], left: float, gap_ms: int
) -> None:
    """At any speed, budget and rate of the receiver the gaps between fixes sent are at most 15 s."""
    pace = calm(lambda _: left)
    last_ms = None
    for place in fixes(Drive(), stretches, gap_ms):
        if last_ms is not None:
            assert place.time_ms - last_ms <= PARKED_MS + 50
        if pace.due(place):
            last_ms = place.time_ms


@given(SPEEDS, st.lists(st.integers(950, 9_000), min_size=1, max_size=30))
def test_a_receiver_of_uneven_rate_is_late_by_its_own_unevenness_alone(
    stretches: list[tuple[float, int]], gaps_ms: list[int]
) -> None:
    """The next fix cannot be foreseen; the 15 s are passed by at most what a gap is longer than the one before."""
    pace, drive, last_ms, gap_before_ms = calm(lambda _: -1.0), Drive(), None, 0
    for index, (speed_mps, _) in enumerate(stretch for stretch in stretches for _ in range(stretch[1])):
        gap_ms = gaps_ms[index % len(gaps_ms)]
        place = drive.fix(speed_mps, gap_ms=gap_ms)
        if pace.due(place):
            if last_ms is not None:
                assert place.time_ms - last_ms <= PARKED_MS + 50 + max(0, gap_ms - gap_before_ms)
            last_ms = place.time_ms
        gap_before_ms = gap_ms


@given(SPEEDS, st.floats(-5, 1))
def test_on_an_assignment_nothing_is_dropped(stretches: list[tuple[float, int]], left: float) -> None:
    """Standing or moving, whatever was spent: GPS arrivals need every fix."""
    pace = Pace(lambda: True, lambda _: left)
    assert all(pace.due(place) for place in fixes(Drive(), stretches))


@given(SPEEDS)
def test_an_assignment_that_comes_or_goes_shows_with_the_next_fix(stretches: list[tuple[float, int]]) -> None:
    """A parked car's next fix after the order is sent."""
    pressing = [False]
    pace = Pace(lambda: pressing[0])
    drive = Drive()
    for place in fixes(drive, [*stretches, (0.0, 20)]):
        pace.due(place)
    pressing[0] = True
    assert pace.due(drive.fix(0.0))


@settings(max_examples=40)
@given(
    st.integers(0, 400_000),
    st.lists(st.tuples(st.sampled_from([0.0, 15.0]), st.integers(1, 30), st.booleans()), min_size=1, max_size=8),
)
def test_the_budget_holds_to_the_days_end(free_bytes: int, stretches: list[tuple[float, int, bool]]) -> None:
    """The last 80 minutes of a day, with any amount free: without assignments all stays within the budget, and what
    is sent outside them stays within it whatever they take."""
    limit_bytes, length_ms = 2_000_000, 80 * 60_000
    pressing, budget = [False], Budget(limit_bytes, lambda: 0)
    pace, drive = Pace(lambda: pressing[0], budget.left), Drive(now_ms=MIDNIGHT_MS + DAY_MS - length_ms)
    budget.left(drive.now_ms)
    budget.send(limit_bytes - length_ms // 14_000 * FIX_BYTES - free_bytes)
    ordinary, pressed = budget.spent.sent_bytes, 0
    for speed_mps, minutes, on_assignment in stretches * 80:
        pressing[0] = on_assignment
        for _ in range(minutes * 60):
            place = drive.fix(speed_mps)
            if place.time_ms >= MIDNIGHT_MS + DAY_MS:
                break
            if pace.due(place):
                size = len(encode(place.as_fix(100_000)))
                budget.send(size)
                pressed, ordinary = (pressed + size, ordinary) if on_assignment else (pressed, ordinary + size)
        else:
            continue
        break
    assert ordinary + pressed == budget.spent.sent_bytes
    assert ordinary <= limit_bytes + FIX_BYTES


def test_the_steps_are_in_order() -> None:
    """Less budget never means more fixes."""
    assert [above for above, _ in STEPS] == sorted((above for above, _ in STEPS), reverse=True)
    assert [ms for _, ms in STEPS] == sorted(ms for _, ms in STEPS)
