"""Where idle units should wait: posts among candidate places, chosen fast. Pure; the exact solver is in posts_exact.py.

What is minimised is the expected response (coverage.py) under a coverage constraint: the share within the limit must
reach `least_share` where that can be done, and else be as great as can be found. With a busy fraction of 0 this is the
p-median problem. Solved by greedy adding and then exchange, the best swap of each post, until none is better:
M. B. Teitz and P. Bart, "Heuristic methods for estimating the generalized vertex median of a weighted graph",
Operations Research 16 (1968). What it loses against the exact solution: docs/decisions/0019-standby-posts.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from dispatch.domain.coverage import DEFAULT_GOAL, Coverage, Floats, Goal, coverage, normed
from dispatch.domain.posts_greedy import Ints, greedy_posts
from dispatch.domain.posts_swaps import missed_table, powers, response_table

SHARE_TOLERANCE: Final = 1e-9
_SHARE_FIRST: Final = 1e3
"""A missing share weighs so many times the longest drive: first the constraint, then the response."""
_IMPROVES: Final = 1e-10


@dataclass(frozen=True, slots=True)
class Posts:
    """Chosen candidates, in ascending order, and how they cover the expected calls, one unit waiting at each."""

    candidates: tuple[int, ...]
    coverage: Coverage


def choose_posts(weights: ArrayLike, candidate_s: ArrayLike, count: int, goal: Goal = DEFAULT_GOAL) -> Posts:
    """`count` different posts by greedy and exchange. `candidate_s`: [candidates × places] travel seconds.

    Repeat a candidate's row where several units may wait there. Deterministic: ties fall to the lower index. Raises
    ValueError where there are fewer candidates than posts.
    """
    weight = normed(weights)
    times = np.minimum(np.asarray(candidate_s, dtype=np.float64), goal.beyond_s)
    found = [exchange(weight, times, greedy_posts(weight, times, count, goal), goal)]
    if coverage(weight, times[found[0]], goal).share < goal.least_share - SHARE_TOLERANCE:
        # from posts that cover most there may be a way to the constraint where there was none from here
        found.append(exchange(weight, times, _covering_posts(weight, times, count, goal), goal))
    measured = [(judged(coverage(weight, times[chosen], goal), goal), chosen.tolist()) for chosen in found]
    chosen = sorted(min(measured)[1])
    return Posts(tuple(chosen), coverage(weight, times[chosen], goal))


def judged(found: Coverage, goal: Goal) -> float:
    """One figure for both aims, in seconds; less is better. The constraint comes first, then the response."""
    missing = max(0.0, goal.least_share - found.share - SHARE_TOLERANCE)
    return found.response_s + _SHARE_FIRST * goal.beyond_s * missing


def exchange(weight: Floats, candidate_s: Floats, chosen: Ints, goal: Goal) -> Ints:
    """Swaps a post for a candidate that is none while that makes it better; ends where no single swap does.

    One table of all swaps serves several: the best one for each post is tried in turn, each against what stands by
    then. `weight` adds up to 1, `candidate_s` is at most `beyond_s`.
    """
    posts = chosen.copy()
    now = judged(coverage(weight, candidate_s[posts], goal), goal)
    while True:
        table = response_table(weight, candidate_s[posts], candidate_s, goal)
        if goal.least_share > 0:
            share = 1 - missed_table(weight, candidate_s[posts], candidate_s, goal)
            missing = np.maximum(0.0, goal.least_share - share - SHARE_TOLERANCE)
            table += _SHARE_FIRST * goal.beyond_s * missing
        table[:, posts] = np.inf
        best = table.min(axis=1)
        start = now
        for post in np.argsort(best, kind="stable"):
            candidate = int(table[post].argmin())
            if not best[post] < start * (1 - _IMPROVES):
                break
            if candidate in posts:
                continue
            tried = posts.copy()
            tried[post] = candidate
            then = judged(coverage(weight, candidate_s[tried], goal), goal)
            if then < now * (1 - _IMPROVES):
                now, posts = then, tried
        if now == start:
            return posts


def _covering_posts(weight: Floats, candidate_s: Floats, count: int, goal: Goal) -> Ints:
    """Greedy for the share within the limit alone."""
    within = candidate_s <= goal.limit_s
    covered = np.zeros(weight.size, dtype=np.int64)
    free = np.ones(len(candidate_s), dtype=np.bool_)
    posts: list[int] = []
    for _ in range(count):
        gain = within @ (weight * powers(goal.busy, covered))
        posts.append(int(np.where(free, gain, -1.0).argmax()))
        free[posts[-1]] = False
        covered += within[posts[-1]]
    return np.array(posts, dtype=np.int64)


def crew_posts(drive_s: ArrayLike) -> list[tuple[int, int]]:
    """Which unit goes to which post for the least driving together: (unit, post), as many as the fewer of the two.

    For a whole plan, as at the start of a shift; for a few moves in between see posts_moves.py. `drive_s`:
    [units × posts] seconds; where no way leads (inf) the pair is left out if it can't be avoided.
    """
    drive = np.asarray(drive_s, dtype=np.float64)
    finite = np.isfinite(drive)
    far = 1.0 + np.where(finite, drive, 0.0).sum()
    units, posts = linear_sum_assignment(np.where(finite, drive, far))
    return [(int(unit), int(post)) for unit, post in zip(units, posts, strict=True) if finite[unit, post]]
