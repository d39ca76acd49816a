"""Laws of demand, coverage, posts and moves, for any small city."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from dispatch.domain.coverage import Goal, coverage, reached, responses_s
from dispatch.domain.coverage_watch import CoverageEvent, CoverageWatch, WatchRules, look
from dispatch.domain.demand import WEEK_H, PastCalls, fit_demand, kernel_by_time
from dispatch.domain.posts import choose_posts, judged
from dispatch.domain.posts_exact import exact_posts
from dispatch.domain.posts_moves import MoveRules, relocations

Floats = NDArray[np.float64]
City = tuple[Floats, Floats]
TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

seconds = st.sampled_from([0.0, 60.0, 120.0, 290.0, 300.0, 310.0, 500.0, 900.0, np.inf]) | st.integers(0, 1200).map(
    float
)
goals = st.builds(
    Goal,
    busy=st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8]),
    depth=st.integers(1, 4),
    least_share=st.sampled_from([0.0, 0.3, 0.6, 0.9, 1.0]),
)


@st.composite
def cities(draw: st.DrawFn, most: int = 7) -> City:
    """Weights of places, and seconds from candidates to them, with ties, zeros and places without a way."""
    places, candidates = draw(st.integers(1, 7)), draw(st.integers(1, most))
    weights = draw(arrays(np.float64, places, elements=st.integers(0, 9).map(float)))
    return weights, draw(arrays(np.float64, (candidates, places), elements=seconds))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, WEEK_H - 1)), max_size=60),
    st.integers(1, 60),
    st.booleans(),
)
def test_demand_is_a_rate_everywhere(calls: list[tuple[int, int]], weeks: int, smooth: bool) -> None:
    """Above 0 at every place and hour, and over the weeks that were watched it adds up to the calls and the floor."""
    near = kernel_by_time(np.abs(np.subtract.outer(np.arange(5), np.arange(5))) * 60.0, 90.0) if smooth else None
    past = PastCalls(
        place=np.array([place for place, _ in calls], dtype=np.int64),
        slot=np.array([slot for _, slot in calls], dtype=np.int64),
        weight=np.ones(len(calls)),
        watched_h=np.full(WEEK_H, float(weeks)),
    )
    demand = fit_demand(past, 5, near)
    assert (demand.hourly > 0).all()
    assert demand.hourly.sum() * weeks == pytest.approx(len(calls) + 1)
    day = sum(demand.expected(2, hour) for hour in range(24))
    assert demand.expected(2, 0, 24.0) == pytest.approx(day)


@given(cities(), goals)
def test_one_more_unit_never_covers_less(city: City, goal: Goal) -> None:
    """Each unit that is added raises the probability to be there in time at every place, or leaves it.

    The nearest unit's time falls with it; the expected response may not, since it is scaled to the units there are.
    """
    _, times = city
    for units in range(len(times)):
        fewer, more = times[:units], times[: units + 1]
        assert (reached(more, goal) >= reached(fewer, goal) - 1e-12).all()
        if units >= goal.depth or goal.busy == 0:
            assert (responses_s(more, goal) <= responses_s(fewer, goal) + 1e-9).all()


@given(cities(), goals)
def test_coverage_stays_within_its_ends(city: City, goal: Goal) -> None:
    """A share is 0 to 1, a response between the nearest unit's time and the longest drive."""
    weights, times = city
    found = coverage(weights, times, goal)
    assert 0 <= found.share <= 1 + 1e-12
    assert -1e-9 <= found.response_s <= goal.beyond_s + 1e-6
    assert (responses_s(times, goal) >= np.minimum(times.min(axis=0), goal.beyond_s) - 1e-9).all()


@settings(max_examples=60)
@given(cities(), goals, st.data())
def test_exact_is_the_best_and_fast_is_never_better(city: City, goal: Goal, data: st.DataObject) -> None:
    """Against trying every choice: HiGHS finds the best, greedy and exchange a choice that is no better than that."""
    weights, times = city
    count = data.draw(st.integers(1, len(times)))
    tried = [coverage(weights, times[list(some)], goal) for some in combinations(range(len(times)), count)]
    share = min(goal.least_share, max(found.share for found in tried))
    best_s = min(found.response_s for found in tried if found.share >= share - 1e-9)
    nearly_s = min(found.response_s for found in tried if found.share >= share - 1e-5)
    exact, chosen = exact_posts(weights, times, count, goal), choose_posts(weights, times, count, goal)
    assert exact is not None
    assert exact.proven
    # within HiGHS's tolerance of the constraint there may be a choice that is a little better
    assert nearly_s - 1e-3 <= exact.posts.coverage.response_s <= best_s + 1e-3
    assert exact.posts.coverage.share >= share - 1e-5
    assert len(set(chosen.candidates)) == count
    assert judged(chosen.coverage, goal) >= min(judged(found, goal) for found in tried) - 1e-6


@given(cities(), goals, st.data())
def test_every_suggestion_brings_what_it_says(city: City, goal: Goal, data: st.DataObject) -> None:
    """Only movable units, allowed posts, drives within the limit, once a unit, a real gain; and it can be repeated."""
    weights, post_s = city
    units = data.draw(st.integers(1, 4))
    unit_s = data.draw(arrays(np.float64, (units, weights.size), elements=seconds))
    drive_s = data.draw(arrays(np.float64, (units, len(post_s)), elements=seconds))
    movable = data.draw(arrays(np.bool_, units))
    forbidden = data.draw(arrays(np.bool_, drive_s.shape))
    rules = MoveRules(moves_max=3)
    moves = relocations(weights, unit_s, post_s, drive_s, movable, goal, rules, forbidden)
    assert moves == relocations(weights, unit_s, post_s, drive_s, movable, goal, rules, forbidden)
    assert len(moves) <= 3
    assert len({move.unit for move in moves}) == len(moves)
    standing_s = unit_s.copy()
    for move in moves:
        assert movable[move.unit]
        assert not forbidden[move.unit, move.place]
        assert move.drive_s == drive_s[move.unit, move.place] <= rules.drive_max_s
        before = coverage(weights, standing_s, goal)
        standing_s[move.unit] = post_s[move.place]
        after = coverage(weights, standing_s, goal)
        assert (move.share_before, move.share_after) == pytest.approx((before.share, after.share))
        assert move.gain_share == pytest.approx(after.share - before.share, abs=1e-9)
        assert move.gain_s == pytest.approx(before.response_s - after.response_s, abs=1e-6)
        enough_s = rules.gain_response_min * max(before.response_s, 1.0)
        assert move.gain_share >= rules.gain_share_min - 1e-9 or move.gain_s >= enough_s - 1e-6


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 1)), max_size=40), st.integers(0, 120))
def test_the_watch_speaks_in_turns(looks: list[tuple[int, float]], hold_s: int) -> None:
    """Thin, restored, thin …, never the same twice; two events are at least the hold apart, and each has its reason."""
    rules = WatchRules(alarm_below=0.5, clear_from=0.6, hold_s=hold_s)
    watch, at, last = CoverageWatch(), TEN, None
    said: list[CoverageEvent] = []
    for later_s, share in looks:
        at += timedelta(seconds=later_s)
        watch, event = look(watch, share, at, rules)
        if event is None:
            continue
        assert share < 0.5 if event is CoverageEvent.THIN else share >= 0.6
        assert last is None or (at - last).total_seconds() >= hold_s
        last = at
        said.append(event)
    turns = [CoverageEvent.THIN, CoverageEvent.RESTORED] * len(said)
    assert said == turns[: len(said)]
    assert watch.thin == bool(len(said) % 2)
