"""Figures over five years of a city: 1.5 million incidents, 4 million milestones, 1,826 days' partitions of fixes.

The page's questions over HTTP, with filters drawn at random, and the same questions asked of the raw tables in SQL (one
statement each: counts, share, p50 and p90 by group), in turn in one run. Before that: what it takes to make all sheets,
and one day's after a correction.
`python -m bench.kpi [--quick] [--json FILE]`
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final

import asyncpg
import httpx

from bench.report import arguments, report, summary
from bench.system import USER, System, running_system
from gateway.partitions import partition_name

YEARS_BEGIN: Final = date(2021, 1, 1)
DAYS: Final = 1826
INCIDENTS, QUICK_INCIDENTS = 1_500_000, 30_000
QUESTIONS, QUICK_QUESTIONS = 200, 20
FIXES_A_DAY: Final = 1_650_000
"""3 billion in five years: 600 units, a fix every few seconds of a shift."""
STATIONS: Final = 14

BUREAU: Final = """
INSERT INTO precincts SELECT gen_random_uuid(), 'P' || n FROM generate_series(1, 2) AS n;
INSERT INTO stations SELECT gen_random_uuid(), (SELECT precinct_id FROM precincts WHERE name = 'P' || 1 + n % 2),
    'S' || n, 23.48, 120.45 FROM generate_series(1, 14) AS n;
"""
CALLED: Final = """
INSERT INTO incidents (incident_id, number, category, priority, lat, lon, received_at, created_at, state, ended_at,
    exclusion, station_id)
SELECT gen_random_uuid(), 'bench-' || n, (ARRAY['criminal','public_order','traffic','traffic_accident','service'])
    [1 + floor(random() * 5)], 1 + floor(random() * 4), 23.455 + random() * 0.06, 120.41 + random() * 0.08, at,
    at + interval '40 seconds', CASE WHEN random() < 0.03 THEN 'cancelled' ELSE 'closed' END, at + interval '1 hour',
    CASE WHEN random() < 0.02 THEN 'test' END, (ARRAY(SELECT station_id FROM stations))[1 + floor(random() * 14)]
FROM (SELECT n, $1::timestamptz + (n - random()) * ($2::interval / $3) AS at FROM generate_series(1, $3::int) AS n)
"""
SENT: Final = """
INSERT INTO assignments (assignment_id, incident_id, unit_id, state, eta_s, dispatched_at, acknowledged_at, en_route_at,
    on_scene_at, cleared_at, ended_at)
SELECT gen_random_uuid(), incident_id, (ARRAY(SELECT unit_id FROM units))[1 + floor(random() * 20)], 'cleared',
    240, created_at + interval '20 seconds', created_at + interval '30 seconds', created_at + interval '50 seconds',
    CASE WHEN random() < 0.97 THEN created_at + interval '60 seconds' + exp(5.2 + 0.6 * sqrt(-2 * ln(1 - random()))
        * cos(2 * pi() * random())) * interval '1 second' END, ended_at, ended_at
FROM incidents
"""
LOGGED: Final = """
INSERT INTO events (recorded_at, kind, incident_id, assignment_id, unit_id, happened_at, said_by)
SELECT s.at, s.kind, a.incident_id, a.assignment_id, a.unit_id, s.at, s.said_by
FROM assignments AS a JOIN incidents AS i USING (incident_id) CROSS JOIN LATERAL (VALUES
    ('incident_created', i.created_at, 'dispatcher'), ('unit_dispatched', a.dispatched_at, 'server'),
    ('unit_on_scene', a.on_scene_at, 'button')) AS s (kind, at, said_by)
WHERE s.at IS NOT NULL AND (s.kind <> 'unit_on_scene' OR random() < 0.75)
"""
PARTITION: Final = """
CREATE TABLE {name} PARTITION OF fixes FOR VALUES FROM ('{day}') TO ('{next}');
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', '{name}', 'relpages', 24000, 'reltuples',
    {fixes}::real)
"""
RAW: Final = """
WITH first AS (
    SELECT coalesce(i.merged_into, i.incident_id) AS incident_id, min(on_scene_at) AS on_scene_at
    FROM assignments JOIN incidents AS i USING (incident_id) WHERE {where} GROUP BY 1),
measured AS (
    SELECT {group} AS key, extract(epoch FROM on_scene_at - received_at) AS response_s
    FROM incidents AS i LEFT JOIN first USING (incident_id)
    WHERE {where} AND exclusion IS NULL AND (state <> 'cancelled' OR on_scene_at IS NOT NULL))
SELECT key, count(*), count(*) FILTER (WHERE response_s <= 600),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(response_s, 'infinity')),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY coalesce(response_s, 'infinity'))
FROM measured GROUP BY key ORDER BY key
"""
GROUPS: Final[Mapping[str | None, str]] = {
    None: "'all'",
    "month": "to_char(received_at AT TIME ZONE 'Asia/Taipei', 'YYYY-MM')",
    "hour": "to_char(received_at AT TIME ZONE 'Asia/Taipei', 'HH24')",
    "weekday_hour": "to_char(received_at AT TIME ZONE 'Asia/Taipei', 'ID-HH24')",
    "priority": "priority::text",
    "category": "category",
    "station": "(SELECT name FROM stations AS s WHERE s.station_id = i.station_id)",
}


async def fill(count: int, database_url: str) -> None:
    """Five years."""
    begin = datetime.combine(YEARS_BEGIN, datetime.min.time(), UTC)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(BUREAU)
        await connection.execute(CALLED, begin, timedelta(days=DAYS), count)
        await connection.execute(SENT)
        await connection.execute(LOGGED)
        for number in range(DAYS):
            day = YEARS_BEGIN + timedelta(days=number)
            name = partition_name(day)
            statement = PARTITION.format(name=name, day=day, next=day + timedelta(days=1), fixes=FIXES_A_DAY)
            await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE incidents, assignments, events")
    finally:
        await connection.close()


def question(rng: random.Random) -> tuple[dict[str, Any], str, str | None]:
    """(query of the API, the same as SQL's condition, grouping): a period, and up to two filters."""
    days = rng.choice([31, 365, DAYS, DAYS])
    start = YEARS_BEGIN + timedelta(days=rng.randrange(DAYS - days + 1))
    params: dict[str, Any] = {
        "from": f"{start}T00:00:00+08:00",
        "to": f"{start + timedelta(days=days)}T00:00:00+08:00",
    }
    where = f"received_at >= '{params['from']}' AND received_at < '{params['to']}'"
    for name in rng.sample(["priority", "category", "station"], rng.choice([0, 0, 1, 2])):
        match name:
            case "priority":
                params[name] = str(rng.randint(1, 4))
                where += f" AND priority = {params[name]}"
            case "category":
                params[name] = rng.choice(["criminal", "traffic", "service"])
                where += f" AND category = '{params[name]}'"
            case "station":
                params[name] = f"S{rng.randint(1, STATIONS)}"
                where += f" AND station_id = (SELECT station_id FROM stations WHERE name = '{params[name]}')"
    return params, where, rng.choice(list(GROUPS))


async def timed_get(api: httpx.AsyncClient, path: str, params: dict[str, Any]) -> tuple[float, Any]:
    """Milliseconds, and the answer."""
    began = time.perf_counter()
    answer = await api.get(path, params=params)
    took_ms = (time.perf_counter() - began) * 1000
    return took_ms, answer.raise_for_status().json()


async def prepared(api: httpx.AsyncClient) -> float:
    """Seconds until the figures of all days are there."""
    began = time.perf_counter()
    while (await api.get("/kpi")).status_code != httpx.codes.OK:  # noqa: ASYNC110 - a server elsewhere is waited for
        await asyncio.sleep(1)
    return time.perf_counter() - began


async def corrected(system: System, api: httpx.AsyncClient) -> float:
    """Milliseconds of the first question after an old incident changed."""
    connection = await asyncpg.connect(system.database_url)
    try:
        await connection.execute(
            "INSERT INTO events (recorded_at, kind, incident_id, said_by) "
            "SELECT now(), 'incident_changed', incident_id, 'dispatcher' FROM incidents ORDER BY random() LIMIT 1"
        )
    finally:
        await connection.close()
    return (await timed_get(api, "/kpi", {}))[0]


def same(items: list[dict[str, Any]], rows: list[asyncpg.Record]) -> None:
    """Both ways must give the same figures, or the comparison means nothing."""
    told = [(one["group"], one["measured"], one["within_target"]) for one in items if one["measured"]]
    if told != [tuple(row)[:3] for row in rows]:
        raise RuntimeError(f"the page says {told[:3]}, the tables say {[tuple(row)[:3] for row in rows[:3]]}")


async def main() -> None:
    """Runs it and prints."""
    asked = arguments(__doc__ or "")
    count, questions = (QUICK_INCIDENTS, QUICK_QUESTIONS) if asked.quick else (INCIDENTS, QUESTIONS)
    os.environ["PATROL_FIX_RETENTION_DAYS"] = "3650"
    rng = random.Random(110)
    async with (
        running_system(20, partial(fill, count)) as system,
        httpx.AsyncClient(timeout=120) as api,
    ):
        api.base_url = httpx.URL(f"{system.api_url}/api/v1")
        answer = await api.post("/session", json={"username": USER, "password": system.password})
        api.cookies.clear()
        api.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
        made_s = await prepared(api)
        corrections = [await corrected(system, api) for _ in range(20)]
        raw = await asyncpg.connect(system.database_url)
        page_ms: list[float] = []
        raw_ms: list[float] = []
        other_ms: dict[str, list[float]] = {}
        for number in range(questions):
            params, where, group_by = question(rng)
            grouped = params if group_by is None else params | {"group_by": group_by}
            took_ms, found = await timed_get(api, "/kpi", grouped)
            page_ms.append(took_ms)
            if number % (questions // 20) == 0:
                began = time.perf_counter()
                rows = await raw.fetch(RAW.format(where=where, group=GROUPS[group_by]))
                raw_ms.append((time.perf_counter() - began) * 1000)
                same(found["items"], rows)
            for path in ("parts", "distribution", "months", "late", "ledger"):
                other_ms.setdefault(path, []).append((await timed_get(api, f"/kpi/{path}", params))[0])
        await raw.close()
    results = [
        {"name": f"sheets of {count} incidents, {DAYS} days", "seconds": round(made_s, 1)},
        summary("GET /kpi after a correction of an old day", corrections),
        summary("GET /kpi, any period, filter and group", page_ms) | {"p95_ms": _p95(page_ms)},
        *(summary(f"GET /kpi/{path}", took) | {"p95_ms": _p95(took)} for path, took in other_ms.items()),
        summary("the same as GET /kpi, asked of the raw tables", raw_ms) | {"p95_ms": _p95(raw_ms)},
    ]
    ratios = {
        "raw_over_page_p50": results[-1]["p50_ms"] / results[2]["p50_ms"],
        "raw_over_page_p95": results[-1]["p95_ms"] / results[2]["p95_ms"],
    }
    report(results, ratios, asked.json)


def _p95(milliseconds: list[float]) -> float:
    return round(sorted(milliseconds)[int(len(milliseconds) * 0.95)], 1)


if __name__ == "__main__":
    asyncio.run(main())
