"""The car's own page over real HTTP, on a real agent process with a real link."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.test_agent_link import Agent, Gateway, gateway, until
from tests.unit.vehicle_agent.by_the_book import order


class Crew:
    """Fingers on the screen of a running agent."""

    def __init__(self, agent: Agent, gate: Gateway, client: httpx.AsyncClient) -> None:
        self.agent = agent
        self.gate = gate
        self.client = client

    async def state(self) -> dict[str, Any]:
        """What the screen shows."""
        answer = await self.client.get("/api/state")
        assert answer.status_code == 200
        shown: dict[str, Any] = answer.json()
        return shown

    async def press(self, what: str, body: object, **headers: str) -> httpx.Response:
        """One press."""
        return await self.client.post(f"/api/{what}", json=body, headers=headers)


async def started(agent: Agent, gate: Gateway) -> str:
    """Starts the agent with a screen; where it is."""
    await agent.start(gate.port, "--screen-port", "0")
    assert agent.process is not None
    assert agent.process.stderr is not None
    while True:
        line = (await agent.process.stderr.readline()).decode()
        assert line, "the agent ended before its screen was ready"
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found.group()


async def heard(lines: AsyncIterator[str], wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The next state of the stream that is as wanted."""
    async with asyncio.timeout(20):
        async for line in lines:
            state: dict[str, Any] = json.loads(line.removeprefix("data: ")) if line else {}
            if state and wanted(state):
                return state
    raise AssertionError("the stream ended")


@pytest.fixture
async def crew(tmp_path: Path) -> AsyncIterator[Crew]:
    """An agent with a screen, connected, holding order a1."""
    agent = Agent(tmp_path)
    agent.write_log(1)
    async with gateway() as gate:
        gate.book.orders = [order("a1")]
        url = await started(agent, gate)
        await until(lambda: gate.book.messages("fix") != [])
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            yield Crew(agent, gate, client)
        code, _ = await agent.stop()
        assert code == 0


async def test_an_order_goes_from_the_screen_to_the_gateway(crew: Crew) -> None:
    """The order shows as received; each press arrives as a status with the time of the press, and shows as the step."""
    shown = await crew.state()
    (held,) = shown["orders"]
    assert (shown["connected"], shown["unit_name"], held["step"]) == (True, "北興 101", None)
    assert held["incident"] == order("a1")["incident"]
    before_ms = time.time_ns() // 1_000_000
    for step in ("acknowledged", "en_route", "on_scene"):
        assert (await crew.press("step", {"assignment_id": "a1", "status": step})).status_code == 200
    cleared = {"assignment_id": "a1", "status": "cleared", "disposition": "和解", "note": "無"}
    assert (await crew.press("step", cleared)).status_code == 200
    await until(lambda: len(crew.gate.book.messages("status")) == 4)
    steps = crew.gate.book.messages("status")
    assert [step["status"] for step in steps] == ["acknowledged", "en_route", "on_scene", "cleared"]
    assert all(before_ms <= step["time_ms"] <= time.time_ns() // 1_000_000 for step in steps)
    assert (steps[-1]["disposition"], steps[-1]["note"]) == ("和解", "無")
    assert (await crew.state())["orders"][0]["step"] == "cleared"


async def test_offline_presses_wait_in_the_journal(crew: Crew) -> None:
    """With the gateway gone the buttons still work; what waits is counted, and arrives when it is back."""
    await crew.gate.stop()
    assert (await crew.press("sos", {"active": True})).status_code == 200
    assert (await crew.press("availability", {"available": False, "reason": "用餐"})).status_code == 200
    shown = await crew.state()
    assert (shown["connected"], shown["waiting"], shown["sos_active"], shown["available"]) == (False, 2, True, False)
    await crew.gate.start()
    await until(lambda: len(crew.gate.book.messages("availability")) == 1)
    assert [m["active"] for m in crew.gate.book.messages("sos")] == [True]


@pytest.mark.parametrize(
    ("what", "body", "member"),
    [
        ("step", {"status": "cleared"}, "assignment_id"),
        ("step", {"assignment_id": "a1", "status": "arrived"}, "status"),
        ("step", {"assignment_id": "a1"}, "status"),
        ("step", {"assignment_id": 7, "status": "cleared"}, "assignment_id"),
        ("step", {"assignment_id": "other", "status": "cleared"}, "assignment_id"),
        ("step", {"assignment_id": "a1", "status": "cleared", "note": "x" * 1001}, "note"),
        ("availability", {"available": "no"}, "available"),
        ("sos", {}, "active"),
        ("sos", [], None),
    ],
)
async def test_bad_input_names_the_member(crew: Crew, what: str, body: object, member: str | None) -> None:
    """422 as a problem detail that names what is wrong; nothing is journalled."""
    answer = await crew.press(what, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("member") == member
    assert crew.gate.book.messages("status") == crew.gate.book.messages("sos") == []


async def test_the_same_port_serves_no_stranger(crew: Crew) -> None:
    """Another site's page, a rebound host name and a plain form are refused; no CORS header invites anyone."""
    sos = {"active": True}
    assert (await crew.press("sos", sos, Origin="https://evil.example")).status_code == 403
    assert (await crew.press("sos", sos, Host="evil.example")).status_code == 403
    assert (await crew.press("sos", sos, **{"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await crew.client.get("/api/state", headers={"Host": "evil.example:80"})).status_code == 403
    form = await crew.client.post("/api/sos", content=json.dumps(sos), headers={"Content-Type": "text/plain"})
    assert form.status_code == 415
    big = await crew.client.post("/api/sos", content=b" " * 20_000, headers={"Content-Type": "application/json"})
    assert big.status_code == 413
    assert "access-control-allow-origin" not in (await crew.client.get("/api/state")).headers
    assert crew.gate.book.messages("sos") == []
    own = str(crew.client.base_url).rstrip("/")
    assert (await crew.press("sos", sos, Origin=own)).status_code == 200


async def test_a_press_can_be_taken_back_for_a_while(crew: Crew) -> None:
    """Held, it is not sent, and undo leaves nothing; not undone, it goes out by itself with the time of the press."""
    before_ms = time.time_ns() // 1_000_000
    step = {"assignment_id": "a1", "status": "acknowledged"}
    assert (await crew.press("step", step | {"hold_s": 5})).json() == {"seq": None}
    (press,) = (await crew.state())["presses"]
    assert (press["phase"], press["status"]) == ("held", "acknowledged")
    assert (await crew.press("undo", {"press_id": press["press_id"]})).status_code == 200
    shown = await crew.state()
    assert (shown["presses"], shown["orders"][0]["step"]) == ([], None)
    late = await crew.press("undo", {"press_id": press["press_id"]})
    assert (late.status_code, late.json()["code"]) == (409, "too_late")
    await crew.press("step", step | {"hold_s": 0.5})
    pressed_ms = time.time_ns() // 1_000_000
    assert crew.gate.book.messages("status") == []
    await until(lambda: len(crew.gate.book.messages("status")) == 1)
    (sent,) = crew.gate.book.messages("status")
    assert before_ms <= sent["time_ms"] <= pressed_ms
    assert (await crew.press("step", step | {"hold_s": 11})).json()["member"] == "hold_s"


async def test_a_kill_within_the_five_seconds_loses_no_press(tmp_path: Path) -> None:
    """kill -9 right after the press: the agent that comes back sends it, once, with the time of the press."""
    agent = Agent(tmp_path)
    agent.write_log(1)
    async with gateway() as gate:
        gate.book.orders = [order("a1")]
        url = await started(agent, gate)
        await until(lambda: gate.book.messages("fix") != [])
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            before_ms = time.time_ns() // 1_000_000
            press = {"assignment_id": "a1", "status": "acknowledged", "hold_s": 5}
            assert (await client.post("/api/step", json=press)).status_code == 200
            after_ms = time.time_ns() // 1_000_000
        await agent.stop(signal.SIGKILL)
        assert gate.book.messages("status") == []
        await started(agent, gate)
        await until(lambda: gate.book.messages("status") != [])
        await agent.stop()
    (sent,) = gate.book.messages("status")
    assert before_ms <= sent["time_ms"] <= after_ms


async def test_changes_come_by_themselves(crew: Crew) -> None:
    """The stream tells the state at once, then each change: a press, a message, a lost link."""
    async with crew.client.stream("GET", "/api/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert (await heard(lines, lambda state: state["connected"]))["sos_active"] is False
        await crew.press("sos", {"active": True})
        await heard(lines, lambda state: state["sos_active"])
        await crew.gate.sockets[-1].send(json.dumps({"type": "notice", "text": "回局", "level": "warning"}))
        told = await heard(lines, lambda state: state["notices"])
        (notice,) = told["notices"]
        assert (notice["text"], notice["read"]) == ("回局", False)
        assert (await crew.press("notice_read", {"notice_id": notice["id"]})).status_code == 200
        await heard(lines, lambda state: state["notices"][0]["read"])
        await crew.gate.stop()
        await heard(lines, lambda state: not state["connected"])
    assert (await crew.press("notice_read", {"notice_id": "none"})).status_code == 404


async def test_a_step_back_is_a_conflict(crew: Crew) -> None:
    """409 with the reason."""
    await crew.press("step", {"assignment_id": "a1", "status": "on_scene"})
    answer = await crew.press("step", {"assignment_id": "a1", "status": "en_route"})
    assert (answer.status_code, answer.json()["code"]) == (409, "bad_step")


async def test_the_page_comes_whole_from_the_car(crew: Crew) -> None:
    """The built page says that the agent serves it; it and all that it names are there, fonts too, and nothing else:
    no other path, no way out of the folder."""
    page = await crew.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert 'data-backend="agent"' in page.text, "run `make setup`: the page of web/ is not built"
    named = re.findall(r'(?:href|src)="(/[^"]+)"', page.text)
    assert len(named) >= 3
    styles = ""
    for path in named:
        part = await crew.client.get(path)
        assert part.status_code == 200
        if path.endswith(".css"):
            assert part.headers["content-encoding"] == "gzip"
            assert "immutable" in part.headers["cache-control"]
            styles += part.text
    fonts = re.findall(r"url\((/[^)]+\.woff2)\)", styles)
    assert len(fonts) > 90
    assert (await crew.client.get(fonts[0])).headers["content-type"] == "font/woff2"
    for path in (
        "/car.html",
        "/assets/none.js",
        "/..%2fscreen.py",
        "/assets/..%2f..%2fscreen.py",
        "/screen.py",
        "/assets",
    ):
        assert (await crew.client.get(path)).status_code == 404, path


async def test_a_taken_port_is_said(crew: Crew, tmp_path: Path) -> None:
    """A second agent on the same screen port keeps its link, says why it has no screen, and tries again."""
    port = crew.client.base_url.port
    other = Agent(tmp_path)
    other.write_log(1)
    await other.start(crew.gate.port, "--screen-port", str(port), "--journal", str(tmp_path / "other"))
    await until(lambda: any("duty_failed" in health["troubles"] for health in crew.gate.book.messages("health")))
    code, said = await other.stop()
    assert code == 0
    assert f"cannot open the screen on port {port}" in said
