"""An hour of 600 units at 1 Hz and 300 calls, fetched for the replay in pages of ten minutes.

How long each page takes, how large it is packed, and, beside a quiet server in the same run, how long a small request
waits while pages are made: looking back must not hold up what is to be dispatched now.
`python -m bench.replay [--quick] [--json FILE]`
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import httpx

from bench.report import arguments, report, summary
from bench.system import USER, System, running_system

UNITS, QUICK_UNITS = 600, 60
CALLS, QUICK_CALLS = 300, 30
PAGES: Final = 6
PAGE: Final = timedelta(minutes=10)
ASKS: Final = 150
RUNS: Final = 3

# A third of the units stands still, as at a station; the others go round in circles of their own.
FIXES: Final = """
INSERT INTO fixes (unit_id, fixed_at, boot, seq, received_at, lat, lon, accuracy_m, speed_mps, course_deg)
SELECT unit_id, t, unit_id, extract(epoch FROM t)::bigint, t + random() * interval '300 milliseconds',
    23.48 + number * 0.0001 + moves * 0.005 * sin(extract(epoch FROM t) / 60 + number) + random() * 0.00002,
    120.45 + moves * 0.005 * cos(extract(epoch FROM t) / 60 + number) + random() * 0.00002,
    3 + random() * 4, moves * (5 + 8 * random()), (extract(epoch FROM t)::bigint * 6 % 360)
FROM generate_series($1::timestamptz, $1 + interval '59 seconds', interval '1 second') AS t
CROSS JOIN (SELECT unit_id, row_number() OVER () AS number, sign(row_number() OVER () % 3) AS moves FROM units) AS u
"""
CALLED: Final = """
INSERT INTO incidents (incident_id, number, category, priority, lat, lon, received_at, created_at, state, ended_at)
SELECT gen_random_uuid(), 'bench-' || n, 'service', 2, 23.48, 120.45, at, at, 'closed', at + interval '25 minutes'
FROM (SELECT n, $1::timestamptz + n * interval '1 hour' / $2 AS at FROM generate_series(1, $2::int) AS n) AS calls
"""
SENT: Final = """
INSERT INTO assignments (assignment_id, incident_id, unit_id, state, dispatched_at, ended_at)
SELECT gen_random_uuid(), incident_id, (SELECT unit_id FROM units ORDER BY md5(unit_id::text || number) LIMIT 1),
    'cleared', created_at + interval '1 second', ended_at FROM incidents
"""
DECIDED: Final = """
INSERT INTO decisions (decision_id, incident_id, assignment_id, decided_at, decided_by, policy, candidates)
SELECT gen_random_uuid(), incident_id, assignment_id, dispatched_at, 'automatic', 'bench',
    (SELECT jsonb_agg(jsonb_build_object('unit_id', unit_id, 'name', name, 'status', 'AVAILABLE', 'eta_s', 123.4,
    'eta_spread_s', 12.3, 'chance_late', 0.012, 'distance_m', 1234, 'reasons', jsonb_build_array('stale_position'),
    'recommended', true, 'would_divert_from', NULL)) FROM units)
FROM assignments
"""
LOGGED: Final = """
INSERT INTO events (recorded_at, kind, incident_id, assignment_id, unit_id, happened_at, said_by, data)
SELECT i.created_at + s.after * interval '1 second', s.kind, i.incident_id,
    CASE WHEN s.after BETWEEN 1 AND 1499 THEN a.assignment_id END, CASE WHEN s.after > 0 THEN a.unit_id END,
    i.created_at + s.after * interval '1 second', 'button', CASE WHEN s.after = 0 THEN jsonb_build_object('number',
    i.number, 'category', i.category, 'priority', i.priority, 'lat', i.lat, 'lon', i.lon) ELSE '{}' END
FROM incidents AS i JOIN assignments AS a USING (incident_id) CROSS JOIN (VALUES (0, 'incident_created'),
    (1, 'unit_dispatched'), (8, 'unit_acknowledged'), (20, 'unit_en_route'), (300, 'unit_on_scene'),
    (1499, 'unit_cleared'), (1500, 'incident_closed')) AS s (after, kind)
ORDER BY 1;
UPDATE witness_progress SET event_id = (SELECT max(event_id) FROM events)
"""


async def fill(system: System, start: datetime, calls: int) -> int:
    """The hour from `start`; how many fixes there are."""
    connection = await asyncpg.connect(system.database_url)
    try:
        for minute in range(60):
            await connection.execute(FIXES, start + minute * timedelta(minutes=1))
        await connection.execute(CALLED, start, calls)
        for statement in (SENT, DECIDED, LOGGED, "VACUUM ANALYZE fixes"):
            await connection.execute(statement)
        count: int = await connection.fetchval("SELECT count(*) FROM fixes")
        return count
    finally:
        await connection.close()


async def fetch_hour(api: httpx.AsyncClient, start: datetime) -> list[tuple[float, int, dict[str, Any]]]:
    """Milliseconds, packed bytes and content of each page."""
    pages = []
    for number in range(PAGES):
        period = {"from": (start + number * PAGE).isoformat(), "to": (start + (number + 1) * PAGE).isoformat()}
        began = time.perf_counter()
        async with api.stream("GET", "/replay", params=period) as answer:
            answer.raise_for_status()
            body = await answer.aread()
            packed = answer.num_bytes_downloaded
        pages.append(((time.perf_counter() - began) * 1000, packed, json.loads(body)))
    return pages


async def asks(api: httpx.AsyncClient, until: asyncio.Task[Any] | None) -> list[float]:
    """Milliseconds of a small request, again and again while `until` is not done."""
    took: list[float] = []
    while len(took) < ASKS or (until is not None and not until.done()):
        if until is not None and until.done():
            break
        began = time.perf_counter()
        (await api.get("/bureau")).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.02)
    return took


async def main() -> None:
    """Runs it and prints."""
    asked = arguments(__doc__ or "")
    units, calls = (QUICK_UNITS, QUICK_CALLS) if asked.quick else (UNITS, CALLS)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=75)
    async with running_system(units) as system:
        count = await fill(system, start, calls)
        async with httpx.AsyncClient(base_url=f"{system.api_url}/api/v1", timeout=60) as api:
            answer = await api.post("/session", json={"username": USER, "password": system.password})
            api.cookies.clear()
            api.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
            quiet = await asks(api, None)
            busy: list[float] = []
            pages = []
            for _ in range(RUNS):
                fetching = asyncio.create_task(fetch_hour(api, start))
                busy += await asks(api, fetching)
                pages += await fetching
    told = [page for _, _, page in pages[:PAGES]]
    results = [
        summary(
            f"GET /replay, ten minutes of {units} units, {count} fixes in the hour", [took for took, _, _ in pages]
        ),
        {
            "name": "the hour",
            "packed_kb": round(sum(size for _, size, _ in pages[:PAGES]) / 1000),
            "positions": sum(len(track["at_ms"]) for page in told for track in page["tracks"]),
            "events": sum(len(page["events"]) for page in told),
            "decisions": sum(len(page["decisions"]) for page in told),
        },
        summary("GET /bureau on a quiet server", quiet),
        summary("GET /bureau while the hour is fetched", busy),
    ]
    ratios = {"small_request_p50_beside_replay_over_quiet": results[3]["p50_ms"] / results[2]["p50_ms"]}
    report(results, ratios, asked.json)


if __name__ == "__main__":
    asyncio.run(main())
