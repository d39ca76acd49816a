"""The ten-minute clock over the API, beside figures worked out by hand from the same incidents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert

from dispatch.store.tables import assignments, incidents, precincts, stations
from tests.support.server import Server, running_server

MORNING = datetime.fromisoformat("2026-11-20T08:30:00+08:00")
GROUPS = ("day", "month", "hour", "weekday", "precinct", "station", "priority", "category")


@pytest.fixture(scope="module")
async def reported(module_database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server with a known past: twelve incidents, five of them left out, two never reached."""
    async with running_server(module_database_url, nats_url, dispatch_mode="recommend") as running:
        await _fill(running)
        yield running


async def _fill(server: Server) -> None:
    precinct, station, elsewhere = uuid4(), uuid4(), uuid4()
    unit_id = await server.add_unit("北興101")
    async with server.engine.begin() as connection:
        await connection.execute(insert(precincts).values(precinct_id=precinct, name="第一分局"))
        await connection.execute(
            insert(stations),
            [
                {"station_id": station, "precinct_id": precinct, "name": "北興", "lat": 23.48, "lon": 120.45},
                {"station_id": elsewhere, "precinct_id": None, "name": "後湖", "lat": 23.50, "lon": 120.47},
            ],
        )
        past = [
            # minutes after the morning, seconds to the order and to the scene, state, exclusion, station
            (0, 10, 300, "closed", None, station),
            (1, 10, 600, "closed", None, station),
            (2, 10, 601, "closed", None, station),
            (3, 60, 650, "closed", None, elsewhere),
            (60, 10, None, "closed", None, elsewhere),
            (61, None, None, "open", None, None),
            (62, 10, 120, "cancelled", None, station),
            (63, 10, None, "cancelled", None, station),
            (64, None, None, "merged", "duplicate", station),
            (65, 10, 100, "closed", "test", station),
            (66, 10, 100, "closed", "officer_initiated", station),
            (24 * 60, 10, 100, "closed", "scheduled", station),
        ]
        for number, (minutes, order_s, scene_s, state, exclusion, where) in enumerate(past):
            received_at, incident_id = MORNING + timedelta(minutes=minutes), uuid4()
            await connection.execute(
                insert(incidents).values(
                    incident_id=incident_id,
                    number=f"past-{number}",
                    category="criminal" if number < 3 else "service",
                    priority=1 if number < 3 else 3,
                    lat=23.48,
                    lon=120.45,
                    received_at=received_at,
                    created_at=received_at,
                    state=state,
                    exclusion=exclusion,
                    station_id=where,
                )
            )
            if order_s is not None:
                await connection.execute(
                    insert(assignments).values(**_past(incident_id, unit_id, received_at, order_s, scene_s))
                )


def _past(incident_id: UUID, unit_id: UUID, received_at: datetime, order_s: int, scene_s: int | None) -> dict[str, Any]:
    return {
        "assignment_id": uuid4(),
        "incident_id": incident_id,
        "unit_id": unit_id,
        "state": "cleared",
        "dispatched_at": received_at + timedelta(seconds=order_s),
        "on_scene_at": None if scene_s is None else received_at + timedelta(seconds=scene_s),
        "ended_at": received_at + timedelta(hours=1),
    }


@pytest.fixture
async def client(reported: Server) -> httpx.AsyncClient:
    """An auditor's."""
    return await reported.client("aud", "auditor")


async def report(client: httpx.AsyncClient, **params: str) -> list[dict[str, Any]]:
    """The groups."""
    answer = await client.get("/kpi", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_the_whole_report_by_hand(client: httpx.AsyncClient) -> None:
    """Exactly 600 s is in time, nobody there is late, what is left out is counted by reason."""
    (all_of_it,) = await report(client)
    assert all_of_it["incidents"] == 12
    assert all_of_it["excluded"] == {"cancelled": 1, "duplicate": 1, "officer_initiated": 1, "scheduled": 1, "test": 1}
    assert (all_of_it["measured"], all_of_it["reached"], all_of_it["unreached"]) == (7, 5, 2)
    assert (all_of_it["within_target"], all_of_it["share"]) == (3, pytest.approx(3 / 7))
    assert all_of_it["share_low"] < 3 / 7 < all_of_it["share_high"]
    assert (all_of_it["p50_s"], all_of_it["p90_s"]) == (601, None)
    assert all_of_it["mean_s"] == pytest.approx((300 + 600 + 601 + 650 + 120) / 5)


@pytest.mark.parametrize("clock", ["received", "dispatched"])
@pytest.mark.parametrize("group_by", GROUPS)
async def test_every_grouping_adds_up(client: httpx.AsyncClient, group_by: str, clock: str) -> None:
    """On either clock no incident is lost or counted twice: measured and excluded make the incidents of each group."""
    groups = await report(client, group_by=group_by, clock=clock)
    (whole,) = await report(client, clock=clock)
    for group in groups:
        assert group["measured"] + sum(group["excluded"].values()) == group["incidents"]
        assert group["within_target"] <= group["reached"] <= group["measured"]
    for figure in ("incidents", "measured", "within_target", "reached", "unreached"):
        assert sum(group[figure] for group in groups) == whole[figure]


async def test_groups_are_named_by_the_wall_clock_of_taipei(client: httpx.AsyncClient) -> None:
    """Half past eight there, though it is half past midnight in UTC; what has no precinct is unknown, and last."""
    expected = {
        "day": ["2026-11-20", "2026-11-21"],
        "month": ["2026-11"],
        "hour": ["08", "09"],
        "weekday": ["5", "6"],
        "precinct": ["第一分局", "unknown"],
        "station": ["北興", "後湖", "unknown"],
        "priority": ["1", "3"],
        "category": ["criminal", "service"],
    }
    for group_by in GROUPS:
        assert [group["group"] for group in await report(client, group_by=group_by)] == expected[group_by]


async def test_the_clock_may_run_from_the_order(client: httpx.AsyncClient) -> None:
    """650 s after the call but 590 s after the order: in time on that clock alone."""
    (received,) = await report(client)
    (dispatched,) = await report(client, clock="dispatched")
    assert dispatched["within_target"] == received["within_target"] + 2
    assert dispatched["mean_s"] == pytest.approx((290 + 590 + 591 + 590 + 110) / 5)


async def test_a_period_is_half_open(client: httpx.AsyncClient) -> None:
    """From its first instant to before its last; one that ends before it begins is refused, an empty one is empty."""
    first = {"from": MORNING.isoformat(), "to": (MORNING + timedelta(minutes=1)).isoformat()}
    answer = (await client.get("/kpi", params=first)).json()
    assert answer["items"][0]["incidents"] == 1
    assert datetime.fromisoformat(answer["from"]) == MORNING
    (empty,) = await report(client, **{"from": first["from"], "to": first["from"]})
    assert (empty["incidents"], empty["share"], empty["p50_s"], empty["excluded"]) == (0, None, None, {})
    refused = await client.get("/kpi", params={"from": first["to"], "to": first["from"]})
    assert (refused.status_code, refused.json()["errors"][0]["member"]) == (422, "to")


@pytest.mark.parametrize("clock", ["received", "dispatched"])
@pytest.mark.parametrize("figures", ["reviewed", "recorded"])
async def test_each_reason_opens_its_own_incidents(client: httpx.AsyncClient, clock: str, figures: str) -> None:
    """What is still open has a key of its own, apart from what nobody can judge, and from what is not late."""
    asked = {"clock": clock, "figures": figures}
    found = (await client.get("/kpi/late", params=asked)).json()
    reasons = [one["reason"] for one in found["items"]]
    assert "still_open" in reasons
    assert len(reasons) == len(set(reasons))
    for one in found["items"]:
        opened = {"outcome": "late", "late_reason": one["reason"], **asked}
        rows = (await client.get("/kpi/ledger", params=opened)).json()["items"]
        assert [row["late_reason"] for row in rows] == [one["reason"]] * one["n"]
    (others,) = (line for line in await report(client, group_by="late_reason", **asked) if line["group"] == "none")
    assert others["measured"] == others["within_target"] > 0


async def test_an_open_incident_is_pending_until_it_is_late(reported: Server, client: httpx.AsyncClient) -> None:
    """Within ten minutes nobody can say; then it is measured, and late."""
    dispatcher = await reported.client()
    await dispatcher.post("/incidents", json={"category": "other", "priority": 1, "lat": 23.48, "lon": 120.45})
    since = {"from": (MORNING + timedelta(days=2)).isoformat()}
    (young,) = await report(client, **since)
    assert (young["measured"], young["excluded"]) == (0, {"pending": 1})
    reported.clock_ahead_by(timedelta(seconds=601))
    (old,) = await report(client, **since)
    assert (old["measured"], old["unreached"], old["within_target"], old["excluded"]) == (1, 1, 0, {})
