"""Why nobody was there in time: each reason by an example, and what the nearest free unit would have needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatch.domain.why_late import (
    Counterfactual,
    LateCase,
    LateReason,
    Norms,
    Part,
    Step,
    parts_of,
    why_late,
)

R = LateReason
CALLED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TIMES = {
    "created_s": "created_at",
    "sent_s": "dispatched_at",
    "read_s": "acknowledged_at",
    "left_s": "en_route_at",
    "there_s": "on_scene_at",
    "first_sent_s": "first_sent_at",
}


def at(seconds: float) -> datetime:
    """So long after the call."""
    return CALLED + timedelta(seconds=seconds)


def a_case(**given: Any) -> LateCase:
    """By the norms, with an ETA of 420 s: there after 600 s. Seconds after the call, None where nobody knows."""
    seconds = {"created_s": 60, "sent_s": 90, "read_s": 120, "left_s": 180, "there_s": 600} | {
        name: value for name, value in given.items() if name in TIMES
    }
    times: dict[str, Any] = {TIMES[name]: None if value is None else at(value) for name, value in seconds.items()}
    rest = {name: value for name, value in given.items() if name not in TIMES}
    return LateCase(**{"received_at": CALLED, "eta_s": 420.0, **times, **rest})


@pytest.mark.parametrize(
    ("given", "reason", "excess_s"),
    [
        ({"created_s": 200, "sent_s": 230, "read_s": 260, "left_s": 320, "there_s": 740}, R.LATE_ENTRY, 140),
        ({"sent_s": 290, "read_s": 320, "left_s": 380, "there_s": 800}, R.LATE_DISPATCH, 200),
        ({"read_s": 200, "left_s": 260, "there_s": 680}, R.LATE_ACKNOWLEDGEMENT, 80),
        ({"left_s": 300, "there_s": 720}, R.TURNOUT, 120),
        ({"there_s": 700}, R.TRAVEL_LONGER_THAN_ETA, 100),
        ({"there_s": 900, "eta_s": 700.0}, R.TOO_FAR, 280),
        ({"there_s": 900, "eta_s": 1700.0}, R.TOO_FAR, 300),
        ({"created_s": 30, "sent_s": 300, "read_s": 310, "left_s": 320, "there_s": 700, "eta_s": 900.0},
         R.LATE_DISPATCH, 240),
        ({"there_s": 900, "eta_s": 1700.0, "stood": [(at(200), at(400))]}, R.STOPPED_ON_THE_WAY, 200),
        ({"there_s": 900, "eta_s": 1700.0, "place_moved_m": 500.0}, R.TOO_FAR, 1280),
        ({"there_s": 900, "place_moved_m": 100.0}, R.PLACE_WRONG, 300),
        ({"there_s": 900, "place_moved_m": 99.0}, R.TRAVEL_LONGER_THAN_ETA, 300),
        ({"there_s": 900, "stood": [(at(200), at(400))]}, R.STOPPED_ON_THE_WAY, 200),
        ({"there_s": 900, "stood": [(at(200), at(300))]}, R.TRAVEL_LONGER_THAN_ETA, 200),
        ({"there_s": 900, "stood": [(at(200), at(400))], "place_moved_m": 900.0}, R.PLACE_WRONG, 300),
        ({"sent_s": 290, "there_s": 800, "read_s": 300, "left_s": 380, "nobody_free": [(at(62), at(290))]},
         R.NO_UNIT_FREE, 228),
        ({"sent_s": 290, "there_s": 800, "read_s": 300, "left_s": 380, "untaken": [(at(80), at(280))]},
         R.LATE_ACKNOWLEDGEMENT, 200),
    ],
)  # fmt: skip
def test_the_part_furthest_over_its_norm(given: dict[str, Any], reason: LateReason, excess_s: float) -> None:
    """One example of each reason, with how far over the norm it was."""
    why = why_late(a_case(**given))
    assert (why.reason, why.excess_s) == (reason, excess_s)


def test_of_equal_parts_the_earlier() -> None:
    """Entry and travel both a minute over: what went wrong first."""
    why = why_late(a_case(created_s=120, sent_s=150, read_s=180, left_s=240, there_s=720))
    assert why.reason is R.LATE_ENTRY


def test_nobody_came() -> None:
    """Without an arrival there are no parts; where nobody could ever be sent, that is the reason."""
    why = why_late(a_case(there_s=None))
    assert (why.reason, why.excess_s, why.parts) == (R.NOBODY_CAME, None, ())
    assert parts_of(a_case(there_s=None)) == ()
    assert why_late(a_case(there_s=None, ever_sent=False)).reason is R.NOBODY_CAME
    waits = {"nobody_free": [(at(62), at(9000))]}
    assert why_late(a_case(there_s=None, **waits)).reason is R.NOBODY_CAME
    assert why_late(a_case(there_s=None, ever_sent=False, **waits)).reason is R.NO_UNIT_FREE


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"read_s": None, "left_s": 400, "there_s": 800}, R.TURNOUT),
        ({"left_s": None, "there_s": 800}, R.UNKNOWN),
        ({"left_s": None, "there_s": 800, "eta_s": 700.0}, R.TOO_FAR),
        (
            {"created_s": 30, "sent_s": 200, "read_s": None, "left_s": None, "there_s": 700, "eta_s": 900.0},
            R.LATE_DISPATCH,
        ),
        ({"created_s": None, "sent_s": 400, "read_s": 410, "left_s": 420, "there_s": 800}, R.UNKNOWN),
        ({"created_s": None, "sent_s": None, "read_s": None, "left_s": None, "there_s": 800}, R.UNKNOWN),
        ({"there_s": 800, "eta_s": None}, R.UNKNOWN),
        ({"sent_s": 300, "read_s": 330, "left_s": 390, "there_s": 800, "eta_s": None}, R.LATE_DISPATCH),
        ({"there_s": 500}, R.UNKNOWN),
        ({"there_s": -5}, R.UNKNOWN),
    ],
)
def test_what_nobody_can_know_is_not_guessed(given: dict[str, Any], reason: LateReason) -> None:
    """Where a step has no time, only what the rest proves; and nothing of a response that is not late."""
    assert why_late(a_case(**given)).reason is reason


def test_a_press_after_the_arrival_is_as_good_as_none() -> None:
    """GPS saw the unit there before its crew pressed "en route": the order to the door is one part."""
    parts = parts_of(a_case(left_s=900, read_s=130, there_s=700))
    assert parts[-1] == Part((Step.TURNOUT, Step.TRAVEL), 570, 480)
    assert sum(part.seconds for part in parts) == 700


def test_an_entry_from_long_after_is_as_good_as_none() -> None:
    """An imported call was entered when the file was read: entry and dispatch are one part."""
    first, *_ = parts_of(a_case(created_s=9e6))
    assert first == Part((Step.ENTRY, Step.DISPATCH), 90, 90)


def test_what_was_lost_before_the_order() -> None:
    """Nobody free, then a crew that declined: each second once, the rest is dispatch; parts add up to the response."""
    case = a_case(
        sent_s=300,
        read_s=320,
        left_s=380,
        there_s=800,
        nobody_free=[(at(70), at(150))],
        untaken=[(at(140), at(200)), (at(150), at(210))],
    )
    waiting, untaken, dispatch = parts_of(case)[1:4]
    assert (waiting.steps, waiting.seconds) == ((Step.WAITING,), 80)
    assert (untaken.steps, untaken.seconds) == ((Step.UNTAKEN,), 60)
    assert (dispatch.steps, dispatch.seconds) == ((Step.DISPATCH,), 100)
    assert sum(part.seconds for part in parts_of(case)) == 800


def test_had_the_nearest_free_unit_been_sent_at_once() -> None:
    """The entry as it was and its way; nobody free, and nothing kept, are two different answers."""
    known = why_late(a_case(there_s=900, created_s=80, candidates_kept=True, free_eta_s=300.0))
    assert (known.nearest_free_s, known.counterfactual) == (380, Counterfactual.KNOWN)
    nobody = why_late(a_case(there_s=900, candidates_kept=True))
    assert (nobody.nearest_free_s, nobody.counterfactual) == (None, Counterfactual.NOBODY_FREE)
    nothing = why_late(a_case(there_s=900))
    assert (nothing.nearest_free_s, nothing.counterfactual) == (None, Counterfactual.NOT_KEPT)
    unentered = why_late(a_case(there_s=900, created_s=None, candidates_kept=True, free_eta_s=300.0))
    assert unentered.nearest_free_s == 300


def test_the_norms_leave_the_rest_of_the_target_for_the_way() -> None:
    """Seven minutes of ten; a bureau with other norms has another rest."""
    assert Norms().way_s == 420
    assert Norms(turnout_s=120).way_s == 360


def sent_once(**given: Any) -> LateCase:
    """One order, at `sent_s`; there, with an ETA of 510 s, 600 s after it by the norms."""
    sent_s = given.get("sent_s", 400)
    by_norm = {"sent_s": sent_s, "read_s": sent_s + 30, "left_s": sent_s + 90, "there_s": sent_s + 600}
    return a_case(**({"created_s": 60, "eta_s": 510.0, "first_sent_s": sent_s} | by_norm | given))


def test_each_clock_has_its_own_reason() -> None:
    """An entry of 400 s is no part of the 670 s that it took from the order; the way is."""
    case = a_case(created_s=400, sent_s=430, read_s=440, left_s=450, there_s=1100, eta_s=500.0, first_sent_s=430)
    received, dispatched = why_late(case), why_late(case, "dispatched")
    assert (received.reason, received.excess_s) == (R.LATE_ENTRY, 340)
    assert (dispatched.reason, dispatched.excess_s) == (R.TRAVEL_LONGER_THAN_ETA, 150)
    assert sum(part.seconds for part in received.parts) == 1100
    assert sum(part.seconds for part in dispatched.parts) == 670


@pytest.mark.parametrize(
    ("given", "reason", "excess_s"),
    [
        ({"read_s": 500, "left_s": 560, "there_s": 1070}, R.LATE_ACKNOWLEDGEMENT, 70),
        ({"left_s": 600, "there_s": 1110}, R.TURNOUT, 110),
        ({"there_s": 1100}, R.TRAVEL_LONGER_THAN_ETA, 100),
        ({"there_s": 1200, "eta_s": 700.0}, R.TOO_FAR, 190),
        ({"there_s": 1200, "place_moved_m": 100.0}, R.PLACE_WRONG, 200),
        ({"there_s": 1200, "stood": [(at(500), at(700))]}, R.STOPPED_ON_THE_WAY, 200),
        ({"left_s": None, "there_s": 1300}, R.UNKNOWN, 300),
        ({"there_s": None}, R.NOBODY_CAME, None),
        ({"there_s": 1200, "nobody_free": [(at(62), at(400))], "untaken": [(at(62), at(390))]},
         R.TRAVEL_LONGER_THAN_ETA, 200),
        ({"first_sent_s": 100, "untaken": [(at(100), at(380))]}, R.LATE_ACKNOWLEDGEMENT, 280),
        ({"first_sent_s": 100, "nobody_free": [(at(150), at(390))]}, R.NO_UNIT_FREE, 240),
        ({"first_sent_s": 100}, R.LATE_DISPATCH, 300),
        ({"first_sent_s": 100, "sent_s": None, "read_s": None, "left_s": None}, R.UNKNOWN, 300),
    ],
)  # fmt: skip
def test_from_dispatch_nothing_counts_that_was_before_the_first_order(
    given: dict[str, Any], reason: LateReason, excess_s: float | None
) -> None:
    """What is left of the ten minutes for the way is more by the norms of entry and dispatch; later orders are late."""
    given = {"there_s": 1000} | given
    why = why_late(replace(sent_once(), **_members(given)), "dispatched")
    assert (why.reason, why.excess_s) == (reason, excess_s)


def _members(given: dict[str, Any]) -> dict[str, Any]:
    times = {TIMES[name]: None if value is None else at(value) for name, value in given.items() if name in TIMES}
    return times | {name: value for name, value in given.items() if name not in TIMES}


def test_from_dispatch_the_nearest_unit_s_way_is_all() -> None:
    """Entry 300 s, way 350 s: too late from receipt, in time from the order; also where nobody was sent."""
    kept: dict[str, Any] = {"created_s": 300, "candidates_kept": True, "free_eta_s": 350.0}
    for case in (sent_once(**kept), a_case(**kept, there_s=None, sent_s=None, ever_sent=False)):
        assert why_late(case).nearest_free_s == 650
        found = why_late(case, "dispatched")
        assert (found.nearest_free_s, found.counterfactual) == (350, Counterfactual.KNOWN)
    assert why_late(a_case(there_s=None, sent_s=None, ever_sent=False), "dispatched").reason is R.NOBODY_CAME
