"""The clairvoyant bound: cases with a known answer, what it refuses, which runs it covers, what it takes in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dispatch.simulator.clairvoyant import Bound, clairvoyant_bound
from dispatch.simulator.stream import CallStream, Responses
from tests.support.schedules import best_weighted_mean_s, stream

WEIGHTS = {1: 8.0, 2: 3.0, 3: 1.0}
LINE_S = np.abs(np.subtract.outer(np.arange(11), np.arange(11))).astype(np.float32) * 100
"""Eleven places on a street, 100 s apart."""


def bound_of(calls: CallStream, homes: list[int], **changes: Any) -> Bound:
    """With call taking of 60 s, three quarters of the time with lights, all calls counted."""
    given: dict[str, Any] = {
        "weights": WEIGHTS,
        "call_taking_s": 60.0,
        "priority_factor": {1: 0.75},
        "count_from_s": 0.0,
        **changes,
    }
    return clairvoyant_bound(calls, LINE_S, np.array(homes, dtype=np.int32), **given)


def random_calls(count: int, gap_s: float, seed: int) -> CallStream:
    """Calls along the street."""
    rng = np.random.default_rng(seed)
    return stream(
        np.cumsum(rng.exponential(gap_s, count)).tolist(),
        rng.integers(0, 11, count).tolist(),
        rng.choice([1, 2, 3], count, p=[0.15, 0.45, 0.4]).tolist(),
        rng.lognormal(7, 0.8, count).tolist(),
        rng.lognormal(-0.02, 0.2, count).tolist(),
    )


def nearest_free(calls: CallStream, homes: list[int]) -> float:
    """The weighted mean of a plain policy of the class: first come first served, by whoever is there first."""
    at = dict(enumerate(homes))
    free_s = dict.fromkeys(at, 0.0)
    total = 0.0
    weight = np.array([WEIGHTS[int(p)] for p in calls.priority])
    for k in range(len(calls)):
        slow = float(calls.travel_factor[k]) * (0.75 if calls.priority[k] == 1 else 1)
        ready_s = float(calls.at_s[k]) + 60
        arrivals = {u: max(ready_s, free_s[u]) + float(LINE_S[at[u], calls.node[k]]) * slow for u in at}
        unit = min(arrivals, key=lambda u: arrivals[u])
        total += weight[k] * (arrivals[unit] - float(calls.at_s[k]))
        at[unit], free_s[unit] = int(calls.node[k]), arrivals[unit] + float(calls.service_s[k])
    return total / float(weight.sum())


def test_calls_far_apart_are_bounded_exactly() -> None:
    """Nobody waits, so the assignment is a schedule: each unit stays near its calls."""
    calls = stream([0, 5000, 10000, 15000], [1, 9, 2, 8], [2, 2, 1, 3], [600] * 4)
    bound = bound_of(calls, [0, 10])
    best_s = (3 * 160 + 3 * 160 + 8 * (60 + 75) + 160) / 15
    assert bound.weighted_mean_s == pytest.approx(best_s, abs=0.05)
    assert bound.counted == 4
    assert "no diversion" in bound.class_


def test_a_queue_at_one_unit_is_seen() -> None:
    """Three calls at once for one unit: the assignment knows one wait; the prices of being late find more of it."""
    calls = stream([0, 0, 0], [0, 0, 0], [2, 2, 2], [1000, 1000, 1000])
    bound = bound_of(calls, [0], turns=1500)
    assert bound.assignment_s == pytest.approx((60 + 1060 + 1060) / 3, abs=1)
    assert bound.weighted_mean_s > bound.assignment_s + 150
    assert bound.weighted_mean_s <= 1060


@pytest.mark.parametrize(("gap_s", "least"), [(3000.0, 0.95), (600.0, 0.85)])
def test_it_is_near_the_best_schedule(gap_s: float, least: float) -> None:
    """On average over instances small enough to try everything; with many turns of ascent."""
    shares = []
    for seed in range(6):
        calls = random_calls(5, gap_s, seed)
        bound = bound_of(calls, [2, 8], turns=800)
        best_s = best_weighted_mean_s(
            calls,
            LINE_S,
            [2, 8],
            weights=WEIGHTS,
            call_taking_s=60.0,
            priority_factor={1: 0.75},
            count_from_s=0.0,
            settled_by_s=0.0,
        )
        assert bound.weighted_mean_s <= best_s + 1e-3
        shares.append(bound.weighted_mean_s / best_s)
    assert np.mean(shares) > least


def test_hundreds_of_calls() -> None:
    """Below a real policy, not absurdly so in light work; ascent only helps; the same input gives the same bound."""
    calls, homes = random_calls(400, 600.0, 1), [0, 2, 4, 6, 8, 10]
    bound = bound_of(calls, homes)
    policy_s = nearest_free(calls, homes)
    assert bound_of(calls, homes, turns=0).weighted_mean_s == pytest.approx(bound.assignment_s)
    assert 0.6 * policy_s < bound.assignment_s <= bound.weighted_mean_s < policy_s
    assert bound_of(calls, homes) == bound


def test_calls_of_the_warm_up_lend_their_places() -> None:
    """Uncounted calls may have brought any unit to where any of them was; that can only lower the bound."""
    late = stream([9000], [5], [2], [600])
    early = stream([0, 9000], [6, 5], [2, 2], [600, 600])
    assert bound_of(late, [0]).weighted_mean_s == pytest.approx(560, abs=0.05)
    bound = bound_of(early, [0], count_from_s=5000.0)
    assert bound.weighted_mean_s == pytest.approx(160, abs=0.05)
    assert bound.counted == 1
    assert bound.settled_by_s == 8600


def test_what_cannot_be_bounded_is_refused() -> None:
    """No counted call, or one that weighs nothing."""
    calls = stream([0, 10], [1, 2], [1, 2], [600, 600])
    with pytest.raises(ValueError, match="positive weight"):
        bound_of(calls, [0], count_from_s=100.0)
    with pytest.raises(ValueError, match="positive weight"):
        bound_of(calls, [0], weights={1: 8.0, 2: 0.0})


def test_which_runs_a_bound_covers() -> None:
    """Not one that diverted, left a call, or put off the calls of the warm-up."""
    calls = stream([0, 9000], [6, 5], [2, 2], [600, 600])
    bound = bound_of(calls, [0], count_from_s=5000.0)
    kept = Responses(
        np.array([60.0, 9060.0]),
        np.array([200.0, 9160.0]),
        np.array([800.0, 9760.0]),
        np.zeros(2, dtype=np.int32),
        np.zeros(2, dtype=np.int32),
    )
    assert bound.covers(calls, kept)
    assert not bound.covers(calls, replace(kept, diversions=np.array([0, 1], dtype=np.int32)))
    assert not bound.covers(calls, replace(kept, arrived_s=np.array([200.0, np.nan])))
    assert not bound.covers(calls, replace(kept, dispatched_s=np.array([8700.0, 9060.0])))
