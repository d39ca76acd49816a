"""Call streams: rates, mixes and places as the scenario says, and the same draws wherever two scenarios agree."""

from __future__ import annotations

from dataclasses import astuple, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from dispatch.domain.geometry import distances_m
from dispatch.domain.incident import Category
from dispatch.domain.refusals import Invalid
from dispatch.simulator.call_sources import expected_weights, quantile_s, surface_weights
from dispatch.simulator.call_streams import make_calls
from dispatch.simulator.demand_kinds import HOURLY, SurfaceDemand
from dispatch.simulator.gps_gaps import gps_gaps
from dispatch.simulator.scenario import GpsLoss, Scenario, ServiceTime, Spread
from dispatch.simulator.stream import CATEGORIES, CallStream
from tests.unit.simulator.towns import grid, rows, town

LAT, LON = grid()
HOUR_S = 3600.0


def stream(scenario: Scenario, seed: int = 5) -> CallStream:
    """Its calls on the square town."""
    return make_calls(scenario, LAT, LON, seed)


def test_the_same_seed_gives_the_same_calls_and_another_seed_others() -> None:
    """Draws depend on the seed and on nothing else."""
    assert rows(stream(town())) == rows(stream(town()))
    assert set(rows(stream(town()))).isdisjoint(rows(stream(town(), seed=6)))


def test_twenty_per_cent_more_calls_keep_the_old_ones() -> None:
    """The greater demand has every call of the lesser one, unchanged, and some between them."""
    before = rows(stream(town()))
    after = rows(stream(town(demand={"calls_per_day": 300, "scale": 1.2})))
    assert set(before) < set(after)
    assert len(after) / len(before) == pytest.approx(1.2, abs=0.06)


def test_a_longer_run_begins_with_the_calls_of_the_shorter_one() -> None:
    """Each day has draws of its own."""
    week, days = rows(stream(town(days=7))), rows(stream(town(days=2.5)))
    assert week[: len(days)] == days
    assert days[-1][0] < 2.5 * 86_400 <= week[len(days)][0]


def test_other_service_times_keep_moments_places_and_priorities() -> None:
    """What a scenario says of one thing leaves the draws of all others alone; longer is longer for each call."""
    before, after = stream(town()), stream(town(service={"mean_s": 3000}))
    for name in ("at_s", "node", "priority", "category", "accident_class", "travel_factor"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    np.testing.assert_allclose(after.service_s, 2 * before.service_s)


def test_calls_come_at_the_rate_of_the_day_and_of_its_hours() -> None:
    """A Poisson process: the count of 60 days and that of each hour lie within their noise."""
    calls = stream(town(days=60, warm_up_days=1))
    assert len(calls) == pytest.approx(300 * 60, abs=4 * np.sqrt(300 * 60))
    by_hour = np.bincount((calls.at_s % 86_400 // HOUR_S).astype(int), minlength=24)
    expected = np.array(HOURLY) / sum(HOURLY) * len(calls)
    assert stats.chisquare(by_hour, expected).pvalue > 0.001
    assert (np.diff(calls.at_s) > 0).all()


def test_weekdays_have_their_weights_from_the_first_day_on() -> None:
    """A run that begins on a Saturday has its busy Sunday on the second day."""
    weekly = [0, 0, 0, 0, 0, 1, 3]
    demand = {"calls_per_day": 300, "weekly": weekly, "first_weekday": 6}
    calls = stream(town(days=14, demand=demand))
    by_day = np.bincount((calls.at_s // 86_400).astype(int), minlength=14)
    assert by_day[[2, 3, 4, 5, 6, 9, 10, 11, 12, 13]].sum() == 0
    assert (by_day[[1, 8]] > 2 * by_day[[0, 7]]).all()
    assert by_day.sum() == pytest.approx(300 * 14, abs=4 * np.sqrt(300 * 14))


def test_kinds_have_their_shares() -> None:
    """Categories, priorities, also those of one category, and accident classes as the mix says."""
    demand = {
        "calls_per_day": 1000,
        "category_shares": {"traffic_accident": 1, "criminal": 3},
        "priority_shares": [0, 1, 1, 0],
        "priority_shares_by_category": {"criminal": [1, 0, 0, 0]},
        "accident_class_shares": [0, 1, 3],
    }
    calls = stream(town(days=20, demand=demand))
    accident = calls.category == CATEGORIES.index(Category.TRAFFIC_ACCIDENT)
    criminal = calls.category == CATEGORIES.index(Category.CRIMINAL)
    assert (accident | criminal).all()
    assert accident.mean() == pytest.approx(0.25, abs=0.015)
    assert set(calls.priority[criminal].tolist()) == {1}
    assert (calls.priority[accident] == 2).mean() == pytest.approx(0.5, abs=0.03)
    assert set(calls.accident_class[criminal].tolist()) == {0}
    assert (calls.accident_class[accident] == 3).mean() == pytest.approx(0.75, abs=0.03)


def test_places_are_those_of_the_surface() -> None:
    """Hills of the given height over the floor; calls fall on junctions in their proportion."""
    demand = SurfaceDemand(calls_per_day=1000)
    weights = surface_weights(demand, LAT, LON)
    assert weights.sum() == pytest.approx(1)
    # 12 hills of at most 1.5 over a floor of 0.15
    assert 1 < weights.max() / weights.min() < (12 * 1.5 + 0.15) / 0.15
    calls = stream(replace(town(days=60), demand=demand))
    seen = np.bincount(calls.node, minlength=len(LAT))
    assert stats.chisquare(seen, weights * seen.sum()).pvalue > 0.001
    np.testing.assert_array_equal(expected_weights(town(), LAT, LON), weights)


def test_cells_share_their_weight_among_their_junctions() -> None:
    """A cell's weight is that of its junctions together, however many; one without any gives to the nearest."""
    cells = [
        {"lat": LAT[0], "lon": LON[0], "weight": 3},
        {"lat": LAT[-1], "lon": LON[-1], "weight": 1},
        {"lat": LAT[-1] + 0.0001, "lon": LON[-1] + 0.0001, "weight": 4},
    ]
    demand = town(demand={"calls_per_day": 9, "cells": cells}).demand
    assert isinstance(demand, SurfaceDemand)
    weights = surface_weights(demand, LAT, LON)
    near_first = distances_m(LAT[0], LON[0], LAT, LON) < distances_m(LAT[-1], LON[-1], LAT, LON)
    assert weights[near_first].sum() == pytest.approx(3 / 8, abs=0.02)
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("service", "frozen"),
    [
        (ServiceTime(mean_s=1500, sigma=0.8), stats.lognorm(0.8, scale=1500 / np.exp(0.32))),
        (ServiceTime(mean_s=1500, spread=Spread.EXPONENTIAL), stats.expon(scale=1500)),
    ],
)
def test_service_times_are_quantiles_of_their_distribution(service: ServiceTime, frozen: Any) -> None:
    """Against SciPy's distributions; the mean is the mean."""
    draws = np.array([0.0, 0.01, 0.3, 0.5, 0.99])
    np.testing.assert_allclose(quantile_s(service, draws)[1:], frozen.ppf(draws[1:]))
    assert np.isfinite(quantile_s(service, draws)).all()
    assert frozen.mean() == pytest.approx(1500)


def test_fixed_service_times() -> None:
    """All the same."""
    assert quantile_s(ServiceTime(mean_s=7, spread=Spread.FIXED), np.array([0.1, 0.9])).tolist() == [7, 7]


def test_travel_factors_have_the_error_of_the_scenario() -> None:
    """Lognormal with the given mean and sigma of the logarithm; none where none is said."""
    factors = np.log(stream(town(days=30, eta_error={"log_mean": -0.02, "log_sigma": 0.2})).travel_factor)
    assert stats.kstest(factors, stats.norm(-0.02, 0.2).cdf).pvalue > 0.001
    assert set(stream(town()).travel_factor.tolist()) == {1.0}


def test_a_surge_adds_calls_in_its_hours_place_and_kind_alone() -> None:
    """All calls of the plain day stay; what comes on top is of the surge; ways are longer within it."""
    circle = {"lat": float(LAT[210]), "lon": float(LON[210]), "radius_m": 1500}
    surge = {"name": "s", "from_h": 30, "to_h": 54, "factor": 5, "category": "disaster", "travel_factor": 1.5, **circle}
    plain, surged = stream(town(days=4)), stream(town(days=4, surges=[surge]))
    known = {row[:-1] for row in rows(plain)}
    added = [row for row in rows(surged) if row[:-1] not in known]
    assert known <= {row[:-1] for row in rows(surged)}
    assert added
    assert {CATEGORIES[row[3]] for row in added} == {Category.DISASTER}
    assert all(30 * HOUR_S <= row[0] < 54 * HOUR_S for row in added)
    away = distances_m(circle["lat"], circle["lon"], LAT, LON)
    assert all(away[row[1]] <= 1500 for row in added)
    inside = (surged.at_s >= 30 * HOUR_S) & (surged.at_s < 54 * HOUR_S) & (away[surged.node] <= 1500)
    assert set(surged.travel_factor[inside].tolist()) == {1.5}
    assert set(surged.travel_factor[~inside].tolist()) == {1.0}


def test_surges_multiply_where_they_meet() -> None:
    """Two and three make six, also between a daily and a single one; a factor below 1 thins."""
    surges = [
        {"name": "evening", "from": "18:00", "to": "20:00", "factor": 2},
        {"name": "match", "from_h": 43, "to_h": 44, "factor": 3},
        {"name": "quiet", "from_h": 60, "to_h": 84, "factor": 0},
    ]
    demand = {"calls_per_day": 24_000, "hourly": [1] * 24}
    calls = stream(town(days=4, demand=demand, surges=surges))
    by_hour = np.bincount((calls.at_s // HOUR_S).astype(int), minlength=96)
    assert by_hour[43] == pytest.approx(6000, rel=0.06)
    assert by_hour[42] == pytest.approx(2000, rel=0.1)
    assert by_hour[10] == pytest.approx(1000, rel=0.15)
    assert by_hour[60:84].sum() == 0


def test_more_calls_than_can_be_meant_are_refused() -> None:
    """A slip of a few zeros is told before memory is full."""
    with pytest.raises(Invalid, match="calls a day at the peak"):
        stream(town(demand={"calls_per_day": 1e6, "scale": 100}))


def test_gps_is_silent_for_its_share_of_the_time() -> None:
    """In spells apart from each other; each unit has its own, whatever the number of units."""
    end_s = 200 * 86_400.0
    gaps = gps_gaps(GpsLoss(share=0.1, mean_s=120), 3, end_s, 7)
    for spells in gaps:
        silent = sum(end - begin for begin, end in spells)
        assert silent / end_s == pytest.approx(0.1, rel=0.05)
        assert all(before[1] < after[0] for before, after in pairwise(spells))
    assert gps_gaps(GpsLoss(share=0.1, mean_s=120), 5, end_s, 7)[:3] == gaps
    assert gaps[0] != gaps[1]
    assert gps_gaps(GpsLoss(), 2, end_s, 7) == [[], []]


def test_streams_are_plain_columns() -> None:
    """Equal lengths, and the types that the engine reads."""
    calls = stream(town())
    assert len({len(column) for column in astuple(calls)}) == 1
    assert calls.at_s.dtype == calls.service_s.dtype == calls.travel_factor.dtype == np.float64
    assert calls.node.dtype == calls.priority.dtype == calls.category.dtype == np.int32
