"""Percentiles and means of many groups at once are those of each group's own values, to the last digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.kpi_tally import US_IN_S, Tally
from dispatch.domain.percentile import percentile

HOUR_US = 3600 * US_IN_S
values = st.integers(0, HOUR_US) | st.integers(0, 3 * US_IN_S) | st.sampled_from([0, 600 * US_IN_S, 1800 * US_IN_S])
pieces = st.lists(st.lists(st.tuples(st.integers(0, 4), values), max_size=40), max_size=4)


@given(pieces, st.lists(st.integers(0, 9), min_size=5, max_size=5), st.integers(0, 100))
def test_as_if_sorted(told: list[list[tuple[int, int]]], more: list[int], percent: int) -> None:
    """In any pieces, any percent, with any number of others that are infinitely late."""
    tally = Tally(5)
    for piece in told:
        tally.add(np.array([value for _, value in piece], np.int64), np.array([group for group, _ in piece], np.int8))
    by_group = [
        sorted(value / US_IN_S for piece in told for group, value in piece if group == mine) for mine in range(5)
    ]
    of = np.array([len(mine) + others for mine, others in zip(by_group, more, strict=True)])
    assert tally.n().tolist() == [len(mine) for mine in by_group]
    assert tally.means_s() == [pytest.approx(np.mean(mine), rel=1e-12) if mine else None for mine in by_group]
    own, late = tally.percentiles_s((percent,))[0], tally.percentiles_s((percent,), of)[0]
    assert own == [percentile(mine, len(mine), percent) for mine in by_group]
    assert late == [percentile(mine, int(n), percent) for mine, n in zip(by_group, of, strict=True)]


@pytest.mark.parametrize("groups", [1, 168, 6000])
def test_many_values(groups: int) -> None:
    """One group and many, sixteen years of days among them, beside numpy."""
    rng = np.random.default_rng(110)
    took_us = (rng.lognormal(5.8, 0.7, 60_000) * US_IN_S).astype(np.int64)
    of_group = rng.integers(0, groups, len(took_us))
    tally = Tally(groups)
    for some in np.array_split(np.arange(len(took_us)), 7):
        tally.add(took_us[some], None if groups == 1 else of_group[some])
    p50_s, p90_s = tally.percentiles_s((50, 90))
    for group in range(0, groups, max(groups // 50, 1)):
        mine_s = took_us[of_group == group] / US_IN_S
        expected = np.percentile(mine_s, [50, 90]).tolist() if len(mine_s) else [None, None]
        assert [p50_s[group], p90_s[group]] == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.integers(-HOUR_US, HOUR_US) | st.integers(-5, 5), min_size=1, max_size=60), st.integers(0, 100))
def test_differences_too(told: list[int], percent: int) -> None:
    """Values below zero, of one group without a number and of a group among others."""
    expected = percentile(sorted(value / US_IN_S for value in told), len(told), percent)
    alone, among = Tally(1), Tally(3)
    alone.add(np.array(told, np.int64))
    among.add(np.array([*told, 7], np.int64), np.array([*(1 for _ in told), 2]))
    assert alone.percentiles_s((percent,)) == [[expected]]
    assert among.percentiles_s((percent,)) == [[None, expected, 7 / US_IN_S]]
    assert among.means_s()[1] == pytest.approx(sum(told) / len(told) / US_IN_S, abs=1e-12)


def test_nothing() -> None:
    """No group, and groups without a value."""
    assert Tally(0).percentiles_s((50,)) == [[]]
    empty = Tally(2)
    empty.add(np.zeros(0, np.int64), np.zeros(0, np.int8))
    assert (empty.n().tolist(), empty.means_s(), empty.percentiles_s((50,))) == ([0, 0], [None, None], [[None, None]])


@given(st.lists(st.integers(0, 1 << 62) | st.integers(0, 9), min_size=1, max_size=60))
def test_however_far_apart(told: list[int]) -> None:
    """Spans that leave no room for the place beside the value in one number."""
    tally = Tally(70)
    tally.add(np.array([0, 1 << 62, *told], np.int64), np.array([3, 3, *(69 for _ in told)]))
    found = tally.percentiles_s((50,))[0]
    assert found[69] == pytest.approx(percentile(sorted(value / US_IN_S for value in told), len(told), 50))
    assert found[3] == pytest.approx((1 << 61) / US_IN_S)
