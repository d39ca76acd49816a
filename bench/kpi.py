"""Figures over five years of a city: 1.5 million incidents, 4 million milestones, 1,826 days' partitions of fixes.

The page's questions over HTTP, with periods, filters and groupings drawn at random, and the same questions asked of the
raw tables in SQL (one statement each: counts, share, p50 and p90 by group), in turn in one run; both must say the same.
Half of them while nothing changes, half while an arrival is corrected every second, on any day of the five years; some
more while the report of a year is written with all its files. And: what it takes to make all sheets, and the reports
that the calendar asks for, and the first question after a correction.
`python -m bench.kpi [--quick] [--json FILE]`
"""

from __future__ import annotations

import asyncio
import math
import os
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import Any, Final

import asyncpg
import httpx

from bench.report import arguments, report, summary
from bench.system import USER, System, running_system
from dispatch.domain.report_period import due_periods
from dispatch.service.reporting import MONTHS_MADE_UP
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
INSERT INTO assignments (assignment_id, incident_id, unit_id, unit_type, state, eta_s, dispatched_at, acknowledged_at,
    en_route_at, on_scene_at, cleared_at, ended_at, review)
SELECT gen_random_uuid(), incident_id, (ARRAY(SELECT unit_id FROM units))[1 + floor(random() * 20)], 'car', 'cleared',
    240, created_at + interval '20 seconds', created_at + interval '30 seconds', created_at + interval '50 seconds',
    CASE WHEN random() < 0.97 THEN created_at + interval '60 seconds' + exp(5.2 + 0.6 * sqrt(-2 * ln(1 - random()))
        * cos(2 * pi() * random())) * interval '1 second' END, ended_at, ended_at,
    CASE WHEN random() < 0.03 THEN ARRAY['gps_gap'] ELSE '{}' END
FROM incidents
"""
LOGGED: Final = """
INSERT INTO events (recorded_at, kind, incident_id, assignment_id, unit_id, happened_at, said_by)
SELECT s.at, s.kind, a.incident_id, a.assignment_id, a.unit_id, s.at, s.said_by
FROM assignments AS a JOIN incidents AS i USING (incident_id) CROSS JOIN LATERAL (VALUES
    ('incident_created', i.created_at, 'dispatcher'), ('unit_dispatched', a.dispatched_at, 'server'),
    ('unit_on_scene', a.on_scene_at, 'button')) AS s (kind, at, said_by)
WHERE s.at IS NOT NULL AND (s.kind <> 'unit_on_scene' OR random() < 0.75);
UPDATE witness_progress SET event_id = (SELECT max(event_id) FROM events)
"""
RULED: Final = """
INSERT INTO reviews (review_id, incident_id, assignment_id, ruling, reason, decided_at, decided_by)
SELECT gen_random_uuid(), incident_id, assignment_id, 'stands', 'looked at', ended_at + interval '1 day', 'bench'
FROM assignments WHERE review <> '{}' AND ended_at < $1
"""
CORRECTED: Final = """
WITH one AS (
    SELECT a.assignment_id, a.incident_id, i.created_at FROM assignments AS a JOIN incidents AS i USING (incident_id)
    WHERE i.received_at >= $1 AND i.exclusion IS NULL AND a.on_scene_at IS NOT NULL ORDER BY i.received_at LIMIT 1),
corrected AS (
    UPDATE assignments AS a SET on_scene_at = one.created_at + $2 * interval '1 second' FROM one
    WHERE a.assignment_id = one.assignment_id)
INSERT INTO events (recorded_at, kind, incident_id, assignment_id, said_by)
SELECT now(), 'unit_on_scene', incident_id, assignment_id, 'dispatcher' FROM one
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
    "day": "to_char(received_at AT TIME ZONE 'Asia/Taipei', 'YYYY-MM-DD')",
    "hour": "to_char(received_at AT TIME ZONE 'Asia/Taipei', 'HH24')",
    "weekday": "to_char(received_at AT TIME ZONE 'Asia/Taipei', 'ID')",
    "weekday_hour": "to_char(received_at AT TIME ZONE 'Asia/Taipei', 'ID-HH24')",
    "priority": "priority::text",
    "category": "category",
    "station": "(SELECT name FROM stations AS s WHERE s.station_id = i.station_id)",
    "precinct": "(SELECT p.name FROM stations JOIN precincts AS p USING (precinct_id) WHERE station_id = i.station_id)",
}
ALONE: Final = ("shift", "unit_type", "cell", "late_reason")
"""Groupings that are no expression over the raw tables."""


async def fill(count: int, database_url: str) -> None:
    """Five years."""
    begin = datetime.combine(YEARS_BEGIN, datetime.min.time(), UTC)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(BUREAU)
        await connection.execute(CALLED, begin, timedelta(days=DAYS), count)
        await connection.execute(SENT)
        await connection.execute(LOGGED)
        await connection.execute(RULED, begin + timedelta(days=DAYS - 31))  # the last month waits for its supervisor
        for number in range(DAYS):
            day = YEARS_BEGIN + timedelta(days=number)
            name = partition_name(day)
            statement = PARTITION.format(name=name, day=day, next=day + timedelta(days=1), fixes=FIXES_A_DAY)
            await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE incidents, assignments, events, reviews")
    finally:
        await connection.close()


async def promote(system: System) -> None:
    """Reports are asked for by supervisors."""
    connection = await asyncpg.connect(system.database_url)
    await connection.execute("UPDATE users SET role = 'supervisor' WHERE username = $1", USER)
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
    for name in rng.sample(["priority", "category", "station", "hour"], rng.choice([0, 0, 1, 2])):
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
            case "hour":
                params[name] = rng.randrange(24)
                where += f" AND extract(hour FROM received_at AT TIME ZONE 'Asia/Taipei') = {params[name]}"
    return params, where, rng.choice([*GROUPS, *ALONE])


async def timed_get(api: httpx.AsyncClient, path: str, params: dict[str, Any]) -> tuple[float, Any]:
    """Milliseconds, and the answer."""
    began = time.perf_counter()
    answer = await api.get(path, params=params)
    took_ms = (time.perf_counter() - began) * 1000
    return took_ms, answer.raise_for_status().json()


async def prepared(api: httpx.AsyncClient, path: str) -> float:
    """Seconds until the figures of all days are there."""
    began = time.perf_counter()
    while (await api.get(path)).status_code != httpx.codes.OK:  # noqa: ASYNC110 - a server elsewhere is waited for
        await asyncio.sleep(1)
    return time.perf_counter() - began


async def correct(connection: asyncpg.Connection[asyncpg.Record], rng: random.Random) -> None:
    """One arrival of any day gets another time."""
    day = YEARS_BEGIN + timedelta(days=rng.randrange(DAYS))
    async with connection.transaction():
        await connection.execute(CORRECTED, datetime.combine(day, datetime.min.time(), UTC), rng.uniform(60, 1200))


async def after_correction(system: System, api: httpx.AsyncClient, rng: random.Random) -> float:
    """Milliseconds of the first question after an arrival was corrected."""
    connection = await asyncpg.connect(system.database_url)
    before = (await timed_get(api, "/kpi", {}))[1]["items"][0]["mean_s"]
    await correct(connection, rng)
    took_ms, answer = await timed_get(api, "/kpi", {})
    await connection.close()
    if answer["items"][0]["mean_s"] == before:
        raise RuntimeError("the correction is not in the figures")
    return took_ms


async def calendar_done(system: System) -> float:
    """Seconds until the reports that the calendar asks for are written; last year's comes last and takes longest."""
    began = time.perf_counter()
    connection = await asyncpg.connect(system.database_url)
    first_call_at = datetime.combine(YEARS_BEGIN, datetime.min.time(), UTC)
    *_, last = map(str, due_periods(first_call_at, datetime.now(UTC), MONTHS_MADE_UP))
    while not await connection.fetchval("SELECT count(*) FROM reports WHERE period = $1", last):  # noqa: ASYNC110
        await asyncio.sleep(1)
    await connection.close()
    return time.perf_counter() - began


async def year_reported(api: httpx.AsyncClient) -> tuple[float, float]:
    """Seconds that the report of the last whole year takes, and MiB of its files."""
    began = time.perf_counter()
    body = {"kind": "year", "year": (YEARS_BEGIN + timedelta(days=DAYS)).year - 1}
    answer = await api.post("/reports", json=body, timeout=None)
    took_s = time.perf_counter() - began
    return took_s, sum(file["size_bytes"] for file in answer.raise_for_status().json()["files"]) / 2**20


async def keep_correcting(system: System, rng: random.Random) -> None:
    """An arrival a second, as on a busy day."""
    connection = await asyncpg.connect(system.database_url)
    try:
        while True:
            await correct(connection, rng)
            await asyncio.sleep(1)
    finally:
        await connection.close()


def same(items: list[dict[str, Any]], rows: list[asyncpg.Record]) -> None:
    """Both ways must give the same figures, or the comparison means nothing; a millisecond is the last digit's."""
    told = [_told(one) for one in items if one["measured"]]
    raw = [(*tuple(row)[:3], *(_known(one) for one in tuple(row)[3:])) for row in rows]
    for page, tables in zip_longest(told, raw):
        if page is None or tables is None or page[:3] != tables[:3] or not _near(page[3:], tables[3:]):
            raise RuntimeError(f"the page says {page}, the tables say {tables}")


def _near(some: Sequence[float | None], others: Sequence[float | None]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(one == other if one is None or other is None else abs(one - other) <= 1e-3 for one, other in pairs)


def _told(group: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(group[name] for name in ("group", "measured", "within_target", "p50_s", "p90_s"))


def _known(seconds: float) -> float | None:
    """SQL puts what nobody reached at infinity, and between that and a number there is none."""
    return seconds if math.isfinite(seconds) else None


async def ask(
    system: System, api: httpx.AsyncClient, rng: random.Random, count: int, took: dict[str, list[float]], how: str
) -> None:
    """So many questions, and what the page asks beside each; milliseconds into `took`."""
    raw = await asyncpg.connect(system.database_url)
    for number in range(count):
        params, where, group_by = question(rng)
        grouped = params if group_by is None else params | {"group_by": group_by}
        took_ms, found = await timed_get(api, "/kpi", grouped)
        took.setdefault(f"GET /kpi{how}", []).append(took_ms)
        if group_by in GROUPS and not how and number % max(count // 20, 1) == 0:
            began = time.perf_counter()
            rows = await raw.fetch(RAW.format(where=where, group=GROUPS[group_by]))
            took.setdefault("raw", []).append((time.perf_counter() - began) * 1000)
            same(found["items"], rows)
        for path in ("parts", "parts/groups", "distribution", "months", "late", "ledger", "reviews", "etas"):
            by = {"group_by": group_by or "station"} if path == "parts/groups" else {}
            took_ms, _ = await timed_get(api, f"/kpi/{path}", params | by)
            took.setdefault(f"GET /kpi/{path}{how}", []).append(took_ms)
    await raw.close()


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
        await promote(system)
        answer = await api.post("/session", json={"username": USER, "password": system.password})
        api.cookies.clear()
        api.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
        made_s, etas_s = await prepared(api, "/kpi"), await prepared(api, "/kpi/etas")
        calendar_s = await calendar_done(system)
        corrections = [await after_correction(system, api, rng) for _ in range(20)]
        took: dict[str, list[float]] = {}
        await ask(system, api, rng, questions // 2, took, "")
        correcting = asyncio.create_task(keep_correcting(system, rng))
        await ask(system, api, rng, questions // 2, took, ", corrections going on")
        correcting.cancel()
        writing = asyncio.create_task(year_reported(api))
        while not writing.done():
            await ask(system, api, rng, 1, took, ", a report being written")
        report_s, report_mib = await writing
    raw_ms = took.pop("raw")
    results = [
        {"name": f"sheets of {count} incidents, {DAYS} days", "seconds": round(made_s, 1)},
        {"name": "journeys for the figures of ETAs", "seconds": round(etas_s, 1)},
        {"name": "reports of the calendar at the first start", "seconds": round(calendar_s, 1)},
        {
            "name": "report of a year, questions going on",
            "seconds": round(report_s, 1),
            "files_mib": round(report_mib, 1),
        },
        _summary("GET /kpi after a correction", corrections),
        *(_summary(name, milliseconds) for name, milliseconds in sorted(took.items())),
        _summary("the same as GET /kpi, asked of the raw tables", raw_ms),
    ]
    page = next(one for one in results if one["name"] == "GET /kpi")
    ratios = {f"raw_over_page_{part}": results[-1][f"{part}_ms"] / page[f"{part}_ms"] for part in ("p50", "p95")}
    report(results, ratios, asked.json)


def _summary(name: str, milliseconds: list[float]) -> dict[str, Any]:
    return summary(name, milliseconds) | {"p95_ms": round(sorted(milliseconds)[int(len(milliseconds) * 0.95)], 1)}


if __name__ == "__main__":
    asyncio.run(main())
