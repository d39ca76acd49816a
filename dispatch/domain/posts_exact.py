"""The best posts there are, proven, by mixed-integer programming with HiGHS. Pure, but slow: minutes for a big city.

For a plan that is made once, and to hold the fast choice of posts.py against. Same aims, same figures.

The formulation has no "place i belongs to post j". For each place the candidates are sorted by time; a variable says
how much is still missing of the units that count once the j nearest candidates are passed, and each step of time costs
what is missing there:

    e(i, j) ≥ e(i, j-1) - y(candidate j of i),   e(i, before the first) = depth,   e = Σ_l z(i, j, l), 0 ≤ z ≤ 1
    cost of place i = first time + Σ_j (time j+1 - time j) · Σ_l turn(l) · z(i, j, l)

Since turns fall with l, what is missing is taken from the farthest first, as it should be. For depth 1 this is the
p-median formulation of S. Elloumi, "A tighter formulation of the p-median problem", J. Combinatorial Optimization 19
(2010). Of C candidates C - p are no posts, so that nothing is missing beyond the first C - p + depth: these are left
out. The share within the limit is a concave function of the posts within it and needs one variable for each.

HiGHS: Q. Huangfu and J. A. J. Hall, "Parallelizing the dual revised simplex method", Math. Programming Computation 10
(2018); used through scipy.optimize.milp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, coo_array, csr_array

from dispatch.domain.coverage import DEFAULT_GOAL, Floats, Goal, coverage, normed
from dispatch.domain.posts import Posts
from dispatch.domain.posts_greedy import require_count

_TIME_IS_UP: Final = 1
_SHARE_SLACK: Final = 1e-6
"""HiGHS holds constraints to about this; a share that is just reached must not be refused."""
_TOO_RARE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class ExactPosts:
    """Posts and what is known of how good they are. Proven: none are better, but for `gap`."""

    posts: Posts
    bound_s: float
    """No choice has a lower expected response, under the constraint that was held."""
    proven: bool


def exact_posts(
    weights: ArrayLike,
    candidate_s: ArrayLike,
    count: int,
    goal: Goal = DEFAULT_GOAL,
    *,
    time_limit_s: float | None = None,
    gap: float = 0.0,
) -> ExactPosts | None:
    """The best `count` different posts, or the best found within the time; None if that did not do for any.

    `candidate_s`: [candidates × places] travel seconds. `gap`: the relative one at which the search may end. The time
    limit holds for each of up to three runs: where `least_share` can't be reached, the greatest share is looked for
    first and held then. Raises ValueError where there are fewer candidates than posts.
    """
    weight = normed(weights)
    times = np.minimum(np.asarray(candidate_s, dtype=np.float64), goal.beyond_s)
    require_count(count, len(times))
    options: dict[str, Any] = {"mip_rel_gap": gap} | ({} if time_limit_s is None else {"time_limit": time_limit_s})
    program = _program(weight, times, count, goal)
    plain = goal.least_share <= _most_conceivable(weight, times, count, goal)
    found = _solve(program, program.cost, goal.least_share - _SHARE_SLACK, options) if plain else None
    if found is None or (found.x is None and found.status != _TIME_IS_UP):
        most = _solve(program, -program.share, 0.0, options)
        if most.x is None:
            return None
        least_share = min(goal.least_share, float(program.share @ most.x)) - _SHARE_SLACK
        # presolve loses itself where the constraint leaves next to no room: 20 of 1,500 random cases, none without it
        found = _solve(program, program.cost, least_share, options | {"presolve": False})
    if found.x is None:
        return None
    chosen = np.flatnonzero(found.x[: len(times)] > 0.5)
    return ExactPosts(
        posts=Posts(tuple(chosen.tolist()), coverage(weight, times[chosen], goal)),
        bound_s=float(found.mip_dual_bound) + program.first_s,
        proven=bool(found.success),
    )


def _most_conceivable(weight: Floats, times: Floats, count: int, goal: Goal) -> float:
    """The share if every place had the posts to itself: what is above can't be reached, and needs no search to tell."""
    within = np.minimum((times <= goal.limit_s).sum(axis=0), count)
    return float(weight @ (1 - goal.busy**within)) + _SHARE_SLACK


@dataclass(frozen=True, slots=True)
class _Program:
    """Columns: is candidate j a post (integers); then what is missing (`cost`); then what is covered (`share`)."""

    cost: Floats
    share: Floats
    upper: Floats
    integral: NDArray[np.int64]
    rows: Any
    low: Floats
    high: Floats
    first_s: float


def _solve(program: _Program, cost: Floats, least_share: float, options: dict[str, Any]) -> Any:
    constraints = [LinearConstraint(program.rows, program.low, program.high)]
    if least_share > 0:
        constraints.append(LinearConstraint(program.share[None, :], least_share, np.inf))
    return milp(
        cost,
        integrality=program.integral,
        bounds=Bounds(0.0, program.upper),
        constraints=constraints,
        options=options,
    )


def _program(weight: Floats, times: Floats, count: int, goal: Goal) -> _Program:
    candidates, places = times.shape
    missing_rows, missing_low, missing_cost = _missing(weight, times, count, goal)
    covered_rows, covered_share = _covered(weight, times, count, goal)
    posts_row = csr_array(np.ones((1, candidates)))
    return _Program(
        cost=np.concatenate((np.zeros(candidates), missing_cost, np.zeros(covered_share.size))),
        share=np.concatenate((np.zeros(candidates + missing_cost.size), covered_share)),
        upper=np.ones(candidates + missing_cost.size + covered_share.size),
        integral=np.repeat([1, 0], [candidates, missing_cost.size + covered_share.size]),
        rows=block_array(
            [
                [posts_row, None, None],
                [missing_rows[:, :candidates], missing_rows[:, candidates:], None],
                [covered_rows[:, :candidates], None, covered_rows[:, candidates:]],
            ]
        ),
        low=np.concatenate(([count], missing_low, np.zeros(places))),
        high=np.concatenate(([count], np.full(missing_low.size + places, np.inf))),
        first_s=float(weight @ times.min(axis=0)),
    )


def _missing(weight: Floats, times: Floats, count: int, goal: Goal) -> tuple[Any, Floats, Floats]:
    """Rows that say what is missing at each step [posts | z], their lower ends, and what each z costs."""
    candidates, places = times.shape
    turns = goal.turns(count)
    depth, steps = turns.size, candidates - count + turns.size - 1
    order = np.argsort(times, axis=0, kind="stable")[: steps + 1]
    gap_s = np.diff(np.take_along_axis(times, order, axis=0), axis=0)
    row = np.arange(steps * places).reshape(steps, places)
    column = candidates + np.arange(depth * steps * places).reshape(depth, steps, places)
    here, before = np.broadcast_to(row, column.shape), np.broadcast_to(row[1:], column[:, 1:].shape)
    entries = [(1.0, row, order[:steps]), (1.0, here, column), (-1.0, before, column[:, :-1])]
    rows = coo_array(
        (
            np.concatenate([np.full(at.size, value) for value, at, _ in entries]),
            (
                np.concatenate([at.ravel() for _, at, _ in entries]),
                np.concatenate([to.ravel() for _, _, to in entries]),
            ),
        ),
        shape=(steps * places, candidates + column.size),
    ).tocsr()
    low = np.zeros((steps, places))
    low[:1] = depth
    cost = turns[:, None, None] * (gap_s[:steps] * weight)
    return rows, low.ravel(), cost.ravel()


def _covered(weight: Floats, times: Floats, count: int, goal: Goal) -> tuple[Any, Floats]:
    """Rows that let a place be covered as often as there are posts within the limit [posts | c], and the shares."""
    places = weight.size
    more = (1 - goal.busy) * goal.busy ** np.arange(count, dtype=np.float64)
    more = more[more > _TOO_RARE] if goal.least_share > 0 else more[:0]
    within = csr_array((times <= goal.limit_s).T.astype(np.float64))
    each = coo_array(
        (
            np.full(more.size * places, -1.0),
            (np.tile(np.arange(places), more.size), np.arange(more.size * places)),
        ),
        shape=(places, more.size * places),
    )
    return block_array([[within, each]]).tocsr(), np.outer(more, weight).ravel()
