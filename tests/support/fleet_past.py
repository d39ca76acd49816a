"""A fleet's past in the tables: incidents, assignments that arrived, and the fixes of the way there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.store.tables import assignments, incidents
from gateway.store import fixes
from tests.support.drives import Seen


async def store_drives(engine: AsyncEngine, unit_id: UUID, drives: Iterable[Seen], *, eta_s: float = 300.0) -> None:
    """Each drive as a past assignment of the unit, from en route to the scene; lights are priority 2, none are 3."""
    async with engine.begin() as connection:
        for number, seen in enumerate(drives):
            began_at, ended_at = (datetime.fromtimestamp(float(seen.at_s[n]), UTC) for n in (0, -1))
            incident_id = uuid4()
            await connection.execute(
                insert(incidents).values(
                    incident_id=incident_id,
                    number=f"drive-{incident_id}",
                    category="service",
                    priority=2 if seen.lights else 3,
                    lat=float(seen.lat[-1]),
                    lon=float(seen.lon[-1]),
                    received_at=began_at - timedelta(seconds=90),
                    created_at=began_at - timedelta(seconds=60),
                    state="closed",
                )
            )
            await connection.execute(
                insert(assignments).values(
                    assignment_id=uuid4(),
                    incident_id=incident_id,
                    unit_id=unit_id,
                    state="cleared",
                    eta_s=eta_s,
                    dispatched_at=began_at - timedelta(seconds=30),
                    en_route_at=began_at,
                    on_scene_at=ended_at,
                    cleared_at=ended_at + timedelta(minutes=20),
                    ended_at=ended_at + timedelta(minutes=20),
                )
            )
            await connection.execute(
                insert(fixes),
                [
                    {
                        "unit_id": unit_id,
                        "fixed_at": datetime.fromtimestamp(at_s, UTC),
                        "boot": incident_id,
                        "seq": n,
                        "received_at": datetime.fromtimestamp(at_s, UTC),
                        "lat": lat,
                        "lon": lon,
                        "accuracy_m": 5.0 if number % 2 else None,
                    }
                    for n, (at_s, lat, lon) in enumerate(
                        zip(seen.at_s.tolist(), seen.lat.tolist(), seen.lon.tolist(), strict=True)
                    )
                ],
            )
