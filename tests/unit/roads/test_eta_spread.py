"""How far off an ETA may be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.roads.eta_spread import START_S, STREET_SIGMA, chance_later_than, quantile_s, spread_s

etas = st.floats(0, 5000)


def test_parts_of_the_spread_add_up_as_independent() -> None:
    """Driving by its share, the age of the position, and the start: the root of the sum of squares."""
    driving = 600 * math.sqrt(math.expm1(STREET_SIGMA**2))
    assert float(spread_s(600)) == pytest.approx(math.hypot(driving, START_S))
    assert float(spread_s(600, position_age_s=90)) == pytest.approx(math.hypot(driving, START_S, 90 / math.sqrt(3)))
    assert float(spread_s(0)) == START_S


@given(etas, st.floats(0, 3000))
def test_worse_knowledge_is_a_wider_spread(eta_s: float, age_s: float) -> None:
    """A straight line instead of streets, or an older position, never narrows it."""
    assert spread_s(eta_s, position_age_s=age_s) <= spread_s(eta_s, position_age_s=age_s, on_street=False)
    assert spread_s(eta_s) <= spread_s(eta_s, position_age_s=age_s)


@given(st.floats(1, 5000), st.floats(0.1, 2000), st.floats(1, 5000), st.floats(1, 5000))
def test_the_chance_falls_with_the_limit(eta_s: float, deviation_s: float, a: float, b: float) -> None:
    """A probability, lower for a later limit."""
    early, late = chance_later_than(eta_s, deviation_s, [min(a, b), max(a, b)])
    assert 0 <= late <= early <= 1


def test_the_chance_is_that_of_the_lognormal_drawn() -> None:
    """Against a million draws with the same mean and deviation."""
    mean, deviation = 500.0, 120.0
    variance = math.log1p((deviation / mean) ** 2)
    drawn = np.random.default_rng(1).lognormal(math.log(mean) - variance / 2, math.sqrt(variance), 1_000_000)
    for limit in (300, 500, 600, 900):
        assert float(chance_later_than(mean, deviation, limit)) == pytest.approx(
            float((drawn > limit).mean()), abs=2e-3
        )


def test_without_deviation_it_is_yes_or_no() -> None:
    """No spread, no time, no limit: certain answers."""
    assert chance_later_than([500, 500, 0, 10], [0, 0, 5, 5], [499, 500, 1, -1]).tolist() == [1, 0, 0, 1]


@given(st.floats(1, 5000), st.floats(0.1, 2000), st.floats(0.01, 0.99))
def test_a_quantile_is_where_the_chance_says(eta_s: float, deviation_s: float, share: float) -> None:
    """The two are one distribution: the chance to be later than the quantile of a share is the rest."""
    at_s = quantile_s(eta_s, deviation_s, share)
    assert float(chance_later_than(eta_s, deviation_s, at_s)) == pytest.approx(1 - share, abs=1e-6)


def test_a_quantile_of_a_sure_time_is_that_time() -> None:
    """No deviation, or no way at all."""
    assert quantile_s([300, 0], [0, 10], 0.9).tolist() == [300, 0]
