"""One odd camera or file costs itself alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.vehicle_agent.camera_parts import beside, camera_of, soon, told
from tests.unit.vehicle_agent.parts import parts
from vehicle_agent.cameras import indexing as indexing_module
from vehicle_agent.cameras.indexing import Indexing
from vehicle_agent.cameras.running import Cameras
from vehicle_agent.cameras.settings import CameraSettings, FolderSettings
from vehicle_agent.cameras.simulated import SimulatedCamera
from vehicle_agent.cameras.source import CameraReport, ClosedFile
from vehicle_agent.cameras.status_words import Paths, Unreadable, read_status
from vehicle_agent.cameras.watching import Watch
from vehicle_agent.duties import Duties
from vehicle_agent.recording_book import RecordingBook
from vehicle_agent.settings import read_settings

HUGE = "9" * 400


@pytest.mark.parametrize("number", [HUGE, f"-{HUGE}", "1e30", "true", "null", '"5"'])
def test_a_number_that_is_none_is_not_told(number: str) -> None:
    """However many digits a device sends."""
    raw = f'{{"state": "standby", "battery_pct": {number}, "free_mb": {number}, "bytes": {number}}}'.encode()
    report = read_status(raw, Paths(free_bytes="bytes"), {})
    assert (report.battery_pct, report.free_mb) == (None, None)


def test_a_huge_number_in_the_place_of_the_state_is_unreadable() -> None:
    """And is said in a short sentence."""
    with pytest.raises(Unreadable) as said:
        read_status(f'{{"state": {HUGE}}}'.encode(), Paths(), {})
    assert len(str(said.value)) < 300


async def test_times_and_names_that_the_link_can_t_carry_are_left_out(tmp_path: Path) -> None:
    """A begin before 1970, an officer with a NUL: the file is indexed all the same."""
    (tmp_path / "19000101_000000.mp4").write_bytes(b"a")
    (tmp_path / "19000101_000000.mp4.json").write_text(json.dumps({"officer_id": "B\0"}))
    camera = camera_of(tmp_path, name_time="%Y%m%d_%H%M%S")
    async with asyncio.timeout(20):
        file = await anext(camera.closed_files())
    assert (file.started_ms, file.officer_id) == (file.ended_ms, None)


async def test_one_camera_that_fails_costs_no_other(tmp_path: Path) -> None:
    """The others tell their states and leave their files; the trouble names the one that failed."""
    car = parts(tmp_path / "journal")
    (tmp_path / "token").write_text("t")
    dock = tmp_path / "dock"
    dock.mkdir()
    (dock / "a.mp4").write_bytes(b"a")

    class Broken(SimulatedCamera):
        async def reports(self) -> AsyncIterator[CameraReport]:
            raise ZeroDivisionError
            yield

    given = ["--gateway", "ws://h", "--token-file", str(tmp_path / "token"), "--gnss", "gpsd:h"]
    settings = read_settings([*given, "--journal", str(tmp_path / "journal")], {})
    in_car = CameraSettings(camera=(FolderSettings(id="dash-1", folder=str(dock), rest_s=0.1),))
    cameras = Cameras(in_car, settings, car.car, car.clock.ms, [Broken("bwc-1"), SimulatedCamera("bwc-2")])
    running = Duties(car.state.troubles, again_s=0.05).run(asyncio.Event(), {}, cameras.duties())
    await beside(
        running,
        until=soon(
            lambda: (
                told(car, "recording")
                and {"dash-1", "bwc-2"} <= set(car.state.cameras)
                and car.state.troubles.codes() == ["duty_failed"]
            )
        ),
    )
    assert "camera bwc-1: ZeroDivisionError" in car.state.troubles.as_json()[0]["detail"]
    car.journal.close()


async def test_one_file_that_fails_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is odd about it."""
    car = parts(tmp_path / "journal")
    dock = tmp_path / "dock"
    dock.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (dock / name).write_bytes(name.encode())
    unchanged = indexing_module.unchanged

    def odd(file: ClosedFile) -> bool:
        if file.path.name == "a.mp4":
            raise OverflowError
        return unchanged(file)

    monkeypatch.setattr(indexing_module, "unchanged", odd)
    book = RecordingBook(tmp_path / "book")
    camera = camera_of(dock)
    indexing = Indexing(book, car.car, Watch([camera], car.car), car.clock.ms)
    await beside(indexing.follow(camera), until=soon(lambda: told(car, "recording")))
    assert [message["name"] for message in told(car, "recording")] == ["b.mp4"]
    book.close()
    car.journal.close()
