"""Dates that a receiver counts 1,024 weeks wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle_agent.receiver import Position
from vehicle_agent.weeks import BUILT_MS, PERIOD_MS, Weeks

DAY_MS = 86_400_000
NOW_MS = 1_795_395_723_000  # 2026-11-23T01:02:03Z


def at(time_ms: int) -> Position:
    """A position at this time."""
    return Position(time_ms=time_ms, lat=23.48, lon=120.45)


def test_the_period_is_1024_weeks() -> None:
    """10 bits of weeks: 19.6 years, as the rollovers of 1999 and 2019 show."""
    assert datetime(1999, 8, 22, tzinfo=UTC) + timedelta(milliseconds=PERIOD_MS) == datetime(2019, 4, 7, tzinfo=UTC)
    assert datetime.fromtimestamp(BUILT_MS / 1000, UTC) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("periods", [0, 1, 2])
@pytest.mark.parametrize("server_ms", [None, 0, NOW_MS, NOW_MS - 5 * DAY_MS], ids=["none", "unset", "now", "slept"])
def test_a_date_whole_periods_back_is_put_right(periods: int, server_ms: int | None) -> None:
    """With the server's time, and without it (or with a server that has none itself) from the day of the build on."""
    weeks = Weeks(lambda: server_ms)
    place = weeks.corrected(at(NOW_MS - periods * PERIOD_MS))
    assert place is not None
    assert (place.time_ms, weeks.periods_off) == (NOW_MS, periods)


def test_a_date_a_period_ahead_is_put_right_too() -> None:
    """Firmware that adds the period once too often; only the server's time can tell."""
    place = Weeks(lambda: NOW_MS).corrected(at(NOW_MS + PERIOD_MS))
    assert place is not None
    assert place.time_ms == NOW_MS


@pytest.mark.parametrize("days_off", [-3000, 40, 3000])
def test_a_date_that_no_period_explains_and_that_cannot_be_is_not_believed(days_off: int) -> None:
    """A garbage date would put the fix into another day's records."""
    assert Weeks(lambda: NOW_MS).corrected(at(NOW_MS + days_off * DAY_MS)) is None


@pytest.mark.parametrize("days_off", [-110, -2, 0, 2])
@pytest.mark.parametrize("server_ms", [None, NOW_MS])
def test_a_date_that_can_be_is_the_receivers_own(days_off: int, server_ms: int | None) -> None:
    """GNSS time is the time of a fix, whatever the server's clock says; a recording of this year may be played."""
    place = Weeks(lambda: server_ms).corrected(at(NOW_MS + days_off * DAY_MS))
    assert place is not None
    assert place.time_ms == NOW_MS + days_off * DAY_MS


@given(st.integers(BUILT_MS, BUILT_MS + PERIOD_MS - 400 * DAY_MS), st.integers(0, 2))
def test_any_time_of_the_next_18_years_is_told_right_without_a_server(time_ms: int, periods: int) -> None:
    """The build date alone does it."""
    place = Weeks(lambda: None).corrected(at(time_ms - periods * PERIOD_MS))
    assert place is not None
    assert place.time_ms == time_ms
