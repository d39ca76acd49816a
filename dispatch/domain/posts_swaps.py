"""What every single move would bring, all units × all candidate posts at once. Pure arrays; the heart of posts*.py.

Let n_0 ≤ n_1 ≤ … be the seconds of the nearest units to a place, p_k the probability that the k-th of them comes
(coverage.Goal.turns) and d_k = p_k - p_(k+1). With one more unit at t seconds, the place's response is
`Σ_k p_k·n_(k-1) + Σ_k d_k·min(t, n_k)`, since each step of t beyond n_k pushes one unit fewer down the line. Without
unit u the list is the same but for u's own entry. So all responses are a few matrix products of `min(t, n_k)`
[candidates × places] with weights [places × units]: D + 1 of them for a depth of D, where trying each move would take
units × candidates × places × D steps. With D = 1 (busy fraction 0) this is the fast interchange of R. A. Whitaker,
"A fast algorithm for the greedy interchange of large-scale clustering and median location problems", INFOR 21 (1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.coverage import Floats, Goal


@dataclass(frozen=True, slots=True)
class Swaps:
    """What would be if unit u (row) stood at candidate c (column): both summed over the weights that were given."""

    response_s: Floats
    missed: Floats
    """The expected calls that would not be reached within the limit."""


def swaps(weight: Floats, unit_s: Floats, candidate_s: Floats, goal: Goal) -> Swaps:
    """Every move's outcome. `unit_s`: [units × places], `candidate_s`: [candidates × places], both at most `beyond_s`.

    At least one unit. Weights need not add up to 1.
    """
    return Swaps(
        response_s=response_table(weight, unit_s, candidate_s, goal),
        missed=missed_table(weight, unit_s, candidate_s, goal),
    )


def response_table(weight: Floats, unit_s: Floats, candidate_s: Floats, goal: Goal) -> Floats:
    """[units × candidates] weighted responses in seconds, one unit moved."""
    turns = goal.turns(len(unit_s))
    depth = turns.size
    at_step = np.concatenate(([0.0], turns - np.append(turns[1:], 0.0), [0.0]))
    nearest_s = nearest(unit_s, depth + 1, goal.beyond_s)
    table = np.zeros((len(unit_s), len(candidate_s)))
    # does the unit itself stand before the k-th nearest? Of equal times any may count as its own
    stands_before = np.zeros(unit_s.shape, dtype=np.bool_)
    for k in range(depth + 1):
        behind = unit_s > nearest_s[k]
        # when the unit leaves, those behind it move up by one; where the k-th nearest is the unit itself, it is gone
        share = weight * (behind * at_step[k + 1] + stands_before * at_step[k])
        table += share @ np.minimum(candidate_s, nearest_s[k]).T
        if k < depth - 1:
            left = np.where(behind, nearest_s[k], nearest_s[k + 1])
            table += turns[k + 1] * (left @ weight)[:, None]
        stands_before = ~behind
    return table


def missed_table(weight: Floats, unit_s: Floats, candidate_s: Floats, goal: Goal) -> Floats:
    """[units × candidates] expected calls that would be missed, one unit moved."""
    within = unit_s <= goal.limit_s
    others = within.sum(axis=0) - within
    there = np.where(candidate_s <= goal.limit_s, goal.busy, 1.0)
    missed: Floats = (weight * powers(goal.busy, others)) @ there.T
    return missed


def powers(busy: float, exponent: NDArray[np.int64]) -> Floats:
    """busy to the power of small whole numbers, by a table; 0 to the power of 0 is 1."""
    ladder: Floats = busy ** np.arange(int(exponent.max(initial=0)) + 1, dtype=np.float64)
    return ladder[exponent]


def nearest(unit_s: Floats, count: int, beyond_s: float) -> Floats:
    """Each place's `count` least seconds, [count × places], least first; `beyond_s` where there are fewer units."""
    least_s = np.sort(unit_s, axis=0)[:count]
    filled = np.full((count, unit_s.shape[1]), beyond_s)
    filled[: len(least_s)] = least_s
    return filled
