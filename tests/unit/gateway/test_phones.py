"""What tracker apps say, protocol by protocol: units, times, and what is wrong with a report."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.parsing import Refusal
from gateway.phones_limits import Buckets, Rate
from gateway.phones_osmand import report_from_json, report_from_query, token_in_json, token_in_query
from gateway.phones_owntracks import report_from_owntracks
from gateway.phones_report import BadReport, Report
from gateway.protocol import Fix, RejectedCode, Sos

NOW_MS = 1_790_000_000_000
QUERY = {"id": "t", "lat": "23.48", "lon": "120.45", "timestamp": "1789999999"}


def location(**changes: Any) -> dict[str, Any]:
    """Traccar's JSON shape."""
    coords = {"latitude": 23.48, "longitude": 120.45, "accuracy": 5, "speed": 10, "heading": 90, "altitude": 30}
    return {
        "location": {"timestamp": "2026-09-21T14:13:19.250Z", "coords": coords, "battery": {"level": 1}, **changes},
        "device_id": "t",
    }


def owntracks(**changes: Any) -> dict[str, Any]:
    """OwnTracks' JSON."""
    body = {"_type": "location", "tst": 1_789_999_999, "lat": 23.48, "lon": 120.45, "vel": 36, "cog": 90, "acc": 5}
    return {**body, "alt": 30, "batt": 80, **changes}


def test_speeds_are_knots_in_a_query_metres_in_json_and_kilometres_in_owntracks() -> None:
    """The same 10 m/s, in each protocol's own unit."""
    said = [
        report_from_query({**QUERY, "speed": "19.4384449"}, NOW_MS),
        report_from_json(location()),
        report_from_owntracks(owntracks()),
    ]
    for report in said:
        assert report is not None
        assert report.place is not None
        assert report.place.speed_mps == pytest.approx(10, abs=1e-6)


def test_a_query_is_read_with_all_its_names() -> None:
    """bearing or heading, lat and lon or location, id or deviceid; what is not known is left alone."""
    full = {
        **QUERY,
        "bearing": "270",
        "altitude": "35",
        "accuracy": "10",
        "hdop": "0.8",
        "batt": "75",
        "charge": "true",
    }
    report = report_from_query(full, NOW_MS)
    assert report.place is not None
    assert (report.place.course_deg, report.place.altitude_m, report.place.accuracy_m) == (270, 35, 10)
    other = {"deviceid": "t", "location": "23.48,120.45", "heading": "1", "timestamp": QUERY["timestamp"]}
    assert report_from_query(other, NOW_MS).place == report_from_query({**QUERY, "bearing": "1"}, NOW_MS).place
    assert token_in_query(full) == token_in_query(other) == token_in_json(location()) == "t"


@pytest.mark.parametrize(
    "said",
    [
        "1789999999",
        "1789999999000",
        "1789999999.0",
        "2026-09-21T14:13:19Z",
        "2026-09-21T22:13:19+08:00",
        "2026-09-21 14:13:19",
        "2026-09-21T14:13:19.000",
    ],
)
def test_a_time_in_any_form_is_the_same_time(said: str) -> None:
    """Seconds, milliseconds, ISO 8601 with or without a zone."""
    assert report_from_query({**QUERY, "timestamp": said}, NOW_MS).time_ms == 1_789_999_999_000


def test_a_query_without_a_time_is_of_now() -> None:
    """As the protocol has it; the other shapes always carry one."""
    assert report_from_query({**QUERY, "timestamp": ""}, NOW_MS).time_ms == NOW_MS


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"lat": "91"}, "lat"),
        ({"lat": "nan"}, "lat"),
        ({"lon": "120,45"}, "lon"),
        ({"lon": "1e3"}, "lon"),
        ({"lat": "1_0"}, "lat"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "12345"}, "timestamp"),
        ({"timestamp": "9" * 20}, "timestamp"),
    ],
)
def test_what_a_fix_needs_is_named_where_it_is_wrong(wrong: dict[str, str], named: str) -> None:
    """The text says which member, and repeats no value."""
    with pytest.raises(BadReport, match=f"^{named}: ") as caught:
        report_from_query({**QUERY, **wrong}, NOW_MS)
    assert next(iter(wrong.values())) not in str(caught.value)


@pytest.mark.parametrize("missing", ["lat", "lon"])
def test_half_a_place_is_none(missing: str) -> None:
    """Not guessed from the other half."""
    with pytest.raises(BadReport, match=f"^{missing}: missing"):
        report_from_query({name: value for name, value in QUERY.items() if name != missing}, NOW_MS)


def test_what_hangs_on_a_fix_is_left_out_where_it_makes_no_sense() -> None:
    """-1 is an app's word for unknown; the place still counts."""
    nonsense = {"speed": "-1", "bearing": "-1", "accuracy": "-5", "altitude": "abc"}
    report = report_from_query({**QUERY, **nonsense}, NOW_MS)
    assert report.place is not None
    place = report.place
    assert (place.speed_mps, place.course_deg, place.accuracy_m, place.altitude_m) == (None, None, None, None)
    again = report_from_owntracks(owntracks(vel=-1, cog=None, acc=True, alt=10**400))
    assert again is not None
    assert again.place == place


@pytest.mark.parametrize(
    "query", [{**QUERY, "valid": "false"}, {**QUERY, "valid": "0"}, {**QUERY, "lat": "0", "lon": "0"}]
)
def test_a_phone_without_a_position_moves_nothing(query: dict[str, str]) -> None:
    """Said to be invalid, or the place where no car is."""
    assert report_from_query(query, NOW_MS) == Report(1_789_999_999_000, None)


@pytest.mark.parametrize(
    "report",
    [
        report_from_query({**QUERY, "alarm": "SOS"}, NOW_MS),
        report_from_json(location(extras={"alarm": "sos"})),
        report_from_json(location(alarm="sos")),
    ],
)
def test_a_call_for_help_carries_the_place(report: Report) -> None:
    """A fix and an SOS, of one time, under two numbers."""
    fix, sos = report.entries(NOW_MS)
    assert isinstance(fix, Fix)
    assert isinstance(sos, Sos)
    assert (sos.lat, sos.lon, sos.time_ms, fix.source) == (23.48, 120.45, fix.time_ms, "phone")
    assert sos.seq != fix.seq


def test_a_call_for_help_needs_no_place() -> None:
    """Neither in a query nor in JSON."""
    query = {"id": "t", "timestamp": "1789999999", "alarm": "sos"}
    for report in (report_from_query(query, NOW_MS), report_from_json(location(coords=None, alarm="sos"))):
        (sos,) = report.entries(NOW_MS)
        assert isinstance(sos, Sos)
        assert (sos.active, sos.lat) == (True, None)


def test_a_clock_ahead_loses_the_fix_and_never_the_call_for_help() -> None:
    """As on the link: more than five minutes ahead is refused and kept, the SOS goes through."""
    ahead = {**QUERY, "timestamp": str(NOW_MS + 301_000), "alarm": "sos"}
    refused, sos = report_from_query(ahead, NOW_MS).entries(NOW_MS)
    assert isinstance(refused, Refusal)
    assert refused.code == RejectedCode.CLOCK_AHEAD
    assert isinstance(sos, Sos)
    assert sos.seq != refused.seq
    just = {**QUERY, "timestamp": str(NOW_MS + 299_000)}
    assert isinstance(report_from_query(just, NOW_MS).entries(NOW_MS)[0], Fix)


def test_other_words_of_owntracks_are_taken_and_forgotten() -> None:
    """But not what is encrypted, which would be lost without a word."""
    assert report_from_owntracks({"_type": "waypoint"}) is None
    with pytest.raises(BadReport, match="encrypted"):
        report_from_owntracks({"_type": "encrypted", "data": "…"})


@pytest.mark.parametrize("body", [None, [], "x", {}, {"location": 1}, {"location": {"timestamp": "2026-09-21T00:00Z"}}])
def test_a_body_of_another_shape_is_refused(body: Any) -> None:
    """With a sentence, never with a crash."""
    with pytest.raises(BadReport):
        report_from_json(body)
    with pytest.raises(BadReport):
        report_from_owntracks(body)


def test_buckets_refill_and_forget() -> None:
    """What was used comes back with time; names that were made up do not fill the memory."""
    buckets = Buckets(Rate(burst=2, per_s=1), kept=3)
    assert [buckets.wait_s("a", 0) for _ in range(3)] == [0, 0, 1]
    assert buckets.wait_s("a", 1) == 0
    buckets.charge("b", 1, 40)
    assert buckets.wait_s("b", 1) == 1
    for name in "cdefg":
        assert buckets.wait_s(name, 2) == 0
    assert len(buckets._buckets) <= 3
