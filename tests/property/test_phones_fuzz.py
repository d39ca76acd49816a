"""Whatever a phone sends, its report is a fix that the link's own rules take, or a refusal in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.metrics import Metrics
from gateway.parsing import Refusal
from gateway.phones import Phones
from gateway.phones_intake import Intake
from gateway.phones_limits import Rate
from gateway.phones_osmand import report_from_query, reports_from_json
from gateway.phones_owntracks import report_from_owntracks
from gateway.phones_report import BadReport, Report
from gateway.protocol import CLOCK_AHEAD_LIMIT_MS, SEQ_MAX, Fix, Sos

NOW_MS = 1_790_000_000_000
NUMBERS = st.one_of(
    st.floats(),
    st.integers(),
    st.floats(-180, 180),
    st.integers(NOW_MS // 1000 - 10**6, NOW_MS // 1000 + 10**6),
    st.integers(NOW_MS - 10**9, NOW_MS + 10**9),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=12) | st.just("2026-09-21T14:13:19Z") | st.just("sos"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
QUERY_NAMES = ("timestamp", "lat", "lon", "location", "speed", "bearing", "altitude", "accuracy", "valid", "alarm")
COORDS = ("latitude", "longitude", "accuracy", "speed", "heading", "altitude")
OWNTRACKS = ("tst", "lat", "lon", "acc", "vel", "cog", "alt")


def some(names: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with some of these members."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


def holds(read: Callable[[], Report | None]) -> None:
    """What goes into the store is what the link would have taken; what does not is refused by name."""
    try:
        report = read()
    except BadReport:
        return
    if report is None:
        return
    entries = report.entries(NOW_MS)
    assert len({entry.seq for entry in entries}) == len(entries)
    for entry in entries:
        assert 1 <= entry.seq <= SEQ_MAX
        if isinstance(entry, Refusal):
            assert (entry.time_ms or 0) > NOW_MS + CLOCK_AHEAD_LIMIT_MS
        else:
            kind = Fix if isinstance(entry, Fix) else Sos
            assert msgspec.convert(msgspec.to_builtins(entry), kind) == entry
    assert report.sos == any(isinstance(entry, Sos) for entry in entries)


@given(some(QUERY_NAMES, st.text(max_size=20) | NUMBERS.map(str) | st.sampled_from(["sos", "false", "23.4,120.4"])))
def test_any_query(query: dict[str, str]) -> None:
    """OsmAnd's and Traccar's query or form."""
    holds(lambda: report_from_query(query, NOW_MS))


LOCATION = st.fixed_dictionaries(
    {},
    optional={
        "timestamp": ANYTHING,
        "coords": some(COORDS, ANYTHING) | ANYTHING,
        "extras": some(("alarm",), ANYTHING) | ANYTHING,
    },
)
FLAT = some(QUERY_NAMES, ANYTHING)
ITEM = LOCATION | FLAT | st.fixed_dictionaries({"location": LOCATION | st.lists(LOCATION | ANYTHING, max_size=3)})


def _read(report: Report | BadReport) -> Report:
    if isinstance(report, BadReport):
        raise report
    return report


@given(ITEM | ANYTHING | st.lists(ITEM | ANYTHING, max_size=3))
def test_any_json(body: Any) -> None:
    """Traccar's JSON, alone or in lists."""
    for report in reports_from_json(body, NOW_MS):
        holds(partial(_read, report))


def calls(report: Report | BadReport | None) -> bool:
    """Is it a call for help that enters the store?"""
    return isinstance(report, Report) and any(isinstance(entry, Sos) for entry in report.entries(NOW_MS))


@given(some(QUERY_NAMES, st.text(max_size=20) | NUMBERS.map(str) | st.sampled_from(["", "0", "false", "23,4"])))
def test_a_said_sos_in_any_query_is_one(query: dict[str, str]) -> None:
    """Whatever stands beside the word."""
    assert calls(report_from_query({**query, "alarm": "sos"}, NOW_MS))


@given(LOCATION, FLAT, st.lists(ANYTHING, max_size=3))
def test_a_said_sos_in_any_json_is_one(location: dict[str, Any], flat: dict[str, Any], others: list[Any]) -> None:
    """In the location, in what hangs on it, around it, flat; among whatever else is in the list."""
    bodies: list[Any] = [
        {"location": {**location, "alarm": "sos"}},
        {"location": {**location, "extras": {"alarm": "sos"}}},
        {"location": location, "alarm": "sos"},
        {**flat, "alarm": "sos"},
    ]
    for body in bodies:
        assert any(map(calls, reports_from_json(body, NOW_MS)))
        assert any(map(calls, reports_from_json([*others, body], NOW_MS)))


@given(some(OWNTRACKS, ANYTHING))
def test_any_owntracks(members: dict[str, Any]) -> None:
    """OwnTracks' JSON."""
    holds(lambda: report_from_owntracks({"_type": "location", **members}))


async def _asked(requests: list[tuple[str, str, bytes, bytes]]) -> list[int]:
    async def nobody(_token_sha256: str) -> None:
        return None

    def clock_ms() -> int:
        return NOW_MS

    rates = Rate(1e9, 1e9), Rate(1e9, 1e9)
    phones = Phones(nobody, Intake(None, None), Metrics(), clock_ms, lambda: 0.0, rates)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(phones.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://phones") as client:
        return [
            (await client.request(method, httpx.URL(f"http://phones{path}", query=query), content=body)).status_code
            for method, path, query, body in requests
        ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST"]),
            st.sampled_from(["/", "/owntracks"]),
            st.binary(max_size=60).map(lambda raw: raw.hex().encode())
            | st.sampled_from([b"id=%FF&lat=%00", b"id=&&&=", b""]),
            st.binary(max_size=80)
            | st.sampled_from([b'{"device_id":"\\ud800"}', b"{" * 2000, b'{"a":1e999}', b"&" * 500]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_bytes_without_a_token(requests: list[tuple[str, str, bytes, bytes]]) -> None:
    """Whoever has no valid token is told so, or that it can't be read; never an error of the server."""
    assert set(asyncio.run(_asked(requests))) <= {400, 401, 405}
