"""The car's side of uploads against a real server: only at the station, kept until verified, and what goes wrong."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from dispatch.store import recording_files
from dispatch.store.recording_tables import recordings
from tests.support.car_rig import Rig, during
from tests.support.recordings import video
from tests.unit.vehicle_agent.parts import parts
from vehicle_agent.cameras import running
from vehicle_agent.cameras.running import Cameras
from vehicle_agent.cameras.settings import CameraSettings, FolderSettings, SimulatedSettings
from vehicle_agent.duties import Duties
from vehicle_agent.recording_book import MISSING, SPOILT, TOLD, VERIFIED, RecordingBook
from vehicle_agent.settings import read_settings
from vehicle_agent.tus import TusClient


async def test_nothing_is_sent_away_from_the_station(rig: Rig) -> None:
    """The way to the server decides: from another network not one request goes out; from the station's it does."""
    await rig.record("a.mp4", video(1000))
    away = rig.uploads(station_networks=("10.1.0.0/16",))
    assert not await asyncio.to_thread(away.at_station)
    await away._round()
    assert rig.states() == [TOLD]
    assert (await _incoming(rig)) == []
    at_home = rig.uploads(station_networks=("10.1.0.0/16", "127.0.0.0/8"))
    assert await asyncio.to_thread(at_home.at_station)
    await during(at_home.run(), lambda: rig.states() == [VERIFIED])


async def _incoming(rig: Rig) -> list[str]:
    return await asyncio.to_thread(os.listdir, rig.server.app.state.recordings.files.root / "incoming")


async def test_a_file_stays_until_it_is_verified_and_then_for_its_days(rig: Rig) -> None:
    """With `keep_days` it is deleted after them, without never; a file of another content under its name is spared."""
    first, second = await rig.record("a.mp4", video(1000)), await rig.record("b.mp4", video(1000))
    keeping = rig.uploads()
    await during(keeping.run(), lambda: rig.states() == [VERIFIED, VERIFIED])
    assert first.exists()
    second.write_bytes(b"another recording of the camera")
    week = rig.uploads(keep_days=7)
    await week._round()
    assert first.exists()
    rig.parts.clock.pass_s(8 * 86_400)
    await week._round()
    assert not first.exists()
    assert second.exists()
    assert rig.states() == ["removed", "removed"]


async def test_a_file_that_changed_or_vanished_is_told_to_the_crew(rig: Rig) -> None:
    """Nothing of it is sent as if it were what was indexed."""
    spoilt, missing = await rig.record("a.mp4", video(1000)), await rig.record("b.mp4", video(1000))
    spoilt.write_bytes(video(1000))
    missing.unlink()
    await during(rig.uploads().run(), lambda: rig.states() == [SPOILT, MISSING])
    assert [name in notice["text"] for name, notice in zip(("a.mp4", "b.mp4"), _notices(rig), strict=True)] == [
        True
    ] * 2
    assert await _incoming(rig) == []


def _notices(rig: Rig) -> list[dict[str, Any]]:
    return rig.parts.state.notices.as_json()


async def test_a_full_disk_of_the_server_is_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stays in the car, and goes on by itself when there is room."""
    await rig.record("a.mp4", video(1000))
    with monkeypatch.context() as full:
        full.setattr(recording_files, "RESERVE_BYTES", 2**62)
        uploads = rig.uploads()
        await during(uploads.run(), lambda: "storage_full" in (uploads._said or ""))
    await during(rig.uploads().run(), lambda: rig.states() == [VERIFIED])


async def test_an_index_that_got_lost_is_told_again(rig: Rig) -> None:
    """A journal that a disk refused and a power cut: the server never heard of it, and hears now."""
    await rig.record("a.mp4", video(1000))
    async with rig.server.engine.begin() as connection:
        await connection.execute(delete(recordings))
    await rig.uploads()._round()
    before = rig.parts.journal.last_seq
    rig.parts.clock.pass_s(120)
    await rig.uploads()._round()
    assert rig.parts.journal.last_seq == before + 1
    await rig.carry()
    await during(rig.uploads().run(), lambda: rig.states() == [VERIFIED])


async def test_a_server_that_is_away_holds_up_nothing(rig: Rig) -> None:
    """No wire, a revoked token: said once, tried again, and the file stays."""
    await rig.record("a.mp4", video(1000))
    uploads = rig.uploads()
    uploads._client = TusClient("http://127.0.0.1:9", lambda: "x", 1.0)
    await uploads._round()
    assert uploads._said is not None
    assert "ConnectionRefusedError" in uploads._said
    refused = rig.uploads()
    refused._client = TusClient(rig.server.url, lambda: "nobody", 5.0)
    await refused._round()
    assert refused._said is not None
    assert "401" in refused._said
    assert rig.states() == [TOLD]
    with pytest.raises(httpx.HTTPStatusError):
        (await rig.car.http.get("/api/v1/recordings")).raise_for_status()


async def test_a_book_that_the_disk_refuses_stops_neither_states_nor_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full or read-only: cameras are still watched, and the book is tried again."""
    tried = 0

    def refuse(*_: object) -> RecordingBook:
        nonlocal tried
        tried += 1
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(running, "RecordingBook", refuse)
    monkeypatch.setattr(running, "BOOK_AGAIN_S", 0.05)
    car = parts(tmp_path / "journal")
    (tmp_path / "token").write_text("t")
    given = ["--gateway", "ws://h", "--token-file", str(tmp_path / "token"), "--gnss", "gpsd:h"]
    in_car = CameraSettings(
        camera=(SimulatedSettings(id="body-1"), FolderSettings(id="dash-1", folder=str(tmp_path))),
    )
    cameras = Cameras(in_car, read_settings(given, {}), car.car, car.clock.ms)
    running_all = Duties(car.state.troubles).run(asyncio.Event(), {}, cameras.duties())
    await during(running_all, lambda: tried > 2 and len(car.state.cameras) == 2)
    car.journal.close()
