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
