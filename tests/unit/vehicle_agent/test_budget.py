"""What may be sent in a day."""

from __future__ import annotations

import pytest

from gateway.protocol import encode
from vehicle_agent.budget import DAY_MS, FIX_BYTES, KEEP_EVERY_BYTES, RESERVE_BYTES, Budget
from vehicle_agent.receiver import position
from vehicle_agent.receiver_settings import BUDGET_LEAST_MB

# 2026-11-23T16:00:00Z is midnight in Taipei.
MIDNIGHT_MS = 1_795_449_600_000
LIMIT = 10_000_000


def budget(waiting: int = 0, recalled: bytes | None = None, notes: list[bytes] | None = None) -> Budget:
    """Ten megabytes."""
    return Budget(LIMIT, lambda: waiting, recalled, ([] if notes is None else notes).append)


def test_a_fix_with_all_its_members_is_no_larger_than_is_reckoned() -> None:
    """Every member at its longest, a journal years old; and the least budget holds a day of parked fixes."""
    place = position(
        time_ms=1_795_449_600_000,
        lat=-23.480012345678903,
        lon=-120.45001234567891,
        accuracy_m=9999.99,
        speed_mps=123.456,
        course_deg=359.99,
        altitude_m=-1234.56,
    )
    assert place is not None
    assert len(encode(place.as_fix(seq=10**9))) <= FIX_BYTES
    assert RESERVE_BYTES < BUDGET_LEAST_MB * 1_000_000


def test_the_day_begins_full_and_what_is_sent_and_what_waits_is_gone() -> None:
    """From 1 down; below 0 only a fix every 15 s can still be paid for."""
    full = budget()
    assert full.left(MIDNIGHT_MS) == 1.0
    full.send(LIMIT // 2)
    assert 0.3 < full.left(MIDNIGHT_MS) < 0.5
    full.send(LIMIT // 2)
    assert full.left(MIDNIGHT_MS) < 0
    assert budget(waiting=LIMIT // 2 // FIX_BYTES).left(MIDNIGHT_MS) == pytest.approx(0.42, abs=0.05)


def test_the_day_is_taipeis() -> None:
    """At 16:00 UTC a new day begins, at midnight UTC none does."""
    day = budget()
    day.left(MIDNIGHT_MS - 1000)
    day.send(LIMIT)
    assert day.left(MIDNIGHT_MS - 1) <= 0
    assert day.left(MIDNIGHT_MS) == 1.0
    day.send(LIMIT)
    assert day.left(MIDNIGHT_MS + 8 * 3_600_000) < 0.5


def test_what_was_sent_survives_a_restart() -> None:
    """A kill forgets a few frames' worth, a clean stop nothing; a note that cannot be read is a fresh day."""
    notes: list[bytes] = []
    first = budget(notes=notes)
    first.left(MIDNIGHT_MS)
    for _ in range(10_000):
        first.send(200)
    killed = budget(recalled=notes[-1])
    assert 0 <= first.spent.sent_bytes - killed.spent.sent_bytes < KEEP_EVERY_BYTES
    first.keep()
    assert budget(recalled=notes[-1]).spent == first.spent
    assert budget(recalled=b"?").left(MIDNIGHT_MS) == 1.0


def test_a_clock_that_was_ahead_gives_no_second_budget() -> None:
    """A date that goes back keeps what was sent under the wrong one."""
    day = budget()
    day.left(MIDNIGHT_MS + 3 * DAY_MS)
    day.send(LIMIT)
    assert day.left(MIDNIGHT_MS) < 0
    assert day.left(MIDNIGHT_MS + DAY_MS) == 1.0
