"""A graph without the points that are only passed through: the same times and distances between the rest, faster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.metric import Floats
from dispatch.roads.street_map import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps from state to state; arrays of equal length."""

    tail: Ints
    head: Ints
    time_s: Floats
    length_m: Floats


def without_chains(steps: Steps, keep: NDArray[np.bool_]) -> Steps:
    """The same steps with runs through states of two neighbours drawn together, unless those are to be kept.

    The steps must be sorted by tail, without parallel ones; those of the answer may be neither. Turning round on a
    state of two neighbours is never a part of a fastest way between kept ones, so it is left out.
    """
    loops = steps.tail == steps.head
    steps = Steps(steps.tail[~loops], steps.head[~loops], steps.time_s[~loops], steps.length_m[~loops])
    inner = ~keep & (_neighbours(steps, len(keep)) == 2)
    if not inner.any():
        return steps
    last = len(steps.tail)
    onward = np.append(_onward(steps, inner), last)  # one more step, of no length, follows the last of each chain
    time_s, length_m = np.append(steps.time_s, 0.0), np.append(steps.length_m, 0.0)
    head = np.append(steps.head, np.int32(0))
    # each step takes in the one after it, then as many as that one has taken in, until none is left to take;
    # a ring of inner states alone goes round for ever, but no kept state leads into it
    for _ in range(last.bit_length()):
        head = np.where(onward == last, head, head[onward])
        time_s, length_m = time_s + time_s[onward], length_m + length_m[onward]
        onward = onward[onward]
    chosen = np.flatnonzero(~inner[steps.tail] & ~inner[head[:-1]])
    return Steps(steps.tail[chosen], head[chosen], time_s[chosen], length_m[chosen])


def _neighbours(steps: Steps, count: int) -> Ints:
    """How many other states each state has a step to or from."""
    pairs = np.sort(np.stack((steps.tail, steps.head)), axis=0).astype(np.int64)
    pairs = pairs[:, pairs[0] != pairs[1]]
    distinct = np.unique(pairs[0] * count + pairs[1])
    ends = np.concatenate(np.divmod(distinct, count))
    return np.bincount(ends, minlength=count).astype(np.int32)


def _onward(steps: Steps, inner: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The step that goes on from an inner head without turning round; the count of steps where there is none."""
    count = len(steps.tail)
    begin = np.searchsorted(steps.tail, steps.head, "left")
    onward = np.full(count, count, dtype=np.int64)
    # an inner state has at most two steps out: the one that does not go back is the next
    for place in range(2):
        candidate = np.minimum(begin + place, count - 1)
        goes_on = inner[steps.head] & (steps.tail[candidate] == steps.head) & (steps.head[candidate] != steps.tail)
        onward[goes_on] = candidate[goes_on]
    return onward
