"""Places chosen one after another, each the best beside those before it; and a big city made small by that. Pure.

The gain of a post never grows as others are added, so a gain computed earlier is an upper bound, and most need never be
computed again: M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", in: Optimization
Techniques, Lecture Notes in Control and Information Sciences 7 (1978).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dispatch.domain.coverage import Floats, Goal, normed

Ints = NDArray[np.int64]
Times = NDArray[np.floating[Any]]

_ROWS_AT_ONCE: Final = 256
_IMPROVES: Final = 1e-9


def greedy_posts(weights: ArrayLike, candidate_s: ArrayLike, count: int, goal: Goal) -> Ints:
    """`count` different candidates, in the order in which they were taken, for the least expected response.

    `candidate_s`: [candidates × places] seconds. Equal gains: the lower index. Raises ValueError where there are fewer
    candidates than that.
    """
    weight, times = normed(weights), np.asarray(candidate_s)
    require_count(count, len(times))
    turns = goal.turns(count)
    steps = turns - np.append(turns[1:], 0.0)
    nearest_s = np.full((turns.size, weight.size), goal.beyond_s)
    stepped = steps[:, None] * weight
    heap = [(-gain, index, 0) for index, gain in enumerate(_first_gains(weight, times, turns[0], goal.beyond_s))]
    heapq.heapify(heap)
    taken: list[int] = []
    while len(taken) < count:
        _, index, known_when = heap[0]
        row_s = times[index]
        if known_when < len(taken):
            gain = float(np.vdot(stepped, np.maximum(nearest_s - row_s, 0.0)))
            heapq.heapreplace(heap, (-gain, index, len(taken)))
            continue
        heapq.heappop(heap)
        taken.append(index)
        # each entry of the line is pushed one down where the new one comes before it
        ahead_s = np.vstack((np.zeros(weight.size), nearest_s[:-1]))
        nearest_s = np.clip(row_s, ahead_s, nearest_s)
    return np.array(taken, dtype=np.int64)


def require_count(count: int, candidates: int) -> None:
    """Raises ValueError where so many posts can't be chosen among so many candidates."""
    if not 1 <= count <= candidates:
        raise ValueError(f"{count} posts among {candidates} candidates")


def _first_gains(weight: Floats, times: Times, turn: float, beyond_s: float) -> list[float]:
    gains: list[float] = []
    for start in range(0, len(times), _ROWS_AT_ONCE):
        saved_s = beyond_s - np.minimum(times[start : start + _ROWS_AT_ONCE], beyond_s)
        gains += (turn * (saved_s @ weight)).tolist()
    return gains


def home_posts(weights: ArrayLike, time_s: ArrayLike, candidates: ArrayLike, posts: int, per_post: int = 1) -> Ints:
    """Where each of `posts · per_post` units is at home, those of a post together: greedy p-median among candidates.

    `time_s`: [places × places] seconds; `candidates`: place indices. 24 × 1, 6 × 4 and 2 × 12 are the Manhattan
    scenario's cases.
    """
    places = np.asarray(candidates, dtype=np.int64)
    chosen = greedy_posts(weights, np.asarray(time_s)[places], posts, Goal(busy=0.0))
    return np.repeat(places[chosen], per_post)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A city of few places that stand for many, for what has to be computed often."""

    places: Ints
    """The place that stands for each group."""
    group: Ints
    """[all places] the group that each belongs to."""
    error_s: float
    """Mean travel seconds from a group's place to those it stands for, weighted."""

    def summed(self, weights: ArrayLike) -> Floats:
        """Weights of all places, added up by group: exact, nothing is lost."""
        return np.bincount(self.group, weights=np.asarray(weights), minlength=self.places.size).astype(np.float64)


def aggregate(weights: ArrayLike, time_s: ArrayLike, count: int) -> Aggregate:
    """`count` places that stand for all: greedy p-median, then each group's own medoid until nothing changes.

    `time_s`: [places × places] seconds. Raises ValueError where there are fewer places than that.
    """
    weight, times = normed(weights), np.asarray(time_s)
    places = greedy_posts(weight, times, count, Goal(busy=0.0))
    while True:
        group = _nearest_of(times, places)
        medoids = np.array([_medoid(np.flatnonzero(group == g), places[g], weight, times) for g in range(count)])
        if np.array_equal(medoids, places):
            break
        places = medoids
    away_s = np.minimum(times[places[group], np.arange(weight.size)], Goal().beyond_s)
    return Aggregate(places=places, group=group, error_s=float(weight @ away_s))


def _nearest_of(times: Times, places: Ints) -> Ints:
    group: Ints = times[places].argmin(axis=0).astype(np.int64)
    # a place that stands for its group belongs to it, even where another lies on the very same spot
    group[places] = np.arange(places.size)
    return group


def _medoid(members: NDArray[np.intp], now: int, weight: Floats, times: Times) -> int:
    cost = np.minimum(times[np.ix_(members, members)], Goal().beyond_s) @ weight[members]
    best = int(cost.argmin())
    # every change makes the whole better by more than rounding, so that this ends
    return int(members[best]) if cost[best] < cost[np.searchsorted(members, now)] * (1 - _IMPROVES) else int(now)
