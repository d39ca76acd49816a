"""Signing in and out, cookies and CSRF, throttling, and who may call what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from tests.support.server import PASSWORD, Server, running_server

NOBODY = "00000000-0000-0000-0000-000000000007"
ROLES = ("dispatcher", "officer", "supervisor", "admin", "auditor")
DISPATCHING = {"dispatcher", "supervisor"}
READING = {"dispatcher", "supervisor", "auditor"}
INCIDENT = {"category": "other", "priority": 4, "lat": 23.48, "lon": 120.45}
CALLS: list[tuple[str, str, dict[str, object] | None, set[str]]] = [
    ("POST", "/incidents", INCIDENT, DISPATCHING),
    ("GET", "/incidents", None, READING),
    ("GET", f"/incidents/{NOBODY}", None, READING),
    ("PATCH", f"/incidents/{NOBODY}", {"priority": 1}, DISPATCHING),
    ("POST", f"/incidents/{NOBODY}/close", {"disposition": "done"}, DISPATCHING),
    ("POST", f"/incidents/{NOBODY}/cancel", {"reason": "none"}, DISPATCHING),
    ("POST", f"/incidents/{NOBODY}/merge", {"into": NOBODY[:-1] + "8"}, DISPATCHING),
    ("GET", f"/incidents/{NOBODY}/candidates", None, DISPATCHING),
    ("GET", "/candidates?lat=23.48&lon=120.45", None, DISPATCHING),
    ("POST", f"/incidents/{NOBODY}/assignments", {"unit_id": NOBODY}, DISPATCHING),
    ("POST", f"/assignments/{NOBODY}/end", {"reason": "none"}, DISPATCHING),
    ("GET", "/units", None, READING),
    ("GET", f"/units/{NOBODY}", None, READING),
    ("GET", f"/units/{NOBODY}/track", None, READING),
    ("POST", f"/units/{NOBODY}/notices", {"text": "hello"}, DISPATCHING),
    ("GET", "/alarms", None, READING),
    ("POST", f"/alarms/{NOBODY}/acknowledge", None, DISPATCHING),
    ("POST", f"/alarms/{NOBODY}/resolve", None, DISPATCHING),
    ("GET", "/kpi", None, READING),
    ("GET", "/bureau", None, set(ROLES)),
    ("GET", "/streets", None, set(ROLES)),
    ("GET", "/session", None, set(ROLES)),
]


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem detail, which every refusal is."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    return answer.status_code, body["code"]


async def test_each_call_is_open_to_its_roles_alone(module_server: Server) -> None:
    """The protocol's table, every call by every role: 403 for the others, and never for those it names."""
    for role in ROLES:
        client = await module_server.client(f"{role}-of-the-table", role)
        for method, path, body, allowed in CALLS:
            answer = await client.request(method, path, json=body)
            if role in allowed:
                assert answer.status_code in {200, 201, 404}, (role, method, path, answer.text)
            else:
                assert problem_of(answer) == (403, "forbidden"), (role, method, path)
                assert role in answer.json()["detail"]


async def test_without_a_token_nothing_is_open(module_server: Server) -> None:
    """Every call, without one and with a wrong one: 401, and how to sign in."""
    client = await module_server.stranger()
    for method, path, body, _ in [*CALLS, ("DELETE", "/session", None, set())]:
        for headers in ({}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic ZG9yYTpkb3Jh"}):
            answer = await client.request(method, path, json=body, headers=headers)
            assert problem_of(answer) == (401, "unauthenticated"), (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_signing_in_gives_a_token_and_a_cookie(module_server: Server) -> None:
    """The token serves as bearer token; the cookie is out of reach for scripts and for other sites."""
    await module_server.add_account("sara", "supervisor")
    client = await module_server.stranger()
    answer = await client.post("/session", json={"username": "sara", "password": PASSWORD})
    assert answer.status_code == 200
    session = answer.json()
    assert session["role"] == "supervisor"
    assert session["expires_at"].endswith("Z")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    client.cookies.clear()
    bearer = {"Authorization": f"Bearer {session['token']}"}
    assert (await client.get("/units", headers=bearer)).status_code == 200
    who = (await client.get("/session", headers=bearer)).json()
    assert (who["username"], who["role"]) == ("sara", "supervisor")


async def test_a_change_by_cookie_needs_the_csrf_token(module_server: Server) -> None:
    """A foreign page can make a browser send the cookie, but knows no token: 403; reading needs none."""
    await module_server.add_account("carl", "dispatcher")
    browser = await module_server.stranger()
    session = (await browser.post("/session", json={"username": "carl", "password": PASSWORD})).json()
    assert (await browser.get("/units")).status_code == 200
    for headers in ({}, {"X-CSRF-Token": "guessed"}, {"X-CSRF-Token": ""}):
        assert problem_of(await browser.post("/incidents", json=INCIDENT, headers=headers)) == (403, "csrf")
        assert problem_of(await browser.delete("/session", headers=headers)) == (403, "csrf")
    token = {"X-CSRF-Token": session["csrf_token"]}
    assert (await browser.get("/session")).json()["csrf_token"] == session["csrf_token"]
    assert (await browser.post("/incidents", json=INCIDENT, headers=token)).status_code == 201


async def test_signing_out_ends_token_and_cookie(module_server: Server) -> None:
    """Afterwards the same token is nobody's, by header and by cookie; other sessions of the account stay."""
    await module_server.add_account("olga", "auditor")
    browser = await module_server.stranger()
    session = (await browser.post("/session", json={"username": "olga", "password": PASSWORD})).json()
    elsewhere = await module_server.client("olga", "auditor")
    answer = await browser.delete("/session", headers={"X-CSRF-Token": session["csrf_token"]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "patrol_session" not in browser.cookies
    for headers in ({"Authorization": f"Bearer {session['token']}"}, {"Cookie": f"patrol_session={session['token']}"}):
        assert problem_of(await browser.get("/units", headers=headers)) == (401, "unauthenticated")
    assert (await elsewhere.get("/units")).status_code == 200
    assert (await elsewhere.delete("/session")).status_code == 204


async def test_wrong_name_and_wrong_password_look_the_same(module_server: Server) -> None:
    """Nobody learns which accounts there are."""
    await module_server.add_account("real", "dispatcher")
    client = await module_server.stranger()
    answers = [
        await client.post("/session", json={"username": name, "password": "wrong"}) for name in ("real", "unreal")
    ]
    assert {problem_of(answer) for answer in answers} == {(401, "bad_credentials")}
    assert answers[0].content == answers[1].content


@pytest.fixture
async def strict(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server that lets three wrong passwords pass."""
    async with running_server(database_url, nats_url, login_failures=3) as running:
        yield running


async def test_guessing_is_slowed_down(strict: Server) -> None:
    """Three wrong passwords, sent at once or one by one, then 429 even for the right one, until the window has passed.

    Another name isn't held up.
    """
    await strict.add_account("dora", "dispatcher")
    await strict.add_account("other", "dispatcher")
    client = await strict.stranger()

    async def sign_in(password: str, username: str = "dora") -> httpx.Response:
        return await client.post("/session", json={"username": username, "password": password})

    guesses = await asyncio.gather(*(sign_in(f"guess {n}") for n in range(10)))
    assert sorted(answer.status_code for answer in guesses) == [401] * 3 + [429] * 7
    refused = await sign_in(PASSWORD)
    assert problem_of(refused) == (429, "too_many_attempts")
    assert int(refused.headers["retry-after"]) > 0
    assert (await sign_in(PASSWORD, "other")).status_code == 200
    strict.clock_ahead_by(timedelta(seconds=301))
    assert (await sign_in("one slip")).status_code == 401
    assert (await sign_in(PASSWORD)).status_code == 200
    for _ in range(2):
        assert (await sign_in("two slips after a success")).status_code == 401
    assert (await sign_in(PASSWORD)).status_code == 200


async def test_a_session_ends_by_itself(strict: Server) -> None:
    """After its hours the token is nobody's."""
    await strict.add_account("dora", "dispatcher")
    client = await strict.stranger()
    session = (await client.post("/session", json={"username": "dora", "password": PASSWORD})).json()
    client.cookies.clear()
    bearer = {"Authorization": f"Bearer {session['token']}"}
    assert (await client.get("/units", headers=bearer)).status_code == 200
    strict.clock_ahead_by(timedelta(hours=12, minutes=1))
    assert (await client.get("/units", headers=bearer)).status_code == 401
