"""Rows that are kept now, as they were: by their own times, and by what was overwritten in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.domain.past_rows import (
    Overwritten,
    before_overwriting,
    known_by,
    known_since,
    newest_by,
    open_until_it_ended,
    suggestion_at,
)

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def test_what_was_not_yet_is_not_shown() -> None:
    """A time that lies later, and who did it then; what has no time stays."""
    row = {
        "raised_at": at(0),
        "resolved_at": at(9),
        "resolved_by": "max",
        "kind": "sos",
        "seen_at": None,
        "seen_by": None,
    }
    assert known_by(row, at(8)) == row | {"resolved_at": None, "resolved_by": None}
    assert known_by(row, at(9)) == row


def test_overwritten_words_are_those_of_the_time() -> None:
    """Of several changes the next one after the moment tells; each member for itself."""
    row = {"address": "third", "description": "second"}
    changes = [
        Overwritten(at(10), {"address": "first"}),
        Overwritten(at(20), {"address": "second", "description": "first"}),
    ]
    assert before_overwriting(row, changes, at(5)) == {"address": "first", "description": "first"}
    assert before_overwriting(row, changes, at(10)) == {"address": "second", "description": "first"}
    assert before_overwriting(row, changes, at(20)) == row


def test_an_imported_incident_was_open_until_its_end() -> None:
    """The log says nothing of it."""
    row = {"ended_at": at(9), "state": "closed", "disposition": "done", "merged_into": None}
    assert open_until_it_ended(row, at(9)) == row
    assert open_until_it_ended(row, at(8)) == {
        "ended_at": None,
        "state": "open",
        "disposition": None,
        "merged_into": None,
    }


@pytest.mark.parametrize(
    ("seconds", "state", "decided_by", "reason"),
    [(0, "open", None, None), (5, "accepted", "dora", None), (9, "expired", "dora", "not_reached")],
)
def test_a_suggestion_stood_as_its_times_say(seconds: float, state: str, decided_by: str | None, reason: str) -> None:
    """Open, then accepted, then over."""
    row = {"state": "expired", "decided_at": at(5), "decided_by": "dora", "ended_at": at(9), "reason": "not_reached"}
    known = suggestion_at(row, at(seconds))
    assert (known["state"], known["decided_by"], known["reason"]) == (state, decided_by, reason)


def test_no_line_is_known_before_the_one_above_it() -> None:
    """Two servers' clocks differ, and commands take their time; the log's order is the order of knowing."""
    assert list(known_since([at(1), at(5), at(3), at(6)])) == [at(1), at(5), at(5), at(6)]
    assert list(known_since([])) == []


def test_the_newest_that_is_not_later() -> None:
    """None before the first."""
    assert [newest_by([1, 5, 5], moment) for moment in (0, 1, 4, 5, 99)] == [None, 0, 0, 2, 2]
