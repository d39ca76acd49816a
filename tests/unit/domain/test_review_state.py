"""Which figures wait for a supervisor's look."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dispatch.domain.kpi import Exclusion
from dispatch.domain.review import Ruling, RulingKind
from dispatch.domain.review_state import ReviewState, ToldArrival, review_state

K = RulingKind
CALLED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)


def at(seconds: float) -> datetime:
    """So long after the call."""
    return CALLED + timedelta(seconds=seconds)


FIRST = ToldArrival(assignment_id=ONE, dispatched_at=at(20), on_scene_at=at(300))
SECOND = ToldArrival(assignment_id=TWO, dispatched_at=at(30), on_scene_at=at(500))
MARKED, MARKED_SECOND = replace(FIRST, is_marked=True), replace(SECOND, is_marked=True)
NEVER_SEEN = replace(FIRST, on_scene_at=None)
INFERRED, INFERRED_SECOND = replace(NEVER_SEEN, is_inferred=True), replace(SECOND, on_scene_at=None, is_inferred=True)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([], None),
        ([FIRST], None),
        ([MARKED], "open"),
        ([MARKED, SECOND], "open"),
        ([FIRST, MARKED_SECOND], None),
        ([NEVER_SEEN], None),
        ([replace(NEVER_SEEN, is_marked=True)], "open"),
        ([INFERRED], "open"),
        ([NEVER_SEEN, INFERRED_SECOND], "open"),
        ([FIRST, INFERRED_SECOND], None),
        ([replace(FIRST, is_inferred=True)], None),
    ],
)
def test_what_nobody_ruled_on(told: list[ToldArrival], state: ReviewState | None) -> None:
    """Marked, or only inferred, where the figure rests on it; not a second unit's."""
    assert review_state(told, [], None, has_ended=True) == state
    assert review_state(told, [], None, has_ended=False) is None
    assert review_state(told, [], Exclusion.TEST, has_ended=True) is None


@pytest.mark.parametrize(
    ("told", "rulings", "state"),
    [
        ([FIRST], [Ruling(K.STANDS, ONE)], "done"),
        ([MARKED], [Ruling(K.STANDS, ONE)], "done"),
        ([replace(MARKED, is_news=True)], [Ruling(K.STANDS, ONE)], "open"),
        ([replace(FIRST, is_news=True)], [Ruling(K.STANDS, ONE)], "done"),
        ([replace(INFERRED, is_news=True)], [Ruling(K.NOT_REACHED, ONE)], "open"),
        ([INFERRED], [Ruling(K.CORRECTED, ONE, at(400))], "done"),
        ([replace(INFERRED, is_news=True)], [Ruling(K.CORRECTED, ONE, at(400))], "done"),
        ([MARKED, MARKED_SECOND], [Ruling(K.NOT_REACHED, ONE)], "open"),
        ([MARKED, SECOND], [Ruling(K.NOT_REACHED, ONE)], "done"),
        ([MARKED, SECOND], [Ruling(K.STANDS, TWO)], "open"),
        ([FIRST, INFERRED_SECOND], [Ruling(K.NOT_REACHED, ONE)], "open"),
        ([FIRST, MARKED_SECOND], [Ruling(K.CORRECTED, ONE, at(600))], "open"),
        ([MARKED], [Ruling(K.CORRECTED, None, at(100))], "open"),
        ([MARKED], [Ruling(K.EXCLUDED, exclusion=Exclusion.TEST)], "done"),
        ([MARKED], [Ruling(K.EXCLUDED, exclusion=Exclusion.TEST), Ruling(K.COUNTED)], "open"),
    ],
)
def test_what_somebody_ruled_on(told: list[ToldArrival], rulings: list[Ruling], state: ReviewState) -> None:
    """Open again where something was heard since, or another unit's arrival counts now and wants a look."""
    assert review_state(told, rulings, None, has_ended=True) == state


def test_counted_by_a_ruling() -> None:
    """Excluded at its entry and counted since: then its arrival is looked at."""
    assert review_state([MARKED], [Ruling(K.COUNTED)], Exclusion.TEST, has_ended=True) == "open"
    assert review_state([MARKED], [Ruling(K.STANDS, ONE)], Exclusion.TEST, has_ended=True) == "done"


@pytest.mark.parametrize(
    ("rulings", "state"),
    [
        ([], "open"),
        ([Ruling(K.STANDS, ONE)], "open"),
        ([Ruling(K.EXCLUDED, exclusion=Exclusion.CANCELLED)], "done"),
        ([Ruling(K.COUNTED), Ruling(K.EXCLUDED, exclusion=Exclusion.CANCELLED)], "done"),
    ],
)
def test_a_cancellation_after_the_ten_minutes_waits_for_a_ruling_on_it(
    rulings: list[Ruling], state: ReviewState
) -> None:
    """One on a unit's arrival leaves it open as long as nobody is there by it."""
    for told in ([], [NEVER_SEEN], [INFERRED]):
        assert review_state(told, rulings, None, has_ended=True, cancelled_late=True) == state
