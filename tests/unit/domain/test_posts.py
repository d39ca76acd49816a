"""Posts chosen by greedy and exchange, by HiGHS, and by trying everything; a city made small; crews sent to posts."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatch.domain.coverage import Goal, coverage
from dispatch.domain.posts import choose_posts, crew_posts
from dispatch.domain.posts_exact import exact_posts
from dispatch.domain.posts_greedy import aggregate, greedy_posts, home_posts
from dispatch.domain.posts_swaps import swaps

Floats = NDArray[np.float64]
GOALS = [
    Goal(busy=0.0),
    Goal(busy=0.3, depth=2),
    Goal(busy=0.6, depth=3),
    Goal(busy=0.0, least_share=0.9),
    Goal(busy=0.3, least_share=0.7),
    Goal(busy=0.3, depth=1, least_share=1.0),
]


def plane(seed: int, candidates: int, places: int) -> tuple[Floats, Floats]:
    """Weights, and seconds between random points on a plane of 4 by 4 km, at 6 m/s along its two directions."""
    rng = np.random.default_rng(seed)
    of, to = rng.uniform(0, 4000, (candidates, 2)), rng.uniform(0, 4000, (places, 2))
    return rng.gamma(0.7, 1.0, places), np.abs(of[:, None] - to[None]).sum(axis=2) / 6


def best_of_all(weights: Floats, times: Floats, count: int, goal: Goal) -> tuple[float, float]:
    """By trying all: the share that must be held, and the least response that holds it."""
    tried = [coverage(weights, times[list(some)], goal) for some in combinations(range(len(times)), count)]
    share = min(goal.least_share, max(found.share for found in tried))
    return share, min(found.response_s for found in tried if found.share >= share - 1e-5)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("units", [1, 2, 5])
def test_the_table_of_swaps_is_what_each_swap_brings(units: int, goal: Goal) -> None:
    """Every cell equals coverage computed anew with that one unit moved; equal times and few units included."""
    weights, times = plane(units, units + 6, 12)
    times = np.minimum(np.round(times, -2), goal.beyond_s)
    weights /= weights.sum()
    unit_s, candidate_s = times[:units], times[2:]
    table = swaps(weights, unit_s, candidate_s, goal)
    for unit in range(units):
        for candidate, row_s in enumerate(candidate_s):
            moved_s = unit_s.copy()
            moved_s[unit] = row_s
            found = coverage(weights, moved_s, goal)
            assert table.response_s[unit, candidate] == pytest.approx(found.response_s)
            assert 1 - table.missed[unit, candidate] == pytest.approx(found.share)


@pytest.mark.parametrize("goal", GOALS[:3])
def test_greedy_takes_the_best_each_time(goal: Goal) -> None:
    """The lazy evaluation chooses what trying every candidate at every step chooses."""
    weights, times = plane(7, 30, 50)
    turns = goal.turns(6)
    chosen: list[int] = []
    for _ in range(6):
        responses = [
            turns @ np.sort(np.vstack((times[[*chosen, c]], np.full((6, 50), goal.beyond_s))), axis=0)[: turns.size]
            for c in range(30)
        ]
        responses = [response @ weights if c not in chosen else np.inf for c, response in enumerate(responses)]
        chosen.append(int(np.argmin(responses)))
    assert greedy_posts(weights, times, 6, goal).tolist() == chosen


def test_greedy_over_many_candidates() -> None:
    """More candidates than are looked at in one go give the same as fewer, where the others are far away."""
    weights, times = plane(8, 20, 30)
    many = np.vstack((times, np.full((600, 30), np.inf)))
    assert greedy_posts(weights, many, 4, GOALS[0]).tolist() == greedy_posts(weights, times, 4, GOALS[0]).tolist()


@pytest.mark.parametrize("goal", GOALS)
def test_exact_posts_are_the_best_of_all(goal: Goal) -> None:
    """On small cities HiGHS finds what trying all choices finds, and says that it is proven."""
    for seed in range(12):
        weights, times = plane(seed, 7, 9)
        count = 1 + seed % 4
        share, response_s = best_of_all(weights, times, count, goal)
        exact = exact_posts(weights, times, count, goal)
        assert exact is not None
        assert exact.proven
        assert exact.posts.coverage.response_s == pytest.approx(response_s, rel=1e-5)
        assert exact.posts.coverage.share >= share - 1e-5
        assert exact.bound_s == pytest.approx(response_s, rel=1e-4)


def test_as_many_posts_as_candidates() -> None:
    """There is one choice then, and both find it."""
    weights, times = plane(1, 4, 5)
    exact = exact_posts(weights, times, 4, GOALS[1])
    assert exact is not None
    assert exact.posts == choose_posts(weights, times, 4, GOALS[1])
    assert exact.posts.candidates == (0, 1, 2, 3)


def test_no_time_no_answer() -> None:
    """HiGHS without time has nothing: None; neither where it was the greatest share that it had no time to look for."""
    weights, times = plane(2, 40, 60)
    assert exact_posts(weights, times, 6, GOALS[0], time_limit_s=0.0) is None
    # a share that nothing can reach is seen without any search; how much can be reached is not
    assert exact_posts(weights, times, 2, Goal(busy=0.3, least_share=1.0), time_limit_s=0.0) is None


@pytest.mark.parametrize("goal", GOALS)
def test_no_single_swap_makes_chosen_posts_better(goal: Goal) -> None:
    """Chosen posts are different, in order, and no other candidate in place of one of them is better."""
    weights, times = plane(3, 25, 60)
    chosen = choose_posts(weights, times, 5, goal)
    posts = list(chosen.candidates)
    assert posts == sorted(set(posts))
    assert chosen.coverage == coverage(weights, times[posts], goal)
    for post in range(5):
        for candidate in set(range(25)) - set(posts):
            tried = posts.copy()
            tried[post] = candidate
            found = coverage(weights, times[tried], goal)
            missing = max(0, goal.least_share - found.share) - max(0, goal.least_share - chosen.coverage.share)
            assert missing > -1e-8
            if missing <= 0:
                assert found.response_s > chosen.coverage.response_s * (1 - 1e-9)


def test_chosen_posts_lose_little_against_exact_ones() -> None:
    """Over 40 cities of 20 candidates: never better than exact, half a percent worse on average, 8 % at most."""
    gaps = []
    for seed in range(40):
        goal = GOALS[seed % 3]
        weights, times = plane(100 + seed, 20, 40)
        chosen, exact = choose_posts(weights, times, 4, goal), exact_posts(weights, times, 4, goal)
        assert exact is not None
        gaps.append(chosen.coverage.response_s / exact.posts.coverage.response_s - 1)
    assert min(gaps) > -1e-6
    assert np.mean(gaps) < 0.005
    assert max(gaps) < 0.08


def test_the_constraint_comes_first() -> None:
    """Posts that must reach more within the limit do, for a worse response; what can't be reached is come near."""
    weights = np.array([10.0, 1.0, 1.0])
    times = np.array([[0.0, 400, 400], [150, 290, 400], [280, 250, 290]])
    assert choose_posts(weights, times, 1, Goal(busy=0.0)).candidates == (0,)
    assert choose_posts(weights, times, 1, Goal(busy=0.0, least_share=0.9)).candidates == (1,)
    assert choose_posts(weights, times, 1, Goal(busy=0.0, least_share=1.0)).candidates == (2,)
    assert choose_posts(weights, times[:2], 1, Goal(busy=0.0, least_share=1.0)).candidates == (1,)


@pytest.mark.parametrize("count", [0, 4])
def test_counts_that_are_none(count: int) -> None:
    """No posts, or more posts than candidates, is an error."""
    weights, times = plane(1, 3, 4)
    for choose in (choose_posts, exact_posts):
        with pytest.raises(ValueError, match=f"{count} posts among 3 candidates"):
            choose(weights, times, count)


def test_homes_of_the_scenario() -> None:
    """Six stations of four: each station's units together, at candidate places only, as plain greedy finds them."""
    rng = np.random.default_rng(4)
    at = rng.uniform(0, 4000, (80, 2))
    times = (np.abs(at[:, None] - at[None]).sum(axis=2) / 6).astype(np.float32)
    weights, candidates = rng.gamma(0.7, 1.0, 80), rng.choice(80, 30, replace=False)
    homes = home_posts(weights, times, candidates, posts=6, per_post=4)
    stations = homes.reshape(6, 4)
    assert (stations == stations[:, :1]).all()
    assert set(homes.tolist()) <= set(candidates.tolist())
    assert len(set(homes.tolist())) == 6
    assert homes[::4].tolist() == home_posts(weights, times, candidates, posts=8)[:6].tolist()


def test_a_city_made_small_keeps_its_weights() -> None:
    """Groups hold every place, sums are exact, and each group's place is its own medoid and nearest of all."""
    rng = np.random.default_rng(5)
    at = rng.uniform(0, 4000, (120, 2))
    times = (np.abs(at[:, None] - at[None]).sum(axis=2) / 6).astype(np.float32)
    times[3], times[:, 3] = times[2], times[:, 2]
    weights = rng.gamma(0.7, 1.0, 120)
    small = aggregate(weights, times, 15)
    assert small.summed(weights).sum() == pytest.approx(weights.sum())
    for group, place in enumerate(small.places):
        members = np.flatnonzero(small.group == group)
        assert place in members
        assert (times[place, members] <= times[small.places][:, members].min(axis=0)).all()
        cost = times[np.ix_(members, members)] @ weights[members]
        assert cost[members == place][0] <= cost.min() * (1 + 1e-6)
    assert small.error_s == pytest.approx(weights @ times[small.places[small.group], np.arange(120)] / weights.sum())
    assert (
        small.error_s < coverage(weights, times[greedy_posts(weights, times, 15, GOALS[0])], GOALS[0]).response_s + 1e-3
    )


def test_a_small_city_of_all_places_is_the_city() -> None:
    """With as many groups as places, even two on one spot, each stands for itself."""
    times = np.array([[0.0, 0, 9], [0, 0, 9], [9, 9, 0]])
    small = aggregate([1, 1, 1], times, 3)
    assert sorted(small.places.tolist()) == [0, 1, 2]
    assert small.places[small.group].tolist() == [0, 1, 2]
    assert small.error_s == 0


def test_groups_settle_on_a_long_line() -> None:
    """Where groups push each other along for many rounds, in the end each place belongs to the nearest that stands."""
    at = np.cumsum(np.linspace(1, 30, 400))
    times = np.abs(np.subtract.outer(at, at))
    small = aggregate(np.ones(400), times, 60)
    assert np.unique(small.group).size == 60
    assert (times[small.places[small.group], np.arange(400)] == times[small.places].min(axis=0)).all()


def test_crews_go_where_they_drive_least_together() -> None:
    """The sum is the least of all assignments; fewer posts than crews leave crews; a post without a way stays empty."""
    drive_s = np.random.default_rng(6).uniform(0, 900, (4, 3))
    sent = crew_posts(drive_s)
    best_s = min(sum(drive_s[unit, post] for post, unit in enumerate(order)) for order in permutations(range(4), 3))
    assert sum(drive_s[unit, post] for unit, post in sent) == pytest.approx(best_s)
    assert len({unit for unit, _ in sent}) == len({post for _, post in sent}) == 3
    assert crew_posts([[5.0, np.inf], [7.0, np.inf]]) == [(0, 0)]
