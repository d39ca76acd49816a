"""No input makes the server fail: each bad one gets a problem detail that names the member and the reason."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import dispatch.main
from tests.integration.test_api_session import problem_of
from tests.support.server import Server, enter, running_server

CALL = {"category": "criminal", "priority": 2, "lat": 23.48, "lon": 120.45}
JSON = {"Content-Type": "application/json"}
NOBODY = "00000000-0000-0000-0000-000000000007"


@pytest.fixture
async def client(module_server: Server) -> httpx.AsyncClient:
    """A dispatcher's."""
    return await module_server.client()


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"lat": 91}, "lat"),
        ({"lat": -90.0001}, "lat"),
        ({"lon": 180.0001}, "lon"),
        ({"lat": "north"}, "lat"),
        ({"lat": "23.48"}, "lat"),
        ({"lat": True}, "lat"),
        ({"lat": None}, "lat"),
        ({"lat": [23.48]}, "lat"),
        ({"priority": 0}, "priority"),
        ({"priority": 5}, "priority"),
        ({"priority": 1.5}, "priority"),
        ({"priority": "1"}, "priority"),
        ({"priority": True}, "priority"),
        ({"priority": 10**30}, "priority"),
        ({"category": "fire"}, "category"),
        ({"accident_class": "A1"}, "accident_class"),
        ({"category": "traffic_accident", "accident_class": "A4"}, "accident_class"),
        ({"received_at": "2026-11-23T10:00:00"}, "received_at"),
        ({"received_at": "2999-01-01T00:00:00Z"}, "received_at"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "received_at"),
        ({"received_at": "9999-12-31T23:59:59-14:00"}, "received_at"),
        ({"received_at": 1700000000}, "received_at"),
        ({"received_at": "1700000000"}, "received_at"),
        ({"received_at": "yesterday"}, "received_at"),
        ({"address": "a\x00b"}, "address"),
        ({"description": "x" * 4001}, "description"),
        ({"caller_name": ["王"]}, "caller_name"),
        ({"caller_phone": "0" * 201}, "caller_phone"),
        ({"confirm_outside": "yes"}, "confirm_outside"),
        ({"confirm_outside": 1}, "confirm_outside"),
        ({"catagory": "criminal"}, "catagory"),
        ({"description": "\ud800"}, "description"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:40],
)
async def test_a_wrong_member_is_named(client: httpx.AsyncClient, change: dict[str, Any], member: str) -> None:
    """One wrong member, 422, its name and a reason; nothing is entered."""
    answer = await client.post("/incidents", content=json.dumps(CALL | change), headers=JSON)
    assert problem_of(answer) == (422, "validation")
    (error,) = answer.json()["errors"]
    assert error["member"] == member
    assert error["reason"]


@pytest.mark.parametrize("member", sorted(CALL))
async def test_a_missing_member_is_named(client: httpx.AsyncClient, member: str) -> None:
    """Each of the four that a call needs."""
    answer = await client.post("/incidents", json={name: value for name, value in CALL.items() if name != member})
    assert problem_of(answer) == (422, "validation")
    assert [error["member"] for error in answer.json()["errors"]] == [member]


HUGE = "9" * 5000
BODIES: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("broken", b'{"category": '),
    ("not utf-8", b'{"category": "\xff\xfe"}'),
    ("a bare surrogate as a name", b'{"\\ud800": 1}'),
    ("a nul as a name", b'{"\\u0000": 1}'),
    ("nan", json.dumps(CALL | {"lat": float("nan")}).encode()),
    ("infinite", json.dumps(CALL | {"lat": float("inf")}).encode()),
    ("beyond a float", json.dumps(CALL | {"lat": 10**400}).encode()),
    ("beyond a float in the exponent", b'{"category":"other","priority":1,"lat":1e999,"lon":1}'),
    ("a number of 5000 digits", f'{{"category":"other","priority":{HUGE},"lat":1,"lon":1}}'.encode()),
    ("deep", b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    ("deep list", b"[" * 100_000),
    ("a list", b"[]"),
    ("a string", b'"criminal"'),
    ("null", b"null"),
    ("a number", b"1"),
    ("twice a name", b'{"lat": 1, "lat": 91, "lon": 0, "category": "other", "priority": 1}'),
    ("a form", b"category=criminal&priority=2"),
    ("bytes", bytes(range(256))),
]


@pytest.mark.parametrize("body", [body for _, body in BODIES], ids=[name for name, _ in BODIES])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
async def test_no_body_makes_it_fail(client: httpx.AsyncClient, body: bytes, content_type: str | None) -> None:
    """Whatever the bytes and whatever they call themselves: 400 or 422, as a problem detail that is JSON itself."""
    headers = {"Content-Type": content_type} if content_type else {}
    for path in ("/incidents", "/session", f"/incidents/{NOBODY}/close"):
        answer = await client.post(path, content=body, headers=headers)
        status, code = problem_of(answer)
        assert (status, code) in {(400, "bad_json"), (400, "bad_request"), (422, "validation")}, answer.text
        assert "\ud800" not in answer.json()["detail"].encode("utf-8", "replace").decode()


async def test_what_is_too_long_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    """Two megabytes, declared or in pieces: 413."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(32):
            yield b" " * 65536

    for content in (b" " * 2_000_000, pieces()):
        answer = await client.post("/incidents", content=content, headers=JSON)
        assert problem_of(answer) == (413, "too_large")
    assert (await client.get("/incidents?limit=1")).status_code == 200


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("/incidents?state=ended", "state"),
        ("/incidents?limit=0", "limit"),
        ("/incidents?limit=many", "limit"),
        ("/incidents?from=yesterday", "from"),
        ("/incidents?from=2026-11-23T10:00:00", "from"),
        ("/incidents?from=1700000000", "from"),
        ("/incidents?to=0001-01-01T00:00:00Z", "to"),
        ("/incidents?from=2026-11-23T10:00:00Z&to=2026-11-23T09:00:00Z", "to"),
        ("/incidents?cursor=%00", "cursor"),
        ("/incidents?cursor=bm9uc2Vuc2U=", "cursor"),
        ("/incidents?cursor=%F0%9F%9A%93", "cursor"),
        ("/incidents/not-a-uuid", "incident_id"),
        ("/incidents/%00", "incident_id"),
        ("/units/not-a-uuid/track", "unit_id"),
        (f"/units/{NOBODY}/track?from=2026-11-23T10:00:00Z&to=2026-11-23T09:00:00Z", "to"),
        ("/alarms?state=closed", "state"),
        ("/kpi?group_by=officer", "group_by"),
        ("/kpi?clock=wall", "clock"),
        ("/candidates?lat=91&lon=0", "lat"),
        ("/candidates?lat=nan&lon=0", "lat"),
        ("/candidates?lat=1", "lon"),
    ],
)
async def test_a_wrong_question_is_named(client: httpx.AsyncClient, path: str, member: str) -> None:
    """A query or path member that can't be: 422 and its name."""
    answer = await client.get(path)
    assert problem_of(answer) == (422, "validation")
    assert [error["member"] for error in answer.json()["errors"]] == [member]


async def test_unknown_things_are_named(module_server: Server, client: httpx.AsyncClient) -> None:
    """An incident, unit, assignment or alarm that isn't there: 404 and which; in a body: 422 and the member."""
    for method, path, body, member in (
        ("GET", f"/incidents/{NOBODY}", None, "incident_id"),
        ("POST", f"/incidents/{NOBODY}/close", {"disposition": "x"}, "incident_id"),
        ("GET", f"/incidents/{NOBODY}/candidates", None, "incident_id"),
        ("GET", f"/units/{NOBODY}", None, "unit_id"),
        ("GET", f"/units/{NOBODY}/track", None, "unit_id"),
        ("POST", f"/units/{NOBODY}/notices", {"text": "x"}, "unit_id"),
        ("POST", f"/assignments/{NOBODY}/end", {"reason": "x"}, "assignment_id"),
        ("POST", f"/alarms/{NOBODY}/resolve", None, "alarm_id"),
    ):
        answer = await client.request(method, path, json=body)
        assert problem_of(answer) == (404, "not_found"), path
        assert answer.json()["errors"][0]["member"] == member
    incident = await enter(client)
    unknown = await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": NOBODY})
    assert problem_of(unknown) == (422, "validation")
    assert unknown.json()["errors"][0]["member"] == "unit_id"


@pytest.fixture
async def with_pages(
    database_url: str, nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Server]:
    """A server that has a web bundle to serve."""
    (tmp_path / "index.html").write_text("<title>patrol</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_text("1")
    monkeypatch.setattr(dispatch.main, "WEB", tmp_path)
    async with running_server(database_url, nats_url) as running:
        yield running


async def test_pages_never_hide_the_api(with_pages: Server) -> None:
    """A wrong method is 405 with what is allowed, an unknown address 404, though the page answers everything else."""
    client = await with_pages.stranger()
    wrong = await client.put("/incidents")
    assert problem_of(wrong) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "GET, POST"
    for method, path in (("GET", "/nothing"), ("POST", "/nothing"), ("GET", "/../nothing")):
        assert problem_of(await client.request(method, path)) == (404, "not_found")
    for path in ("/", "/incidents/7"):
        page = await client.get(with_pages.url + path)
        assert (page.status_code, "patrol" in page.text) == (200, True)
        assert page.headers["cache-control"] == "no-cache"
        assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "immutable" in (await client.get(f"{with_pages.url}/assets/a.js")).headers["cache-control"]
    assert (await client.get(f"{with_pages.url}/assets/b.js")).status_code == 404
    assert (await client.post(f"{with_pages.url}/")).status_code == 405
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{with_pages.url.replace('http', 'ws')}/nothing", proxy=None)
    assert refused.value.response.status_code in {403, 404}


async def test_it_says_how_it_is(module_server: Server) -> None:
    """Alive, ready, and figures without persons; the OpenAPI 3.1 document; none of it needs a token."""
    client = await module_server.stranger()
    assert (await client.get(f"{module_server.url}/healthz")).json() == {"status": "alive"}
    assert (await client.get(f"{module_server.url}/readyz")).status_code == 200
    figures = (await client.get(f"{module_server.url}/metrics")).text
    assert "patrol_incidents_open" in figures
    assert 'patrol_units{status="AVAILABLE"}' in figures
    document = (await client.get(f"{module_server.url}/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/incidents/{incident_id}/assignments" in document["paths"]
