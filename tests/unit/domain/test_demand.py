"""Expected calls from past ones: known cases, and against a truth that the calls were drawn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatch.domain.demand import (
    WEEK_H,
    Belief,
    Demand,
    PastCalls,
    fit_demand,
    hour_of_week,
    kernel_by_position,
    kernel_by_time,
    past_calls,
)

Floats = NDArray[np.float64]
WEEK_S = WEEK_H * 3600
MONDAY_S = datetime(2026, 11, 22, 16, 0, tzinfo=UTC).timestamp()
"""Monday 23 November 2026, 00:00 in Taipei."""


def weeks(cells: NDArray[np.int64], count: int) -> PastCalls:
    """Calls by [hour of the week × place], seen in so many weeks."""
    slot, place = np.nonzero(cells)
    times = cells[slot, place]
    return PastCalls(
        place=np.repeat(place, times),
        slot=np.repeat(slot, times),
        weight=np.ones(int(times.sum())),
        watched_h=np.full(WEEK_H, float(count)),
    )


def no_calls(count: int = 4) -> PastCalls:
    """Weeks in which nobody rang."""
    return weeks(np.zeros((WEEK_H, 1), dtype=np.int64), count)


def test_hours_are_those_of_taipei() -> None:
    """Every hour over ten years falls on the weekday and hour that the time zone database gives it."""
    start = datetime(2018, 1, 1, 0, 30, tzinfo=UTC)
    times = [start + timedelta(hours=hours) for hours in range(0, 10 * 8766, 7)]
    local = [at.astimezone(ZoneInfo("Asia/Taipei")) for at in times]
    assert hour_of_week([at.timestamp() for at in times]).tolist() == [at.weekday() * 24 + at.hour for at in local]


def test_no_calls_give_an_even_surface() -> None:
    """Where nothing is known every place and hour is alike, above 0, and worth the floor altogether."""
    demand = fit_demand(no_calls(4), places=5)
    assert demand.hourly == pytest.approx(np.full((WEEK_H, 5), 1.0 / (4 * WEEK_H * 5)))


def test_many_calls_are_believed() -> None:
    """With thousands of calls a cell the table is the calls, whatever its shape."""
    rng = np.random.default_rng(1)
    truth = rng.uniform(0.5, 5.0, (WEEK_H, 6))
    demand = fit_demand(weeks(rng.poisson(truth * 5000), 5000), places=6)
    assert demand.hourly == pytest.approx(truth, rel=0.1)


def test_calls_add_up() -> None:
    """Over all hours that were watched the expected calls are those seen and the floor: nothing is lost or invented."""
    cells = np.random.default_rng(2).poisson(0.05, (WEEK_H, 30))
    near = kernel_by_position(np.linspace(23, 23.05, 30), np.full(30, 120.4), 400)
    demand = fit_demand(weeks(cells, 8), 30, near, Belief(floor_calls=2.0))
    assert demand.hourly.sum() * 8 == pytest.approx(cells.sum() + 2.0)


def _foretold(demand: Floats, truth: Floats) -> float:
    return float(((demand - truth) ** 2).sum())


def test_few_calls_foretell_better_than_the_bare_table() -> None:
    """Of 26 weeks drawn from a city with a bar quarter, ours is nearer the truth than the table, product or nothing."""
    rng = np.random.default_rng(3)
    lat, lon = rng.uniform(23.45, 23.5, 80), rng.uniform(120.42, 120.47, 80)
    hour = np.arange(WEEK_H) % 24
    day = 1 + 0.6 * np.sin((hour - 8) / 24 * 2 * np.pi)
    bars = np.outer((hour >= 22) | (hour < 4), np.exp(-(((lat - 23.48) ** 2 + (lon - 120.45) ** 2) / 2 / 0.006**2)))
    truth = 0.01 * np.outer(day, rng.gamma(2.0, 0.5, 80)) + 0.05 * bars
    cells = rng.poisson(truth * 26)
    calls = weeks(cells, 26)
    near = kernel_by_position(lat, lon, 500)
    ours = fit_demand(calls, 80, near)
    table = cells / 26
    product = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    error = _foretold(ours.hourly, truth)
    assert error < 0.75 * _foretold(fit_demand(calls, 80).hourly, truth)
    assert error < 0.5 * _foretold(product, truth)
    assert error < 0.05 * _foretold(table, truth)
    assert error < 0.3 * _foretold(np.full(truth.shape, table.mean()), truth)


def test_neighbours_share_their_calls() -> None:
    """Beside a place with calls more is expected than far from it, and the more the nearer."""
    cells = np.zeros((WEEK_H, 5), dtype=np.int64)
    cells[:, 0] = 1
    apart_s = np.abs(np.subtract.outer(np.arange(5), np.arange(5))) * 100.0
    at_place = fit_demand(weeks(cells, 4), 5, kernel_by_time(apart_s, 100.0)).hourly.sum(axis=0)
    assert (np.diff(at_place) < 0).all()
    assert at_place[1] > 20 * at_place[4]


def test_kernels() -> None:
    """1 at the place itself, a Gaussian around it, nothing beyond three scales; metres and seconds alike."""
    lat, lon = np.full(3, 60.0), np.array([25.0, 25.01, 25.1])
    by_metres = kernel_by_position(lat, lon, 500.0).toarray()
    step_m = 0.01 * 111_195 * 0.5
    assert by_metres.diagonal().tolist() == [1, 1, 1]
    assert by_metres[0, 1] == pytest.approx(np.exp(-0.5 * (step_m / 500) ** 2), rel=1e-6)
    assert by_metres[0, 2] == 0
    one_way = kernel_by_time(np.array([[0.0, 60, np.inf], [200, 0, 60], [60, 60, 0]]), 60.0).toarray()
    assert one_way[0].tolist() == pytest.approx([1, np.exp(-0.5), 0])
    assert one_way[1, 0] == 0


def test_a_period_is_watched_hour_by_hour() -> None:
    """Parts of hours at both ends count as parts, and the hours add up to the period."""
    calls = past_calls([], [], since_s=MONDAY_S + 900, until_s=MONDAY_S + WEEK_S + 1800)
    assert calls.watched_h[:2].tolist() == [0.75 + 0.5, 1.0]
    assert calls.watched_h.sum() == pytest.approx(WEEK_H + 0.25)


def test_recent_calls_count_more() -> None:
    """With a half-life the place of this month counts above that of last year; an even rate stays what it is."""
    year_s = 52 * WEEK_S
    at_s = np.arange(MONDAY_S, MONDAY_S + year_s, 1800.0)
    moved = (at_s > MONDAY_S + year_s / 2).astype(np.int64)
    calls = past_calls(at_s, moved, since_s=MONDAY_S, until_s=MONDAY_S + year_s, half_life_days=60)
    demand = fit_demand(calls, 2, belief=Belief(floor_calls=0.001))
    assert demand.hourly.sum(axis=1) == pytest.approx(np.full(WEEK_H, 2.0), rel=0.01)
    assert demand.hourly[:, 1].sum() > 5 * demand.hourly[:, 0].sum()


def test_weights_of_priority() -> None:
    """A call of weight 3 makes three times the demand of a call of weight 1."""
    at_s = MONDAY_S + np.arange(2000) * 3600.0
    kind = np.random.default_rng(5).permutation(2000) % 2
    calls = past_calls(
        at_s, kind, since_s=MONDAY_S, until_s=MONDAY_S + 2000 * 3600, weight=np.where(kind == 1, 1.5, 0.5)
    )
    by_place = fit_demand(calls, 2).hourly.sum(axis=0)
    assert by_place[1] / by_place[0] == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(
    ("weekday", "hour", "hours", "sums"),
    [(0, 0, 1, 0), (6, 23, 2, 167 + 0), (1, 3, 0, 0), (0, 5, 2.5, 5 + 6 + 3.5), (0, 0, 168, 14028), (0, 1, 169, 14029)],
)
def test_expected_calls_of_some_hours(weekday: int, hour: int, hours: float, sums: float) -> None:
    """Hours add up, parts of hours count as parts, the week is a ring."""
    demand = Demand(np.arange(WEEK_H, dtype=np.float64)[:, None] * [1.0, 2.0])
    assert demand.expected(weekday, hour, hours).tolist() == [sums, 2 * sums]


@pytest.mark.parametrize(("weekday", "hour", "hours"), [(7, 0, 1), (-1, 0, 1), (0, 24, 1), (0, -1, 1), (0, 0, -1)])
def test_hours_that_are_none(weekday: int, hour: int, hours: float) -> None:
    """There is no eighth weekday."""
    with pytest.raises(ValueError, match="no such hours"):
        Demand(np.ones((WEEK_H, 1))).expected(weekday, hour, hours)


def test_groups_keep_every_call() -> None:
    """Places put together have the sum of their demand."""
    demand = Demand(np.random.default_rng(4).uniform(size=(WEEK_H, 4)))
    grouped = demand.grouped([1, 0, 1, 1], 3)
    assert grouped.hourly[:, 1] == pytest.approx(demand.hourly[:, [0, 2, 3]].sum(axis=1))
    assert grouped.hourly[:, 2].tolist() == [0] * WEEK_H


def test_what_cannot_be_fitted() -> None:
    """Calls outside the period, at no place, or in no time, are errors of the caller and said so."""
    with pytest.raises(ValueError, match="outside the period"):
        past_calls([MONDAY_S], [0], since_s=MONDAY_S + 1, until_s=MONDAY_S + 2)
    with pytest.raises(ValueError, match="no time was watched"):
        fit_demand(no_calls(0), 3)
    one = past_calls([MONDAY_S], [3], since_s=MONDAY_S, until_s=MONDAY_S + 1)
    with pytest.raises(ValueError, match="at none of the 3 places"):
        fit_demand(one, 3)
