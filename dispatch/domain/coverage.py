"""How well idle units cover the calls that are to be expected. Pure: weights and travel seconds in, figures out.

Only the nearest unit counts? Then a second unit at a busy place is worth nothing, though the first is out on a job
half of the time. So every figure knows a busy fraction q, the probability that a unit is on a job when a call comes:

- share within the limit: a place with n units within the limit is reached in time with probability 1 - q^n. This is the
  maximum expected covering location problem: M. S. Daskin, "A maximum expected covering location model: formulation,
  properties and heuristic solution", Transportation Science 17 (1983).
- expected response: the k-th nearest unit (k from 0) comes with probability (1 - q)·q^k; over the `depth` nearest
  these are scaled to 1, so that nothing need be assumed of a call that finds all of them busy.

With q = 0 both are the plain ones. Units are taken as equally busy and independent of each other, which they are not
quite: neighbours of a busy unit are busier. The simulator has the true figures; this one has to be quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LIMITS_S: Final = (180.0, 300.0, 600.0)


@dataclass(frozen=True, slots=True)
class Goal:
    """By what places to wait are judged. Raises ValueError for figures that mean nothing."""

    limit_s: float = 300.0
    """A call is covered within so many seconds of driving."""
    busy: float = 0.3
    """The busy fraction q, 0 to below 1."""
    depth: int = 3
    """So many nearest units count in the expected response."""
    least_share: float = 0.0
    """The share within the limit that must be reached if it can be."""
    beyond_s: float = 3600.0
    """What a place that cannot be reached counts for; longer drives count for no more."""

    def __post_init__(self) -> None:
        if not (0 <= self.busy < 1 and self.depth >= 1 and self.limit_s < self.beyond_s < np.inf):
            raise ValueError(f"no such goal: {self}")

    def turns(self, units: int) -> Floats:
        """How probable it is that the nearest, the second nearest … of so many units comes; adds up to 1."""
        depth = max(1, min(self.depth, units)) if self.busy else 1
        turn: Floats = self.busy ** np.arange(depth, dtype=np.float64)
        normal: Floats = turn / turn.sum()
        return normal


DEFAULT_GOAL: Final = Goal()


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of the expected calls within the limit (0 to 1), and the first unit's expected driving seconds."""

    share: float
    response_s: float


def normed(weights: ArrayLike) -> Floats:
    """Weights that add up to 1; even ones where nothing is expected anywhere. Raises ValueError below 0 and for NaN."""
    weight = np.asarray(weights, dtype=np.float64)
    if not (weight >= 0).all():
        raise ValueError("a weight is negative or not a number")
    total = weight.sum()
    return weight / total if total > 0 else np.full(weight.shape, 1 / max(weight.size, 1))


def reached(time_s: ArrayLike, goal: Goal = DEFAULT_GOAL) -> Floats:
    """The probability that each place is reached within the limit. `time_s`: [units × places], inf where no way is."""
    missed: Floats = np.power(goal.busy, (np.asarray(time_s) <= goal.limit_s).sum(axis=0), dtype=np.float64)
    return 1 - missed


def responses_s(time_s: ArrayLike, goal: Goal = DEFAULT_GOAL) -> Floats:
    """Each place's expected seconds until the first unit is there; `beyond_s` where there is no unit at all."""
    capped = np.minimum(np.asarray(time_s, dtype=np.float64), goal.beyond_s)
    units, places = capped.shape
    if not units:
        return np.full(places, goal.beyond_s)
    turns = goal.turns(units)
    seconds: Floats = turns @ np.sort(capped, axis=0)[: turns.size]
    return seconds


def coverage(weights: ArrayLike, time_s: ArrayLike, goal: Goal = DEFAULT_GOAL) -> Coverage:
    """How units cover the calls expected at each place. `time_s`: [units × places]."""
    weight = normed(weights)
    return Coverage(share=float(weight @ reached(time_s, goal)), response_s=float(weight @ responses_s(time_s, goal)))


def shares_within(weights: ArrayLike, nearest_s: ArrayLike, limits_s: ArrayLike = LIMITS_S) -> Floats:
    """Shares of the expected calls within each limit, from each place's nearest unit's seconds alone."""
    within = np.asarray(nearest_s)[None, :] <= np.asarray(limits_s, dtype=np.float64)[:, None]
    shares: Floats = within @ normed(weights)
    return shares


@dataclass(frozen=True, slots=True)
class MoveGain:
    """What a move changes: share in parts of 1, driving seconds; more is better in both."""

    share: float
    response_s: float


def gain_of_move(
    weights: ArrayLike, time_s: ArrayLike, unit: int, there_s: ArrayLike, goal: Goal = DEFAULT_GOAL
) -> MoveGain:
    """What it changes if one unit (a row of `time_s`) stood where the travel seconds are `there_s` [places]."""
    moved = np.array(time_s, dtype=np.float64)
    moved[unit] = there_s
    before, after = coverage(weights, time_s, goal), coverage(weights, moved, goal)
    return MoveGain(after.share - before.share, before.response_s - after.response_s)


@dataclass(frozen=True, slots=True)
class Thin:
    """Where coverage is thin: a place to name it by, its area where known, and how much is missing there."""

    place: int
    area: int | None
    missing_share: float
    """Of all expected calls: those that are expected here and would not be reached within the limit."""
    reached_share: float
    """Of the calls expected here: those within the limit."""
    places: tuple[int, ...]


def thin_areas(weights: ArrayLike, reached_share: ArrayLike, area: ArrayLike, threshold: float) -> list[Thin]:
    """Areas (of stations, say) whose share of reached calls is below the threshold, the most missing calls first.

    `reached_share`: [places] as from `reached`; `area`: [places], an index each. Named by the place that misses most.
    """
    weight, got = normed(weights), np.asarray(reached_share, dtype=np.float64)
    areas = np.asarray(area, dtype=np.int64)
    found = [
        _thin(np.flatnonzero(areas == index), int(index), weight, got)
        for index in np.unique(areas)
        if weight[areas == index] @ got[areas == index] < threshold * weight[areas == index].sum()
    ]
    return sorted(found, key=lambda thin: (-thin.missing_share, thin.place))


def thin_places(
    weights: ArrayLike,
    reached_share: ArrayLike,
    between_s: ArrayLike,
    threshold: float,
    *,
    least_missing: float = 0.005,
    limit_s: float = DEFAULT_GOAL.limit_s,
) -> list[Thin]:
    """Clusters of places below the threshold, worst first: each is what a car at `place` has within the limit.

    `between_s`: [places × places] travel seconds. Those that miss less than `least_missing` of all
    calls are left out.
    """
    weight, got = normed(weights), np.asarray(reached_share, dtype=np.float64)
    within = np.asarray(between_s) <= limit_s
    missing = np.where(got < threshold, weight * (1 - got), 0.0)
    found = []
    while missing.size:
        by_centre = within @ missing
        centre = int(by_centre.argmax())
        if by_centre[centre] < least_missing or by_centre[centre] <= 0:
            break
        members = np.flatnonzero(within[centre] & (missing > 0))
        thin = _thin(members, None, weight, got)
        found.append(Thin(centre, None, thin.missing_share, thin.reached_share, thin.places))
        missing[members] = 0.0
    return found


def _thin(members: NDArray[np.intp], area: int | None, weight: Floats, got: Floats) -> Thin:
    missing = weight[members] * (1 - got[members])
    return Thin(
        place=int(members[missing.argmax()]),
        area=area,
        missing_share=float(missing.sum()),
        reached_share=float(1 - missing.sum() / weight[members].sum()),
        places=tuple(int(member) for member in members),
    )
