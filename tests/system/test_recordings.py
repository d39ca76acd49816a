"""A camera's file on its way from the car to evidence, on real processes: indexed, sent in pieces, killed, verified."""

from __future__ import annotations

import asyncio
import io
import os
import random
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.agent_process import AgentProcess
from tests.support.bureau import PASSWORD, Addresses, add_account, add_vehicle, child_pid, run
from tests.support.command import Up, kill_9, running_up
from tests.support.desk import Desk
from tests.support.fault_proxy import FaultProxy, Line, Weather

WAIT_S = 90.0
SIZE = 6_000_000
SLOW = Weather("a slow road", bytes_per_s=3_000_000)
SETTINGS = """
records_within_s = 2

[[camera]]
kind = "folder"
id = "dash-1"
folder = "{folder}"
rest_s = 0.5
status_file = "status.json"

[uploads]
url = "http://127.0.0.1:{port}"
station_networks = ["127.0.0.0/8"]
piece_mb = 1
every_s = 0.3
timeout_s = 3
"""


async def when(look: Callable[[], Awaitable[Any]], true: Callable[[Any], Any], what: str) -> Any:
    """What `look` gives as soon as it is so; a server that is just killed is asked again."""
    seen: Any = None
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                with suppress(httpx.HTTPError):
                    seen = await look()
                    if true(seen):
                        return seen
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what}; it is {seen}") from None


class Scene:
    """A bureau with one car, whose camera's folder and whose road to the server the test holds."""

    def __init__(self, folder: Path, up: Up, desk: Desk, agent: AgentProcess, road: FaultProxy) -> None:
        self.dock = folder / "dock"
        self.kept = folder / "data" / "recordings"
        self.up, self.desk, self.agent, self.road = up, desk, agent, road

    async def recording(self, name: str) -> dict[str, Any]:
        """As the API tells it; {} while it is not indexed."""
        answer = await self.desk.api.get("/recordings")
        items = answer.json()["items"] if answer.status_code == 200 else []
        return next((item for item in items if item["name"] == name), {})

    async def becomes(self, name: str, true: Callable[[dict[str, Any]], Any], what: str) -> dict[str, Any]:
        """Waits for it."""
        found: dict[str, Any] = await when(lambda: self.recording(name), lambda it: it and true(it), what)
        return found

    async def alarms(self) -> list[str]:
        """Kinds of open alarms."""
        return [alarm["kind"] for alarm in (await self.desk.api.get("/alarms")).json()["items"]]

    def kill_server(self) -> None:
        """Its supervisor starts another."""
        kill_9(child_pid(self.up.process.pid, "dispatch"))

    def write(self, name: str) -> bytes:
        """The camera closes a file."""
        content = os.urandom(SIZE)
        (self.dock / f"{name}.part").write_bytes(content)
        (self.dock / f"{name}.part").rename(self.dock / name)
        return content


async def scene(stack: AsyncExitStack, folder: Path, up: Up) -> Scene:
    """All of it, running."""
    addresses = Addresses.of(folder / "data")
    await add_account(folder / "data", "sue", "supervisor")
    token = await add_vehicle(folder / "data", "P-1", "EAST")
    desk = Desk(addresses.api_url)
    stack.push_async_callback(desk.close)
    await desk.sign_in("sue", PASSWORD)

    async def reach() -> Line:
        parts = urlsplit(addresses.api_url)
        return await asyncio.open_connection(parts.hostname, parts.port)

    road = await stack.enter_async_context(FaultProxy(reach, random.Random(5)).open())
    road.turn(SLOW)
    dock = folder / "dock"
    dock.mkdir()
    (dock / "status.json").write_text('{"state": "standby", "battery_pct": 77}')
    (folder / "cameras.toml").write_text(SETTINGS.format(folder=dock, port=road.port))
    (folder / "none.nmea").write_text("")
    options = ("--cameras", str(folder / "cameras.toml"))
    agent = AgentProcess(folder / "car", addresses.gateway_url, token, f"nmea:{folder / 'none.nmea'}", *options)
    stack.callback(agent.kill)
    agent.start()
    return Scene(folder, up, desk, agent, road)


@pytest.mark.timeout(300)
async def test_a_file_comes_through_kills_and_cut_wires_and_damage_is_found() -> None:
    """Server and agent die with -9 and the wire is cut, again and again: the file that is kept has the car's hash.

    A byte that flips on the server's disk is found, alarmed and mended by another copy. A stranger verifies the export.
    """
    folder = Path(tempfile.mkdtemp(prefix="pr-"))
    try:
        async with AsyncExitStack() as stack:
            with running_up(folder / "data") as up:
                it = await scene(stack, folder, up)
                content = it.write("a.mp4")
                indexed = await it.becomes("a.mp4", lambda told: told["sha256"], "is not indexed")
                assert (indexed["unit_name"], indexed["size_bytes"], indexed["camera_id"]) == ("EAST", SIZE, "dash-1")
                harms: tuple[tuple[int, Callable[[], object]], ...] = (
                    (1_000_000, it.kill_server),
                    (2_000_000, it.agent.kill),
                    (3_000_000, it.road.reset),
                    (4_000_000, it.road.half_open),
                    (5_000_000, it.kill_server),
                )
                for after, harm in harms:
                    await it.becomes("a.mp4", partial(_has, after), "stands still")
                    harm()
                    if harm == it.agent.kill:
                        it.agent.start()
                verified = await it.becomes("a.mp4", lambda told: told["state"] == "verified", "is not verified")
                (kept,) = it.kept.glob("2*/*/*")
                assert kept.read_bytes() == content
                assert (it.dock / "a.mp4").exists()
                assert await it.alarms() == []

                it.write("b.mp4")
                await it.becomes("b.mp4", lambda told: told["received_bytes"] >= 2_000_000, "is not sent")
                it.agent.kill()
                (incoming,) = (it.kept / "incoming").iterdir()
                with incoming.open("r+b") as file:
                    first = file.read(1)
                    file.seek(0)
                    file.write(bytes([first[0] ^ 1]))
                it.agent.start()
                await when(it.alarms, lambda kinds: kinds == ["recording_damaged"], "no alarm")
                await it.becomes("b.mp4", lambda told: told["state"] == "verified", "is not sent again")
                await when(it.alarms, lambda kinds: kinds == [], "the alarm stands")
                assert len(list((it.kept / "quarantine").iterdir())) == 1

                wanted = {"recording_ids": [verified["id"]], "reason": "court"}
                answer = await it.desk.api.post("/recordings/exports", json=wanted)
                _verify(answer.content, folder / "out")
                looks = (await it.desk.api.get(f"/recordings/{verified['id']}/accesses")).json()["items"]
                assert [(look["username"], look["what"]) for look in looks] == [("sue", "recording_export")]
                await _by_command(it, folder)
                assert it.agent.stop() == 0
    finally:
        shutil.rmtree(folder)


async def _by_command(it: Scene, folder: Path) -> None:
    """The unit is sent to a call, records there, and `patrol recordings export` writes what it did."""
    call = {"category": "criminal", "priority": 2, "lat": 23.48, "lon": 120.45, "confirm_outside": True}
    incident = (await it.desk.api.post("/incidents", json=call)).json()
    (unit,) = (await it.desk.api.get("/units")).json()["items"]
    await it.desk.api.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": unit["id"]})
    it.road.turn(Weather())
    it.write("c.mp4")
    await it.becomes("c.mp4", lambda told: told["state"] == "verified", "is not sent")
    number, out = incident["number"], folder / "by command"
    told = ("--incident", number, "--reason", "court", "--to", str(out))
    printed = await run("recordings", "export", *told, data=folder / "data")
    names = os.listdir(printed.strip())
    assert [name for name in names if name.endswith(".mp4")] == ["001_EAST_c.mp4"]
    _sums_are_right(Path(printed.strip()))


def _has(wanted_bytes: int, told: dict[str, Any]) -> bool:
    return bool(told["received_bytes"] >= wanted_bytes)


def _verify(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(folder)
    (inside,) = folder.iterdir()
    _sums_are_right(inside)


def _sums_are_right(inside: Path) -> None:
    done = subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=inside, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(200)
async def test_an_sos_asks_the_camera_and_its_state_is_on_the_console() -> None:
    """The state file's word reaches the console; an SOS asks through the request file; silence becomes a notice."""
    folder = Path(tempfile.mkdtemp(prefix="pr-"))
    try:
        async with AsyncExitStack() as stack:
            with running_up(folder / "data") as up:
                it = await scene(stack, folder, up)
                told = folder / "cameras.toml"
                told.write_text(told.read_text().replace("rest_s = 0.5", 'rest_s = 0.5\nrequest_file = "record.json"'))
                it.agent.kill()
                it.agent.start()

                async def states() -> list[tuple[str, float]]:
                    units = (await it.desk.api.get("/units")).json()["items"]
                    return [(camera["state"], camera["battery_pct"]) for camera in units[0]["cameras"]]

                await when(states, lambda seen: seen == [("standby", 77)], "the state is not told")
                await _sos(it.agent)
                await when(lambda: asyncio.to_thread((it.dock / "record.json").exists), bool, "it is not asked")
                await when(lambda: _notices(it.agent), lambda seen: any("dash-1" in text for text in seen), "no notice")
                (it.dock / "status.json").write_text('{"state": "recording", "battery_pct": 76}')
                await when(states, lambda seen: seen == [("recording", 76)], "the state does not change")
    finally:
        shutil.rmtree(folder)


async def _sos(agent: AgentProcess) -> None:
    async with httpx.AsyncClient(base_url=agent.screen_url, trust_env=False) as screen:
        (await screen.post("/api/sos", json={"active": True})).raise_for_status()


async def _notices(agent: AgentProcess) -> list[str]:
    async with httpx.AsyncClient(base_url=agent.screen_url, trust_env=False) as screen:
        return [notice["text"] for notice in (await screen.get("/api/state")).json()["notices"]]
