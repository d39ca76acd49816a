"""Which fixes are noted as late, and for which time."""

from __future__ import annotations

from uuid import UUID

from gateway.late import HELD_UP_MS, LATE_MS, Came, LateStretch, late_stretches

UNIT, OTHER = UUID(int=1), UUID(int=2)
DAY_MS = 86_400_000
NOW_MS = 1_795_000_000_000


def came(fixed_ms: int, unit_id: UUID = UNIT, received_ms: int = NOW_MS) -> Came:
    """A fix received this moment, if nothing else is said."""
    return Came(unit_id, fixed_ms, received_ms)


def test_what_comes_in_time_is_not_noted() -> None:
    """A fleet that reports as it drives leaves no note at all, nor does a fix of five minutes ago."""
    assert late_stretches([came(NOW_MS), came(NOW_MS - LATE_MS), came(NOW_MS + 1000)], NOW_MS) == []


def test_a_backlog_is_one_stretch_a_unit() -> None:
    """From its first to its last late fix, in whatever order they came; what is fresh widens nothing."""
    first_ms, last_ms = NOW_MS - 3 * LATE_MS, NOW_MS - LATE_MS - 1
    fixes = [came(last_ms), came(first_ms), came(NOW_MS), came(first_ms + 5), came(last_ms, OTHER)]
    expected = [LateStretch(UNIT, first_ms, last_ms), LateStretch(OTHER, last_ms, last_ms)]
    assert late_stretches(fixes, NOW_MS) == expected


def test_days_stand_apart() -> None:
    """A receiver that lost its date does not make years of the unit's work a matter to look at."""
    late_ms = NOW_MS - 2 * LATE_MS
    assert late_stretches([came(late_ms), came(late_ms - 7000 * DAY_MS)], NOW_MS) == [
        LateStretch(UNIT, late_ms - 7000 * DAY_MS, late_ms - 7000 * DAY_MS),
        LateStretch(UNIT, late_ms, late_ms),
    ]


def test_what_waited_for_its_commit_is_late() -> None:
    """The database was away: the fix was fresh when it came, and is written when nobody expects it any more."""
    received_ms = NOW_MS - HELD_UP_MS - 1
    assert late_stretches([came(received_ms, received_ms=received_ms)], NOW_MS) == [
        LateStretch(UNIT, received_ms, received_ms)
    ]
    assert late_stretches([came(received_ms, received_ms=received_ms + 1)], NOW_MS) == []
