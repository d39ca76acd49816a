"""Stretches of time: cut, joined, taken out of each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dispatch.domain.stretches import Stretch, total, within, without

TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def s(begin: float, end: float) -> Stretch:
    """Seconds after ten."""
    return TEN + timedelta(seconds=begin), TEN + timedelta(seconds=end)


def test_each_moment_counts_once() -> None:
    """Overlapping and touching ones become one, those outside vanish, the rest is cut, whatever their order."""
    given = [s(50, 90), s(-5, 10), s(10, 20), s(60, 70), s(200, 300), s(30, 30)]
    assert within(given, *s(0, 80)) == within(reversed(given), *s(0, 80)) == [s(0, 20), s(50, 80)]


def test_taken_out() -> None:
    """From the front, the middle, the end and the whole."""
    assert without([s(0, 10), s(20, 30), s(40, 50), s(60, 70)], [s(-5, 2), s(23, 25), s(45, 90)]) == [
        s(2, 10),
        s(20, 23),
        s(25, 30),
        s(40, 45),
    ]


def test_how_long_together() -> None:
    """Nothing is nothing."""
    assert total([]) == timedelta(0)
    assert total([s(0, 10), s(20, 30.5)]) == timedelta(seconds=20.5)
