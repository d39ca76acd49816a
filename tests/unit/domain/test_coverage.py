"""Coverage by hand on small cities, and the watch over it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dispatch.domain.coverage import (
    Goal,
    coverage,
    gain_of_move,
    normed,
    reached,
    responses_s,
    shares_within,
    thin_areas,
    thin_places,
)
from dispatch.domain.coverage_watch import CoverageEvent, CoverageWatch, WatchRules, look

TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PLAIN = Goal(busy=0.0)
TIMES_S = np.array([[100.0, 400.0, 200.0], [250.0, 100.0, np.inf]])
"""Two units, three places."""


def test_only_the_nearest_counts_where_none_is_ever_busy() -> None:
    """With a busy fraction of 0: shares of calls, and the nearest unit's time."""
    found = coverage([2, 1, 1], TIMES_S, PLAIN)
    assert (found.share, found.response_s) == (1.0, 0.5 * 100 + 0.25 * 100 + 0.25 * 200)
    assert coverage([2, 1, 1], TIMES_S[1:], PLAIN).share == 0.75


def test_second_units_count_where_the_first_may_be_busy() -> None:
    """Daskin's 1 - q^n within the limit; the k-th nearest's time by (1 - q)·q^k, scaled to 1; inf is cut."""
    goal = Goal(busy=0.5, depth=2, beyond_s=1000)
    assert reached(TIMES_S, goal).tolist() == [0.75, 0.5, 0.5]
    assert responses_s(TIMES_S, goal).tolist() == pytest.approx([150, 200, (2 * 200 + 1000) / 3])


def test_depth_is_cut_where_there_are_fewer_units() -> None:
    """One unit is one unit: its time counts whole; without any, nothing is covered and every drive is the longest."""
    goal = Goal(busy=0.5, depth=3)
    assert responses_s(TIMES_S[:1], goal).tolist() == [100, 400, 200]
    none = coverage([1, 1, 1], np.empty((0, 3)), goal)
    assert (none.share, none.response_s) == (0, goal.beyond_s)


def test_more_depth_is_worth_more() -> None:
    """A second unit beside the first is worth nothing when none is ever busy, and something when it may be."""
    double = np.vstack((TIMES_S[:1], TIMES_S[:1]))
    assert coverage([1, 1, 1], double, PLAIN) == coverage([1, 1, 1], TIMES_S[:1], PLAIN)
    goal = Goal(busy=0.4)
    assert coverage([1, 1, 1], double, goal).share > coverage([1, 1, 1], TIMES_S[:1], goal).share


def test_shares_within_limits() -> None:
    """Three, five and ten minutes, from the nearest unit's seconds; the limit itself is within."""
    assert shares_within([1, 1, 2], [180, 300, 900]).tolist() == [0.25, 0.5, 0.5]


def test_what_a_move_gains() -> None:
    """The difference of both figures; a move away may lose."""
    gain = gain_of_move([1, 0, 1], TIMES_S, 1, [250.0, 100.0, 100.0], PLAIN)
    assert (gain.share, gain.response_s) == (0, 50)
    loss = gain_of_move([1, 1, 0], TIMES_S, 1, [900.0, 900.0, 900.0], PLAIN)
    assert (loss.share, loss.response_s) == (-0.5, -150)


def test_weights() -> None:
    """They add up to 1; where nothing is expected anywhere, places are alike; nonsense is refused."""
    assert normed([1, 3]).tolist() == [0.25, 0.75]
    assert normed([0, 0]).tolist() == [0.5, 0.5]
    assert normed([]).tolist() == []
    for wrong in ([-1.0, 2.0], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="weight"):
            normed(wrong)


@pytest.mark.parametrize("wrong", [{"busy": 1.0}, {"busy": -0.1}, {"depth": 0}, {"limit_s": 9999.0}])
def test_goals_that_are_none(wrong: dict[str, float]) -> None:
    """Always busy, no depth, a limit beyond everything."""
    with pytest.raises(ValueError, match="no such goal"):
        Goal(**wrong)  # type: ignore[arg-type]


def test_thin_areas_come_worst_first() -> None:
    """An area whose share is under the threshold is named by the place that misses most; others are left out."""
    weights, got, area = [4, 2, 1, 3, 0], [1.0, 0.2, 0.0, 0.5, 0.0], [1, 1, 2, 3, 4]
    worst, next_worst, *others = thin_areas(weights, got, area, threshold=0.6)
    assert (worst.place, worst.area, worst.reached_share, worst.places) == (3, 3, 0.5, (3,))
    assert worst.missing_share == pytest.approx(0.15)
    assert (next_worst.place, next_worst.area, next_worst.reached_share) == (2, 2, 0)
    assert others == []


def test_thin_places_are_what_one_car_would_cover() -> None:
    """Neighbours make one cluster, named by where a car would help most; small ones and covered ones are left out."""
    at = np.array([0.0, 200.0, 400.0, 5000.0, 9000.0])
    between_s = np.abs(np.subtract.outer(at, at))
    weights, got = [30, 20, 30, 19.9, 0.1], [0.0, 0.5, 0.0, 1.0, 0.0]
    (cluster,) = thin_places(weights, got, between_s, threshold=0.6)
    assert (cluster.place, cluster.area, cluster.places) == (1, None, (0, 1, 2))
    assert cluster.missing_share == pytest.approx(0.7)
    assert cluster.reached_share == pytest.approx(1 - 0.7 / 0.8)
    assert len(thin_places(weights, got, between_s, 0.6, least_missing=0.0)) == 2
    assert thin_places([], [], np.empty((0, 0)), 0.6) == []


def _looks(shares: list[float], every_s: float, rules: WatchRules) -> list[CoverageEvent | None]:
    watch, said = CoverageWatch(), []
    for index, share in enumerate(shares):
        watch, event = look(watch, share, TEN + timedelta(seconds=every_s * index), rules)
        said.append(event)
    return said


def test_an_alarm_needs_time_and_is_lifted_higher() -> None:
    """Raised once, after the hold, not for a moment's dip; not lifted between the thresholds; lifted after a hold."""
    rules = WatchRules(alarm_below=0.6, clear_from=0.7, hold_s=60)
    shares = [0.9, 0.5, 0.9, 0.5, 0.5, 0.5, 0.5, 0.65, 0.8, 0.65, 0.8, 0.7, 0.9]
    thin, restored = CoverageEvent.THIN, CoverageEvent.RESTORED
    assert _looks(shares, 30, rules) == [None] * 5 + [thin] + [None] * 6 + [restored]


def test_an_alarm_without_hold_comes_at_once() -> None:
    """A hold of 0 s tells at the first look; the threshold itself is not below."""
    assert _looks([0.6, 0.59, 0.64, 0.65], 10, WatchRules(hold_s=0)) == [
        None,
        CoverageEvent.THIN,
        None,
        CoverageEvent.RESTORED,
    ]


def test_watch_rules_that_would_flap() -> None:
    """Lifted below where it is raised: refused; and times must be UTC."""
    with pytest.raises(ValueError, match="below where it is raised"):
        WatchRules(alarm_below=0.7, clear_from=0.6)
    with pytest.raises(ValueError, match="UTC"):
        look(CoverageWatch(), 0.5, datetime(2026, 11, 23, 10, 0))  # noqa: DTZ001
