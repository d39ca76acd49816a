"""Two receivers together: preference, leaps and dates in one."""

from __future__ import annotations

import heapq
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vehicle_agent.parts import Clock, parts
from vehicle_agent.clocks import Clocks
from vehicle_agent.health import HealthReports
from vehicle_agent.leaps import LEAP_MPS, distance_m
from vehicle_agent.receiver import Position
from vehicle_agent.receiver_settings import Reception, gnss_source
from vehicle_agent.receivers import Receivers
from vehicle_agent.weeks import PERIOD_MS

START_MS = 1_795_395_723_000
STEP_IN_S, HAND_BACK_S = 5.0, 15.0
M_PER_DEG = 111_195.0


def receivers(clock: Clock, troubles: dict[str, str]) -> tuple[Receivers, list[Position | None]]:
    """Two live ones that nothing is connected to, and what they tell."""
    sources = (gnss_source("tcp:127.0.0.1:1"), gnss_source("tcp:127.0.0.1:2"))
    made = Receivers(
        Reception(sources, 1.0, STEP_IN_S, HAND_BACK_S),
        report=troubles.__setitem__,
        clear=troubles.__delitem__,
        monotonic_s=clock.s,
    )
    told: list[Position | None] = []
    made._tell = told.append
    return made, told


OUTAGES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 200), st.integers(1, 60)), max_size=5)


@given(OUTAGES, st.integers(0, 1500), st.integers(0, 1500), st.integers(0, 2**16))
def test_no_second_is_told_twice_or_late_and_none_is_lost_for_long(
    outages: list[tuple[int, int, int]], late_0_ms: int, late_1_ms: int, seed: int
) -> None:
    """Two honest receivers 15 m apart, each late by its own way, with outages: times only rise, no leap lies between
    two fixes, and while either of them works the car is never without a fix for longer than stepping in takes."""
    chance, clock, troubles = Random(seed), Clock(), dict[str, str]()
    made, told = receivers(clock, troubles)
    begin_ms = clock.now_ms
    queue: list[tuple[int, int, int]] = []
    for index, late_ms in ((0, late_0_ms), (1, late_1_ms)):
        for second in range(260):
            if not any(i == index and at <= second < at + length for i, at, length in outages):
                heapq.heappush(queue, (second * 1000 + late_ms + chance.randint(0, 50), index, second))
    heard_s = {0: set[int](), 1: set[int]()}
    last_told = 0
    while queue:
        at_ms, index, second = heapq.heappop(queue)
        clock.now_ms = begin_ms + at_ms
        lat = 23.48 + (10.0 * second + 15 * index) / M_PER_DEG
        count = len(told)
        made.hear(index, Position(time_ms=START_MS + second * 1000, lat=lat, lon=120.45, accuracy_m=5.0))
        heard_s[index].add(second)
        if len(told) > count:
            last_told = second
        steady = all(other in heard_s[index] for other in range(second - 8, second + 1))
        assert not steady or second - last_told <= STEP_IN_S + 3
    places = [place for place in told if place is not None]
    times_ms = [place.time_ms for place in places]
    assert times_ms == sorted(set(times_ms))
    for before, after in pairwise(places):
        assert distance_m(before, after) <= LEAP_MPS * (after.time_ms - before.time_ms) / 1000 + 10
    assert troubles == {}


def test_the_second_receivers_old_date_does_not_matter() -> None:
    """Each receiver's date is judged by itself: the one that counts weeks wrong steps in with the right time."""
    clock, troubles = Clock(), dict[str, str]()
    made, told = receivers(clock, troubles)
    here = Position(time_ms=START_MS, lat=23.48, lon=120.45)
    made.hear(0, here)
    for second in range(1, 10):
        clock.pass_s(1)
        made.hear(1, Position(time_ms=START_MS + second * 1000 - PERIOD_MS, lat=23.48, lon=120.45))
    assert [place and place.time_ms - START_MS for place in told] == [0, 5000, 6000, 7000, 8000, 9000]
    assert list(troubles) == ["week_rollover"]


def test_a_date_that_cannot_be_is_no_fix() -> None:
    """The crew reads "no fix", and why."""
    clock, troubles = Clock(), dict[str, str]()
    made, told = receivers(clock, troubles)
    made._weeks[0]._server_ms = lambda: START_MS
    made.hear(0, Position(time_ms=START_MS - PERIOD_MS // 2, lat=23.48, lon=120.45))
    assert told == [None]
    assert list(troubles) == ["week_rollover"]


def test_a_second_receiver_that_stands_in_is_told(tmp_path: Path) -> None:
    """The car drives well, and nobody would mend the first before the second fails too: crew and server hear of it
    after a minute, and that it is over when the first takes over again."""
    car = parts(tmp_path / "journal")
    troubles = car.state.troubles
    sources = (gnss_source("tcp:127.0.0.1:1"), gnss_source("tcp:127.0.0.1:2"))
    made = Receivers(Reception(sources), lambda: None, troubles.report, troubles.clear, car.clock.s)
    clocks = Clocks(car.journal, car.clock.ms, car.clock.ms)
    health = HealthReports(car.journal, car.state, clocks, car.clock.s, lambda _urgent: None)
    said: list[tuple[int, list[str]]] = []
    for second in range(150):
        car.clock.pass_s(1)
        for index in (0, 1):
            if index == 1 or second > 100:
                made.hear(index, Position(time_ms=START_MS + second * 1000, lat=23.48, lon=120.45))
        made._troubles.check(car.clock.s(), answering=True, without=made.stood_in_for())
        health.look()
        rows = [msgspec.json.decode(row.body) for row in car.journal.after(0, 100)]
        if rows and (not said or said[-1][1] != rows[-1]["troubles"]):
            said.append((second, rows[-1]["troubles"]))
    assert [codes for _, codes in said] == [["receiver_spare"], []]
    assert 60 < said[0][0] < 70
    car.journal.close()
