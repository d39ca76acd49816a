"""What tracker apps say, protocol by protocol: units, times, and what is wrong with a report."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.parsing import Refusal
from gateway.phones_limits import Buckets, Rate, origin
from gateway.phones_osmand import AT_ONCE_MAX, report_from_query, reports_from_json, token_in_json, token_in_query
from gateway.phones_owntracks import report_from_owntracks
from gateway.phones_report import OLD_MS, BadReport, Place, Report, sos_number
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


def one_from_json(body: Any) -> Report:
    """The one report of a body."""
    (report,) = reports_from_json(body, NOW_MS)
    if isinstance(report, BadReport):
        raise report
    return report


def owntracks(**changes: Any) -> dict[str, Any]:
    """OwnTracks' JSON."""
    body = {"_type": "location", "tst": 1_789_999_999, "lat": 23.48, "lon": 120.45, "vel": 36, "cog": 90, "acc": 5}
    return {**body, "alt": 30, "batt": 80, **changes}


def test_speeds_are_knots_in_a_query_metres_in_json_and_kilometres_in_owntracks() -> None:
    """The same 10 m/s, in each protocol's own unit."""
    said = [
        report_from_query({**QUERY, "speed": "19.4384449"}, NOW_MS),
        one_from_json(location()),
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
        one_from_json(location(extras={"alarm": "sos"})),
        one_from_json(location(alarm="sos")),
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
    for report in (report_from_query(query, NOW_MS), one_from_json(location(coords=None, alarm="sos"))):
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


@pytest.mark.parametrize("body", [None, "x", 1, {}, {"location": 1, "coords": 2}, {"location": {"coords": {}}}, [[]]])
def test_a_body_of_another_shape_is_refused(body: Any) -> None:
    """With a sentence, never with a crash."""
    with pytest.raises(BadReport):
        one_from_json(body)
    with pytest.raises(BadReport):
        report_from_owntracks(body)


@pytest.mark.parametrize(
    "report",
    [
        report_from_query({"id": "t", "timestamp": "1789999999", "batt": "80"}, NOW_MS),
        report_from_query({"id": "t", "timestamp": "1789999999", "lat": "", "lon": ""}, NOW_MS),
        one_from_json(location(coords=None, timestamp=1_789_999_999)),
        one_from_json({"id": "t", "timestamp": 1_789_999_999}),
        report_from_owntracks({"_type": "location", "tst": 1_789_999_999, "batt": 80}),
    ],
)
def test_a_phone_that_only_says_that_it_lives_is_understood(report: Report) -> None:
    """An app's heartbeat without a fix is no fault: no place, and nothing moves."""
    assert report == Report(1_789_999_999_000, None)
    assert report.entries(NOW_MS) == []


@pytest.mark.parametrize(
    "wrong",
    [{"lat": ""}, {"lat": "23,4"}, {"lon": "x"}, {"timestamp": "0"}, {"timestamp": "soon"}, {"valid": "false"}],
)
def test_a_call_for_help_goes_through_whatever_is_wrong_beside_it(wrong: dict[str, str]) -> None:
    """Without a place where that can't be read, at the server's time where the time can't."""
    report = report_from_query({**QUERY, **wrong, "alarm": "sos"}, NOW_MS)
    assert report.sos
    assert report.time_ms == (NOW_MS if "timestamp" in wrong else 1_789_999_999_000)
    assert report.place == (Place(23.48, 120.45) if "timestamp" in wrong else None)


def test_a_call_for_help_in_json_goes_through_as_well() -> None:
    """Its coordinates empty or no object at all, its time unreadable, the word beside or inside the location."""
    wrong: list[dict[str, Any]] = [{"coords": {}}, {"coords": {"latitude": "x"}}, {"coords": 1}, {"timestamp": []}]
    for changes in wrong:
        assert one_from_json(location(extras={"alarm": "general,sos"}, **changes)).sos
    assert one_from_json({**location(coords={"latitude": 1}), "alarm": "SOS"}).sos


def test_lists_of_reports_are_read_each_by_its_shape() -> None:
    """Flat ones in knots, those with coords in m/s, alone or under `location`; a broken one holds up none."""
    flat = {"id": "t", "lat": 23.48, "lon": 120.45, "timestamp": 1_789_999_999, "speed": 19.4384449, "alarm": "sos"}
    inner = location()["location"]
    body = [flat, {"lat": 95, "lon": 1}, location(), {"device_id": "t", "location": [inner, "x", inner]}, 7]
    read = reports_from_json(body, NOW_MS)
    assert [isinstance(report, Report) for report in read] == [True, False, True, True, False, True, False]
    for report in read:
        if isinstance(report, Report):
            assert report.place is not None
            assert report.place.speed_mps == pytest.approx(10, abs=1e-6)
    assert isinstance(read[0], Report)
    assert read[0].sos
    assert token_in_json(body) == "t"
    assert token_in_json([{"lat": 1}, {"deviceid": "u"}]) == "u"
    assert reports_from_json([], NOW_MS) == []


def test_a_list_has_its_limit_and_calls_for_help_have_none() -> None:
    """What is beyond it is refused by name; a call for help is heard wherever it stands."""
    item = {"lat": 23.48, "lon": 120.45, "timestamp": 1_789_999_999}
    read = reports_from_json([item] * (AT_ONCE_MAX + 2) + [{**item, "alarm": "sos"}], NOW_MS)
    assert [isinstance(report, Report) for report in read] == [True] * AT_ONCE_MAX + [False, False, True]


def test_an_old_position_under_a_call_for_help_is_no_time_and_no_place_of_it() -> None:
    """The app had kept it: pressed when it came, and the unit's newest position serves; the fix has its own time."""
    fix, sos = Report(NOW_MS - OLD_MS - 1, Place(23.48, 120.45), sos=True).entries(NOW_MS)
    assert isinstance(fix, Fix)
    assert isinstance(sos, Sos)
    assert (fix.time_ms, sos.time_ms, sos.lat) == (NOW_MS - OLD_MS - 1, NOW_MS, None)


def test_calls_for_help_are_numbered_by_the_server() -> None:
    """Two with one cached position are two, also in the same millisecond, and no number is that of a fix."""
    first = sos_number(NOW_MS)
    second = sos_number(NOW_MS, first)
    report = Report(NOW_MS, Place(23.48, 120.45), sos=True)
    numbers = {entry.seq for number in (first, second) for entry in report.entries(NOW_MS, number)}
    assert len(numbers) == 3
    assert sos_number(NOW_MS + 1, first) == second


def test_an_address_of_ipv6_counts_by_its_network() -> None:
    """A host has all of the addresses of a /64 to itself; one of IPv4 is one."""
    assert origin("2001:db8::1") == origin("2001:db8::ffff:2") != origin("2001:db8:0:1::1")
    assert origin("::ffff:192.0.2.1") == origin("192.0.2.1") == "192.0.2.1"
    assert origin("unix") == "unix"


def test_buckets_refill_and_forget() -> None:
    """What was used comes back with time; names that were made up do not fill the memory."""
    buckets = Buckets(Rate(burst=2, per_s=1), kept=3)
    assert [buckets.wait_s("a", 0) for _ in range(3)] == [0, 0, 1]
    assert buckets.wait_s("a", 1) == 0
    assert buckets.wait_s("b", 1, 40) == 0  # more than a bucket holds is a bucket, else it could never be had
    assert buckets.is_empty("b", 1)
    assert buckets.wait_s("b", 1) == 1
    for name in "cdefg":
        assert buckets.wait_s(name, 2) == 0
    assert len(buckets._buckets) <= 3
