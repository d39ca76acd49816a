"""What offline crews upload long after the end: both witnesses are heard, and figures of old days follow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from dispatch.domain.fix import Fix
from tests.integration.test_dispatch_arrival import approach, iso, said, under_way
from tests.support.measured_past import got
from tests.support.server import Server, incident_when, running_server

DAYS_LATER = timedelta(days=3)


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """One that reads all tracks twice a second, whatever was announced."""
    async with running_server(database_url, nats_url, tick_s=0.5) as running:
        yield running


async def figures(server: Server, incident_id: str) -> tuple[dict[str, Any], dict[str, Any], int]:
    """The line of all incidents, this one's row in the ledger, and how many wait for a look."""
    supervisor = await server.client("sue", "supervisor")
    (line,) = (await got(supervisor, "/kpi"))["items"]
    rows = (await got(supervisor, "/kpi/ledger"))["items"]
    (row,) = [row for row in rows if row["incident_id"] == incident_id]
    return line, row, len((await got(supervisor, "/kpi/reviews", state="open"))["items"])


async def marked_and_seen(client: httpx.AsyncClient, incident_id: str) -> dict[str, Any]:
    """The incident once GPS has told the arrival and the press is marked."""
    return await incident_when(
        client,
        incident_id,
        lambda i: set(said(i)) == {"button", "gps"} and said(i, "arrival_marked_for_review") != [],
    )


def long_approach(start: datetime) -> tuple[list[Fix], datetime]:
    """1.8 km; whoever presses ten seconds after its begin is 1.7 km and 170 s too early."""
    return approach(start, from_m=1800)


@pytest.mark.parametrize("fixes_first", [False, True], ids=["presses-first", "fixes-first"])
async def test_an_upload_three_quarters_of_an_hour_after_clearing(server: Server, fixes_first: bool) -> None:
    """Pressed on the way, all of it uploaded late: GPS tells the arrival, the press is marked and waits for a look."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    incident_id = assignment["incident_id"]
    track, stopped_at = long_approach(start)
    cleared_at = stopped_at + timedelta(minutes=2)
    server.clock_ahead_by(timedelta(minutes=50))
    if fixes_first:
        await server.drives(unit_id, track)
        await incident_when(client, incident_id, lambda i: said(i) == ["gps"])
    await server.steps(unit_id, assignment["assignment_id"], "on_scene", at=start + timedelta(seconds=10))
    await server.steps(unit_id, assignment["assignment_id"], "cleared", at=cleared_at, disposition="done")
    await incident_when(client, incident_id, lambda i: i["state"] == "closed")
    if not fixes_first:
        await server.drives(unit_id, track)
    seen = await marked_and_seen(client, incident_id)
    assert seen["assignments"][0]["review"] == ["before_gps_arrival", "far_from_scene"]
    assert seen["on_scene_at"] == iso(start + timedelta(seconds=10))
    assert iso(stopped_at) in [e["happened_at"] for e in seen["timeline"] if e["said_by"] == "gps"]
    assert (await figures(server, incident_id))[2] == 1


async def test_an_upload_three_days_later_while_no_server_ran(database_url: str, nats_url: str) -> None:
    """The track came after days, between the end of one server and the start of the next, which looks at it."""
    async with running_server(database_url, nats_url, tick_s=0.5) as before:
        client = await before.client()
        unit_id, assignment, start = await under_way(before, client, ago=DAYS_LATER)
        incident_id = assignment["incident_id"]
        track, stopped_at = long_approach(start)
        cleared_at = stopped_at + timedelta(minutes=2)
        await before.steps(unit_id, assignment["assignment_id"], "on_scene", at=start + timedelta(seconds=10))
        await before.steps(unit_id, assignment["assignment_id"], "cleared", at=cleared_at, disposition="done")
        await incident_when(client, incident_id, lambda i: i["state"] == "closed")
    before.clock_ahead_by(timedelta(0))
    await before.drives(unit_id, track, hint=False)
    await before.engine.dispose()
    async with running_server(database_url, nats_url, tick_s=0.5) as after:
        seen = await marked_and_seen(await after.client(), incident_id)
        assert {"before_gps_arrival", "far_from_scene"} <= set(seen["assignments"][0]["review"])
        assert iso(stopped_at) in [e["happened_at"] for e in seen["timeline"] if e["said_by"] == "gps"]
        assert (await figures(after, incident_id))[2] == 1


async def test_a_track_that_comes_days_after_clearing_tells_that_somebody_came(server: Server) -> None:
    """Only "cleared" was pressed: nobody came, by the record of that day, until the track is there; then a ruling for
    GPS has a word to go by.
    """
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client, ago=DAYS_LATER)
    incident_id = assignment["incident_id"]
    track, stopped_at = approach(start)
    cleared_at = stopped_at + timedelta(minutes=2)
    await server.steps(unit_id, assignment["assignment_id"], "cleared", at=cleared_at, disposition="done")
    await incident_when(client, incident_id, lambda i: i["state"] == "closed")
    line, row, _ = await figures(server, incident_id)
    assert (line["reached"], row["response_s"], row["outcome"]) == (0, None, "late")

    server.clock_ahead_by(timedelta(0))
    await server.drives(unit_id, track)
    seen = await incident_when(client, incident_id, lambda i: i["on_scene_at"] is not None)
    assert (seen["on_scene_at"], said(seen)) == (iso(stopped_at), ["inferred", "gps"])
    line, row, _ = await figures(server, incident_id)
    assert (line["reached"], line["within_target"], row["outcome"]) == (1, 1, "within")
    response_s = (stopped_at - datetime.fromisoformat(seen["received_at"])).total_seconds()
    assert row["response_s"] == pytest.approx(response_s, abs=1)
    ruling = {
        "ruling": "gps",
        "assignment_id": assignment["assignment_id"],
        "reason": "軌跡顯示有到場",
        "after": None,
    }
    supervisor = await server.client("sue", "supervisor")
    answer = await supervisor.post(f"/incidents/{incident_id}/reviews", json=ruling)
    assert answer.status_code == 201, answer.text


async def test_an_earlier_arrival_in_fixes_that_come_later_counts(server: Server) -> None:
    """The car was there, left and came again; the fixes of its first stop come last. Both words of GPS stay on record,
    the earlier one counts, on that day's sheet as well.
    """
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client)
    incident_id = assignment["incident_id"]
    first_track, first_at = approach(start)
    again, again_at = approach(start + timedelta(minutes=4), from_m=300)
    cleared_at = again_at + timedelta(minutes=1)
    await server.drives(unit_id, again)
    await incident_when(client, incident_id, lambda i: said(i) == ["gps"])
    await server.steps(unit_id, assignment["assignment_id"], "cleared", at=cleared_at, disposition="done")
    seen = await incident_when(client, incident_id, lambda i: i["state"] == "closed")
    assert seen["on_scene_at"] == iso(again_at)
    before, row_before, _ = await figures(server, incident_id)

    server.clock_ahead_by(timedelta(days=1))
    await server.drives(unit_id, first_track)
    seen = await incident_when(client, incident_id, lambda i: said(i) == ["gps", "gps"])
    assert seen["on_scene_at"] == iso(first_at)
    line, row, _ = await figures(server, incident_id)
    earlier_s = (again_at - first_at).total_seconds()
    assert row["response_s"] == pytest.approx(row_before["response_s"] - earlier_s, abs=1)
    assert line["p50_s"] == pytest.approx(before["p50_s"] - earlier_s, abs=1)


async def test_a_press_without_any_fix_is_marked_however_late_it_comes(server: Server) -> None:
    """There never was a track, or its time is over: nobody can check the press, and that is said."""
    client = await server.client()
    unit_id, assignment, start = await under_way(server, client, ago=timedelta(days=200))
    incident_id = assignment["incident_id"]
    server.clock_ahead_by(timedelta(0))
    await server.steps(unit_id, assignment["assignment_id"], "on_scene", at=start + timedelta(seconds=10))
    await server.steps(unit_id, assignment["assignment_id"], "cleared", at=start + timedelta(minutes=5))
    seen = await incident_when(client, incident_id, lambda i: i["assignments"][0]["review"] != [])
    assert (seen["assignments"][0]["review"], seen["state"]) == (["gps_gap"], "closed")
    assert (await figures(server, incident_id))[2] == 1
