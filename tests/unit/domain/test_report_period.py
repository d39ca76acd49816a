"""Months and years that are reported on, by the calendar of Taiwan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.domain.refusals import Invalid
from dispatch.domain.report_period import Period, PeriodNotOver, due_periods


def at(text: str) -> datetime:
    """A time of Taipei, in UTC."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def test_a_month_is_that_of_taipei() -> None:
    """It begins and ends at Taipei's midnight, also at the end of a year."""
    assert (Period(2026, 10).start, Period(2026, 10).end) == (at("2026-10-01T00:00"), at("2026-11-01T00:00"))
    assert Period(2026, 12).end == at("2027-01-01T00:00")
    assert Period(9998, 12).end == Period(9998).end == at("9999-01-01T00:00")
    assert Period(2026, 10).start.utcoffset() == timedelta(0)


def test_a_year_is_that_of_taipei() -> None:
    """The year 115 is 2026, and ends with its 31 December."""
    assert (Period(2026).start, Period(2026).end) == (at("2026-01-01T00:00"), at("2027-01-01T00:00"))
    assert (Period(2026).kind, Period(2026).minguo, Period(2026, 3).kind) == ("year", 115, "month")


@pytest.mark.parametrize("text", ["2026", "2026-01", "2026-12", "1912", "9998-12"])
def test_what_is_written_can_be_read(text: str) -> None:
    """The way of writing a period is the way of reading one."""
    assert str(Period.read(text)) == text


@pytest.mark.parametrize(
    "text", ["", "115-10", "2026-13", "2026-00", "2026-1", "2026-10-01", "1911", "9999", "２０２６"]
)
def test_what_no_calendar_has_is_refused(text: str) -> None:
    """A clear refusal, and no period of a year that the clock can't count."""
    with pytest.raises(Invalid):
        Period.read(text)


def test_a_month_needs_its_number_and_a_year_has_none() -> None:
    """The refusal names the member that is wrong."""
    assert Period.of("month", 2026, 10) == Period(2026, 10)
    assert Period.of("year", 2026, None) == Period(2026)
    for kind, month in (("month", None), ("year", 10)):
        with pytest.raises(Invalid) as refused:
            Period.of(kind, 2026, month)  # type: ignore[arg-type]
        assert refused.value.member == "month"


def test_a_report_is_due_at_six_of_the_day_after() -> None:
    """Not a moment before, and the refusal says when."""
    due = at("2026-11-01T06:00")
    Period(2026, 10).check_over(due)
    with pytest.raises(PeriodNotOver, match="2026-11-01 06:00"):
        Period(2026, 10).check_over(due - timedelta(microseconds=1))
    assert Period(2026).due_at == at("2027-01-01T06:00")


def test_what_is_due_begins_with_the_first_call() -> None:
    """No reports of months before there were calls; the month of the first call is the first."""
    first = at("2026-08-31T23:59")
    assert list(map(str, due_periods(first, at("2026-11-26T12:00"), 12))) == ["2026-08", "2026-09", "2026-10"]
    assert list(due_periods(at("2026-11-02T00:00"), at("2026-11-26T12:00"), 12)) == []


def test_what_is_due_on_new_year_s_day() -> None:
    """December and the year, from six o'clock on, and not before."""
    first = at("2026-11-20T12:00")
    assert list(map(str, due_periods(first, at("2027-01-01T05:59"), 12))) == ["2026-11"]
    assert list(map(str, due_periods(first, at("2027-01-01T06:00"), 12))) == ["2026-11", "2026-12", "2026"]


def test_what_is_due_goes_back_so_far_and_no_further() -> None:
    """Years of imported calls don't make hundreds of reports on the first day."""
    found = list(map(str, due_periods(at("2015-01-01T00:00"), at("2026-11-26T12:00"), 12)))
    assert found == ["2025-11", "2025-12", *(f"2026-{month:02}" for month in range(1, 11)), "2025"]
