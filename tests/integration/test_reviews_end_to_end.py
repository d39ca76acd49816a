"""From a press far away to a ruling that stands beside it: nothing that was recorded is lost on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.integration.test_dispatch_arrival import approach, iso, said, under_way
from tests.support.feed import watching
from tests.support.server import Server, incident_when, running_server


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that reads all tracks twice a second, whatever was announced."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


async def listed(client: httpx.AsyncClient, state: str) -> list[dict[str, Any]]:
    """The page."""
    answer = await client.get("/kpi/reviews", params={"state": state})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_press_far_away_is_ruled_by_what_gps_saw(server: Server) -> None:
    """The crew pressed after ten seconds, GPS saw it eleven minutes later: in time as recorded, late as reviewed.

    The list shows it until a supervisor rules, every screen and the timeline tell the ruling with its reason, and the
    table takes no change.
    """
    client, supervisor = await server.client(), await server.client("sue", "supervisor")
    unit_id, assignment, start = await under_way(server, client)
    server.clock_ahead_by(timedelta(minutes=15))
    incident_id, pressed_at = assignment["incident_id"], start + timedelta(seconds=10)
    track, stopped_at = approach(start, from_m=6600)
    await server.steps(unit_id, assignment["assignment_id"], "on_scene", at=pressed_at)
    await server.drives(unit_id, track, hint=False)
    await incident_when(
        client, incident_id, lambda i: "gps" in said(i) and said(i, "arrival_marked_for_review") == ["server"]
    )
    assert await listed(supervisor, "open") == []  # it is still being worked on
    recorded = (await client.post(f"/incidents/{incident_id}/close", json={"disposition": "done"})).json()

    (case,) = await listed(supervisor, "open")
    (unit,) = case["units"]
    assert (unit["button_at"], unit["gps_at"]) == (iso(pressed_at), iso(stopped_at))
    assert {"far_from_scene", "before_gps_arrival"} <= set(case["marks"])
    assert case["recorded"] == case["reviewed"]
    assert (case["recorded"]["outcome"], case["reviews"]) == ("within", [])

    ruling = {
        "ruling": "gps",
        "assignment_id": assignment["assignment_id"],
        "reason": "在 6 公里外按鍵；以軌跡為準",
        "after": None,
    }
    async with watching(server) as screen:
        answer = await supervisor.post(f"/incidents/{incident_id}/reviews", json=ruling)
        assert answer.status_code == 201, answer.text
        told = await screen.until_event("incident_reviewed")
    assert await listed(supervisor, "open") == []
    (done,) = await listed(supervisor, "done")
    assert done == answer.json()
    assert done["recorded"] == case["recorded"]
    response_s = (stopped_at - datetime.fromisoformat(case["received_at"])).total_seconds()
    assert done["reviewed"]["outcome"] == "late"
    assert done["reviewed"]["response_s"] == pytest.approx(response_s)
    assert set(done["marks"]) == {*case["marks"], "reviewed", "corrected"}
    (review,) = done["reviews"]
    assert (review["decided_by"], review["reason"], review["counts"]) == ("sue", ruling["reason"], True)

    seen = (await client.get(f"/incidents/{incident_id}")).json()
    assert seen["on_scene_at"] == recorded["on_scene_at"] == iso(pressed_at)
    assert (seen["version"], seen["response_s"]) == (recorded["version"], recorded["response_s"])
    line = seen["timeline"][-1]
    assert (line["kind"], line["said_by"], line["actor"]) == ("incident_reviewed", "dispatcher", "sue")
    assert line["data"] == told["event"]["data"]
    assert (line["data"]["ruling"], line["data"]["reason"]) == ("gps", ruling["reason"])
    assert datetime.fromisoformat(line["data"]["on_scene_at_before"]) == pressed_at
    assert datetime.fromisoformat(line["data"]["on_scene_at"]) == stopped_at
    assert sorted(said(seen)) == ["button", "gps"]

    for change in ("UPDATE reviews SET reason = 'x'", "DELETE FROM reviews", "TRUNCATE reviews"):
        with pytest.raises(IntegrityError, match="append-only"):
            async with server.engine.begin() as connection:
                await connection.execute(text(change))
    assert (await supervisor.get(f"/incidents/{incident_id}/reviews")).json() == done
