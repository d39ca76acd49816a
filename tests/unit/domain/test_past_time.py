"""Times of files: what is read, and what would have to be guessed and is refused."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.past_time import NoTime, NoZone, read_time

TAIPEI = ZoneInfo("Asia/Taipei")
WEST = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T14:05:00",
        "2026-11-23 14:05",
        "2026/11/23 14:05:00",
        "2026.11.23  14:05:00.000",
        "115/11/23 14:05:00",
        "2026-11-23T06:05:00Z",
        "2026-11-23T14:05:00+08:00",
        "2026-11-23T14:05:00+0800",
        "2026-11-23 14:05:00 +08",
        "2026-11-22 20:05:00-10:00",
    ],
)
def test_many_ways_to_write_one_moment(text: str) -> None:
    """ISO 8601, spreadsheets, years of the Republic, offsets: all the same moment, in UTC."""
    assert read_time(text, TAIPEI) == datetime(2026, 11, 23, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "14:05:00",
        "11/23/2026 14:05",
        "23/11/26 14:05",
        "99/11/23 14:05",
        "2026-11/23 14:05",
        "2026-11-23 14:05 p.m.",
        "2026-02-29 14:05",
        "2026-11-23 24:00",
        "2026-11-23 14:05:60",
        "2026-11-23 14:05+24:30",
        "2026-11-23 14:05+0860",
        "2026-11-23 14:05-03:99",
        "1969-12-31 14:05",
        "9999-01-01 14:05",
        "1700000000",
        "２０２６-11-23 14:05",
    ],
)
def test_what_would_have_to_be_guessed_is_refused(text: str) -> None:
    """A date alone, days in front, two digits of a year, moments that no calendar has: no time is made up."""
    with pytest.raises(NoTime, match=r"2026-11-23 14:05:00|between 1970"):
        read_time(text, TAIPEI)


def test_a_wall_clock_needs_a_zone() -> None:
    """Without a declared zone a time without offset is refused, and one with offset is not."""
    with pytest.raises(NoZone, match="--zone"):
        read_time("2026-11-23 14:05:00", None)
    assert read_time("2026-11-23 14:05:00+08:00", None) == datetime(2026, 11, 23, 6, 5, tzinfo=UTC)


def test_when_clocks_are_changed() -> None:
    """An hour that never was, and one that was twice, are refused; with the offset the second is clear."""
    with pytest.raises(NoTime, match="never was in America/Los_Angeles"):
        read_time("2020-03-08 02:30:00", WEST)
    with pytest.raises(NoTime, match=r"twice .* -07:00 or -08:00"):
        read_time("2020-11-01 01:30:00", WEST)
    assert read_time("2020-11-01 01:30:00-08:00", WEST) == datetime(2020, 11, 1, 9, 30, tzinfo=UTC)
    with pytest.raises(NoTime, match=r"twice in Asia/Taipei"):  # there was summer time, until 1979
        read_time("1975-09-30 23:30:00", TAIPEI)


def test_a_fraction_of_a_second_is_kept_to_the_microsecond() -> None:
    """As long as it is written, and with a comma as well."""
    assert read_time("2026-11-23 14:05:00,25", TAIPEI).microsecond == 250_000
    assert read_time("2026-11-23 14:05:00.123456789", TAIPEI).microsecond == 123_456


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - wall clocks
def test_whatever_python_writes_is_read_back(wall: datetime) -> None:
    """A wall clock of Taipei as `isoformat` writes it, with and without its offset, comes back as the same moment."""
    moment = wall.replace(tzinfo=TAIPEI)
    for sep in "T ":
        assert read_time(wall.isoformat(sep), TAIPEI) == moment
        assert read_time(moment.isoformat(sep), None) == moment


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_reason(text: str) -> None:
    """Nothing else than NoTime is ever raised."""
    with contextlib.suppress(NoTime):
        assert read_time(text, TAIPEI).tzinfo is UTC
