"""The best schedule of a few calls, by trying all of them: what a bound must not exceed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.incident import Category
from dispatch.simulator.stream import CATEGORIES, CallStream


def stream(
    at_s: list[float], node: list[int], priority: list[int], service_s: list[float], factor: list[float] | None = None
) -> CallStream:
    """A call stream of plain columns, of a category that never takes two units."""
    n = len(at_s)
    return CallStream(
        np.array(at_s, dtype=np.float64),
        np.array(node, dtype=np.int32),
        np.array(priority, dtype=np.int32),
        np.full(n, CATEGORIES.index(Category.OTHER), dtype=np.int32),
        np.zeros(n, dtype=np.int32),
        np.array(service_s, dtype=np.float64),
        np.ones(n) if factor is None else np.array(factor, dtype=np.float64),
    )


def routes(calls: int, units: int) -> Iterator[list[tuple[int, ...]]]:
    """Every way to share the calls among the units, each with its order."""
    for order in permutations(range(calls)):
        for cuts in combinations(range(calls + units - 1), units - 1):
            ends = [cut - k for k, cut in enumerate(cuts)]
            yield [order[a:b] for a, b in zip([0, *ends], [*ends, calls], strict=True)]


def best_weighted_mean_s(
    calls: CallStream,
    time_s: NDArray[np.float32],
    homes: list[int],
    *,
    weights: Mapping[int, float],
    call_taking_s: float,
    priority_factor: Mapping[int, float],
    count_from_s: float,
    settled_by_s: float,
) -> float:
    """The least weighted mean response of the bound's class; inf where none sends for all uncounted calls in time."""
    counted = calls.at_s >= count_from_s
    weight = [weights[int(p)] if c else 0.0 for p, c in zip(calls.priority, counted, strict=True)]
    best = math.inf
    for shares in routes(len(calls), len(homes)):
        total = 0.0
        for home, share in zip(homes, shares, strict=True):
            node, free_s = home, 0.0
            for call in share:
                sent_s = max(float(calls.at_s[call]) + call_taking_s, free_s)
                if not counted[call] and sent_s > settled_by_s:
                    total = math.inf
                slow = float(calls.travel_factor[call]) * priority_factor.get(int(calls.priority[call]), 1.0)
                arrived_s = sent_s + float(time_s[node, calls.node[call]]) * slow
                total += weight[call] * (arrived_s - float(calls.at_s[call]))
                node, free_s = int(calls.node[call]), arrived_s + float(calls.service_s[call])
        best = min(best, total)
    return best / sum(weight)
