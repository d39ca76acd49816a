"""An incident's rules: its target, its end, its accident class, the time of its call; and what a refusal carries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dispatch.domain import refusals
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.geometry import Position
from dispatch.domain.incident import (
    AccidentClass,
    Category,
    Incident,
    IncidentState,
    Priority,
    check_accident_class,
    check_received_at,
    check_written_at,
)
from dispatch.domain.refusals import NotFound

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def incident(state: IncidentState = IncidentState.OPEN) -> Incident:
    """A call received at ten."""
    return Incident(
        uuid4(),
        "20261123-0001",
        Category.TRAFFIC_ACCIDENT,
        Priority.IMMEDIATE,
        AccidentClass.A1,
        Position(23.48, 120.45),
        None,
        None,
        NOW,
        state,
        1,
    )


def test_an_officer_must_be_there_ten_minutes_after_the_call() -> None:
    """The target runs from the call, not from its entry."""
    assert incident().arrive_by == NOW + timedelta(seconds=600)


def test_where_an_imported_incident_was_may_be_unknown() -> None:
    """Who needs the place is told so; nobody is given another one."""
    assert incident().place == Position(23.48, 120.45)
    with pytest.raises(NotFound, match="20261123-0001 was is not known"):
        _ = replace(incident(), known_place=None).place


@pytest.mark.parametrize("state", [IncidentState.CLOSED, IncidentState.CANCELLED, IncidentState.MERGED])
def test_what_has_ended_is_no_longer_worked_on(state: IncidentState) -> None:
    """The refusal says by which number and how it ended."""
    incident().require_open()
    with pytest.raises(refusals.IncidentEnded, match=f"20261123-0001 is {state}"):
        incident(state).require_open()


def test_only_a_traffic_accident_has_a_class() -> None:
    """A class on any other category names the member; none is always right."""
    for category in Category:
        check_accident_class(category, None)
    check_accident_class(Category.TRAFFIC_ACCIDENT, AccidentClass.A2)
    with pytest.raises(refusals.Invalid) as refused:
        check_accident_class(Category.TRAFFIC, AccidentClass.A2)
    assert refused.value.member == "accident_class"


def test_a_call_cannot_come_from_the_future() -> None:
    """A minute of difference between clocks is let pass, more isn't; the past is, however old."""
    check_received_at(NOW + timedelta(minutes=1), NOW)
    check_received_at(NOW - timedelta(days=365), NOW)
    with pytest.raises(refusals.Invalid) as refused:
        check_received_at(NOW + timedelta(minutes=1, microseconds=1), NOW)
    assert refused.value.member == "received_at"


def test_a_note_is_written_between_the_call_and_now() -> None:
    """Give or take a minute, which two clocks may differ."""
    minute, more, call = timedelta(minutes=1), timedelta(microseconds=1), NOW - timedelta(minutes=5)
    for written_at in (call - minute, NOW, NOW + minute):
        check_written_at(written_at, call, NOW)
    for written_at in (call - minute - more, NOW + minute + more):
        with pytest.raises(refusals.Invalid) as refused:
            check_written_at(written_at, call, NOW)
        assert refused.value.member == "written_at"


def test_every_refusal_has_a_code_of_its_own_and_says_what_is_wrong() -> None:
    """Programs go by the code; two that mean different things must not share one."""
    kinds = refusals.Refused.__subclasses__()
    own = [kind for kind in kinds if kind.__module__ == refusals.__name__]
    assert len({kind.code for kind in own} | {refusals.Refused.code}) == len(own) + 1
    refusal = refusals.UnitBusy("choose another", member="unit_id")
    assert (str(refusal), refusal.detail, refusal.member) == ("choose another", "choose another", "unit_id")


def test_what_happened_cannot_be_changed() -> None:
    """A line of the log is frozen once it is made."""
    event = Event(EventKind.SOS_RAISED, NOW, SaidBy.BUTTON)
    with pytest.raises(AttributeError):
        event.actor = "somebody else"  # type: ignore[misc]
    assert event.data == {}
