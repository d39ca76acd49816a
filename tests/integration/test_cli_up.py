"""`patrol up` as a whole: the ready line, the stop, every process killed, and commands beside it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from dispatch.running.child import answers
from tests.support.command import Up, command, kill_9, patrol, processes_on, running_up, wait_until


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, Path]]:
    """One running system for the tests that only look at it or let it heal."""
    data = tmp_path_factory.mktemp("up") / "data"
    with running_up(data) as up:
        yield up, data


def test_the_ready_line_is_true(system: tuple[Up, Path]) -> None:
    """When the one line stands on standard output, the address on it answers, and so does the port of the phones."""
    up, _ = system
    assert up.line.count("\n") == 1
    assert answers(f"{up.url}/readyz")
    phones = re.search(r"phones: port (\d+)", up.line)
    assert phones
    assert answers(f"http://127.0.0.1:{phones.group(1)}/healthz")


def test_commands_use_the_running_system(system: tuple[Up, Path]) -> None:
    """A vehicle is added, enrolled and examined beside `up`, on its engines; the doctor sees its servers."""
    _, data = system
    added = patrol("vehicle", "add", "ABC-123", "--unit", "測-1", "--type", "car", data=data)
    assert (added.returncode, added.stderr) == (0, "")
    enrolled = patrol("vehicle", "enrol", "ABC-123", data=data)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}\n", enrolled.stdout)
    doctor = patrol("doctor", data=data)
    assert (doctor.returncode, doctor.stderr) == (0, "")
    assert [line.split()[:2] for line in doctor.stdout.splitlines()][6:8] == [["ok", "server"], ["ok", "link"]]


def test_a_second_up_on_the_folder_is_refused(system: tuple[Up, Path]) -> None:
    """One folder, one system."""
    up, data = system
    done = patrol("up", "--port", "0", "--gateway-port", "0", data=data)
    assert done.returncode == 1
    assert "already running" in done.stderr
    assert answers(f"{up.url}/readyz")


def test_a_taken_port_is_named(data_folder: Path) -> None:
    """Exit 1 with port and option on one line; nothing is left running."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = patrol("up", "--port", port, "--gateway-port", "0", data=data_folder)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert port in done.stderr
    assert "--port" in done.stderr
    assert not processes_on(data_folder)


def running_process(data: Path, words: str) -> set[int]:
    """Processes of the system on `data` whose command line ends with `words`."""
    found = set()
    holder = json.loads((data / "engines.json").read_text())["nats_url"]
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                around = (entry / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if line.endswith(words) and holder in around:
                found.add(int(entry.name))
    return found


@pytest.mark.parametrize("module", ["dispatch", "gateway"])
def test_a_killed_server_comes_back(system: tuple[Up, Path], module: str) -> None:
    """Whichever server is killed, another takes its place at the same address."""
    up, data = system
    before = running_process(data, f"-m {module}")
    assert len(before) == 1
    kill_9(*before)
    wait_until(
        lambda: bool(running_process(data, f"-m {module}") - before) and answers(f"{up.url}/readyz"),
        f"{module} does not come back",
    )


async def test_killed_engines_come_back(system: tuple[Up, Path]) -> None:
    """PostgreSQL and NATS are killed: both return at their addresses, and the servers find them again by themselves."""
    up, data = system
    urls = json.loads((data / "engines.json").read_text())
    engines = {
        pid
        for pid in processes_on(data)
        if os.readlink(f"/proc/{pid}/cwd").startswith(str(data)) and pid != up.process.pid
    }
    assert len(engines) > 2
    kill_9(*engines)
    await asyncio.to_thread(wait_until, lambda: not answers(f"{up.url}/readyz"), "nobody misses the engines")
    await asyncio.to_thread(wait_until, lambda: answers(f"{up.url}/readyz"), "the servers do not recover")
    connection = await asyncpg.connect(urls["database_url"])
    assert await connection.fetchval("SELECT count(*) FROM events") == 0
    await connection.close()
    assert "engine_restarted" in up.log.read_text()


def test_secrets_are_in_no_log(system: tuple[Up, Path]) -> None:
    """Neither the database's password nor the bus's token is written down by any process."""
    up, data = system
    urls = json.loads((data / "engines.json").read_text())
    secrets = [url.partition("//")[2].partition("@")[0].rpartition(":")[2] for url in list(urls.values())[:2]]
    logs = [up.log, *(data / "log").iterdir(), *(data / "postgres/data/log").iterdir(), data / "nats/nats.log"]
    assert len(logs) > 4
    for log in logs:
        assert not any(secret in log.read_text() for secret in secrets), log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_clean(data_folder: Path, number: signal.Signals) -> None:
    """Exit 0, no process left, no announcement left, and PostgreSQL shut down rather than cut off."""
    with running_up(data_folder) as up:
        assert up.stop(number) == 0
    assert not processes_on(data_folder)
    assert not (data_folder / "engines.json").exists()
    log = "".join(path.read_text() for path in (data_folder / "postgres/data/log").iterdir())
    assert log.rstrip().endswith("database system is shut down")


def test_kill_9_of_everything_and_up_again(data_folder: Path) -> None:
    """All processes are killed at once; the next `up` finds what was committed, without any repair."""
    with running_up(data_folder) as up:
        assert patrol("vehicle", "add", "ABC-123", "--unit", "1", "--type", "car", data=data_folder).returncode == 0
        kill_9(up.process.pid, *processes_on(data_folder), *running_process(data_folder, "-m gateway"))
    with running_up(data_folder):
        again = patrol("vehicle", "add", "ABC-123", "--unit", "2", "--type", "car", data=data_folder)
        assert "a vehicle ABC-123 already" in again.stderr
        assert patrol("vehicle", "enrol", "ABC-123", data=data_folder).returncode == 0


def test_a_server_that_cannot_start_is_named(data_folder: Path, tmp_path: Path) -> None:
    """`up` gives up with one line on which process it is and its last words, and leaves nothing running."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif sys.orig_argv[-1] == 'gateway':\n    print('no luck', flush=True)\n    os._exit(3)\n"
    )
    done = patrol(*("up", "--port", "0", "--gateway-port", "0"), data=data_folder, around={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("patrol: gateway does not start")
    assert "no luck" in last
    assert not processes_on(data_folder)


def test_serve_alone_brings_its_engines(data_folder: Path) -> None:
    """`patrol serve` on an idle folder runs the engines too, and a gateway started beside it uses them."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        port, gateway_port = one.getsockname()[1], two.getsockname()[1]
    started = [subprocess.Popen(command("serve", "--port", str(port), data=data_folder), stderr=subprocess.DEVNULL)]
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "serve is not ready")
        started.append(
            subprocess.Popen(
                command("gateway", "--port", str(gateway_port), data=data_folder), stderr=subprocess.DEVNULL
            )
        )
        wait_until(lambda: answers(f"http://127.0.0.1:{gateway_port}/healthz"), "the gateway does not answer")
    finally:
        for process in reversed(started):
            process.terminate()
        statuses = [process.wait(60) for process in reversed(started)]
    assert statuses[-1] == 0
    assert not processes_on(data_folder)
