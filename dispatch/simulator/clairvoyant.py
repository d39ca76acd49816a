"""A bound from below on the weighted mean response of whoever would know all calls in advance.

It holds for one class of policies (`CLASS`), and is no statement on any other: who diverts, relocates or sends a second
unit may do better. The proof is in `docs/simulator-bounds.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.simulator.clairvoyant_arcs import LEVELS, STEPS_S, Arcs, Field, Index, Prices, cheapest, near_in_time
from dispatch.simulator.clairvoyant_search import climb, match_prices
from dispatch.simulator.stream import CallStream, Ints, Responses

CLASS: Final = (
    "each call gets one unit and is answered; no diversion once sent; no relocation: a unit that clears waits there; "
    "nobody is sent before call taking ends; calls, places, service and travel times may be known in advance"
)
_KEEP: Final = 16
_NEAR: Final = (60, 20)
_EARLY: Final = 8
_STRIDES: Final = (0.1, 0.05, 0.02, 0.01)


@dataclass(frozen=True, slots=True)
class Bound:
    """What no policy of the class goes below. Seconds."""

    weighted_mean_s: float
    """The bound: over the counted calls, weighted by priority."""
    assignment_s: float
    """What the assignment alone gives, without prices of being late; never above the bound."""
    counted: int
    class_: str
    count_from_s: float
    settled_by_s: float
    """The class demands that every call which is not counted be sent for by then."""

    def covers(self, calls: CallStream, responses: Responses) -> bool:
        """Whether a run kept within the class, as far as its responses show it (not: who moved while idle)."""
        early = calls.at_s < self.count_from_s
        answered = bool(np.isfinite(responses.arrived_s).all())
        settled = bool((responses.dispatched_s[early] <= self.settled_by_s).all())
        return answered and settled and not responses.diversions.any()


def clairvoyant_bound(
    calls: CallStream,
    time_s: NDArray[np.float32],
    homes: Ints,
    *,
    weights: Mapping[int, float],
    call_taking_s: float,
    priority_factor: Mapping[int, float],
    count_from_s: float,
    settle_s: float = 3600.0,
    turns: int = 100,
) -> Bound:
    """The bound for one stream of calls.

    `time_s`: seconds of a car without lights, [from, to]; `homes`: where each unit stands at the start; `weights` and
    `priority_factor` (share of the travel time left with lights; 1 where missing) by priority; calls before
    `count_from_s` are not counted, but must have been sent for by `count_from_s + settle_s` (`Bound.settled_by_s`).
    `turns`: steps of ascent in each of a few rounds; more of them tighten the bound, which is valid with none.

    Raises ValueError where no call is counted or a counted call has no positive weight.
    """
    field = _field(calls, time_s, homes, weights, call_taking_s, priority_factor, count_from_s)
    settled_by_s = count_from_s + settle_s if (calls.at_s < count_from_s).any() else -np.inf
    total = float(field.weight.sum())
    late = np.zeros((len(field), LEVELS))
    row, col = _with_sources(field, *near_in_time(field, *_NEAR))
    best = 0.0
    for _ in range(2):
        prices = Prices(late, match_prices(field, Arcs(field, row, col), late))
        value, more_row, more_col = _value(field, prices, settled_by_s)
        best = max(best, value)
        row, col = _joined(field, (row, col), (more_row, more_col))
    assignment = best
    row, col = more_row, more_col
    for stride in _STRIDES if turns else ():
        prices = climb(field, Arcs(field, row, col), prices, turns, stride)
        value, row, col = _value(field, prices, settled_by_s)
        best = max(best, value)
    return Bound(best / total, assignment / total, len(field), CLASS, count_from_s, float(settled_by_s))


def _field(
    calls: CallStream,
    time_s: NDArray[np.float32],
    homes: Ints,
    weights: Mapping[int, float],
    call_taking_s: float,
    priority_factor: Mapping[int, float],
    count_from_s: float,
) -> Field:
    """The counted calls. Where others came before them, every source stands wherever any of those, or a home, is."""
    counted = calls.at_s >= count_from_s
    priority = calls.priority[counted]
    weight = np.array([weights[int(p)] for p in priority], dtype=np.float64)
    if not len(weight) or weight.min() <= 0:
        raise ValueError("a bound needs counted calls, each with a positive weight")
    slowness = calls.travel_factor[counted] * np.array([priority_factor.get(int(p), 1.0) for p in priority])
    at, node = calls.at_s[counted], calls.node[counted]
    time_to = np.ascontiguousarray(time_s[np.ix_(node, node)].T)
    source = time_s[np.ix_(homes, node)].T * slowness[:, None]
    if not counted.all():
        places = np.unique(np.r_[homes, calls.node[~counted]])
        nearest = np.min(time_s[:, node][places], axis=0) * slowness
        source = np.repeat(nearest[:, None], len(homes), axis=1)
    least = np.full(len(at), call_taking_s)
    service = calls.service_s[counted]
    while True:
        clear = np.r_[at + least + service, np.zeros(len(homes))]
        field = Field(at, at + call_taking_s, weight, slowness, time_to, source.astype(np.float64), least, clear)
        raised = np.concatenate([response.min(axis=1) for _, response, _ in field.blocks()])
        if (raised - least).max() < 1.0:
            return field
        least = np.maximum(least, raised)


def _joined(field: Field, some: tuple[Index, Index], others: tuple[Index, Index]) -> tuple[Index, Index]:
    """The arcs of both, by row, each once."""
    places = len(field.clear_s)
    key = np.unique(np.r_[some[0] * places + some[1], others[0] * places + others[1]])
    return key // places, key % places


def _with_sources(field: Field, row: Index, col: Index) -> tuple[Index, Index]:
    """The arcs, and those from every source to each of the first calls."""
    n, places = len(field), len(field.clear_s)
    early = np.arange(min(n, _EARLY * (places - n)))
    to, source = np.meshgrid(early, np.arange(n, places), indexing="ij")
    return _joined(field, (row, col), (to.ravel(), source.ravel()))


def _value(field: Field, prices: Prices, settled_by_s: float) -> tuple[float, Index, Index]:
    """The bound with these prices, over all arcs, times the sum of the weights; and each call's cheapest arcs."""
    n = len(field)
    late, base = prices.late, prices.base
    if np.isfinite(settled_by_s):
        # A unit may serve a call that isn't counted until then, and be worth as much as a source again.
        base = np.r_[base[:n], np.full(len(base) - n, base[n:].max())]
        floor = base[-1] - base[:n, None]
        late = np.where(field.clear_s[:n, None] + STEPS_S <= settled_by_s, np.maximum(late, floor), late)
    least, row, col = cheapest(field, Prices(late, base), _KEEP)
    row, col = _joined(field, (row, col), (row[:0], col[:0]))
    return float(least.sum() - base.sum()), row, col
