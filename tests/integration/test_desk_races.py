"""Two desks press the same at once: one succeeds, the other is told why not in words that the console has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import Server, assigned, enter, eventually, running_server

MESSAGES = Path(__file__).resolve().parents[2] / "web" / "messages"


@pytest.fixture
async def by_hand(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server that leaves the choice to the dispatchers."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as running:
        yield running


@pytest.fixture
async def desks(by_hand: Server) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Two dispatchers."""
    return await by_hand.client("anna"), await by_hand.client("ben")


Pressed = tuple[str, str, Any]


async def pressed(desks: tuple[httpx.AsyncClient, httpx.AsyncClient], one: Pressed, other: Pressed) -> list[Any]:
    """Both at once; the answers, the better one first. What is refused has words on the console."""
    sent = [desk.request(how, path, json=body) for desk, (how, path, body) in zip(desks, (one, other), strict=True)]
    answers = sorted(await asyncio.gather(*sent), key=lambda answer: answer.status_code)
    for answer in answers:
        assert answer.status_code in {200, 201, 409}, answer.text
        if answer.status_code == 409:
            for language in ("zh-TW", "en"):
                texts = json.loads((MESSAGES / f"{language}.json").read_text(encoding="utf-8"))
                assert f"failure_{answer.json()['code']}" in texts
    return answers


def codes(answers: list[Any]) -> list[Any]:
    """What each was answered: the status, or why it was refused."""
    return [answer.json()["code"] if answer.status_code == 409 else answer.status_code for answer in answers]


async def test_two_units_are_not_sent_by_two_desks_that_saw_none(
    by_hand: Server, desks: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    """Each chose another unit for a call that nobody was on: one goes; the other desk looks again, then may."""
    units = [str(await by_hand.add_unit(name, at=(23.481, 120.451))) for name in ("北興101", "北興102")]
    for _ in range(5):
        incident = await enter(desks[0])
        path = f"/incidents/{incident['id']}/assignments"
        answers = await pressed(desks, *(("POST", path, {"unit_id": unit, "seen": []}) for unit in units))
        assert codes(answers) == [201, "changed_meanwhile"]
        assert answers[0].json()["unit_name"] in answers[1].json()["detail"]
        left = next(unit for unit in units if unit != answers[0].json()["unit_id"])
        seen = [answers[0].json()["id"]]
        assert (await desks[1].post(path, json={"unit_id": left, "seen": seen})).status_code == 201
        await desks[0].post(f"/incidents/{incident['id']}/cancel", json={"reason": "again"})


async def test_what_ends_something_ends_it_once(
    by_hand: Server, desks: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    """Close against close, close against cancel, two merges into each other, the same assignment taken off twice."""
    unit_id = await by_hand.add_unit("北興101", at=(23.481, 120.451))

    async def fresh() -> str:
        return f"/incidents/{(await enter(desks[0]))['id']}"

    path = await fresh()
    close, cancel = ("POST", f"{path}/close", {"disposition": "done"}), ("POST", f"{path}/cancel", {"reason": "none"})
    assert codes(await pressed(desks, close, close)) == [200, "incident_ended"]
    assert codes(await pressed(desks, cancel, close)) == ["incident_ended"] * 2
    path = await fresh()
    close, cancel = ("POST", f"{path}/close", {"disposition": "done"}), ("POST", f"{path}/cancel", {"reason": "none"})
    assert codes(await pressed(desks, cancel, close)) == [200, "incident_ended"]
    one, other = await fresh(), await fresh()
    merges = [("POST", f"{a}/merge", {"into": b.rpartition("/")[2]}) for a, b in ((one, other), (other, one))]
    assert codes(await pressed(desks, merges[0], merges[1])) == [200, "incident_ended"]
    path = await fresh()
    await desks[0].post(f"{path}/assignments", json={"unit_id": str(unit_id)})
    assignment = await assigned(desks[0], path.rpartition("/")[2])
    end = ("POST", f"/assignments/{assignment['id']}/end", {"reason": "not needed"})
    assert codes(await pressed(desks, end, end)) == [200, "assignment_ended"]


async def test_an_alarm_keeps_the_first_name(
    by_hand: Server, desks: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    """Both acknowledge: both see the same name. Both resolve: one did, the other is told who."""
    unit_id = await by_hand.add_unit("北興101", at=(23.481, 120.451))
    await by_hand.says(unit_id, "sos", active=True)

    async def standing() -> Any:
        return (await desks[0].get("/alarms")).json()["items"]

    (alarm,) = await eventually(standing)
    seen = ("POST", f"/alarms/{alarm['id']}/acknowledge", None)
    answers = await pressed(desks, seen, seen)
    assert codes(answers) == [200, 200]
    assert answers[0].json()["acknowledged_by"] == answers[1].json()["acknowledged_by"]
    over = ("POST", f"/alarms/{alarm['id']}/resolve", None)
    answers = await pressed(desks, over, over)
    assert codes(answers) == [200, "alarm_resolved"]
    assert answers[0].json()["resolved_by"] in answers[1].json()["detail"]


async def test_two_edits_of_one_version_are_never_both_taken(
    desks: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    """Whoever comes second is refused, sees what the first did, and may then decide with the new version."""
    incident = await enter(desks[0])
    path, version = f"/incidents/{incident['id']}", incident["version"]
    edits = [("PATCH", path, {"address": text, "version": version}) for text in ("中山路", "民族路")]
    answers = await pressed(desks, edits[0], edits[1])
    assert codes(answers) == [200, "changed_meanwhile"]
    now = (await desks[1].get(path)).json()
    assert now["address"] == answers[0].json()["address"]
    change = next(event for event in reversed(now["timeline"]) if event["kind"] == "incident_changed")
    assert (change["data"]["members"], change["actor"] in {"anna", "ben"}) == (["address"], True)
    decided = await desks[1].patch(path, json={"address": "忠孝路", "version": now["version"]})
    assert decided.json()["address"] == "忠孝路"
