"""Where the time of a response went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.parts import PARTS, Sent, first_there, parts_of

RECEIVED = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return RECEIVED + timedelta(seconds=seconds)


def sent(
    number: int,
    dispatched_s: float | None = None,
    scene_s: float | None = None,
    en_route_at: datetime | None = None,
) -> Sent:
    return Sent(
        assignment_id=UUID(int=number),
        dispatched_at=None if dispatched_s is None else after(dispatched_s),
        on_scene_at=None if scene_s is None else after(scene_s),
        en_route_at=en_route_at,
    )


def test_the_first_at_the_door_is_told_from_those_who_came_later_or_never() -> None:
    """Arrival before order before id; who never arrived only where nobody did."""
    early, late, never = sent(3, 10, 300), sent(1, 5, 301), sent(2, 1)
    assert first_there([late, never, early]) is early
    assert first_there([never, sent(1, 2)]) is never
    assert first_there([sent(9), never]) is never
    assert first_there([sent(3, 10, 300), twin := sent(2, 10, 300), sent(4, 11, 300)]) is twin
    assert first_there([]) is None


def test_parts_add_up_to_the_response() -> None:
    """Each begins where the one before it ends."""
    found = parts_of(RECEIVED, after(40), sent(1, 55, 480, en_route_at=after(100)))
    assert found == {"handling": 40, "dispatch": 15, "turnout": 45, "travel": 380}
    assert sum(seconds for seconds in found.values() if seconds is not None) == 480


@pytest.mark.parametrize(
    ("created_s", "unit", "known"),
    [
        (40, sent(1, 55, 480), {"handling": 40, "dispatch": 15}),
        (None, sent(1, 55, 480, en_route_at=after(100)), {"turnout": 45, "travel": 380}),
        (40, sent(1, None, 480, en_route_at=after(100)), {"handling": 40, "travel": 380}),
        (40, sent(1, 55), {}),
        (40, None, {}),
    ],
)
def test_what_is_not_known_is_not_invented(created_s: float | None, unit: Sent | None, known: dict[str, float]) -> None:
    """A missing step leaves the parts on both of its sides unknown; nobody there has no parts."""
    found = parts_of(RECEIVED, None if created_s is None else after(created_s), unit)
    assert found == dict.fromkeys(PARTS) | known


def test_clocks_that_differ_make_no_negative_part() -> None:
    """Of an officer who stood at the scene before the order, nobody knows when the way began."""
    found = parts_of(RECEIVED, after(40), sent(1, 55, 50, en_route_at=after(60)))
    assert found == dict.fromkeys(PARTS) | {"handling": 40}


SECONDS = st.none() | st.integers(-100, 900)


@given(SECONDS, SECONDS, SECONDS, st.integers(-100, 900))
def test_four_known_parts_are_the_response(
    created_s: int | None, dispatched_s: int | None, en_route_s: int | None, on_scene_s: int
) -> None:
    """Whatever the order in which the steps were told; none is negative, and what is known is never more."""
    went = None if en_route_s is None else after(en_route_s)
    unit = sent(1, dispatched_s, on_scene_s, en_route_at=went)
    found = parts_of(RECEIVED, None if created_s is None else after(created_s), unit)
    known = [seconds for seconds in found.values() if seconds is not None]
    assert all(seconds >= 0 for seconds in known)
    response_s = max(0, on_scene_s)
    assert sum(known) <= response_s
    if len(known) == len(PARTS):
        assert sum(known) == response_s
