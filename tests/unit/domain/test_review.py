"""Rulings of supervisors: what counts after them, and which are refused."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.kpi import Exclusion, IncidentRecord, left_out, outcome
from dispatch.domain.refusals import Invalid
from dispatch.domain.review import (
    OnRecord,
    Ruling,
    RulingKind,
    Witnessed,
    arrivals_after,
    checked,
    exclusion_after,
    is_corrected,
    reviewed,
    unsent_at,
)

K = RulingKind
CALLED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NOW = CALLED + timedelta(hours=2)
ONE, TWO = UUID(int=1), UUID(int=2)


def at(seconds: float) -> datetime:
    """So long after the call."""
    return CALLED + timedelta(seconds=seconds)


ARRIVALS = {ONE: at(300), TWO: at(500)}
RECORD = IncidentRecord(
    incident_id=UUID(int=9),
    number="20261123-0001",
    category=Category.CRIMINAL,
    priority=Priority.URGENT,
    received_at=CALLED,
    dispatched_at=at(20),
    on_scene_at=at(300),
    state=IncidentState.CLOSED,
)
NOBODY_SENT = OnRecord(CALLED, {}, ended_at=at(3000))
KNOWN = OnRecord(CALLED, {ONE: Witnessed(at(300), at(300), at(650)), TWO: Witnessed()})


def test_without_a_ruling_it_is_the_record_itself() -> None:
    """Nothing is copied, so that who compares sees at once that nobody reviewed."""
    assert reviewed(RECORD, [], ARRIVALS) is RECORD


@pytest.mark.parametrize(
    ("rulings", "on_scene_s"),
    [
        ([Ruling(K.STANDS, ONE)], 300),
        ([Ruling(K.GPS, ONE, at(400))], 400),
        ([Ruling(K.GPS, ONE, at(650))], 500),
        ([Ruling(K.CORRECTED, TWO, at(100))], 100),
        ([Ruling(K.NOT_REACHED, ONE)], 500),
        ([Ruling(K.NOT_REACHED, ONE), Ruling(K.NOT_REACHED, TWO)], None),
        ([Ruling(K.NOT_REACHED, ONE), Ruling(K.BUTTON, ONE, at(300))], 300),
        ([Ruling(K.GPS, ONE, at(400)), Ruling(K.STANDS, ONE)], 300),
        ([Ruling(K.EXCLUDED, exclusion=Exclusion.TEST)], 300),
    ],
)
def test_the_earliest_arrival_that_counts(rulings: list[Ruling], on_scene_s: float | None) -> None:
    """Of all units, each by the newest ruling on it; one without counts as recorded, and so does one that stands."""
    assert reviewed(RECORD, rulings, ARRIVALS).on_scene_at == (None if on_scene_s is None else at(on_scene_s))


def test_left_out_and_counted_again() -> None:
    """The newest ruling on the incident decides; a record that was excluded at its entry can be counted as well."""
    out, back = Ruling(K.EXCLUDED, exclusion=Exclusion.SCHEDULED), Ruling(K.COUNTED)
    assert outcome(reviewed(RECORD, [out], ARRIVALS), NOW, "received") is Exclusion.SCHEDULED
    assert outcome(reviewed(RECORD, [out, back], ARRIVALS), NOW, "received") == 300
    tested = replace(RECORD, exclusion=Exclusion.TEST)
    assert outcome(reviewed(tested, [Ruling(K.STANDS, ONE)], ARRIVALS), NOW, "received") is Exclusion.TEST
    assert outcome(reviewed(tested, [back], ARRIVALS), NOW, "received") == 300
    assert exclusion_after(Exclusion.TEST, []) is Exclusion.TEST


def test_an_arrival_that_no_assignment_holds_stays() -> None:
    """A record without units keeps its arrival when a ruling only leaves it out or counts it again."""
    assert reviewed(RECORD, [Ruling(K.COUNTED)], {}).on_scene_at == at(300)
    assert arrivals_after(ARRIVALS, [Ruling(K.GPS, UUID(int=7), at(1))]) == ARRIVALS


def test_corrected_is_what_counts_otherwise() -> None:
    """A look that leaves all as it was corrects nothing, whatever it is called."""
    assert not is_corrected(None, ARRIVALS, [Ruling(K.STANDS, ONE)])
    assert not is_corrected(None, ARRIVALS, [Ruling(K.BUTTON, ONE, at(300))])
    assert is_corrected(None, ARRIVALS, [Ruling(K.GPS, ONE, at(650))])
    assert is_corrected(None, ARRIVALS, [Ruling(K.EXCLUDED, exclusion=Exclusion.TEST)])
    assert is_corrected(Exclusion.TEST, ARRIVALS, [Ruling(K.COUNTED)])


@pytest.mark.parametrize(
    ("wish", "given"),
    [
        (Ruling(K.STANDS, TWO), Ruling(K.STANDS, TWO)),
        (Ruling(K.NOT_REACHED, ONE), Ruling(K.NOT_REACHED, ONE)),
        (Ruling(K.GPS, ONE), Ruling(K.GPS, ONE, at(650))),
        (Ruling(K.BUTTON, ONE), Ruling(K.BUTTON, ONE, at(300))),
        (Ruling(K.CORRECTED, TWO, at(0)), Ruling(K.CORRECTED, TWO, at(0))),
        (Ruling(K.CORRECTED, TWO, NOW), Ruling(K.CORRECTED, TWO, NOW)),
        (Ruling(K.EXCLUDED, exclusion=Exclusion.DUPLICATE), Ruling(K.EXCLUDED, exclusion=Exclusion.DUPLICATE)),
    ],
)
def test_a_ruling_takes_the_time_that_it_stands_for(wish: Ruling, given: Ruling) -> None:
    """A witness's time is taken now; what comes in later can't move it. The ends of what may be named are in."""
    assert checked(wish, KNOWN, NOW) == given


def test_an_exclusion_can_be_taken_back() -> None:
    """Only where there is one."""
    assert checked(Ruling(K.COUNTED), replace(KNOWN, exclusion=Exclusion.TEST), NOW) == Ruling(K.COUNTED)


def test_an_imported_call_that_nobody_reached_may_have_been_cancelled() -> None:
    """One of ours was, or was not, by who was there; where somebody arrived it came too late, as of one of ours."""
    cancelled = Ruling(K.EXCLUDED, exclusion=Exclusion.CANCELLED)
    unreached = replace(NOBODY_SENT, is_imported=True)
    assert checked(cancelled, unreached, NOW) == cancelled
    for known, why in (
        (NOBODY_SENT, "is imported"),
        (replace(unreached, on_scene_at=at(300)), "not_reached"),
        (replace(NOBODY_SENT, on_scene_at=at(300)), "is imported"),
    ):
        with pytest.raises(Invalid, match=why) as refused:
            checked(cancelled, known, NOW)
        assert refused.value.member == "exclusion"
    for known, named in ((unreached, True), (replace(unreached, on_scene_at=at(1)), False), (NOBODY_SENT, False)):
        with pytest.raises(Invalid, match="say which") as refused:
            checked(Ruling(K.EXCLUDED), known, NOW)
        assert ("cancelled" in refused.value.detail) is named
    nobody = replace(RECORD, dispatched_at=None, on_scene_at=None)
    assert outcome(reviewed(nobody, [cancelled], {}), NOW, "received") is Exclusion.CANCELLED
    there = Ruling(K.CORRECTED, None, at(400))
    assert outcome(reviewed(nobody, [cancelled, there], {}), NOW, "received") == 400
    recorded = replace(nobody, exclusion=Exclusion.CANCELLED)
    assert outcome(reviewed(recorded, [Ruling(K.COUNTED)], {}), NOW, "received") == float("inf")


@pytest.mark.parametrize(
    ("wish", "member"),
    [
        ({"kind": K.GPS, "assignment_id": ONE, "on_scene_at": at(1)}, "on_scene_at"),
        ({"kind": K.STANDS, "assignment_id": ONE, "exclusion": Exclusion.TEST}, "exclusion"),
        ({"kind": K.STANDS}, "assignment_id"),
        ({"kind": K.NOT_REACHED}, "assignment_id"),
        ({"kind": K.CORRECTED, "on_scene_at": at(-1)}, "on_scene_at"),
        ({"kind": K.GPS, "assignment_id": UUID(int=5)}, "assignment_id"),
        ({"kind": K.GPS, "assignment_id": TWO}, "ruling"),
        ({"kind": K.BUTTON, "assignment_id": TWO}, "ruling"),
        ({"kind": K.CORRECTED, "assignment_id": ONE}, "on_scene_at"),
        ({"kind": K.CORRECTED, "assignment_id": ONE, "on_scene_at": at(-1)}, "on_scene_at"),
        ({"kind": K.CORRECTED, "assignment_id": ONE, "on_scene_at": NOW + timedelta(seconds=1)}, "on_scene_at"),
        ({"kind": K.EXCLUDED, "assignment_id": ONE, "exclusion": Exclusion.TEST}, "assignment_id"),
        ({"kind": K.EXCLUDED}, "exclusion"),
        ({"kind": K.EXCLUDED, "exclusion": Exclusion.CANCELLED}, "exclusion"),
        ({"kind": K.EXCLUDED, "exclusion": Exclusion.PENDING}, "exclusion"),
        ({"kind": K.COUNTED}, "ruling"),
    ],
)
def test_what_is_no_ruling(wish: dict[str, Any], member: str) -> None:
    """Each is refused by the name of the member that is wrong."""
    with pytest.raises(Invalid) as refused:
        checked(Ruling(**wish), KNOWN, NOW)
    assert refused.value.member == member


def test_somebody_who_was_not_sent_may_have_been_there() -> None:
    """Where no unit was: its time ends the response, marks it as corrected, and can be taken back."""
    nobody = replace(RECORD, dispatched_at=None, on_scene_at=None)
    there, back = Ruling(K.CORRECTED, None, at(400)), Ruling(K.STANDS)
    assert (checked(there, NOBODY_SENT, NOW), checked(back, NOBODY_SENT, NOW)) == (there, back)
    assert outcome(reviewed(nobody, [there], {}), NOW, "received") == 400
    assert is_corrected(None, {}, [there])
    assert reviewed(nobody, [there, back], {}) == nobody
    assert not is_corrected(None, {}, [there, back])
    out = Ruling(K.EXCLUDED, exclusion=Exclusion.TEST)
    assert reviewed(nobody, [there, out], {}) == replace(nobody, on_scene_at=at(400), exclusion=Exclusion.TEST)
    assert (unsent_at([there, out]), unsent_at([]), unsent_at([out])) == (at(400), None, None)
    assert reviewed(RECORD, [there], ARRIVALS).on_scene_at == at(300)


def test_somebody_who_was_not_sent_may_have_been_there_first() -> None:
    """Beside units that were: the earliest time ends the response; a ruling that is there is taken back."""
    first, back = Ruling(K.CORRECTED, None, at(120)), Ruling(K.STANDS)
    assert checked(first, KNOWN, NOW) == first
    assert checked(back, replace(KNOWN, unsent_at=at(120)), NOW) == back
    assert reviewed(RECORD, [first], ARRIVALS).on_scene_at == at(120)
    assert is_corrected(None, ARRIVALS, [first])
    assert reviewed(RECORD, [first, back], ARRIVALS) == RECORD
    alone = [Ruling(K.NOT_REACHED, unit) for unit in ARRIVALS]
    assert reviewed(RECORD, [*alone, Ruling(K.CORRECTED, None, at(900))], ARRIVALS).on_scene_at == at(900)


@pytest.mark.parametrize("kind", [K.GPS, K.BUTTON, K.NOT_REACHED])
def test_of_nobody_sent_there_is_no_witness(kind: RulingKind) -> None:
    """The refusal says what can be ruled instead."""
    with pytest.raises(Invalid, match="corrected") as refused:
        checked(Ruling(kind), NOBODY_SENT, NOW)
    assert refused.value.member == "ruling"


def test_nobody_arrives_long_after_the_end() -> None:
    """A quarter of an hour after it GPS may still tell of an arrival; a later one is a slip of the pen. So is none."""
    known = replace(KNOWN, ended_at=at(1000))
    assert checked(Ruling(K.CORRECTED, ONE, at(1900)), known, NOW).on_scene_at == at(1900)
    for ruling in (Ruling(K.CORRECTED, ONE, at(1901)), Ruling(K.CORRECTED, None, at(1901))):
        with pytest.raises(Invalid, match="not_reached") as refused:
            checked(ruling, known, NOW)
        assert refused.value.member == "on_scene_at"


CANCELLED_LATE = replace(RECORD, on_scene_at=None, state=IncidentState.CANCELLED, ended_at=at(2400))


def test_a_cancellation_after_the_ten_minutes_is_ruled_on() -> None:
    """It stands, or it does not and nobody came: and back again. Somebody who was there all the same settles it too."""
    stands, counts = Ruling(K.EXCLUDED, exclusion=Exclusion.CANCELLED), Ruling(K.COUNTED)
    nobody = {ONE: None, TWO: None}
    assert outcome(reviewed(CANCELLED_LATE, [stands], nobody), NOW, "received") is Exclusion.CANCELLED
    assert outcome(reviewed(CANCELLED_LATE, [counts], nobody), NOW, "received") == math.inf
    assert outcome(reviewed(CANCELLED_LATE, [counts], nobody), NOW, "dispatched") == math.inf
    assert outcome(reviewed(CANCELLED_LATE, [counts, stands], nobody), NOW, "received") is Exclusion.CANCELLED
    there = Ruling(K.CORRECTED, ONE, at(900))
    assert outcome(reviewed(CANCELLED_LATE, [there], nobody), NOW, "received") == 900
    assert outcome(reviewed(CANCELLED_LATE, [counts, there], nobody), NOW, "received") == 900
    before = left_out(CANCELLED_LATE)
    assert not is_corrected(before, nobody, [stands])
    assert is_corrected(before, nobody, [counts])


def test_a_cancellation_in_time_is_not() -> None:
    """Whatever is ruled of the incident; a test that was cancelled in time is left out as cancelled then."""
    in_time = replace(CANCELLED_LATE, ended_at=at(600), exclusion=Exclusion.TEST)
    assert outcome(reviewed(in_time, [Ruling(K.COUNTED)], {}), NOW, "received") is Exclusion.CANCELLED


def test_that_a_cancellation_stands_is_ruled_of_a_late_one_alone() -> None:
    """As `excluded` with `cancelled`; `counted` takes it back."""
    stands, counts = Ruling(K.EXCLUDED, exclusion=Exclusion.CANCELLED), Ruling(K.COUNTED)
    known = replace(KNOWN, exclusion=Exclusion.CANCELLED, cancelled_late=True)
    assert (checked(stands, known, NOW), checked(counts, known, NOW)) == (stands, counts)
    assert checked(stands, replace(known, exclusion=None), NOW) == stands
    with pytest.raises(Invalid) as refused:
        checked(counts, replace(known, exclusion=None), NOW)
    assert refused.value.member == "ruling"
