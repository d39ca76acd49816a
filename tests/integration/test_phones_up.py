"""A phone as a unit's tracker in the whole system: `patrol up`, an enrolled vehicle, HTTP, and the dispatcher's API."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatch.engines.process import reserve_port
from tests.support.bureau import PASSWORD, child_pid
from tests.support.cars import now_ms
from tests.support.command import Up, done, running_up, wait_until

LAT, LON = 23.48, 120.45


@pytest.fixture(scope="module")
def phone_port() -> int:
    """Where phones report."""
    return reserve_port()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, phone_port: int) -> Iterator[tuple[Up, Path]]:
    """One running system that listens for phones."""
    data = tmp_path_factory.mktemp("phones") / "data"
    with running_up(data, around={"PATROL_PHONE_PORT": str(phone_port)}) as up:
        done(data, "user", "add", "dora", "--role", "dispatcher", given=PASSWORD + "\n")
        yield up, data


@contextmanager
def desk(up: Up) -> Iterator[httpx.Client]:
    """A signed-in dispatcher."""
    with httpx.Client(base_url=f"{up.url}/api/v1", trust_env=False, timeout=30) as client:
        token = client.post("/session", json={"username": "dora", "password": PASSWORD}).json()["token"]
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def enrolled(data: Path, plate: str, unit: str) -> str:
    """The token of a new motorcycle's phone."""
    done(data, "vehicle", "add", plate, "--unit", unit, "--type", "motorcycle")
    return done(data, "vehicle", "enrol", plate)


def unit_named(client: httpx.Client, name: str) -> dict[str, Any]:
    """The unit as the dispatcher sees it."""
    units: list[dict[str, Any]] = client.get("/units").json()["items"]
    return next(unit for unit in units if unit["name"] == name)


def test_a_phone_is_seen_and_can_call_for_help(system: tuple[Up, Path], phone_port: int) -> None:
    """From the app's report to the dispatcher's map, and from its SOS button to an alarm."""
    up, data = system
    token = enrolled(data, "MCA-0001", "機車-1")
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{phone_port}", trust_env=False, timeout=30) as phone,
        desk(up) as client,
    ):
        report: dict[str, Any] = {"id": token, "lat": LAT, "lon": LON, "timestamp": now_ms(), "speed": 10}
        assert phone.get("/", params=report).status_code == 200
        wait_until(lambda: unit_named(client, "機車-1")["position"] is not None, "the phone is never seen")
        position = unit_named(client, "機車-1")["position"]
        assert (position["lat"], position["lon"]) == (LAT, LON)
        assert position["speed_mps"] == pytest.approx(5.144, abs=0.001)
        assert phone.get("/", params={**report, "timestamp": now_ms(), "alarm": "sos"}).status_code == 200
        wait_until(lambda: any(a["kind"] == "sos" for a in client.get("/alarms").json()["items"]), "no alarm is raised")


def test_a_killed_gateway_loses_nothing_it_acknowledged(system: tuple[Up, Path], phone_port: int) -> None:
    """kill -9 again and again while a phone reports: what got its 200 is there, once; sent again it is no other fix."""
    up, data = system
    token = enrolled(data, "MCA-0002", "機車-2")
    start_ms = now_ms() - 600_000
    killed: set[int] = set()
    stop, answered = threading.Event(), threading.Event()

    def kill() -> None:
        """Half a second after the first answer of each gateway: in the middle of reports, however long it starts."""
        while not stop.is_set():
            if answered.wait(0.1) and not stop.wait(0.5):
                answered.clear()
                try:
                    pid = child_pid(up.process.pid, "gateway")
                    os.kill(pid, signal.SIGKILL)
                except (AssertionError, ProcessLookupError):
                    continue  # an answer that was read late: it is being started
                killed.add(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    kept: list[int] = []
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{phone_port}", trust_env=False, timeout=10) as phone:
            while len(kept) < 30 or len(killed) < 3:
                time_ms = start_ms + len(kept) * 1000
                try:
                    answer = phone.get("/", params={"id": token, "lat": LAT, "lon": LON, "timestamp": time_ms})
                except httpx.TransportError:
                    stop.wait(0.1)
                    continue
                if answer.status_code == 200:
                    kept.append(time_ms)
                    answered.set()
                else:
                    assert answer.status_code == 503, answer.text
    finally:
        stop.set()
        killer.join()
    with desk(up) as client:
        unit_id = unit_named(client, "機車-2")["id"]
        items = client.get(f"/units/{unit_id}/track").json()["items"]
    assert len(items) == len(kept)
