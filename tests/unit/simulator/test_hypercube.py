"""The hypercube model that the engine is checked against, against what is known of it otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dispatch.simulator.queueing import erlang_b, erlang_c
from tests.support.hypercube import hypercube, nearest_first

UNEVEN = [0.2, 0.5, 0.3]
ORDERS = [[0, 1, 2, 3], [2, 1, 0, 3], [3, 0, 1, 2]]


@pytest.mark.parametrize("load", [0.1, 1.5, 3.2])
def test_the_number_of_busy_units_is_erlang_s(load: float) -> None:
    """Who goes doesn't change how many are busy: the loss system's spread, and both formulas for all busy."""
    lost = hypercube([load * x for x in UNEVEN], ORDERS, 1.0, queue=False)
    terms = np.array([load**k / math.factorial(k) for k in range(5)])
    assert lost.busy == pytest.approx(terms / terms.sum())
    assert lost.refused == pytest.approx(erlang_b(4, load))
    assert lost.workload.sum() == pytest.approx(load * (1 - erlang_b(4, load)))
    waits = hypercube([load * x for x in UNEVEN], ORDERS, 1.0, queue=True)
    assert waits.refused == pytest.approx(erlang_c(4, load))
    assert waits.busy.sum() == pytest.approx(1)
    assert waits.workload.sum() == pytest.approx(load)


@pytest.mark.parametrize("queue", [False, True])
def test_work_is_what_was_dispatched(queue: bool) -> None:
    """A unit's workload is its share of the served calls times their service: flows in and out of each are equal."""
    load = 2.5
    steady = hypercube([load * x for x in UNEVEN], ORDERS, 1.0, queue=queue)
    served = load * (1.0 if queue else 1 - steady.refused)
    assert steady.dispatch.sum(axis=1) * served == pytest.approx(steady.workload)
    assert steady.dispatch.sum() == pytest.approx(1)
    assert steady.dispatch.sum(axis=0) == pytest.approx(UNEVEN)


def test_two_units_by_hand() -> None:
    """All calls prefer unit 0, load a, lost when both are busy: its workload is that of a single line, a / (1 + a)."""
    a = 0.7
    steady = hypercube([a], [[0, 1]], 1.0, queue=False)
    assert steady.workload[0] == pytest.approx(a / (1 + a))
    # What it can't take overflows to unit 1 (Erlang's overflow).
    both = erlang_b(2, a)
    assert steady.workload[1] == pytest.approx(a * (a / (1 + a) - both))
    assert steady.dispatch[:, 0] == pytest.approx(np.array([1 / (1 + a), a / (1 + a) - both]) / (1 - both))


def test_mirrored_districts_work_alike() -> None:
    """Two districts, each with its unit first: equal workloads, equal and symmetric dispatches."""
    steady = hypercube([0.4, 0.4], [[0, 1], [1, 0]], 1.0, queue=True)
    assert steady.workload == pytest.approx([0.4, 0.4])
    assert steady.dispatch == pytest.approx(steady.dispatch[::-1, ::-1])
    assert steady.dispatch[0, 0] > steady.dispatch[1, 0]


def test_travel_is_the_dispatches_times_the_ways() -> None:
    """With hardly any load the nearest unit goes, with equal ways everybody's time is that one."""
    travel_s = np.array([[100.0, 300.0], [250.0, 50.0]])
    assert nearest_first(travel_s) == [[0, 1], [1, 0]]
    quiet = hypercube([1e-9, 3e-9], nearest_first(travel_s), 1.0, queue=True)
    assert quiet.mean_travel_s(travel_s) == pytest.approx((100 + 3 * 50) / 4)
    busy = hypercube([0.5, 0.5], nearest_first(travel_s), 1.0, queue=True)
    assert busy.mean_travel_s(np.full((2, 2), 80.0)) == pytest.approx(80)
    assert busy.mean_travel_s(travel_s) > quiet.mean_travel_s(travel_s)


def test_a_queue_without_end_is_refused() -> None:
    """There is no long run where the work is more than the units."""
    with pytest.raises(ValueError, match="more work"):
        hypercube([2.0], [[0, 1]], 1.0, queue=True)
