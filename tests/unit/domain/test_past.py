"""The fold of the event log: what was known at each line, whatever became known later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dispatch.domain.events import EventKind as K
from dispatch.domain.past import Line, Past, is_over

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
INCIDENT, OTHER, THIRD, ASSIGNMENT, UNIT, ALARM = (UUID(int=n) for n in range(1, 7))


def at(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def line(kind: K, seconds: float = 0, *, happened: float | None = -1, **members: Any) -> Line:
    """Recorded then; what counts is the same moment unless `happened` says otherwise, None for an inferred step."""
    happened_at = None if happened is None else at(seconds if happened == -1 else happened)
    about: dict[str, Any] = {"incident_id": INCIDENT, "assignment_id": ASSIGNMENT, "unit_id": UNIT}
    about |= {"actor": "dora", "data": {}}
    return Line(kind=str(kind), recorded_at=at(seconds), happened_at=happened_at, **about | members)


def called(incident_id: UUID = INCIDENT, seconds: float = 0, **data: Any) -> Line:
    """A call."""
    return line(K.INCIDENT_CREATED, seconds, incident_id=incident_id, data={"number": f"N-{seconds}", **data})


def told(*lines: Line) -> Past:
    """The fold."""
    past = Past()
    for one in lines:
        past.take(one)
    return past


def sent(*lines: Line) -> dict[str, Any]:
    """The assignment after an order and these lines."""
    order = line(K.UNIT_DISPATCHED, 5, data={"eta_s": 120.0, "role": "first"})
    return told(called(), order, *lines).assignments[ASSIGNMENT]


def test_a_call_is_born_with_what_its_line_says() -> None:
    """Place, class and station where the line holds them; a line of an older version leaves them unsaid."""
    known = told(called(priority=2, lat=23.4, station_id=str(OTHER), description="words")).incidents[INCIDENT]
    assert (known["priority"], known["lat"], known["station_id"]) == (2, 23.4, OTHER)
    assert (known["state"], known["version"], known["received_at"]) == ("open", 1, at(0))
    assert "description" not in known
    assert "lat" not in told(called(priority=2)).incidents[INCIDENT]
    assert told(called(station_id=None)).incidents[INCIDENT]["station_id"] is None


def test_a_change_takes_effect_from_its_line_on() -> None:
    """With a rising version; a line that names no members, or another call, changes nothing."""
    moved = {"members": ["lat", "address"], "values": {"lat": 23.5, "station_id": str(OTHER)}}
    past = told(called(lat=23.4, priority=2), line(K.INCIDENT_CHANGED, 9, data=moved))
    known = past.incidents[INCIDENT]
    assert (known["lat"], known["priority"], known["station_id"], known["version"]) == (23.5, 2, OTHER, 2)
    before = dict(known)
    past.take(line(K.INCIDENT_CHANGED, 10, data={"members": []}))
    past.take(line(K.INCIDENT_CHANGED, 11, incident_id=OTHER, data=moved))
    past.take(line(K.INCIDENT_CHANGED, 12, incident_id=None, data=moved))
    past.take(line(K.INCIDENT_CHANGED, 13, data={"members": ["address"]}))
    assert past.incidents == {INCIDENT: before | {"version": 3}}


@pytest.mark.parametrize(
    ("kind", "state", "data"),
    [(K.INCIDENT_CLOSED, "closed", {"disposition": "done"}), (K.INCIDENT_CANCELLED, "cancelled", {"reason": "done"})],
)
def test_an_end_counts_from_when_it_was_recorded(kind: K, state: str, data: dict[str, str]) -> None:
    """A crew's word may date back; a call that no line began stays unknown."""
    past = told(called(), line(kind, 90, happened=60, data=data), line(kind, 91, incident_id=OTHER, data=data))
    known = past.incidents[INCIDENT]
    assert (known["state"], known["ended_at"], known["disposition"]) == (state, at(90), "done")
    assert OTHER not in past.incidents


def test_a_merged_call_goes_where_its_incident_goes() -> None:
    """Its time of call is the other's where it rang before; what was merged into it follows it."""
    join = [
        line(K.INCIDENT_MERGED, 30, incident_id=THIRD, data={"into": str(OTHER)}),
        line(K.INCIDENT_MERGED, 40, incident_id=OTHER, data={"into": str(INCIDENT)}),
        line(K.INCIDENT_CHANGED, 40, data={"members": ["received_at"], "merged": "N"}),
        line(K.INCIDENT_MERGED, 50, incident_id=UNIT, data={"into": str(INCIDENT)}),
    ]
    past = told(called(seconds=20), called(OTHER, 10), called(THIRD, 0), *join)
    assert {past.incidents[one]["merged_into"] for one in (OTHER, THIRD)} == {INCIDENT}
    assert past.incidents[OTHER]["exclusion"] == "duplicate"
    assert past.incidents[OTHER]["state"] == "merged"
    assert past.incidents[INCIDENT]["received_at"] == at(0)
    assert UNIT not in past.incidents


def test_steps_are_known_when_they_are_told() -> None:
    """A step that counts from earlier on changes the picture with its line, with the time that counts."""
    known = sent(line(K.UNIT_ACKNOWLEDGED, 9, happened=7), line(K.UNIT_EN_ROUTE, 60, happened=12))
    assert (known["state"], known["acknowledged_at"], known["en_route_at"]) == ("en_route", at(7), at(12))
    assert (known["eta_s"], known["role"], known["dispatched_at"]) == (120.0, "first", at(5))
    assert not is_over(known)


def test_an_inferred_step_has_no_time() -> None:
    """Only its state; the one that was told follows it."""
    known = sent(line(K.UNIT_ACKNOWLEDGED, 30, happened=None), line(K.UNIT_ON_SCENE, 30))
    assert (known["state"], known["acknowledged_at"], known["on_scene_at"]) == ("on_scene", None, at(30))


def test_of_two_witnesses_the_earlier_counts_from_its_line_on() -> None:
    """GPS dates an arrival back, also after the end; a later word moves nothing."""
    assert sent(line(K.UNIT_ON_SCENE, 90), line(K.UNIT_ON_SCENE, 95, happened=70))["on_scene_at"] == at(70)
    assert sent(line(K.UNIT_ON_SCENE, 90), line(K.UNIT_ON_SCENE, 95))["on_scene_at"] == at(90)
    known = sent(line(K.UNIT_CLEARED, 200, data={"disposition": "done"}), line(K.UNIT_ON_SCENE, 210, happened=80))
    assert (known["state"], known["on_scene_at"], known["cleared_at"]) == ("cleared", at(80), at(200))
    assert (known["ended_at"], known["end_reason"]) == (at(200), "done")


def test_an_assignment_ends_in_many_ways() -> None:
    """Declined by the crew, taken off by somebody; each with its reason. A review marks, and ends nothing."""
    declined = sent(line(K.UNIT_DECLINED, 20, data={"reason": "flat tyre"}))
    assert (declined["state"], declined["ended_at"], declined["end_reason"]) == ("declined", at(20), "flat tyre")
    off = sent(line(K.ASSIGNMENT_ENDED, 20, data={"state": "reassigned", "reason": "diverted"}))
    assert (off["state"], off["ended_at"], off["end_reason"]) == ("reassigned", at(20), "diverted")
    assert sent(line(K.ARRIVAL_MARKED_FOR_REVIEW, 20, data={"review": ["far"]}))["review"] == ["far"]


@pytest.mark.parametrize("kind", [K.UNIT_ON_SCENE, K.ASSIGNMENT_ENDED, K.ARRIVAL_MARKED_FOR_REVIEW])
@pytest.mark.parametrize("assignment_id", [None, OTHER])
def test_a_line_on_an_order_that_is_not_known_changes_nothing(kind: K, assignment_id: UUID | None) -> None:
    """Of a call that had ended before the period, say."""
    assert told(line(kind, 20, assignment_id=assignment_id)).assignments == {}


def test_units_are_as_was_last_said_of_them() -> None:
    """Availability with its reason, link, crew, shift, cameras by name; what nobody said is missing."""
    ends = at(3600).isoformat()
    past = told(
        line(K.UNIT_AVAILABILITY_CHANGED, 1, data={"available": False, "reason": "meal"}),
        line(K.UNIT_CONNECTED, 2),
        line(K.UNIT_CHANGED, 3, data={"crew": 3, "shift_ends_at": ends, "before": {"crew": 2}}),
        line(K.CAMERA_CHANGED, 4, happened=3, data={"camera_id": "bwc", "state": "recording"}),
    )
    known = past.units[UNIT]
    assert known == {
        "available": False,
        "unavailable_reason": "meal",
        "connected": True,
        "crew": 3,
        "shift_ends_at": at(3600),
    }
    camera = past.cameras[UNIT]["bwc"]
    assert (camera["state"], camera["battery_pct"], camera["said_at"]) == ("recording", None, at(3))
    past.take(line(K.UNIT_AVAILABILITY_CHANGED, 5, data={"available": True, "reason": "meal"}))
    past.take(line(K.UNIT_DISCONNECTED, 6))
    past.take(line(K.UNIT_CHANGED, 7, data={"shift_ends_at": None}))
    assert (known["available"], known["unavailable_reason"], known["connected"]) == (True, None, False)
    assert known["shift_ends_at"] is None


def test_an_alarm_is_heard_by_the_first_until_it_rings_again() -> None:
    """Put off it is quiet for its minutes; whoever hears it afterwards is who heard it."""
    said = {"alarm_id": str(ALARM)}
    past = told(line(K.ALARM_ACKNOWLEDGED, 1, data=said), line(K.ALARM_ANSWERED, 2, actor="max", data=said))
    known = past.alarms[ALARM]
    assert (known["acknowledged_by"], known["acknowledged_at"], known["incident_id"]) == ("dora", at(1), INCIDENT)
    past.take(line(K.ALARM_SNOOZED, 10, actor="max", data=said | {"minutes": 2}))
    assert (known["snoozed_until"], known["snoozed_by"], known["acknowledged_by"]) == (at(130), "max", "max")
    past.take(line(K.ALARM_ACKNOWLEDGED, 60, actor="eve", data=said))
    assert known["acknowledged_by"] == "max"
    past.take(line(K.ALARM_ACKNOWLEDGED, 130, actor="eve", data=said))
    assert (known["acknowledged_by"], known["snoozed_until"]) == ("eve", None)


def test_other_lines_say_nothing_of_the_picture() -> None:
    """A notice, a note, a kind of a later version; a line without data."""
    past = told(line(K.NOTICE_SENT), Line("later_kind", at(0)))
    assert (past.incidents, past.assignments, dict(past.units)) == ({}, {}, {})
    assert Line("any", at(0)).said == {}
