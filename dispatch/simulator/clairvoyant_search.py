"""Good prices for the clairvoyant bound: an assignment's own prices first, then ascent on the prices of being late.

Any prices give a valid bound (`docs/simulator-bounds.md`), so nothing here needs to be exact; it only has to be good.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from dispatch.simulator.clairvoyant_arcs import LEVELS, STEPS_S, Arcs, Field, Prices, Reals

_GRAIN: Final = 64.0
"""Costs are rounded to this part of a second: sums of such numbers are exact, on which the matching's end depends."""
_SWEEPS: Final = 3000
_SPREAD_S: Final = 200.0


def match_prices(field: Field, arcs: Arcs, late: Reals) -> Reals:
    """Base prices that support the cheapest assignment of predecessors over these arcs."""
    n, places = len(field), len(field.clear_s)
    cost = np.round(arcs.costs(late)[0] * _GRAIN) / _GRAIN
    none = np.round(4 * np.abs(cost).max() + 1e4)
    shift = 1.0 - cost.min()
    every = np.arange(n)
    data = np.r_[cost + shift, np.full(n, none + shift)]
    graph = csr_array((data, (np.r_[arcs.row, every], np.r_[arcs.col, places + every])), shape=(n, places + n))
    row, col = min_weight_full_bipartite_matching(graph)
    paid = np.asarray(graph[row, col]).ravel() - shift
    order = np.argsort(arcs.col, kind="stable")
    by_col, by_row, by_cost = arcs.col[order], arcs.row[order], cost[order]
    first = np.flatnonzero(np.r_[True, by_col[1:] != by_col[:-1]])
    named = by_col[first]
    base = np.zeros(places + n)
    # The least prices at which nobody would rather have another's predecessor: raise until it holds.
    for _ in range(_SWEEPS):
        wanted = np.maximum.reduceat((paid + base[col])[by_row] - by_cost, first)
        rise = wanted - base[named]
        if rise.max() <= 0:
            break
        base[named] += np.maximum(rise, 0)
    return _even(field, base[:places])


def _even(field: Field, base: Reals) -> Reals:
    """Sources that are alike cost the same."""
    n = len(field)
    if (field.source_s == field.source_s[:, :1]).all():
        base[n:] = base[n:].mean()
    return base


def climb(field: Field, arcs: Arcs, prices: Prices, rounds: int, stride: float) -> Prices:
    """Subgradient ascent (with momentum and a step per price) on these arcs alone; the best prices met."""
    n, places = len(field), len(field.clear_s)
    # What falls at each step, and the base in the last column: all of them are non-negative and otherwise free.
    x = np.zeros((places, LEVELS + 1))
    x[:n, 1:LEVELS] = prices.late[:, :-1] - prices.late[:, 1:]
    x[:, LEVELS] = prices.base
    scale = np.r_[0.0, np.diff(STEPS_S), _SPREAD_S]
    pull, size = np.zeros_like(x), np.zeros_like(x)
    best, best_value = prices, -np.inf
    for turn in range(1, rounds + 1):
        now = Prices(_late(x[:n]), x[:, LEVELS].copy())
        value, slope = _slope(field, arcs, now)
        if value > best_value:
            best, best_value = now, value
        pull = 0.9 * pull + 0.1 * slope
        size = 0.98 * size + 0.02 * slope * slope
        step = stride * 0.02 ** (turn / rounds) * scale
        x += step * (pull / (1 - 0.9**turn)) / (np.sqrt(size / (1 - 0.98**turn)) + 0.05)
        np.maximum(x, 0, out=x)
        x[:, LEVELS] = _even(field, x[:, LEVELS])
    return best


def _late(falls: Reals) -> Reals:
    """What is still to fall after each level."""
    late = np.zeros((len(falls), LEVELS))
    late[:, :-1] = np.cumsum(falls[:, LEVELS - 1 : 0 : -1], axis=1)[:, ::-1]
    return late


def _slope(field: Field, arcs: Arcs, prices: Prices) -> tuple[float, Reals]:
    """The bound over these arcs, and how it changes with each fall and each base price."""
    n, places = len(field), len(field.clear_s)
    cost, when = arcs.costs(prices.late)
    cost = cost + prices.base[arcs.col]
    least = np.minimum.reduceat(cost, arcs.first)
    hit = np.flatnonzero(cost <= np.repeat(least, np.diff(np.r_[arcs.first, len(cost)])))
    rows, place = np.unique(arcs.row[hit], return_index=True)
    taken = hit[place]
    levels = np.arange(LEVELS)
    slope = np.zeros((places, LEVELS + 1))
    slope[rows, :LEVELS] -= levels > arcs.in_level[taken, when[taken]][:, None]
    np.add.at(slope[:, :LEVELS], arcs.col[taken], (levels > arcs.out_level[taken, when[taken]][:, None]).astype(float))
    slope[:, 0] = slope[n:, :LEVELS] = 0.0
    slope[:, LEVELS] = np.bincount(arcs.col[taken], minlength=places) - 1.0
    return float(least.sum() - prices.base.sum()), slope
