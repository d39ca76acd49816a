"""A bureau with a month of calls for tests of reports: forty of them, some late, some reached by nobody."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.kpi import TAIPEI
from dispatch.domain.report_period import Period
from dispatch.store.kpi_stale import mark_stale
from dispatch.store.report_tables import reports
from dispatch.store.tables import assignments, incidents, precincts, stations, units
from tests.support.server import Server, running_server

OCTOBER: Final = Period(2025, 10)
ASK: Final = {"kind": "month", "year": 2025, "month": 10}
WHOLE: Final = {"from": OCTOBER.start.isoformat(), "to": OCTOBER.end.isoformat()}
FORMATS: Final = ("csv", "ledger", "ods", "odt", "pdf")


@asynccontextmanager
async def server_with_a_past(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """With forty calls in October 2025, and no reports but those that somebody asks for."""
    async with running_server(database_url, nats_url, scheduled_reports=False, dispatch_mode="recommend") as running:
        await fill(running.engine)
        yield running


async def fill(engine: AsyncEngine, month: Period = OCTOBER) -> None:
    """Calls of a month, each reached after 200 to 980 s; every tenth by nobody."""
    precinct, station, unit_id = uuid4(), uuid4(), uuid4()
    async with engine.begin() as connection:
        await connection.execute(insert(precincts).values(precinct_id=precinct, name="第一分局"))
        values = {"station_id": station, "precinct_id": precinct, "name": "北興", "lat": 23.48, "lon": 120.45}
        await connection.execute(insert(stations).values(**values))
        await connection.execute(insert(units).values(unit_id=unit_id, name="北興101", station_id=station))
        for number in range(40):
            incident_id, received_at = uuid4(), month.start + timedelta(hours=16 * number, minutes=7)
            await connection.execute(
                insert(incidents).values(
                    incident_id=incident_id,
                    number=f"past-{number}",
                    category="criminal" if number % 3 else "traffic",
                    priority=1 + number % 4,
                    lat=23.48,
                    lon=120.45,
                    received_at=received_at,
                    created_at=received_at + timedelta(seconds=20),
                    state="closed",
                    station_id=station if number % 4 else None,
                )
            )
            dispatched_at = received_at + timedelta(seconds=40)
            await connection.execute(
                insert(assignments).values(
                    assignment_id=uuid4(),
                    incident_id=incident_id,
                    unit_id=unit_id,
                    state="cleared",
                    dispatched_at=dispatched_at,
                    en_route_at=dispatched_at + timedelta(seconds=30),
                    on_scene_at=received_at + timedelta(seconds=200 + 20 * number) if number % 10 else None,
                    ended_at=received_at + timedelta(hours=1),
                )
            )
        await stale(connection, month)


async def stale(connection: Any, month: Period = OCTOBER) -> None:
    """All of the month changed."""
    first = month.start.astimezone(TAIPEI).date()
    await mark_stale(connection, [first + timedelta(days=n) for n in range(31)])


async def kept(engine: AsyncEngine) -> list[tuple[str, int, str]]:
    """Period, version and maker of every report, by period."""
    async with engine.connect() as connection:
        query = select(reports.c.period, reports.c.version, reports.c.made_by)
        rows = await connection.execute(query.order_by(reports.c.period, reports.c.version))
        return [tuple(row) for row in rows.all()]


async def arrive(server: Server) -> None:
    """Where nobody had come, somebody has: as a correction of the record would tell."""
    async with server.engine.begin() as connection:
        await connection.execute(
            update(assignments)
            .where(assignments.c.on_scene_at.is_(None))
            .values(on_scene_at=assignments.c.dispatched_at + timedelta(seconds=100))
        )
        await stale(connection)


async def ask(client: httpx.AsyncClient, status: int = 201, **members: Any) -> dict[str, Any]:
    """The answer to a POST."""
    answer = await client.post("/reports", json=ASK | members)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def download(client: httpx.AsyncClient, report: dict[str, Any]) -> dict[str, bytes]:
    """All its files, each with the hash that the list tells."""
    files = {}
    for file in report["files"]:
        answer = await client.get(f"/reports/{report['id']}/{file['format']}")
        assert answer.status_code == 200, answer.text
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"] == answer.headers["etag"].strip('"')
        assert len(answer.content) == file["size_bytes"]
        files[file["format"]] = answer.content
    return files


def tables_of(content: bytes) -> dict[str, list[str]]:
    """The lines of a report's CSV by their first cell; of several the first."""
    found: dict[str, list[str]] = {}
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        found.setdefault(row[0] if row else "", row)
    return found
