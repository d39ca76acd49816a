"""`patrol` as its users call it: exit statuses, one clear line, with and without a running system."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatch.embedded import DataFolder, EngineUrls, borrowed_engines
from dispatch.service.accounts import verify_password
from tests.support.command import PATROL, command, patrol
from tests.support.engines import fresh_database

TOWN = """<osm version="0.6">
 <node id="1" lat="23.470" lon="120.440"/><node id="2" lat="23.480" lon="120.440"/>
 <node id="3" lat="23.480" lon="120.450"/>
 <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="中山路"/></way>
</osm>"""


@pytest.fixture
def outside(engines: EngineUrls, database_url: str) -> dict[str, str]:
    """An environment that names engines which are not embedded."""
    return {"DATABASE_URL": database_url, "NATS_URL": engines.nats_url}


async def rows(url: str, query: str) -> list[dict[str, Any]]:
    """What is in the database."""
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


def one_line(said: str) -> str:
    """Asserts that an error is one line of `patrol`, without a traceback; returns it."""
    assert said.count("\n") == 1, said
    assert said.startswith("patrol: "), said
    return said


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["user", "add", "ann", "--role", "boss"],
        ["vehicle", "add", "ABC-123", "--unit", "1", "--type", "tank"],
        ["map", "import", "x.osm", "--bbox", "121,23,120,24"],
        ["up", "--port", "70000"],
    ],
)
def test_wrong_use_exits_with_2(arguments: list[str], data_folder: Path) -> None:
    """What was meant is not clear, so nothing is started and nothing written."""
    done = patrol(*arguments, around={"PATROL_DATA": str(data_folder)})
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not data_folder.exists()


async def test_commands_work_on_a_folder_without_a_running_system(data_folder: Path) -> None:
    """From an empty folder: the engines start for the while, and what one command did the next one finds."""
    added = await asyncio.to_thread(
        patrol, "vehicle", "add", "ABC-123", "--unit", "測-1", "--type", "car", "--station", "北門", data=data_folder
    )
    assert (added.returncode, added.stdout) == (0, "")
    assert "no station 北門" in added.stderr
    enrolled = await asyncio.to_thread(patrol, "vehicle", "enrol", "ABC-123", data=data_folder)
    assert (enrolled.returncode, enrolled.stderr) == (0, "")
    token = enrolled.stdout.removesuffix("\n")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    folder = DataFolder(data_folder)
    assert folder.try_hold(), "the command still holds the folder"
    folder.release()
    with borrowed_engines(data_folder, EngineUrls("", "")) as engines:
        [row] = await rows(
            engines.database_url,
            "SELECT d.token_sha256, d.unit_name, v.type, s.name AS station FROM devices d "
            "JOIN vehicles v ON v.device_id = d.device_id JOIN units u ON u.unit_id = v.unit_id "
            "JOIN stations s ON s.station_id = u.station_id",
        )
    assert row == {
        "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
        "unit_name": "測-1",
        "type": "car",
        "station": "北門",
    }


async def test_two_commands_at_once_wait_for_each_other(data_folder: Path) -> None:
    """Both do their work, one after the other, on one set of engines."""
    calls = [
        asyncio.to_thread(
            patrol, "vehicle", "add", f"ABC-{n}", "--unit", f"unit {n}", "--type", "car", data=data_folder
        )
        for n in range(3)
    ]
    for done in await asyncio.gather(*calls):
        assert (done.returncode, done.stderr) == (0, "")


async def test_a_password_is_kept_as_a_hash_alone(outside: dict[str, str]) -> None:
    """The account can be signed in to with the password that came on standard input, which is kept nowhere."""
    done = await asyncio.to_thread(
        patrol, "user", "add", "王小明", "--role", "dispatcher", given="correct horse 馬\nrest\n", around=outside
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    [user] = await rows(outside["DATABASE_URL"], "SELECT username, role, password_hash FROM users")
    assert (user["username"], user["role"]) == ("王小明", "dispatcher")
    assert user["password_hash"].startswith("$argon2id$")
    assert verify_password(user["password_hash"], "correct horse 馬")
    assert not verify_password(user["password_hash"], "correct horse 馬\n")
    assert not verify_password(None, "nobody has this one")
    again = await asyncio.to_thread(patrol, "user", "add", "王小明", "--role", "admin", given="x" * 20, around=outside)
    assert again.returncode == 1
    assert "already" in one_line(again.stderr)


async def test_passwords_that_are_weak_or_missing(outside: dict[str, str]) -> None:
    """A short one is taken with a warning; none at all is wrong use."""
    weak = await asyncio.to_thread(patrol, "user", "add", "ann", "--role", "auditor", given="x", around=outside)
    assert weak.returncode == 0
    assert "weak" in one_line(weak.stderr)
    none = await asyncio.to_thread(patrol, "user", "add", "bob", "--role", "auditor", given="", around=outside)
    assert none.returncode == 2
    assert [user["username"] for user in await rows(outside["DATABASE_URL"], "SELECT username FROM users")] == ["ann"]


async def test_a_fresh_token_ends_the_one_before(outside: dict[str, str]) -> None:
    """Enrolling again replaces the token; revoking leaves none; both say so on the bus, so that links end."""
    import nats  # noqa: PLC0415

    client = await nats.connect(outside["NATS_URL"])
    heard = await client.subscribe("patrol.tested.devices")
    outside["PATROL_BUREAU"] = "tested"
    url = outside["DATABASE_URL"]
    add = ["vehicle", "add", "ABC-123", "--unit", "1", "--type", "motorcycle", "--capability", "b", "--capability", "a"]
    assert (await asyncio.to_thread(patrol, *add, around=outside)).returncode == 0
    tokens = [(await asyncio.to_thread(patrol, "vehicle", "enrol", "ABC-123", around=outside)).stdout for _ in range(2)]
    assert tokens[0] != tokens[1]
    [device] = await rows(url, "SELECT * FROM devices")
    assert device["token_sha256"] == hashlib.sha256(tokens[1].strip().encode()).hexdigest()
    assert (await asyncio.to_thread(patrol, "vehicle", "revoke", "ABC-123", around=outside)).returncode == 0
    [device] = await rows(url, "SELECT * FROM devices")
    assert device["token_sha256"] is None
    assert device["revoked_at"] is not None
    for _ in range(3):
        message = await heard.next_msg(timeout=10)
        assert json.loads(message.data) == {"device_id": str(device["device_id"])}
    await client.close()
    (vehicle,) = await rows(url, "SELECT capabilities, crew FROM vehicles")
    assert (vehicle["capabilities"], vehicle["crew"]) == (["a", "b"], 1)  # a motorcycle, and nothing else was said


async def test_failures_are_one_line(outside: dict[str, str]) -> None:
    """Unknown and double vehicles, odd names: exit 1, and what is wrong."""
    add = ["vehicle", "add", "ABC-123", "--type", "car", "--unit"]
    assert (await asyncio.to_thread(patrol, *add, "1", around=outside)).returncode == 0
    for arguments, reason in (
        (["vehicle", "enrol", "XYZ-9"], "no vehicle XYZ-9"),
        ([*add, "2"], "a vehicle ABC-123 already"),
        (["vehicle", "add", "DEF-456", "--type", "car", "--unit", "1"], "a unit 1 already"),
        (["vehicle", "add", "DEF-456", "--type", "car", "--unit", "a\nb"], "a unit has"),
        (["vehicle", "add", "DEF-456", "--type", "car", "--unit", "2", "--crew", "0"], "a crew has 1 to 20"),
        (["map", "info"], "no street map"),
    ):
        done = await asyncio.to_thread(patrol, *arguments, around=outside)
        assert done.returncode == 1, arguments
        assert reason in one_line(done.stderr)


def test_names_that_are_no_text_are_refused(outside: dict[str, str]) -> None:
    """Bytes that are not UTF-8 in an argument end in a sentence, not in a traceback."""
    done = subprocess.run(
        [os.fsencode(PATROL), b"vehicle", b"enrol", b"\xff\xfe"],
        capture_output=True,
        env={**os.environ, **outside},
        check=False,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


async def test_a_map_replaces_the_one_before(outside: dict[str, str], tmp_path: Path) -> None:
    """Imported streets are loaded and described; a damaged file changes nothing; running servers hear of a new map."""
    town, damaged = tmp_path / "town.osm.gz", tmp_path / "damaged.osm.gz"
    town.write_bytes(gzip.compress(TOWN.encode()))
    damaged.write_bytes(town.read_bytes()[:-20])
    taken = await asyncio.to_thread(patrol, "map", "import", town, around=outside)
    assert (taken.returncode, taken.stderr) == (0, "")
    assert "1 ways" in taken.stdout
    refused = await asyncio.to_thread(patrol, "map", "import", damaged, around=outside)
    assert refused.returncode == 1
    assert "damaged.osm.gz" in one_line(refused.stderr)
    missing = await asyncio.to_thread(patrol, "map", "import", tmp_path / "none.osm.pbf", around=outside)
    assert missing.returncode == 1
    one_line(missing.stderr)
    elsewhere = await asyncio.to_thread(patrol, "map", "import", town, "--bbox=120.5,23.0,121,23.3", around=outside)
    assert elsewhere.returncode == 1
    info = await asyncio.to_thread(patrol, "map", "info", around=outside)
    assert info.returncode == 0
    assert "town.osm.gz" in info.stdout
    assert hashlib.sha256(town.read_bytes()).hexdigest() in info.stdout
    [stored] = await rows(outside["DATABASE_URL"], "SELECT source, generated, facts FROM street_maps")
    assert (stored["source"], stored["generated"]) == ("town.osm.gz", False)
    assert json.loads(stored["facts"])["ways"] == 1


async def test_a_healthy_system_satisfies_the_doctor(outside: dict[str, str], data_folder: Path) -> None:
    """One line for each check; secrets appear nowhere."""
    done = await asyncio.to_thread(patrol, "doctor", data=data_folder, around=outside)
    assert (done.returncode, done.stderr) == (0, "")
    subjects = [line.split()[1] for line in done.stdout.splitlines()]
    assert subjects == ["database", "bus", "migrations", "clock", "disk", "map", "link", "settings"]
    for url in (outside["DATABASE_URL"], outside["NATS_URL"]):
        secret = url.partition("//")[2].partition("@")[0].rpartition(":")[2]
        assert secret not in done.stdout


async def test_the_doctor_sees_a_bus_that_is_away(outside: dict[str, str], data_folder: Path) -> None:
    """Exit 1 with the reason, and what to do."""
    outside["NATS_URL"] = "nats://secret@127.0.0.1:9"
    done = await asyncio.to_thread(patrol, "doctor", data=data_folder, around=outside)
    assert done.returncode == 1
    assert "NATS_URL" in one_line(done.stderr)
    assert "secret" not in done.stdout + done.stderr


async def test_the_doctor_sees_an_old_schema(engines: EngineUrls, outside: dict[str, str], data_folder: Path) -> None:
    """A database that this program is too new for is a problem; one without a schema is only empty."""
    from dispatch.migrations import downgrade  # noqa: PLC0415
    from dispatch.store.database import create_engine  # noqa: PLC0415

    pool = create_engine(outside["DATABASE_URL"])
    await downgrade(pool, "0001")
    await pool.dispose()
    old = await asyncio.to_thread(patrol, "doctor", data=data_folder, around=outside)
    assert old.returncode == 1
    assert "0001" in one_line(old.stderr)
    async with fresh_database(engines, "template0") as empty:
        outside["DATABASE_URL"] = empty
        done = await asyncio.to_thread(patrol, "doctor", data=data_folder, around=outside)
    assert done.returncode == 0
    assert "the database is empty" in done.stdout


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"DATABASE_URL": "postgresql://u:secret@127.0.0.1:9/d"}, "127.0.0.1:9 cannot be reached"),
        ({"DATABASE_URL": "mysql://u:secret@h/d"}, "DATABASE_URL must begin with postgresql://"),
        ({"PATROL_ACK_TIMEOUT_S": "-5"}, "PATROL_ACK_TIMEOUT_S"),
        ({"PATROL_DISPATCH_MODE": "secret"}, "PATROL_DISPATCH_MODE"),
    ],
)
def test_wrong_settings_are_named(environment: dict[str, str], reason: str, engines: EngineUrls) -> None:
    """One line names the variable and what it must be, and repeats no value: it may be a password."""
    around = {"DATABASE_URL": engines.database_url, "NATS_URL": engines.nats_url, **environment}
    done = patrol("map", "info", around=around)
    assert done.returncode == 1
    assert reason in one_line(done.stderr)
    assert "secret" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="the rule is for root alone")
def test_root_is_sent_away_from_home_folders() -> None:
    """No command makes a data folder below one; the sentence says where else."""
    below = Path("/root", "patrol-data")
    for arguments in (["up"], ["doctor"], ["vehicle", "enrol", "A"]):
        done = patrol(*arguments, data=below)
        assert done.returncode == 1
        assert "/var/lib/patrol" in one_line(done.stderr)
    assert not below.exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way is told as such."""
    (tmp_path / "file").write_text("")
    done = patrol("map", "info", data=tmp_path / "file")
    assert done.returncode == 1
    assert str(tmp_path / "file") in one_line(done.stderr)


def test_the_agent_gets_its_arguments_untouched(tmp_path: Path) -> None:
    """`patrol agent` is `python -m vehicle_agent`, to the letter, help and errors included."""
    (tmp_path / "vehicle_agent").mkdir()
    (tmp_path / "vehicle_agent" / "__init__.py").write_text("")
    (tmp_path / "vehicle_agent" / "__main__.py").write_text("import sys; print(sys.argv[1:]); sys.exit(7)")
    arguments = ["--help", "--gnss", "nmea:a b", "--rate", "5", "--", "x", "--data", "d"]
    done = subprocess.run(
        command("agent", *arguments),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (7, f"{arguments}\n")
