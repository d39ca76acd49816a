"""Closed forms of queues against each other and against hand-made values; the queueing limit against them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from dispatch.simulator.queueing import erlang_b, erlang_c, mean_wait_s, priority_waits_s, queueing_limit, waits_s
from dispatch.simulator.stream import CallStream
from tests.support.schedules import stream

WEIGHTS = {1: 8.0, 2: 3.0, 3: 1.0}


def poisson(calls_per_s: float, service_s: float, count: int, seed: int) -> CallStream:
    """Calls of three priorities with exponential gaps and services."""
    rng = np.random.default_rng(seed)
    return stream(
        np.cumsum(rng.exponential(1 / calls_per_s, count)).tolist(),
        [0] * count,
        rng.choice([1, 2, 3], count, p=[0.15, 0.45, 0.4]).tolist(),
        rng.exponential(service_s, count).tolist(),
    )


@pytest.mark.parametrize(("servers", "offered"), [(1, 0.5), (2, 1.5), (5, 3.0), (24, 20.0), (24, 0.0)])
def test_erlang_is_the_ratio_of_its_sums(servers: int, offered: float) -> None:
    """The recursion gives what the defining sums of a^k / k! give."""
    terms = [offered**k / math.factorial(k) for k in range(servers + 1)]
    assert erlang_b(servers, offered) == pytest.approx(terms[-1] / sum(terms))
    tail = terms[-1] * servers / (servers - offered)
    assert erlang_c(servers, offered) == pytest.approx(tail / (sum(terms[:-1]) + tail))


def test_one_server_is_the_textbook_case() -> None:
    """M/M/1: a call waits with probability ρ, for ρ / (1 - ρ) services on average."""
    assert erlang_c(1, 0.8) == pytest.approx(0.8)
    assert mean_wait_s(1, 0.8 / 1500, 1500) == pytest.approx(0.8 / 0.2 * 1500)
    # M/M/2 at ρ = 3/4, by hand: C = 9/14.
    assert erlang_c(2, 1.5) == pytest.approx(9 / 14)


def test_no_server_and_too_much_work() -> None:
    """Overload waits for ever, a wrong question raises."""
    assert erlang_c(3, 3.0) == 1.0
    assert mean_wait_s(3, 4 / 1500, 1500) == math.inf
    for servers, offered in ((0, 1.0), (2, -1.0)):
        with pytest.raises(ValueError, match="at least 0"):
            erlang_b(servers, offered)


def test_priorities_keep_the_conservation_law() -> None:
    """Whoever goes first, the waits weighted by load stay the same; and one class is M/M/c."""
    rates = [0.001, 0.003, 0.004]
    waits = priority_waits_s(10, rates, 1000)
    together = mean_wait_s(10, sum(rates), 1000)
    assert sum(r * w for r, w in zip(rates, waits, strict=True)) / sum(rates) == pytest.approx(together)
    assert waits == sorted(waits)
    assert waits[0] < together < waits[2]
    # M/M/1 with two classes at ρ = 0.3 + 0.5, by hand: W0 = 0.8.
    assert priority_waits_s(1, [0.3, 0.5], 1.0) == pytest.approx([0.8 / 0.7, 0.8 / (0.7 * 0.2)])


def test_the_urgent_are_served_in_overload() -> None:
    """A class that fits waits finitely behind the more urgent; as if all units were always busy."""
    waits = priority_waits_s(2, [0.5, 0.5, 2.0], 1.0)
    assert waits[0] == pytest.approx(0.5 / 0.75)
    assert waits[1] == pytest.approx(0.5 / (0.75 * 0.5))
    assert waits[2] == math.inf


def test_three_calls_by_hand() -> None:
    """One unit, two who wait: the urgent one goes first though it came last; a unit that is idle starts at once."""
    calls = stream([0, 10, 20, 1000], [0] * 4, [3, 3, 1, 2], [100, 50, 40, 5])
    assert waits_s(calls, 1, 60).tolist() == [0, 130, 80, 0]
    limit = queueing_limit(calls, 1, WEIGHTS, 60, 5)
    assert limit.mean_s == {1: 140, 2: 60, 3: 190}
    assert limit.weighted_mean_s == pytest.approx((190 + 8 * 140 + 3 * 60) / 12)
    assert limit.waited == pytest.approx(2 / 3)


def test_the_oldest_goes_first_among_equals() -> None:
    """Within a priority it is first come, first served."""
    calls = stream([0, 1, 2, 3], [0] * 4, [2, 2, 2, 2], [100, 100, 100, 100])
    assert waits_s(calls, 1, 0).tolist() == [0, 99, 198, 297]
    assert waits_s(calls, 2, 0).tolist() == [0, 0, 98, 98]


def test_a_limit_needs_units_and_calls() -> None:
    """No answer is made up."""
    calls = stream([0], [0], [1], [100])
    with pytest.raises(ValueError, match="no unit"):
        queueing_limit(calls, 0, WEIGHTS, 60, 0)
    with pytest.raises(ValueError, match="no call"):
        queueing_limit(calls, 1, WEIGHTS, 60, 1)


def test_exponential_calls_wait_as_erlang_and_cobham_say() -> None:
    """Twenty long streams: the closed forms lie within four standard errors of the mean over them."""
    servers, rate, service_s = 5, 4 / 1000, 1000.0
    seen = []
    for seed in range(20):
        calls = poisson(rate, service_s, 20_000, seed)
        wait = waits_s(calls, servers, 60)[1000:]
        priority = calls.priority[1000:]
        seen.append([(wait > 0).mean(), wait.mean(), *(wait[priority == p].mean() for p in (1, 2, 3))])
    mean, error = np.mean(seen, axis=0), np.std(seen, axis=0, ddof=1) / math.sqrt(len(seen))
    true = [
        erlang_c(servers, rate * service_s),
        mean_wait_s(servers, rate, service_s),
        *priority_waits_s(servers, [0.15 * rate, 0.45 * rate, 0.4 * rate], service_s),
    ]
    assert (np.abs(mean - true) < 4 * error).all()


def test_more_units_never_wait_longer() -> None:
    """The limit falls with every unit, to the call taking alone."""
    calls = poisson(4 / 1000, 1000.0, 3000, 3)
    limits = [queueing_limit(calls, units, WEIGHTS, 60, 0).weighted_mean_s for units in (4, 5, 6, 8, 3000)]
    assert all(more <= fewer for fewer, more in pairwise(limits))
    assert limits[-1] == pytest.approx(60)
