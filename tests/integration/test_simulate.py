"""`patrol simulate` as its users call it: the table, the JSON to the digit, refusals, and the server's own data."""

from __future__ import annotations

import asyncio
import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest

from dispatch.embedded import EngineUrls
from tests.support.command import patrol

SIDE: Final = 9
STEP_DEG: Final = 0.004
SCENARIO: Final = """
name = "Grid"
days = 1.5
warm_up_days = 0.25
replications = 2
seed = 5

{streets}

[[stations]]
name = "West"
lat = 23.466
lon = 120.442

[[stations]]
name = "East"
lat = 23.480
lon = 120.470

[[units]]
station = "West"
count = 2

[[units]]
station = "East"
count = 2
from = "06:00"
to = "22:00"
type = "motorcycle"

{demand}

[gps_loss]
share = 0.05
mean_s = 90

[eta_error]
log_sigma = 0.2
"""
FILE_STREETS: Final = '[streets]\nsource = "file"\nfile = "grid.osm"'
SURFACE: Final = '[demand]\nsource = "surface"\ncalls_per_day = 60'
TWO: Final = ("--policy", "straight-priority", "--policy", "batch-reoptimised")


def grid_streets() -> str:
    """OpenStreetMap data of a square town: streets both ways, a node at each crossing."""
    nodes = [
        f'<node id="{1 + row * SIDE + column}" lat="{23.46 + row * STEP_DEG}" lon="{120.44 + column * STEP_DEG}"/>'
        for row in range(SIDE)
        for column in range(SIDE)
    ]
    lines = [[1 + row * SIDE + column for column in range(SIDE)] for row in range(SIDE)]
    lines += [list(line) for line in zip(*lines, strict=True)]
    ways = [
        f'<way id="{number}">{"".join(f"<nd ref={chr(34)}{ref}{chr(34)}/>" for ref in line)}'
        '<tag k="highway" v="tertiary"/></way>'
        for number, line in enumerate(lines, 1)
    ]
    return f'<osm version="0.6">{"".join([*nodes, *ways])}</osm>'


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A scenario file beside the streets that it names."""
    (tmp_path / "grid.osm").write_text(grid_streets())
    path = tmp_path / "grid.toml"
    path.write_text(SCENARIO.format(streets=FILE_STREETS, demand=SURFACE))
    return path


def test_policies_stand_side_by_side(scenario: Path, tmp_path: Path) -> None:
    """A table on standard output, all results in the file, no database needed."""
    file = tmp_path / "result.json"
    done = patrol("simulate", scenario, *TWO, "--json", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Grid: 2 runs each, seed 5, ")
    assert done.stdout.count("straight-priority") == 2  # in the table, and as what the other is compared with
    told = json.loads(file.read_text(encoding="utf-8"))
    first, second = told["variants"]
    assert (first["name"], second["name"]) == ("straight-priority", "batch-reoptimised")
    for mine, other in zip(first["runs"], second["runs"], strict=True):
        assert mine["calls"] == other["calls"] > 20
        assert 0 < mine["share"] <= 1
        assert 0 < mine["utilisation"] < 1
        assert mine["kilometres"] > 10
    assert set(told["inputs"]) == {"streets"}
    assert told["scenario"]["name"] == tomllib.loads(scenario.read_text())["name"]


def test_the_same_seed_gives_the_same_bytes(scenario: Path, tmp_path: Path) -> None:
    """Run again, and run by two processes; another seed makes another file."""
    texts = []
    for number, options in enumerate(([], [], ["--processes", "2"], ["--seed", "6"], ["--replications", "1"])):
        file = tmp_path / f"{number}.json"
        done = patrol("simulate", scenario, *TWO, "--json", file, *options)
        assert done.returncode == 0, done.stderr
        texts.append(file.read_bytes())
    first, again, shared_out, other, shorter = texts
    assert first == again == shared_out
    assert other != first
    assert json.loads(shorter)["variants"][0]["runs"] == json.loads(first)["variants"][0]["runs"][:1]


def test_all_policies_run(scenario: Path) -> None:
    """Without --policy every one that there is, the standby posts included."""
    done = patrol("simulate", scenario, "--replications", "1")
    assert done.returncode == 0, done.stderr
    for name in ("straight-fcfs", "straight-priority", "street-priority", "street-divert", "batch-pending"):
        assert f"\n{name} " in done.stdout
    assert "\nbatch-posts " in done.stdout


def test_an_unknown_policy_is_wrong_use(scenario: Path) -> None:
    """Exit 2, and the known ones are named."""
    done = patrol("simulate", scenario, "--policy", "by-lot")
    assert done.returncode == 2
    assert "by-lot" in done.stderr
    assert "street-priority" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("days = 1.5", "days = -1"), "patrol: grid.toml: days is -1; allowed: a number above 0"),
        (("days = 1.5", "days ="), "patrol: grid.toml: this is no TOML"),
        (('"grid.osm"', '"away.osm"'), "patrol: away.osm: "),
        (('name = "Grid"', 'name = "Grid"\npolicies = ["by-lot"]'), "patrol: grid.toml: policies "),
        ((FILE_STREETS + "\n\n[[stations]]", "[[stations]]"), "patrol: grid.toml: streets.source is missing"),
    ],
)
def test_a_scenario_that_cannot_be_used_is_one_line(scenario: Path, wrong: tuple[str, str], said: str) -> None:
    """Exit 1: which file, which key, what is allowed."""
    text = scenario.read_text()
    assert wrong[0] in text
    scenario.write_text(text.replace(*wrong))
    done = patrol("simulate", scenario)
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_missing_scenario_is_one_line(tmp_path: Path) -> None:
    """The file is named."""
    done = patrol("simulate", tmp_path / "away.toml")
    assert done.returncode == 1
    assert "away.toml: No such file" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def own(scenario: Path) -> Path:
    """A scenario on the streets and with the calls of the database."""
    demand = '[demand]\nsource = "database"\nfrom = 2026-11-02\nto = 2026-11-04\nmode = "replay"'
    scenario.write_text(SCENARIO.format(streets='streets = "loaded"', demand=demand))
    return scenario


async def insert_calls(url: str, received: list[datetime], **columns: Any) -> None:
    """Incidents at the middle of the town, as they would be after their end."""
    connection = await asyncpg.connect(url)
    try:
        for number, at in enumerate(received):
            values = {
                "incident_id": uuid4(),
                "number": f"{at:%Y%m%d}-{number:04d}",
                "category": "public_order",
                "priority": 2,
                "lat": 23.476,
                "lon": 120.456,
                "received_at": at,
                "created_at": at,
                "state": "closed",
                **columns,
            }
            names = ", ".join(values)
            places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
            await connection.execute(f"INSERT INTO incidents ({names}) VALUES ({places})", *values.values())
    finally:
        await connection.close()


async def test_the_servers_own_streets_and_calls(
    own: Path, tmp_path: Path, engines: EngineUrls, database_url: str
) -> None:
    """Streets that were imported and calls of a period: replayed as they came in, by the wall clock of Taipei."""
    around = {"DATABASE_URL": database_url, "NATS_URL": engines.nats_url, "PATROL_DATA": str(tmp_path / "data")}
    nothing = await asyncio.to_thread(patrol, "simulate", own, around=around)
    assert (nothing.returncode, nothing.stderr.count("\n")) == (1, 1)
    assert "no calls received from 2026-11-02" in nothing.stderr

    midnight = datetime(2026, 11, 1, 16, tzinfo=UTC)  # of 2 November in Taipei
    inside = [midnight + timedelta(hours=hour) for hour in (7, 9, 12, 20, 30, 35)]
    await insert_calls(database_url, [*inside, midnight - timedelta(seconds=1), midnight + timedelta(days=2)])
    await insert_calls(database_url, [midnight + timedelta(hours=15)], exclusion="test", number="T-1")
    no_map = await asyncio.to_thread(patrol, "simulate", own, around=around)
    assert (no_map.returncode, no_map.stderr.count("\n")) == (1, 1)
    assert "patrol map import" in no_map.stderr

    imported = await asyncio.to_thread(patrol, "map", "import", tmp_path / "grid.osm", around=around)
    assert imported.returncode == 0, imported.stderr
    file = tmp_path / "result.json"
    done = await asyncio.to_thread(patrol, "simulate", own, *TWO, "--json", file, around=around)
    assert done.returncode == 0, done.stderr
    told = json.loads(await asyncio.to_thread(file.read_text, encoding="utf-8"))
    assert [run["calls"] for run in told["variants"][0]["runs"]] == [6, 6]
    assert set(told["inputs"]) == {"streets", "calls"}
