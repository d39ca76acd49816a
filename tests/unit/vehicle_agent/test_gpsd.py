"""gpsd's reports as positions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle_agent.decoders import GpsdDecoder
from vehicle_agent.gpsd import WATCH, report

TPV: dict[str, Any] = {
    "class": "TPV",
    "mode": 3,
    "time": "2026-11-23T01:02:03.500Z",
    "lat": 23.48,
    "lon": 120.45,
    "altMSL": 40.5,
    "speed": 10.0,
    "track": 90.0,
    "eph": 4.5,
}


def test_a_report_becomes_a_position() -> None:
    """Place, time, speed, course, height and gpsd's own error estimate go over."""
    told = report(json.dumps(TPV).encode())
    assert told is not None
    assert told.position is not None
    assert told.position.time_ms == 1_795_395_723_500
    assert (told.position.lat, told.position.lon, told.position.accuracy_m) == (23.48, 120.45, 4.5)
    assert (told.position.speed_mps, told.position.course_deg, told.position.altitude_m) == (10.0, 90.0, 40.5)


@pytest.mark.parametrize(
    "change", [{"mode": 1}, {"mode": 0}, {"time": None}, {"lat": None}, {"status": 8}, {"lat": 91}]
)
def test_no_position_without_a_measured_fix(change: dict[str, Any]) -> None:
    """No fix, no time, no place, a simulator, or an impossible place: nothing is reported."""
    told = report(json.dumps(TPV | change).encode())
    assert told is not None
    assert told.position is None


def test_dead_reckoning_says_so() -> None:
    """Status 5 is an estimate and gets an accuracy that no arrival accepts."""
    told = report(json.dumps(TPV | {"status": 5}).encode())
    assert told is not None
    assert told.position is not None
    assert told.position.accuracy_m == 100.0


def test_the_two_axes_serve_where_eph_is_absent() -> None:
    """Older gpsd gives epx and epy only."""
    old = {name: value for name, value in TPV.items() if name != "eph"} | {"epx": 3.0, "epy": 4.0}
    told = report(json.dumps(old).encode())
    assert told is not None
    assert told.position is not None
    assert told.position.accuracy_m == 5.0


def test_watch_is_asked_as_gpsd_documents_it() -> None:
    """The request is one line of `?WATCH=` with JSON reports enabled."""
    assert json.loads(WATCH.removeprefix(b"?WATCH=")) == {"enable": True, "json": True}
    assert WATCH.endswith(b"\n")


@given(st.lists(st.integers(1, 60), max_size=12))
def test_lines_cut_anywhere_are_joined(cuts: list[int]) -> None:
    """TCP cuts where it likes; each TPV counts once, and other classes don't count."""
    lines = [{"class": "VERSION"}, TPV, {"class": "SKY"}, TPV | {"time": "2026-11-23T01:02:04.500Z"}]
    stream = b"".join(json.dumps(line).encode() + b"\r\n" for line in lines)
    decoder, told, start = GpsdDecoder(), 0, 0
    for cut in [*cuts, len(stream)]:
        told += len(decoder.feed(stream[start : start + cut]))
        start += cut
    assert told == 2


VALUES = st.sampled_from(
    [None, True, "", "x", "2026-13-01T00:00:00Z", -1, 2, 10**400, 1e300, [], {}, [[1]], {"a": None}]
)
REPORTS = st.dictionaries(st.sampled_from(sorted(TPV)), VALUES)


@given(REPORTS)
def test_no_report_makes_it_fail(members: dict[str, Any]) -> None:
    """Any values in a TPV give a report, never an exception."""
    assert report(json.dumps(TPV | members | {"class": "TPV"}).encode()) is not None


@given(st.binary(max_size=60))
def test_no_line_makes_it_fail(line: bytes) -> None:
    """Any bytes are a report or nothing."""
    report(line)


def stream(*reports: dict[str, Any]) -> bytes:
    """Lines as gpsd sends them."""
    return b"".join(json.dumps(one).encode() + b"\r\n" for one in reports)


def tpv(second: int, device: str, **more: Any) -> dict[str, Any]:
    """A fix of this device."""
    return TPV | {"time": f"2026-11-23T01:02:{second:02d}.000Z", "device": device} | more


def test_a_2d_fix_has_no_height_and_no_better_accuracy_than_it_deserves() -> None:
    """gpsd repeats the last height in mode 2; it is not measured."""
    told = report(json.dumps(TPV | {"mode": 2}).encode())
    assert told is not None
    assert told.position is not None
    assert (told.position.altitude_m, told.position.accuracy_m) == (None, 25.0)


def test_a_leap_second_is_the_second_after_it() -> None:
    """23:59:60, as the Unix epoch counts it."""
    told = report(json.dumps(TPV | {"time": "2026-12-31T23:59:60.000Z"}).encode())
    after = report(json.dumps(TPV | {"time": "2027-01-01T00:00:00.000Z"}).encode())
    assert told is not None
    assert after is not None
    assert told.position == after.position


def test_of_two_devices_in_one_gpsd_one_is_heard() -> None:
    """The first with a fix; the other's fixes and its misery change nothing."""
    decoder = GpsdDecoder()
    told = decoder.feed(
        stream(
            *(tpv(second, device, lat=lat) for second in range(20) for device, lat in (("/a", 23.48), ("/b", 23.49)))
        )
        + stream(tpv(20, "/b", mode=1), tpv(21, "/a"))
    )
    assert [place and place.lat for place in told] == [23.48] * 21


def test_the_other_device_is_heard_when_the_first_is_lost() -> None:
    """After five fixes of the one and none of the other, and then it alone, though the first comes back."""
    decoder = GpsdDecoder()
    decoder.feed(stream(tpv(0, "/a"), tpv(0, "/b", lat=23.49)))
    told = decoder.feed(stream(tpv(1, "/a", mode=1), *(tpv(second, "/b", lat=23.49) for second in range(1, 10))))
    assert [place and place.lat for place in told] == [None, *[23.49] * 6]
    later = decoder.feed(stream(tpv(11, "/a"), tpv(11, "/b", lat=23.49)))
    assert [place and place.lat for place in later] == [23.49]


def test_one_device_can_be_asked_for() -> None:
    """gpsd is told which, and what it says of others all the same is not heard."""
    decoder = GpsdDecoder("/b")
    assert json.loads(decoder.greeting.removeprefix(b"?WATCH=")) == {"enable": True, "json": True, "device": "/b"}
    assert decoder.feed(stream(tpv(0, "/a"))) == []
    assert len(decoder.feed(stream(tpv(0, "/b")))) == 1
