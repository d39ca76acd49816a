"""The chart that tells noise from change."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from dispatch.domain.control_chart import Limits, chart, differs

STEADY = [(900, 1000), (910, 1000), (895, 1000), (905, 1000), (900, 1000), (890, 1000)]


def test_limits_are_laneys() -> None:
    """By hand from the counts: centre, counting spread, the spread between neighbours over d2."""
    counts = [(880, 1000), (1400, 1600), (930, 1000), (860, 1000), (450, 480), (900, 1000), (950, 1000)]
    hits, n = np.array(counts).T
    centre = hits.sum() / n.sum()
    sigma = np.sqrt(centre * (1 - centre) / n)
    factor = np.abs(np.diff((hits / n - centre) / sigma)).mean() / 1.128
    assert factor > 1
    drawn = chart(counts)
    assert drawn.centre == pytest.approx(centre)
    assert [one.low for one in drawn.limits] == pytest.approx(np.maximum(0, centre - 3 * sigma * factor))
    assert [one.high for one in drawn.limits] == pytest.approx(np.minimum(1, centre + 3 * sigma * factor))


def test_limits_are_never_narrower_than_counting_allows() -> None:
    """Months that are more alike than tosses of a coin don't make the next one news."""
    drawn = chart([(900, 1000)] * 12)
    sigma = math.sqrt(0.9 * 0.1 / 1000)
    assert (drawn.limits[0].low, drawn.limits[0].high) == pytest.approx((0.9 - 3 * sigma, 0.9 + 3 * sigma))
    assert all(one.signal is None for one in drawn.limits)


def test_a_month_beyond_its_limits_is_told() -> None:
    """One bad and one splendid month; the others say nothing."""
    drawn = chart([*STEADY * 2, (800, 1000), *STEADY, (990, 1000), *STEADY])
    assert [(number, one.signal) for number, one in enumerate(drawn.limits) if one.signal] == [
        (12, "below"),
        (19, "above"),
    ]


def test_eight_on_one_side_are_a_run() -> None:
    """Seven are not, nor eight with a month on the centre, or without calls, between them."""
    low, high = (890, 1000), (910, 1000)
    drawn = chart([low] * 8 + [high] * 8)
    assert [number for number, one in enumerate(drawn.limits) if one.signal == "run"] == [7, 15]
    assert all(one.signal is None for one in chart([low] * 7 + [high] * 7).limits)
    drawn = chart([low] * 4 + [(900, 1000)] + [low] * 4 + [high] * 8)
    assert [number for number, one in enumerate(drawn.limits) if one.signal] == [16]
    # A month without calls is no month of the chart.
    assert chart([low] * 4 + [(0, 0)] + [low] * 4 + [high] * 8).limits[8].signal == "run"


@pytest.mark.parametrize(
    ("counts", "centre"),
    [([], None), ([(0, 0)] * 9, None), ([(9, 10)] * 5, 0.9), ([(10, 10)] * 9, 1.0), ([(0, 10)] * 9, 0.0)],
)
def test_without_enough_to_go_by_there_are_no_limits(counts: list[tuple[int, int]], centre: float | None) -> None:
    """No calls, too few months, or nothing that varies."""
    drawn = chart(counts)
    assert drawn.centre == centre
    assert drawn.limits == tuple(Limits() for _ in counts)


def test_impossible_counts_are_refused() -> None:
    """More hits than calls."""
    with pytest.raises(ValueError, match="11 hits of 10"):
        chart([(11, 10)])


@pytest.mark.parametrize(("a", "b"), [((900, 1000), (880, 1000)), ((900, 1000), (870, 1000)), ((9, 10), (7, 10))])
def test_two_shares_differ_as_the_z_test_says(a: tuple[int, int], b: tuple[int, int]) -> None:
    """Against the normal distribution's own tail."""
    pooled = (a[0] + b[0]) / (a[1] + b[1])
    z = (a[0] / a[1] - b[0] / b[1]) / math.sqrt(pooled * (1 - pooled) * (1 / a[1] + 1 / b[1]))
    assert differs(*a, *b) == (2 * norm.sf(abs(z)) < 0.05)


def test_nothing_differs_from_nothing() -> None:
    """A month without calls, or two without a single miss."""
    assert not differs(0, 0, 9, 10)
    assert not differs(9, 10, 0, 0)
    assert not differs(10, 10, 10, 10)
