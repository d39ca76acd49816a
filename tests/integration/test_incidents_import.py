"""`patrol incidents import`: the real command on real data, beside figures worked out from the file by other means."""

from __future__ import annotations

import asyncio
import csv
import os
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from dispatch.embedded import DataFolder, EngineUrls
from dispatch.service.coverage_demand import WATCHED_AT_LEAST, read_calls
from dispatch.store import officers, views
from dispatch.store.assignments import watched_assignments
from dispatch.store.database import create_engine
from dispatch.store.past import incident_ids
from dispatch.store.past_calls import past_calls
from dispatch.store.standby_calls import call_columns
from dispatch.store.units import units_now
from tests.support.command import command, kill_9, patrol, running_up
from tests.support.data import shared
from tests.support.server import eventually

FILE = "calls/san-francisco-fire-2020-04.csv"
SUMMER = timedelta(hours=-7)
"""San Francisco's offset in April."""
MAP = [
    *("--map", "incident=call_number", "--map", "unit=unit_id", "--map", "category=call_type"),
    *("--map", "priority=final_priority", "--map", "received_at=received_at", "--map", "created_at=entry_at"),
    *("--map", "dispatched_at=dispatched_at", "--map", "en_route_at=responding_at", "--map", "on_scene_at=on_scene_at"),
    *("--map", "cleared_at=available_at", "--map", "lat=lat", "--map", "lon=lon", "--map", "disposition=disposition"),
]
SAN_FRANCISCO = [*MAP, "--zone", "America/Los_Angeles", "--category", "Medical Incident=service"]
COUNTED = ("incidents", "assignments", "units", "imports", "events", "kpi_stale_days", "incident_numbers")


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


# ---- the rest on engines that run already


@pytest.fixture
def outside(engines: EngineUrls, database_url: str) -> dict[str, str]:
    """An environment that names engines which are not embedded."""
    return {"DATABASE_URL": database_url, "NATS_URL": engines.nats_url}


async def counts(url: str) -> list[int]:
    """How many rows the tables hold that an import writes to."""
    connection = await asyncpg.connect(url)
    try:
        return [await connection.fetchval(f"SELECT count(*) FROM {name}") for name in COUNTED]
    finally:
        await connection.close()


def run(path: Path, outside: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """The import of a file whose columns are called like the fields."""
    names = path.read_text().splitlines()[0].split(",")
    mapped = [part for name in names for part in ("--map", f"{name}={name}")]
    return patrol("incidents", "import", path, *mapped, *options, around=outside)


def file_of(folder: Path, *rows: str, name: str = "calls.csv") -> Path:
    """A file with a header and these rows."""
    path = folder / name
    path.write_text(
        "incident,unit,received_at,dispatched_at,on_scene_at,cleared_at,priority,lat,lon\n" + "\n".join(rows)
    )
    return path


GOOD = "A,1,2020-01-01T10:00:00Z,2020-01-01T10:01:00Z,2020-01-01T10:05:00Z,2020-01-01T10:30:00Z,2,23.48,120.45"


async def test_wrong_rows_name_line_and_column(outside: dict[str, str], tmp_path: Path) -> None:
    """All of them at once, before the one line of the command; nothing of the good rows is kept."""
    path = file_of(
        tmp_path,
        GOOD,
        "B,1,2020-01-01T11:00:00Z,,2020-01-01T10:59:59Z,,2,23.48,120.45",
        "C,1,2020-13-01T11:00:00Z,,,,2,23.48,120.45",
        "D,1,2020-01-01T11:00:00Z,,,,E,95,120.45",
        "E,1,2020-01-01T11:00:00Z",
    )
    done = run(path, outside)
    assert done.returncode == 1
    *told, last = done.stderr.splitlines()
    assert [line.partition(": ")[0] for line in told] == [
        "line 3, column on_scene_at",
        "line 4, column received_at",
        "line 5, column priority",
        "line 5, column lat",
        "line 6",
    ]
    assert last == "patrol: calls.csv: 5 errors; nothing was imported"
    assert await counts(outside["DATABASE_URL"]) == [0] * len(COUNTED)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["A,1,2020-01-01T10:00:00,,,,,,"], "line 2, column received_at: '2020-01-01T10:00:00' has no zone"),
        ([GOOD, GOOD], "line 3, column unit: the same unit with the same times as in line 2"),
        (
            [GOOD, GOOD.replace("Z,2,", "Z,3,").replace("A,1", "A,2")],
            "line 3, column priority: says otherwise than line",
        ),
        (
            ["A,,2020-01-01T10:00:00Z,,,,,,", "A,,2020-01-01T10:00:00Z,,,,,,"],
            "line 3, column incident: stands in line 2",
        ),
        ([GOOD.replace("T10:00:00Z,2020", "T10:00:00Z,2199")], "line 2, column on_scene_at: 2020-01-01T10:05:00Z lies"),
    ],
)
async def test_rows_that_cannot_be_taken_together(
    outside: dict[str, str], tmp_path: Path, rows: list[str], said: str
) -> None:
    """No zone; the same twice; other words on one call; a step before another: line, column, and what is wrong."""
    done = run(file_of(tmp_path, *rows), outside)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.splitlines()[-1].startswith("patrol: calls.csv: ")
    assert await counts(outside["DATABASE_URL"]) == [0] * len(COUNTED)


async def test_wrong_use_and_files_that_are_none(outside: dict[str, str], tmp_path: Path) -> None:
    """An unknown zone or field is wrong use; a missing column or file one line; nothing is started for either."""
    path = file_of(tmp_path, GOOD)
    for options in (["--zone", "Asia/Taibei"], ["--map", "number=x"], ["--category-default", "refuse"]):
        done = run(path, outside, *options)
        assert done.returncode == 2, options
    needed = ["--map", "incident=incident", "--map", "received_at=when"]
    for wrong, said in ((path, "line 1: there is no column when"), (tmp_path / "none.csv", "No such file")):
        done = patrol("incidents", "import", wrong, *needed, around=outside)
        assert done.returncode == 1
        assert done.stderr.startswith("patrol: ")
        assert done.stderr.count("\n") == 1
        assert said in done.stderr


async def test_a_dry_run_keeps_nothing(outside: dict[str, str], tmp_path: Path) -> None:
    """It says what would come, after every check that the real run makes."""
    done = run(file_of(tmp_path, GOOD), outside, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 would be new" in done.stdout
    assert "dry run: nothing was kept" in done.stdout
    assert await counts(outside["DATABASE_URL"]) == [0] * len(COUNTED)


async def test_other_values_of_a_known_call_are_refused(outside: dict[str, str], tmp_path: Path) -> None:
    """A corrected file says line, column, what stands here and since when; one new row among them is not taken."""
    assert run(file_of(tmp_path, GOOD), outside).returncode == 0
    before = await counts(outside["DATABASE_URL"])
    new = GOOD.replace("A,1", "B,1")
    for row, said in (
        (GOOD.replace("23.48", "23.49"), "line 3, column lat: incident A came with 23.48 from calls.csv on "),
        (GOOD.replace("10:05:00Z", "10:06:00Z"), "line 3, column unit: incident A was imported before without 1, or"),
        (GOOD.replace("A,1", "A,2"), "line 3, column incident: incident A was imported before with 1 as well"),
    ):
        done = run(file_of(tmp_path, new, row, name="corrected.csv"), outside)
        assert done.returncode == 1
        assert said in done.stderr
        assert await counts(outside["DATABASE_URL"]) == before


async def test_numbers_and_call_signs_of_ours(outside: dict[str, str], tmp_path: Path) -> None:
    """A number of ours is refused; one that looks like ours is never given out again; a call sign is one unit's."""
    url = outside["DATABASE_URL"]
    add = ("vehicle", "add", "ABC-1", "--unit", "1", "--type", "motorcycle")
    assert patrol(*add, around=outside).returncode == 0
    rows = [GOOD.replace("A,1", "20200101-0042,1"), GOOD.replace("A,1", "20200101-0042,7")]
    assert run(file_of(tmp_path, *rows), outside).returncode == 0
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("SELECT last FROM incident_numbers WHERE day = '2020-01-01'") == 42
        assert await connection.fetch("SELECT name, available, import_id IS NULL FROM units ORDER BY name") == [
            ("1", True, True),
            ("7", False, False),
        ]
        kinds = "SELECT u.name, v.type FROM assignments JOIN units AS u USING (unit_id) LEFT JOIN vehicles AS v "
        assert await connection.fetch(f"{kinds} USING (unit_id) ORDER BY 1") == [("1", "motorcycle"), ("7", None)]
        add = ("vehicle", "add", "ABC-7", "--unit", "7", "--type", "car")
        assert patrol(*add, around=outside).returncode == 0
        assert patrol("vehicle", "add", "ABC-8", "--unit", "7", "--type", "car", around=outside).returncode == 1
        assert await connection.fetchval("SELECT available AND import_id IS NULL FROM units WHERE name = '7'")
        await connection.execute(
            "INSERT INTO incidents (incident_id, number, category, priority, lat, lon, received_at, created_at) "
            "VALUES (gen_random_uuid(), 'OURS', 'other', 2, 23.48, 120.45, now(), now())"
        )
    finally:
        await connection.close()
    done = run(file_of(tmp_path, GOOD.replace("A,1", "OURS,1")), outside)
    assert done.returncode == 1
    assert "line 2, column incident: incident OURS is a call of this system itself" in done.stderr


async def test_live_work_sees_nothing_of_it(outside: dict[str, str], tmp_path: Path) -> None:
    """Neither decisions nor officers know the unit; arrivals watch no such assignment; demand and the simulator take
    calls with a place alone; an import of other years does not make the last one look quiet.
    """
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    at = [(begin + timedelta(minutes=n)).isoformat() for n in range(4)]
    rows = [f"A,1,{at[0]},{at[1]},{at[2]},{at[3]},2,23.48,120.45", f"B,,{at[0]},,,,2,,", GOOD.replace("A,1", "C,1")]
    assert run(file_of(tmp_path, *rows), outside).returncode == 0
    engine = create_engine(outside["DATABASE_URL"])
    try:
        async with engine.connect() as connection:
            [unit_id] = (await connection.execute(text("SELECT unit_id FROM units"))).scalars()
            assert await units_now(connection) == await units_now(connection, [unit_id]) == []
            assert await views.unit_rows(connection) == await officers.units_and_holders(connection) == []
            assert await officers.lock_unit(connection, unit_id) is None
            long_ago, later = begin - timedelta(days=9000), begin + timedelta(days=1)
            assert await watched_assignments(connection, ended_after=long_ago, news_since=long_ago) == []
            assert await incident_ids(connection, long_ago, later) == set()
            assert len(await past_calls(connection, long_ago, later)) == 2
            assert len(await call_columns(connection, long_ago, later)) == 2
            assert (await read_calls(connection, later))[1] == later - WATCHED_AT_LEAST
    finally:
        await engine.dispose()


async def test_a_kill_before_the_commit_leaves_nothing(outside: dict[str, str]) -> None:
    """Killed when all rows are written and only the last table is still waited for: not one of them is there."""
    url = outside["DATABASE_URL"]
    assert patrol("map", "info", around=outside).returncode == 1  # migrated before the lock
    holder = await asyncpg.connect(url)
    watcher = await asyncpg.connect(url)
    try:
        held = holder.transaction()
        await held.start()
        await holder.execute("LOCK TABLE kpi_stale_days")
        process = subprocess.Popen(  # noqa: ASYNC220 - it is killed, and only then waited for
            command("incidents", "import", shared(FILE), *SAN_FRANCISCO), env={**os.environ, **outside}
        )
        waiting = """
            SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'patrol-command' AND wait_event_type = 'Lock' AND datname = current_database()
        """

        async def waits() -> int:
            assert process.poll() is None
            return int(await watcher.fetchval(waiting))

        await eventually(waits)
        kill_9(process.pid)
        process.wait()
        await held.rollback()

        async def sessions() -> int:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'patrol-command' AND datname = $1"
            return int(await watcher.fetchval(query, url.rpartition("/")[2]))

        await eventually(sessions, lambda count: count == 0)
    finally:
        await holder.close()
        await watcher.close()
    assert await counts(url) == [0] * len(COUNTED)
    again = patrol("incidents", "import", shared(FILE), *SAN_FRANCISCO, around=outside)
    assert "5292 are new" in again.stdout
