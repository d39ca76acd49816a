"""Figures of a run are those of the ten-minute clock; intervals are Student's, paired where runs are pairs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dispatch.domain.incident import Category, Priority
from dispatch.domain.kpi import IncidentRecord, kpi
from dispatch.simulator.intervals import compare, estimate, paired, summarise
from dispatch.simulator.results import FIGURES, Figures, RunOutcome, figures
from dispatch.simulator.stream import CallStream, Responses

START = datetime(2026, 11, 23, tzinfo=UTC)
NAN = float("nan")


def run_of(
    at_s: list[float],
    arrived_s: list[float],
    ended_s: float,
    priorities: list[int] | None = None,
    diversions: list[int] | None = None,
) -> tuple[CallStream, RunOutcome]:
    """A run in which these calls came in and were reached at these times."""
    n = len(at_s)
    whole, zeros, ones = np.array(at_s, dtype=float), np.zeros(n, dtype=np.int32), np.ones(n)
    priority = np.array(priorities or [2] * n, dtype=np.int32)
    calls = CallStream(whole, zeros, priority, zeros, zeros, 900 * ones, ones)
    arrived = np.array(arrived_s, dtype=float)
    moved = np.array(diversions or [0] * n, dtype=np.int32)
    responses = Responses(
        whole + 60, arrived, arrived + 900, np.where(np.isnan(arrived), -1, 0).astype(np.int32), moved
    )
    return calls, RunOutcome(
        responses, np.array([300.0, 500.0]), np.array([1500.0, 500.0]), np.full(2, 1000.0), ended_s
    )


TIMES = st.lists(st.tuples(st.integers(0, 5000), st.one_of(st.none(), st.integers(-30, 2000))), min_size=0, max_size=40)


@given(TIMES)
def test_figures_equal_the_clock_of_the_live_page(times: list[tuple[int, int | None]]) -> None:
    """Whatever happened: measured, late, percentiles and mean are what dispatch.domain.kpi says of the same calls."""
    times.sort(key=lambda pair: pair[0])
    arrived = [NAN if response is None else float(at + response) for at, response in times]
    calls, outcome = run_of([float(at) for at, _ in times], arrived, 5000.0)
    records = [
        IncidentRecord(
            incident_id=UUID(int=number),
            number=str(number),
            category=Category.OTHER,
            priority=Priority.URGENT,
            received_at=START + timedelta(seconds=at),
            on_scene_at=None if response is None else START + timedelta(seconds=at + response),
        )
        for number, (at, response) in enumerate(times)
    ]
    [line] = kpi(records, now=START + timedelta(seconds=5000))
    found = figures(calls, outcome)
    assert (found.calls - found.pending, found.pending) == (line.measured, line.excluded.get("pending", 0))
    assert found.unreached == line.unreached
    assert found.share == (None if line.share is None else pytest.approx(line.share))
    assert (found.p50_s, found.p90_s) == (line.p50_s, line.p90_s)
    assert found.mean_s == (None if line.mean_s is None else pytest.approx(line.mean_s))


def test_what_comes_in_before_the_warm_up_ends_does_not_count() -> None:
    """Neither its response nor its diversion; the moment itself counts."""
    calls, outcome = run_of([10, 100, 200], [5000, 160, 320], 9000.0, diversions=[4, 1, 0])
    found = figures(calls, outcome, warm_up_s=100)
    assert (found.calls, found.mean_s, found.share, found.diversions) == (2, 90, 1, 1)


def test_the_weighted_mean_counts_by_priority_and_forgets_nobody() -> None:
    """Weights 8, 3, 1: a routine call left alone for 4,000 s counts with them; one that just came in doesn't yet."""
    calls, outcome = run_of([0, 0, 0, 3900], [100, 200, NAN, NAN], 4000.0, priorities=[1, 2, 3, 3])
    found = figures(calls, outcome)
    assert found.weighted_mean_s == pytest.approx((8 * 100 + 3 * 200 + 1 * 4000) / 12)
    assert (found.unreached, found.pending) == (1, 1)
    assert found.late == pytest.approx(1 / 3)
    assert (found.mean_s, found.p50_s, found.p90_s) == (150, 200, None)
    assert found.late_priority_1 == 0


def test_exactly_the_target_is_in_time() -> None:
    """600 s is within, and the scenario may have another target."""
    calls, outcome = run_of([0, 0], [600, 600.001], 1000.0, priorities=[1, 1])
    assert figures(calls, outcome).late_priority_1 == 0.5
    assert figures(calls, outcome, target_s=500).share == 0


def test_utilisation_and_kilometres_are_those_of_all_units() -> None:
    """800 of 2,000 s of duty, 2 km; without anybody on duty there is no utilisation."""
    calls, outcome = run_of([0], [1], 10.0)
    assert (figures(calls, outcome).utilisation, figures(calls, outcome).kilometres) == (0.4, 2)
    nobody = RunOutcome(outcome.responses, np.zeros(0), np.zeros(0), np.zeros(0), 10.0)
    assert figures(calls, nobody).utilisation is None


def test_a_run_without_calls_has_no_figures() -> None:
    """Nothing is measured, so nothing is claimed."""
    found = figures(*run_of([], [], 100.0))
    assert (found.calls, found.share, found.weighted_mean_s, found.p90_s, found.late_priority_1) == (
        0,
        None,
        None,
        None,
        None,
    )


A = [134.0, 141.5, 129.9, 150.2, 138.8]
B = [120.1, 131.0, 118.2, 133.3, 125.9]


def test_the_interval_of_a_mean_is_students() -> None:
    """Against SciPy."""
    found = estimate(A)
    low, high = stats.t.interval(0.95, len(A) - 1, np.mean(A), stats.sem(A))
    assert (found.mean, found.low, found.high) == pytest.approx((np.mean(A), low, high))
    assert found.n == 5


def test_the_interval_of_a_difference_is_that_of_the_paired_test() -> None:
    """Against SciPy's paired t-test; far narrower than that of unpaired runs."""
    difference = compare(A, B).difference
    expected = stats.ttest_rel(B, A).confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((expected.low, expected.high))
    unpaired = stats.ttest_ind(B, A).confidence_interval(0.95)
    assert difference.low is not None
    assert difference.high is not None
    assert difference.high - difference.low < (unpaired.high - unpaired.low) / 2


def test_the_relative_change_is_a_ratio_of_means_with_the_delta_methods_interval() -> None:
    """The variance of a ratio from those of both and their covariance (Cochran, Sampling Techniques, 6.4)."""
    relative = compare(A, B).relative
    a, b = np.array(A), np.array(B)
    ratio = b.mean() / a.mean()
    covariance = np.cov(a, b)
    variance = (covariance[1, 1] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[0, 0]) / len(a) / a.mean() ** 2
    half = stats.t.ppf(0.975, len(a) - 1) * np.sqrt(variance)
    assert (relative.mean, relative.low, relative.high) == pytest.approx(
        (ratio - 1, ratio - 1 - half, ratio - 1 + half)
    )


def test_the_relative_interval_holds_the_truth_as_often_as_it_says() -> None:
    """In 2,000 studies of 12 pairs with a true change of -20 %, 95 % of the intervals hold it, give or take 1.5."""
    rng = np.random.default_rng(3)
    day = rng.lognormal(0, 0.15, (2000, 12))
    a = 200 * day * rng.lognormal(0, 0.03, day.shape)
    b = 160 * day * rng.lognormal(0, 0.03, day.shape)
    held = 0
    for first, second in zip(a.tolist(), b.tolist(), strict=True):
        relative = compare(first, second).relative
        assert relative.low is not None
        assert relative.high is not None
        held += relative.low <= -0.2 <= relative.high
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_where_there_is_no_number_there_is_no_interval() -> None:
    """One run has no spread, a run without a number leaves no mean, nought has no ratio, and pairs must be pairs."""
    assert (estimate([3.0]).mean, estimate([3.0]).low, estimate([3.0]).n) == (3, None, 1)
    assert estimate([3.0, None]).mean is None
    assert estimate([]).mean is None
    assert compare([1.0, None], [1.0, 2.0]).difference.mean is None
    nought = compare([0.0, 0.0], [1.0, 2.0])
    assert (nought.difference.mean, nought.relative.mean) == (1.5, None)
    with pytest.raises(ValueError, match="no pairs"):
        compare([1.0], [1.0, 2.0])


def test_every_figure_is_summarised_and_paired() -> None:
    """Nothing that a run says falls out of the study."""
    runs: list[Figures] = [figures(*run_of([0], [taken], 1000.0)) for taken in (100, 200)]
    assert tuple(summarise(runs)) == tuple(paired(runs, runs)) == FIGURES
    assert summarise(runs)["mean_s"].mean == 150
    assert paired(runs, runs)["mean_s"].difference.high == 0
