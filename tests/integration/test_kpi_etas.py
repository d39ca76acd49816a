"""Predicted beside real travel times over the API, against numpy over the same assignments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
from sqlalchemy import insert

from dispatch.store.tables import assignments, incidents
from tests.support.server import Server, running_server

MIDNIGHT = datetime.fromisoformat("2026-11-20T00:00:00+08:00")
Row = dict[str, Any]


@pytest.fixture(scope="module")
async def past(module_database_url: str, nats_url: str) -> AsyncIterator[tuple[Server, list[Row]]]:
    """Two hundred assignments: cars and a motorcycle, three versions, some without a class, some never arrived."""
    async with running_server(module_database_url, nats_url, dispatch_mode="recommend") as running:
        rng = np.random.default_rng(6)
        units = [await running.add_unit(f"u{n}", vehicle_type=kind) for n, kind in enumerate(("car", "motorcycle"))]
        rows: list[Row] = []
        for number in range(200):
            dispatched_at = MIDNIGHT + timedelta(minutes=15 * number)
            eta_s = float(np.round(rng.uniform(60, 600), 1))
            turnout = timedelta(seconds=float(rng.integers(10, 60)))
            rows.append(
                {
                    "assignment_id": uuid4(),
                    "incident_id": uuid4(),
                    "unit_id": units[number % 2],
                    "state": "cleared",
                    "eta_s": None if number % 17 == 0 else eta_s,
                    "eta_version": number % 3,
                    "eta_street_class": ("primary", "tertiary", None)[number % 3],
                    "dispatched_at": dispatched_at,
                    "en_route_at": dispatched_at + turnout if number % 5 else None,
                    "on_scene_at": dispatched_at + timedelta(seconds=round(eta_s * rng.lognormal(0.1, 0.3), 3))
                    if number % 13
                    else None,
                    "ended_at": dispatched_at + timedelta(hours=1),
                }
            )
        async with running.engine.begin() as connection:
            await connection.execute(
                insert(incidents),
                [
                    {"incident_id": row["incident_id"], "number": f"n{n}", "category": "other", "priority": 3}
                    | {"lat": 23.48, "lon": 120.45, "state": "closed"}
                    | {"received_at": row["dispatched_at"], "created_at": row["dispatched_at"]}
                    for n, row in enumerate(rows)
                ],
            )
            await connection.execute(insert(assignments), rows)
        names = dict(zip(units, ("car", "motorcycle"), strict=True))
        yield running, [row | {"unit_type": names[row["unit_id"]]} for row in rows]


@pytest.fixture
async def client(past: tuple[Server, list[Row]]) -> httpx.AsyncClient:
    """An auditor's."""
    return await past[0].client("aud", "auditor")


async def report(client: httpx.AsyncClient, **params: str) -> dict[str, Any]:
    answer = await client.get("/kpi/etas", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def by_hand(rows: list[Row]) -> dict[str, Any]:
    """The same figures by numpy."""
    known = [row for row in rows if row["eta_s"] is not None and row["on_scene_at"] is not None]
    real = np.array([(row["on_scene_at"] - row["dispatched_at"]).total_seconds() for row in known])
    said = np.array([row["eta_s"] for row in known])
    turnout = [(r["en_route_at"] - r["dispatched_at"]).total_seconds() for r in known if r["en_route_at"]]
    low, middle, high = np.percentile(real / said, [10, 50, 90])
    return {
        "n": len(known),
        "bias_s": pytest.approx(np.median(real - said), abs=0.06),
        "ratio_p10": pytest.approx(low, abs=0.001),
        "ratio_p50": pytest.approx(middle, abs=0.001),
        "ratio_p90": pytest.approx(high, abs=0.001),
        "mae_s": pytest.approx(np.abs(real - said).mean(), abs=0.06),
        "turnout_p50_s": pytest.approx(np.median(turnout), abs=0.06),
    }


GROUP_OF = {
    "hour": lambda row: f"{row['dispatched_at'].hour:02d}",
    "street_class": lambda row: row["eta_street_class"] or "unknown",
    "unit_type": lambda row: row["unit_type"],
    "version": lambda row: str(row["eta_version"]),
}


@pytest.mark.parametrize("group_by", [*GROUP_OF, None])
async def test_every_figure_is_what_numpy_computes(
    client: httpx.AsyncClient, past: tuple[Server, list[Row]], group_by: str | None
) -> None:
    """Group by group, from the rows: n, bias, spread, mean error; who never arrived or had no ETA is in none."""
    found = await report(client, **({"group_by": group_by} if group_by else {}))
    of = GROUP_OF[group_by] if group_by else lambda row: "all"
    groups: dict[str, list[Row]] = {}
    for row in past[1]:
        groups.setdefault(of(row), []).append(row)
    assert [item["group"] for item in found["items"]] == sorted(groups, key=lambda name: (name == "unknown", name))
    for item in found["items"]:
        assert {name: value for name, value in item.items() if name != "group"} == by_hand(groups[item["group"]])
    assert found["version_in_force"] == 0


async def test_the_period_is_half_open_and_may_be_empty(
    client: httpx.AsyncClient, past: tuple[Server, list[Row]]
) -> None:
    """From the first moment on, up to the last without it; where nothing arrived there is no group."""
    begin, end = past[1][20]["dispatched_at"], past[1][60]["dispatched_at"]
    found = await report(client, **{"from": begin.isoformat(), "to": end.isoformat()})
    assert found["items"] == [{"group": "all"} | by_hand(past[1][20:60])]
    assert (await report(client, **{"from": "2030-01-01T00:00:00+08:00"}))["items"] == []


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ({"group_by": "colour"}, "group_by"),
        ({"from": "2026-11-21T00:00:00+08:00", "to": "2026-11-20T00:00:00+08:00"}, "to"),
        ({"from": "2026-11-21"}, "from"),
    ],
)
async def test_what_is_refused(client: httpx.AsyncClient, query: dict[str, str], member: str) -> None:
    """An unknown group, a period that ends before it begins, a day without a time."""
    answer = await client.get("/kpi/etas", params=query)
    assert answer.status_code == 422
    assert any(error["member"] == member for error in answer.json()["errors"])


async def test_who_may_read(past: tuple[Server, list[Row]]) -> None:
    """Dispatchers, supervisors and auditors; no officer, and nobody who has not signed in."""
    for role in ("dispatcher", "supervisor"):
        assert (await (await past[0].client(f"a {role}", role)).get("/kpi/etas")).status_code == 200
    assert (await (await past[0].client("an officer", "officer")).get("/kpi/etas")).status_code == 403
    assert (await (await past[0].stranger()).get("/kpi/etas")).status_code == 401
