"""What an import refuses, and what of it nobody at work may notice: the real command on engines that run already."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select, text

from dispatch.embedded import EngineUrls
from dispatch.service.coverage_demand import WATCHED_AT_LEAST, read_calls
from dispatch.store import officers, views
from dispatch.store.database import create_engine
from dispatch.store.past import incident_ids
from dispatch.store.past_calls import past_calls
from dispatch.store.standby_calls import call_columns
from dispatch.store.tables import assignments
from dispatch.store.units import units_now
from dispatch.store.witness import watched_now, watched_of
from tests.support.command import command, kill_9, patrol
from tests.support.data import shared
from tests.support.past_calls import FILE, SAN_FRANCISCO
from tests.support.server import eventually

COUNTED = ("incidents", "assignments", "units", "imports", "events", "kpi_stale_days", "incident_numbers")


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
    for options in (
        ["--zone", "Asia/Taibei"],
        ["--map", "number=x"],
        ["--category-default", "refuse"],
        ["--exclude", "x=cancelled"],
        ["--map", "exclusion=unit"],
    ):
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


async def test_what_is_left_out_is_told_aloud(outside: dict[str, str], tmp_path: Path) -> None:
    """In a dry run too: by reason, cancelled ones that are measured all the same, and words that no row has."""
    unreached = GOOD.replace(",2020-01-01T10:05:00Z", ",").replace("A,1", "B,Cancelled")
    path = file_of(
        tmp_path,
        GOOD.replace("A,1", "A,Cancelled"),
        unreached,
        GOOD.replace("A,1", "C,Drill"),
        "D,,2020-01-01T10:00:00Z,,,,,,",
    )
    excluded = ("--map", "exclusion=unit", "--exclude", "Cancelled=cancelled", "--exclude", "Drill=test")
    told = [
        "calls left out of the figures as cancelled: 1, of rows: 1",
        "calls left out of the figures as test: 1, of rows: 1",
        "calls with rows that say cancelled, measured because somebody arrived or other rows say otherwise: 1",
        "words of --exclude that stand in no row: Twice",
        "calls that nobody reached, which count as late: 1",
    ]
    for options in (["--dry-run"], []):
        done = run(path, outside, *excluded, "--exclude", "Twice=duplicate", *options)
        assert (done.returncode, done.stderr) == (0, "")
        assert [line for line in done.stdout.splitlines() if line in told] == told, done.stdout
    again = run(path, outside, *excluded)
    assert "nothing was changed" in again.stdout
    assert not any(line in again.stdout for line in told)


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
            assert await watched_now(connection, ended_after=long_ago, news_since=long_ago) == []
            taken = select(assignments.c.assignment_id)
            assert await watched_of(connection, list((await connection.execute(taken)).scalars())) == []
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


def on_a_terminal(*arguments: str | Path, around: dict[str, str]) -> tuple[int, str, str]:
    """(status, what came on standard output, what a terminal at standard error showed)."""
    terminal, other_end = os.openpty()
    process = subprocess.Popen(
        command(*arguments), env={**os.environ, **around}, stdout=subprocess.PIPE, stderr=other_end, text=True
    )
    os.close(other_end)
    shown = bytearray()
    with contextlib.suppress(OSError):  # so a terminal of Linux says that nobody writes to it any more
        while some := os.read(terminal, 4096):
            shown += some
    os.close(terminal)
    return process.wait(), process.communicate()[0], shown.decode()


async def test_progress_is_shown_on_a_terminal_alone(outside: dict[str, str], tmp_path: Path) -> None:
    """The bar ends at 100 %, and each long part after it has its line; without a terminal nothing is printed."""
    rows = [GOOD.replace("A,1", f"A{n},1") for n in range(3500)]
    mapped = [part for name in ("incident", "received_at") for part in ("--map", f"{name}={name}")]
    path = file_of(tmp_path, *rows)
    status, told, shown = on_a_terminal("incidents", "import", path, *mapped, around=outside)
    assert status == 0, shown
    plain = re.sub(r"\x1b\[\?25[lh]", "", shown).replace("\r\n", "\n")
    bar, *parts = [line for line in plain.split("\n") if line]
    assert bar.split("\r")[-1].startswith("reading")
    assert bar.endswith("100%")
    assert len(re.findall(r"\d+%", bar)) > 3
    assert [part.partition("s  ")[2].removesuffix(" …") for part in parts] == [
        "sorting 3500 rows into calls",
        "comparing them with what stands here",
        "writing the calls",
        "writing the units that were sent",
        "counting the tables' rows for the planner",
    ]
    assert told.splitlines()[-1].startswith("figures of 1 day are to be computed now")
    again = patrol("incidents", "import", path, *mapped, around=outside)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines()[-1] == "nothing was changed"
