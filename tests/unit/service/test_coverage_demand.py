"""What is expected in the next hour, from past calls or from none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dispatch.domain.demand import Demand
from dispatch.roads.travel import TravelTimes
from dispatch.service.coverage_demand import ExpectedCalls, fit
from dispatch.service.coverage_places import MapPlaces, places_of
from dispatch.store.standby_calls import CallColumns
from tests.unit.service.test_coverage_places import grid

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def places() -> MapPlaces:
    """Of a grid of streets."""
    return places_of(1, TravelTimes(grid().street_map()), (), sites=64, places=20)


def calls(places: MapPlaces, count: int, node: int, priority: int = 2) -> CallColumns:
    """So many at one junction, an hour apart."""
    streets = places.names.street_map
    at_s = np.asarray(NOW.timestamp() - 3600.0 * np.arange(1, count + 1), dtype=np.float64)
    lat, lon = np.full(count, streets.node_lat[node]), np.full(count, streets.node_lon[node])
    return CallColumns(at_s, lat, lon, np.full(count, priority))


def test_of_no_calls_every_street_is_expected_to_call_alike(places: MapPlaces) -> None:
    """Each site has the same share, so a place has that of the sites that it stands for."""
    none = CallColumns(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    expected = fit(places, none, NOW - timedelta(days=7), NOW)
    share = expected.next_hour(NOW)
    np.testing.assert_allclose(share / share.sum(), np.bincount(places.group) / 64, rtol=2e-3)
    assert expected.calls == 0


def test_the_more_calls_the_less_is_even(places: MapPlaces) -> None:
    """From even to the calls' own place, without a jump; what all have alike says nothing."""
    site = places.site_of([places.names.street_map.node_lat[9]], [places.names.street_map.node_lon[9]])[0]
    there = int(places.group[site])
    shares = []
    for count in (0, 3, 30, 300):
        expected = fit(places, calls(places, count, 9), NOW - timedelta(days=30), NOW).next_hour(NOW)
        shares.append(float(expected[there] / expected.sum()))
    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert shares[3] > 0.5
    same = [
        fit(places, calls(places, 30, 9, priority), NOW - timedelta(days=30), NOW).next_hour(NOW) for priority in (1, 4)
    ]
    np.testing.assert_allclose(same[0], same[1])


def test_the_next_hour_is_of_two_hours_and_two_days() -> None:
    """At 23:45 on a Sunday in Taipei a quarter of this hour and three of Monday's first."""
    hourly = np.zeros((168, 1))
    hourly[167], hourly[0] = 4.0, 8.0
    expected = ExpectedCalls(Demand(hourly), 1, NOW, NOW)
    sunday = datetime(2026, 11, 29, 15, 45, tzinfo=UTC)
    assert expected.next_hour(sunday).tolist() == [0.25 * 4 + 0.75 * 8]
