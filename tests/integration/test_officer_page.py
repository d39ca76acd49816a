"""The officers' API over a real server: who is on which unit, the screen's state, each message once and in order."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select, text

from dispatch.store.officer_tables import officer_duties
from dispatch.store.tables import access_log, alarms
from gateway.store import car_messages, car_orders, fixes, unit_positions
from tests.support.server import Server, assigned, enter, eventually, incident_when


def ms(at: datetime) -> int:
    """Epoch milliseconds."""
    return round(at.timestamp() * 1000)


def now_ms() -> int:
    """Now."""
    return ms(datetime.now(UTC))


class Page:
    """An officer's page: a journal, and what it sends of it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.boot = str(uuid4())
        self.duty_id = ""
        self.seq = 0

    async def sign_on(self, unit_id: UUID, *, take_over: bool = False) -> httpx.Response:
        """On this unit from now on."""
        answer = await self.client.post("/officer/duty", json={"unit_id": str(unit_id), "take_over": take_over})
        if answer.status_code == 200:
            self.duty_id = answer.json()["duty_id"]
        return answer

    def message(self, kind: str, *, at_ms: int | None = None, **members: Any) -> dict[str, Any]:
        """The next message of the journal."""
        self.seq += 1
        return {"type": kind, "seq": self.seq, "time_ms": now_ms() if at_ms is None else at_ms, **members}

    async def send(self, *messages: dict[str, Any], **changes: Any) -> httpx.Response:
        """A batch."""
        body = {"duty_id": self.duty_id, "boot": self.boot, "clock_ms": now_ms(), "messages": messages, **changes}
        return await self.client.post("/officer/messages", json=body)

    async def state(self, **query: Any) -> dict[str, Any]:
        """The screen."""
        answer = await self.client.get("/officer/state", params={"boot": self.boot, **query})
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state


async def page_of(server: Server, username: str = "oscar") -> Page:
    """A signed-in officer's page."""
    return Page(await server.client(username, "officer"))


async def test_who_may(server: Server) -> None:
    """Officers alone; nobody without signing in; a cookie needs the CSRF token."""
    unit = await server.add_unit("北興-1")
    assert (await (await server.stranger()).get("/officer/units")).status_code == 401
    for name, role in (("dora", "dispatcher"), ("sue", "supervisor"), ("ann", "auditor"), ("adm", "admin")):
        assert (await (await server.client(name, role)).get("/officer/state")).status_code == 403
    browser = await server.stranger()
    browser.cookies.set("patrol_session", await server.token("oscar", "officer"))
    assert (await browser.post("/officer/duty", json={"unit_id": str(unit)})).json()["code"] == "csrf"
    assert (await browser.get("/officer/state")).json()["code"] == "no_duty"
    assert (await browser.get("/incidents")).status_code == 403


async def test_one_officer_a_unit_and_one_unit_an_officer(server: Server) -> None:
    """A held unit is asked for; taking over ends the other's duty; all of it stands in the access log."""
    first, second = await server.add_unit("北興-1"), await server.add_unit("北興-2")
    oscar, olga = await page_of(server), await page_of(server, "olga")
    assert (await oscar.sign_on(uuid4())).status_code == 404
    assert (await oscar.sign_on(first)).status_code == 200
    duty = oscar.duty_id
    assert (await oscar.sign_on(first)).json()["duty_id"] == duty
    held = await olga.sign_on(first)
    assert (held.status_code, held.json()["code"]) == (409, "unit_held")
    assert "oscar" in held.json()["detail"]
    items = (await olga.client.get("/officer/units")).json()["items"]
    assert [(item["name"], item["held_by"], item["mine"]) for item in items] == [
        ("北興-1", "oscar", False),
        ("北興-2", None, False),
    ]
    assert (await olga.sign_on(first, take_over=True)).json()["unit_name"] == "北興-1"
    assert (await oscar.client.get("/officer/state")).json()["code"] == "no_duty"
    await oscar.sign_on(second)
    await olga.sign_on(second, take_over=True)
    assert (await olga.client.delete("/officer/duty")).status_code == 204
    async with server.engine.connect() as connection:
        reasons = await connection.scalars(select(officer_duties.c.end_reason).order_by(officer_duties.c.began_at))
        assert list(reasons) == ["taken_over", "other_unit", "taken_over", "left"]
        details = await connection.scalars(select(access_log.c.detail).where(access_log.c.what == "duty"))
        assert [detail.get("taken_from") for detail in details] == [None, "oscar", None, "oscar", None]


async def test_two_officers_race_for_a_unit(server: Server) -> None:
    """Ten ask at once: one has it, the others are asked."""
    unit = await server.add_unit("北興-1")
    pages = [await page_of(server, f"o{n}") for n in range(10)]
    codes = [answer.status_code for answer in await asyncio.gather(*(page.sign_on(unit) for page in pages))]
    assert sorted(codes) == [200] + [409] * 9


async def test_a_job_from_the_page(server: Server) -> None:
    """Order on the screen; steps pressed offline arrive late, together, twice, and stand with their own times."""
    unit = await server.add_unit("北興-1", at=(23.48, 120.45))
    desk = await server.client()
    page = await page_of(server)
    await page.sign_on(unit)
    incident = await enter(desk, priority=1, description="狀況", caller_name="王")
    assignment = (await assigned(desk, incident["id"], unit))["id"]
    state = await eventually(page.state, lambda state: bool(state["orders"]))
    order = state["orders"][0]
    assert (order["assignment_id"], order["step"], order["incident"]["number"]) == (
        assignment,
        None,
        incident["number"],
    )
    assert (state["unit_name"], state["connected"], state["available"], state["sos_active"]) == (
        "北興-1",
        True,
        True,
        False,
    )
    start = now_ms()
    names = ["acknowledged", "en_route", "on_scene", "cleared"]
    await asyncio.sleep(0.5)
    pressed = [
        page.message("status", at_ms=start + 100 * n, assignment_id=assignment, status=status)
        for n, status in enumerate(names)
    ]
    answers = await asyncio.gather(*(page.send(*pressed) for _ in range(4)))
    assert [answer.json() for answer in answers] == [{"acked": 4, "rejected": []}] * 4
    assert (await page.send(*pressed[:2])).json()["acked"] == 4
    closed = await incident_when(desk, incident["id"], lambda incident: incident["state"] == "closed")
    done = [
        event for event in closed["timeline"] if event["said_by"] == "button" and event["kind"] != "incident_closed"
    ]
    assert [event["kind"] for event in done] == [f"unit_{name}" for name in names]
    assert [ms(datetime.fromisoformat(event["happened_at"])) for event in done] == [start + 100 * n for n in range(4)]
    after = await eventually(page.state, lambda state: not state["orders"])
    assert (after["resume_after"], after["handled_up_to"], after["rejected"]) == (4, 4, [])
    async with server.engine.connect() as connection:
        shown = select(access_log.c.username).where(access_log.c.what == "order", access_log.c.subject == assignment)
        assert list(await connection.scalars(shown)) == ["oscar"]


async def test_every_kind_of_message_takes_effect(server: Server) -> None:
    """Availability, SOS and a fix, as from a car; a late fix moves nothing back; what a page may not say is refused."""
    unit = await server.add_unit("北興-1", at=(23.48, 120.45))
    page = await page_of(server)
    await page.sign_on(unit)
    now = now_ms()
    batch = [
        page.message("availability", available=False, reason="meal"),
        page.message("sos", active=True, lat=23.49, lon=120.46),
        page.message("fix", at_ms=now + 2000, lat=23.5, lon=120.5, accuracy_m=5, source="phone"),
        page.message("fix", at_ms=now - 60_000, lat=23.1, lon=120.1),
    ]
    assert (await page.send(*batch)).json() == {"acked": 4, "rejected": []}
    state = await eventually(page.state, lambda state: state["sos_active"])
    assert (state["available"], state["availability_reason"]) == (False, "meal")
    assert (state["fix"]["lat"], state["fix"]["time_ms"]) == (23.5, now + 2000)
    desk = await server.client("dora")
    (alarm,) = [one for one in (await desk.get("/alarms")).json()["items"] if one["kind"] == "sos"]
    assert not state["sos_seen"]
    await desk.post(f"/alarms/{alarm['id']}/acknowledge")
    state = await page.state()
    assert (state["sos_seen"], [notice["code"] for notice in state["notices"]]) == (True, ["sos_acknowledged"])
    async with server.engine.connect() as connection:
        assert await connection.scalar(select(unit_positions.c.lat).where(unit_positions.c.unit_id == unit)) == 23.5
        assert len(list(await connection.scalars(select(fixes.c.seq).where(fixes.c.unit_id == unit)))) == 2
    await page.send(page.message("sos", active=False))
    await eventually(page.state, lambda state: not state["sos_active"])
    camera = await page.send(page.message("camera", camera_id="c", state="off"))
    assert (camera.status_code, camera.json()["code"]) == (422, "validation")
    assert (await page.send({"type": "fix", "lat": 1, "lon": 2})).status_code == 422


async def test_what_is_wrong_is_refused_for_good_and_told(server: Server) -> None:
    """A fix from the future, a missing member, a step of no assignment: acknowledged, kept for audit, told the page."""
    unit = await server.add_unit("北興-1")
    page = await page_of(server)
    await page.sign_on(unit)
    answer = await page.send(
        page.message("fix", at_ms=now_ms() + 600_000, lat=23.5, lon=120.5),
        page.message("sos"),
        page.message("status", assignment_id=str(uuid4()), status="on_scene"),
    )
    body = answer.json()
    assert (body["acked"], [(one["seq"], one["code"]) for one in body["rejected"]]) == (
        3,
        [(1, "clock_ahead"), (2, "bad_message")],
    )
    state = await eventually(page.state, lambda state: len(state["rejected"]) == 2)
    assert [(one["seq"], one["code"], one["type"]) for one in state["rejected"]] == [
        (2, "bad_message", "sos"),
        (3, "bad_step", "status"),
    ]


async def test_a_journal_is_the_pages_own(server: Server) -> None:
    """The same boot of another officer, of another duty or of the car is another journal; a foreign duty is refused."""
    unit = await server.add_unit("北興-1")
    oscar, olga = await page_of(server), await page_of(server, "olga")
    olga.boot = oscar.boot
    await oscar.sign_on(unit)
    assert (await oscar.send(oscar.message("availability", available=False, reason="meal"))).json()["acked"] == 1
    await olga.sign_on(unit, take_over=True)
    assert (await olga.send(olga.message("availability", available=True))).json()["acked"] == 1
    foreign = await olga.send(olga.message("availability", available=True), duty_id=oscar.duty_id)
    assert (foreign.status_code, foreign.json()["code"]) == (409, "no_duty")
    async with server.engine.connect() as connection:
        boots = list(await connection.scalars(select(car_messages.c.boot).where(car_messages.c.unit_id == unit)))
    assert len(set(boots)) == len(boots) == 2
    assert UUID(oscar.boot) not in boots


async def test_presses_of_a_duty_that_ended(server: Server) -> None:
    """Pressed before somebody took over: they count. After it: refused, but never a call for help."""
    unit = await server.add_unit("北興-1")
    oscar, olga = await page_of(server), await page_of(server, "olga")
    await oscar.sign_on(unit)
    before = oscar.message("availability", available=False, reason="meal")
    await olga.sign_on(unit, take_over=True)
    late = now_ms() + 1000
    after = oscar.message("availability", at_ms=late, available=True)
    help_call = oscar.message("sos", at_ms=late, active=True)
    answer = (await oscar.send(before, after, help_call)).json()
    assert (answer["acked"], [one["seq"] for one in answer["rejected"]]) == (3, [2])
    state = await eventually(olga.state, lambda state: state["sos_active"])
    assert (state["available"], state["availability_reason"]) == (False, "meal")
    async with server.engine.connect() as connection:
        assert await connection.scalar(select(alarms.c.kind).where(alarms.c.unit_id == unit)) == "sos"


async def test_a_late_over_ends_no_other_persons_call(server: Server) -> None:
    """An SOS said to be over by a duty that ended, pressed before or after its end: whoever came after keeps theirs."""
    unit = await server.add_unit("北興-1")
    oscar, olga = await page_of(server), await page_of(server, "olga")
    await oscar.sign_on(unit)
    await oscar.send(oscar.message("sos", active=True))
    await eventually(oscar.state, lambda state: state["sos_active"])
    over_before = oscar.message("sos", active=False)
    await asyncio.sleep(0.01)
    await olga.sign_on(unit, take_over=True)
    await olga.send(olga.message("sos", active=True))
    await eventually(olga.state, lambda state: state["handled_up_to"] == 1)
    over_after = oscar.message("sos", at_ms=now_ms() + 1000, active=False)
    answer = (await oscar.send(over_before, over_after)).json()
    assert (answer["acked"], [one["seq"] for one in answer["rejected"]]) == (3, [3])
    async with server.engine.connect() as connection:
        refused = select(car_messages.c.rejected_code).where(
            car_messages.c.seq == 2, car_messages.c.handled_at.is_not(None)
        )
        assert await eventually(lambda: connection.scalar(refused), lambda code: code is not None) == "bad_message"
        standing = select(alarms.c.kind).where(alarms.c.unit_id == unit, alarms.c.resolved_at.is_(None))
        assert list(await connection.scalars(standing)) == ["sos"]
    assert (await olga.state())["sos_active"]
    await olga.send(olga.message("sos", active=False))
    await eventually(olga.state, lambda state: not state["sos_active"])


async def test_a_clock_set_back_does_not_keep_a_crew_from_ending_its_own_call(server: Server) -> None:
    """In one journal the order of the presses counts, not what the clock said."""
    unit = await server.add_unit("北興-1")
    page = await page_of(server)
    await page.sign_on(unit)
    await page.send(page.message("sos", active=True), page.message("sos", at_ms=now_ms() - 3_600_000, active=False))
    state = await eventually(page.state, lambda state: state["handled_up_to"] == 2)
    assert (state["sos_active"], state["rejected"]) == (False, [])


async def test_notices_and_ends_reach_the_page_and_are_not_told_twice(server: Server) -> None:
    """A notice and an order taken back stand in the state; once the page has them, no car is told them later."""
    unit = await server.add_unit("北興-1", at=(23.48, 120.45))
    desk = await server.client()
    page = await page_of(server)
    await page.sign_on(unit)
    await desk.post(f"/units/{unit}/notices", json={"text": "注意安全", "level": "warning"})
    incident = await enter(desk)
    assignment = (await assigned(desk, incident["id"], unit))["id"]
    await desk.post(f"/incidents/{incident['id']}/cancel", json={"reason": "誤報"})
    state = await eventually(page.state, lambda state: bool(state["ended"]))
    assert state["orders"] == []
    assert [(one["text"], one["level"], one["read"]) for one in state["notices"]] == [("注意安全", "warning", False)]
    assert [(one["assignment_id"], one["number"], one["reason"]) for one in state["ended"]] == [
        (assignment, incident["number"], "cancelled")
    ]
    await page.state(heard=state["heard_up_to"])
    async with server.engine.connect() as connection:
        query = select(car_orders.c.order_id).where(car_orders.c.unit_id == unit, car_orders.c.delivered_at.is_(None))
        assert list(await connection.scalars(query)) == []
    assert len((await page.state())["notices"]) == 1


async def test_nothing_is_acknowledged_while_the_database_is_away(server: Server) -> None:
    """Connections cut while batches come: an error, or an ack that is true; sent again, each message is there once."""
    unit = await server.add_unit("北興-1")
    page = await page_of(server)
    await page.sign_on(unit)
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND application_name = 'patrol-dispatch' AND state = 'idle'"
    )
    start = now_ms()
    batches = [[page.message("fix", at_ms=start - 1000 * n, lat=23.4, lon=120.4)] for n in range(12)]
    for batch in batches:
        while True:
            async with server.engine.connect() as connection:
                await connection.execute(cut)
            answer = await page.send(*batch)
            if answer.status_code == 200:
                break
            assert answer.status_code in {503, 401}, answer.text
    async with server.engine.connect() as connection:
        seqs = list(await connection.scalars(select(fixes.c.seq).where(fixes.c.unit_id == unit).order_by(fixes.c.seq)))
    assert seqs == list(range(1, 13))


async def test_the_clock_of_a_new_day(server: Server) -> None:
    """A duty lasts until it is ended, over midnight and over sessions of the same officer."""
    unit = await server.add_unit("北興-1")
    page = await page_of(server)
    await page.sign_on(unit)
    server.clock_ahead_by(timedelta(hours=14))
    again = await page_of(server)
    assert (await again.state())["duty_id"] == page.duty_id


async def test_the_document_holds_for_an_officer(server: Server, tmp_path: Path) -> None:
    """schemathesis as an officer who is on a unit: never a 500, nothing that the document does not promise."""
    unit = await server.add_unit("北興-1")
    page = await page_of(server)
    await page.sign_on(unit)
    arguments = [
        *("run", f"{server.url}/api/openapi.json", "--include-path-regex", "/officer/"),
        *("--header", f"Authorization: {page.client.headers['Authorization']}"),
        *("--phases", "examples,coverage,fuzzing", "--mode", "all", "--max-examples", "10"),
        *("--checks", "all", "--exclude-checks", "positive_data_acceptance", "--seed", "110", "--no-color"),
    ]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
