"""`patrol incidents import`: the real command on real data, beside figures worked out from the file by other means."""

from __future__ import annotations

import asyncio
import csv
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from dispatch.embedded import DataFolder
from tests.support.command import patrol, running_up
from tests.support.data import shared
from tests.support.past_calls import FILE, SAN_FRANCISCO
from tests.support.server import eventually

SUMMER = timedelta(hours=-7)
"""San Francisco's offset in April."""


def utc(text: str) -> datetime | None:
    """A time of the file, by arithmetic alone."""
    return (datetime.fromisoformat(text) - SUMMER).replace(tzinfo=UTC) if text else None


def first_arrivals() -> dict[str, tuple[str, datetime, datetime | None]]:
    """Of each call its priority, receipt and first arrival, straight from the file."""
    found: dict[str, tuple[str, datetime, datetime | None]] = {}
    with shared(FILE).open(newline="") as file:
        for row in csv.DictReader(file):
            received, arrival = utc(row["received_at"]), utc(row["on_scene_at"])
            assert received is not None
            known = found.get(row["call_number"], (row["final_priority"], received, None))[2]
            times = [at for at in (known, arrival) if at is not None]
            found[row["call_number"]] = (row["final_priority"], received, min(times, default=None))
    return found


def shares() -> dict[str, tuple[int, int]]:
    """By priority: calls, and those with somebody there within 600 s."""
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for priority, received, arrival in first_arrivals().values():
        found[priority].append(arrival is not None and (arrival - received).total_seconds() <= 600)
    return {priority: (len(within), sum(within)) for priority, within in found.items()}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which the file was taken while nothing ran on it."""
    data = tmp_path_factory.mktemp("import") / "data"
    done = patrol("incidents", "import", shared(FILE), *SAN_FRANCISCO, data=data)
    assert (done.returncode, done.stderr) == (0, "")
    assert "10410 rows, 5292 calls; 5292 are new" in done.stdout
    assert "Alarms 1209" in done.stdout
    assert "Medical Incident" not in done.stdout
    assert "calls that nobody reached, which count as late: 174; were some cancelled, say so: " in done.stdout
    assert "--map exclusion=COLUMN --exclude WORD=cancelled" in done.stdout
    return data


@pytest.fixture(scope="module")
async def figures(imported: Path) -> AsyncIterator[tuple[Path, httpx.AsyncClient]]:
    """The whole system on that folder, and a supervisor's client."""
    added = await asyncio.to_thread(
        patrol, "user", "add", "sue", "--role", "supervisor", given="correct horse 110\n", data=imported
    )
    assert added.returncode == 0, added.stderr
    with running_up(imported) as up:
        async with httpx.AsyncClient(base_url=f"{up.url}/api/v1", timeout=60, trust_env=False) as client:
            session = await client.post("/session", json={"username": "sue", "password": "correct horse 110"})
            client.headers["Authorization"] = f"Bearer {session.json()['token']}"
            yield imported, client


async def fetch(data: Path, query: str, *values: Any) -> list[asyncpg.Record]:
    """What stands in the database of a system that runs."""
    announced = DataFolder(data).announced()
    assert announced
    connection = await asyncpg.connect(announced.database_url)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def test_each_first_arrival_is_the_files(figures: tuple[Path, httpx.AsyncClient]) -> None:
    """5,292 calls, each with the receipt, the priority and the first arrival that plain Python finds in the file."""
    query = """
        SELECT number, priority::text AS priority, received_at,
            (SELECT min(on_scene_at) FROM assignments WHERE incident_id = i.incident_id) AS arrival
        FROM incidents AS i
    """
    rows = await fetch(figures[0], query)
    expected = first_arrivals()
    assert len(expected) == 5292
    assert {row["number"]: (row["priority"], row["received_at"], row["arrival"]) for row in rows} == expected


async def test_the_share_by_priority_is_the_files(figures: tuple[Path, httpx.AsyncClient]) -> None:
    """The figures of the API are those of the file: calls, and how many had somebody there within ten minutes."""

    async def report() -> dict[str, tuple[int, int]]:
        answer = await figures[1].get("/kpi", params={"group_by": "priority"})
        assert answer.status_code == 200, answer.text
        return {one["group"]: (one["measured"], one["within_target"]) for one in answer.json()["items"]}

    expected = shares()
    assert sum(calls for calls, _ in expected.values()) == 5292
    await eventually(report, lambda found: found == expected)


async def test_an_imported_incident_tells_where_it_came_from(figures: tuple[Path, httpx.AsyncClient]) -> None:
    """Closed, with its units and a timeline whose every line has the witness `import` and names file and line."""
    page = (await figures[1].get("/incidents", params={"search": "200983545"})).json()
    [found] = page["items"]
    incident = (await figures[1].get(f"/incidents/{found['id']}")).json()
    assert (incident["state"], incident["category"], incident["disposition"]) == ("closed", "service", "No Merit")
    assert {one["unit_name"] for one in incident["assignments"]} == {"QRV1", "74"}
    assert incident["response_s"] == 69
    assert incident["imported"]["file"] == shared(FILE).name
    assert incident["imported"]["line"] == 4
    timeline = incident["timeline"]
    assert [line["kind"] for line in timeline][:2] == ["incident_created", "unit_dispatched"]
    assert timeline[-1]["kind"] == "incident_closed"
    assert len(timeline) == 10
    assert {line["said_by"] for line in timeline} == {"import"}
    assert all(line["id"] < 0 for line in timeline)
    assert {line["data"]["import"]["sha256"] for line in timeline} == {incident["imported"]["sha256"]}
    assert {line["data"]["line"] for line in timeline} == {4, 5}
    assert [line["happened_at"] for line in timeline] == sorted(line["happened_at"] for line in timeline)


async def test_past_units_are_on_duty_nowhere(figures: tuple[Path, httpx.AsyncClient]) -> None:
    """None is in /units or a candidate; none of the calls is open; the log, and so the feed, is as it was."""
    client = figures[1]
    assert (await client.get("/units")).json()["items"] == []
    assert (await client.get("/candidates", params={"lat": 37.78, "lon": -122.41})).json()["items"] == []
    assert (await client.get("/incidents", params={"state": "open"})).json()["items"] == []
    [unit] = await fetch(figures[0], "SELECT unit_id FROM units WHERE name = 'E32'")
    assert (await client.get(f"/units/{unit['unit_id']}")).status_code == 404
    assert await fetch(figures[0], "SELECT FROM events") == []
    assert await fetch(figures[0], "SELECT FROM alarms") == []


async def test_the_same_file_twice_changes_nothing(figures: tuple[Path, httpx.AsyncClient]) -> None:
    """Beside a running system as well; and under another name."""
    data = figures[0]

    async def content() -> list[Any]:
        return [await fetch(data, f"SELECT t.* FROM {name} AS t ORDER BY 1, 2") for name in ("imports", "assignments")]

    before = await content()
    done = await asyncio.to_thread(patrol, "incidents", "import", shared(FILE), *SAN_FRANCISCO, data=data)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 are new, 5292 stand here already" in done.stdout
    assert "nothing was changed" in done.stdout
    assert await content() == before


async def test_a_running_system_takes_a_file_and_shows_it(
    figures: tuple[Path, httpx.AsyncClient], tmp_path: Path
) -> None:
    """A file in Big5 with years of the Republic, whose calls are partly here: the new one is in the figures at once."""
    path = tmp_path / "一月.csv"
    text = "案號;日期;時間;到達;代號\nT-1;115/01/05;08:00:00;115/01/05 08:09:59;北興101\nT-2;115/01/05;09:00;;\n"
    path.write_bytes(text.encode("cp950"))
    options = [
        "--map",
        "incident=案號",
        "--map",
        "received_at=日期+時間",
        "--zone",
        "Asia/Taipei",
        "--encoding",
        "big5",
    ]
    options += ["--map", "on_scene_at=到達", "--map", "unit=代號"]
    done = await asyncio.to_thread(patrol, "incidents", "import", path, *options, data=figures[0])
    assert (done.returncode, done.stderr) == (0, "")
    path.write_bytes((text + "T-3;115/01/06;09:00;;\n").encode("cp950"))
    done = await asyncio.to_thread(patrol, "incidents", "import", path, *options, data=figures[0])
    assert "3 rows, 3 calls; 1 are new, 2 stand here already" in done.stdout

    async def january() -> tuple[int, int]:
        period = {"from": "2026-01-01T00:00:00+08:00", "to": "2026-02-01T00:00:00+08:00"}
        [found] = (await figures[1].get("/kpi", params=period)).json()["items"]
        return found["measured"], found["within_target"]

    assert await eventually(january, lambda found: found == (3, 1)) == (3, 1)
    page = (await figures[1].get("/incidents", params={"search": "T-2"})).json()
    [found] = page["items"]
    assert (found["lat"], found["created_at"], found["assignments"]) == (None, None, [])
    answer = await figures[1].get(f"/incidents/{found['id']}/candidates")
    assert answer.status_code == 404
    assert "without a place" in answer.json()["detail"]
