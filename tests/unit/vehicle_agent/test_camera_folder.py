"""Folders that docks and dashcams write into: what is complete, whose it is, what a status file says."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.unit.vehicle_agent.camera_parts import REST_S, beside, camera_of, first, soon
from vehicle_agent.cameras.source import ClosedFile
from vehicle_agent.cameras.status_words import Paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a dock writes into."""
    made = tmp_path / "dock"
    made.mkdir()
    return made


async def test_a_file_is_taken_when_it_rests_and_not_before(folder: Path) -> None:
    """One that grows, an unfinished name, a hidden one, a link and another kind of file are left alone."""
    (folder / "done.mp4").write_bytes(b"done")
    (folder / "still.mp4.part").write_bytes(b"x")
    (folder / ".hidden.mp4").write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"x")
    (folder / "link.mp4").symlink_to("/etc/passwd")
    found: list[ClosedFile] = []

    async def collect() -> None:
        async for file in camera_of(folder).closed_files():
            found.append(file)

    async def grow() -> None:
        for _ in range(12):
            with (folder / "grows.mp4").open("ab") as file:
                file.write(b"more")
            await asyncio.sleep(REST_S / 4)
        assert [file.path.name for file in found] == ["done.mp4"]
        await soon(lambda: len(found) == 2)
        assert (found[1].path.name, found[1].size_bytes) == ("grows.mp4", 48)
        (folder / "still.mp4.part").rename(folder / "still.mp4")
        await soon(lambda: len(found) == 3)

    await beside(collect(), until=grow())
    assert [file.path.name for file in found] == ["done.mp4", "grows.mp4", "still.mp4"]


async def test_begin_and_officer_come_from_beside_the_file_or_its_name(folder: Path) -> None:
    """A camera's own word goes before the name, the name before the file's time; half a word is none."""
    (folder / "20261125_101500.mp4").write_bytes(b"a")
    (folder / "other.mp4").write_bytes(b"b")
    (folder / "other.mp4.json").write_text(
        '{"started_ms": 1700000000000, "ended_ms": 1700000060000, "officer_id": "B7"}'
    )
    (folder / "torn.mp4").write_bytes(b"c")
    (folder / "torn.mp4.json").write_text('{"started_ms": 17000')
    found: dict[str, ClosedFile] = {}

    async def collect() -> None:
        async for file in camera_of(folder, name_time="%Y%m%d_%H%M%S").closed_files():
            found[file.path.name] = file

    await beside(collect(), until=soon(lambda: len(found) == 3))
    assert found["20261125_101500.mp4"].started_ms == 1_795_572_900_000  # 10:15 in Taipei
    other = found["other.mp4"]
    assert (other.started_ms, other.ended_ms, other.officer_id) == (1_700_000_000_000, 1_700_000_060_000, "B7")
    torn = found["torn.mp4"]
    assert (torn.started_ms, torn.officer_id, torn.media_type) == (torn.ended_ms, None, "video/mp4")


async def test_a_half_written_status_file_keeps_the_state_of_before(folder: Path) -> None:
    """Only a status that stays unreadable is a fault, and a folder that is gone an unplugged camera."""
    status = folder / "status.json"
    status.write_text('{"mode": "REC", "battery_pct": 81, "free_mb": 2048}')
    paths, words = Paths(state="mode"), {"REC": "recording"}
    reports = camera_of(folder, status_file="status.json", stale_s=1.0, paths=paths, words=words).reports()
    report = await anext(reports)
    assert (report.state, report.battery_pct, report.free_mb) == ("recording", 81, 2048)
    status.write_text('{"mode": "RE')
    assert await anext(reports) == report
    assert (await first(reports, lambda told: told != report)).state == "fault"
    await asyncio.to_thread(shutil.rmtree, folder)
    assert (await anext(reports)).state == "off"


async def test_without_a_status_file_a_growing_file_is_recording(folder: Path) -> None:
    """A plain dashcam tells nothing; that it writes tells enough."""
    reports = camera_of(folder).reports()
    assert (await anext(reports)).state == "standby"
    (folder / "a.mp4.tmp").write_bytes(b"x")
    assert (await anext(reports)).state == "recording"
    assert (await first(reports, lambda told: told.state == "standby")).free_mb is not None


async def test_a_folder_camera_is_asked_through_its_request_file(folder: Path) -> None:
    """Written whole; without such a file it can't be asked, and says so."""
    assert await camera_of(folder, request_file="record.json").ask_to_record()
    assert json.loads((folder / "record.json").read_text())["record"] is True
    assert not await camera_of(folder).ask_to_record()
    assert not await camera_of(folder / "gone", request_file="record.json").ask_to_record()
