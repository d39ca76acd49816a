"""Assignments with ETAs as rows of the tables, and their figures by numpy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
from sqlalchemy import insert

from dispatch.store.tables import assignments, incidents
from tests.support.server import Server

MIDNIGHT = datetime.fromisoformat("2026-11-20T00:00:00+08:00")
RUNG = timedelta(minutes=7)
"""From the call to the order."""
Row = dict[str, Any]


async def store(running: Server, rows: list[Row]) -> None:
    """Assignments, each of an incident of its own."""
    async with running.engine.begin() as connection:
        await connection.execute(
            insert(incidents),
            [
                {"incident_id": row["incident_id"], "number": f"n{n}"}
                | {"category": ("other", "traffic", "criminal")[n % 3], "priority": n % 4 + 1}
                | {"lat": 23.48, "lon": 120.45 + n % 2, "state": "closed"}
                | {"received_at": row["dispatched_at"] - RUNG, "created_at": row["dispatched_at"] - RUNG}
                for n, row in enumerate(rows)
            ],
        )
        await connection.execute(insert(assignments), rows)


async def past_of(running: Server) -> list[Row]:
    """Two hundred assignments: cars and a motorcycle, three versions, some over no street, some never arrived, of some
    nobody said when they set out, and of some they said it after the arrival."""
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
                "eta_street_class": ("primary", "tertiary", None, "straight")[number % 4],
                "unit_type": ("car", "motorcycle")[number % 2] if number % 19 else None,
                "dispatched_at": dispatched_at,
                "en_route_at": dispatched_at + (turnout if number % 11 else timedelta(minutes=59))
                if number % 5
                else None,
                "on_scene_at": dispatched_at + timedelta(seconds=round(eta_s * rng.lognormal(0.1, 0.3), 3))
                if number % 13
                else None,
                "ended_at": dispatched_at + timedelta(hours=1),
            }
        )
    await store(running, rows)
    return rows


async def report(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get("/kpi/etas", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def by_hand(rows: list[Row]) -> dict[str, Any]:
    """The same figures by numpy: an ETA is the way alone, so it is held against the way alone."""
    arrived = [row for row in rows if row["eta_s"] is not None and row["on_scene_at"] is not None]
    known = [row for row in arrived if row["en_route_at"] and row["en_route_at"] <= row["on_scene_at"]]
    real = np.array([(row["on_scene_at"] - row["en_route_at"]).total_seconds() for row in known])
    said = np.array([row["eta_s"] for row in known])
    waited = [(row["on_scene_at"] - row["dispatched_at"]).total_seconds() - row["eta_s"] for row in arrived]
    turnout = [(r["en_route_at"] - r["dispatched_at"]).total_seconds() for r in arrived if r["en_route_at"]]
    low, middle, high = np.percentile(real / said, [10, 50, 90])
    return {
        "n": len(known),
        "bias_s": pytest.approx(np.median(real - said), abs=0.06),
        "ratio_p10": pytest.approx(low, abs=0.001),
        "ratio_p50": pytest.approx(middle, abs=0.001),
        "ratio_p90": pytest.approx(high, abs=0.001),
        "mae_s": pytest.approx(np.abs(real - said).mean(), abs=0.06),
        "turnout_p50_s": pytest.approx(np.median(turnout), abs=0.06),
        "from_order_n": len(arrived),
        "from_order_bias_s": pytest.approx(np.median(waited), abs=0.06),
    }


async def opened(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = await client.get("/kpi/etas/incidents", params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return items
