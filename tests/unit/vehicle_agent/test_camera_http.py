"""Devices over HTTP that answer, hang, drip and babble; words that are translated."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.unit.vehicle_agent.camera_parts import beside, first
from vehicle_agent.cameras.http_json import HttpCamera
from vehicle_agent.cameras.settings import HttpSettings
from vehicle_agent.cameras.source import CameraReport
from vehicle_agent.cameras.status_words import Paths, Unreadable, read_status


class Device(BaseHTTPRequestHandler):
    """Answers as the test says: bytes, or a function that does what it likes with the socket."""

    body: Any = b'{"cam": {"mode": "IDLE"}, "disk": {"free": 5000000000}}'
    posted: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        if callable(Device.body):
            Device.body(self)
            return
        self._answer(Device.body)

    def do_POST(self) -> None:
        Device.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        Device.body = b'{"cam": {"mode": "REC"}}'
        self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def device() -> Iterator[str]:
    """A running one; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Device)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def http_camera(url: str, timeout_s: float = 20.0, **members: Any) -> HttpCamera:
    """Asked often, for tests."""
    return HttpCamera(
        HttpSettings(
            id="bwc-1",
            url=f"{url}/state",
            every_s=0.05,
            timeout_s=timeout_s,
            paths=Paths(state="cam.mode", free_bytes="disk.free"),
            words={"IDLE": "standby", "REC": "recording"},
            **members,
        )
    )


async def test_a_device_is_read_and_asked_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words become our states; the POST starts it."""
    monkeypatch.setattr(Device, "body", Device.body)
    monkeypatch.setattr(Device, "posted", [])
    with device() as url:
        camera = http_camera(url, record_url=f"{url}/record", record_body='{"on": 1}')
        reports = camera.reports()
        report = await anext(reports)
        assert (report.state, report.free_mb) == ("standby", 5000)
        assert await camera.ask_to_record()
        assert (await first(reports, lambda told: told.state == "recording")).state == "recording"
        assert Device.posted == [b'{"on": 1}']
    assert not await http_camera(url, record_url=f"{url}/record").ask_to_record()
    assert not await http_camera(url).ask_to_record()


def hang(handler: Device) -> None:
    """Says nothing."""
    handler.connection.settimeout(1)
    with suppress(OSError):
        handler.connection.recv(1)


def drip(handler: Device) -> None:
    """A byte now and then."""
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        for _ in range(20):
            handler.wfile.write(b" ")
            threading.Event().wait(0.1)


@pytest.mark.parametrize(
    ("answer", "state"), [(hang, "off"), (drip, "off"), (b"<html>", "fault"), (b'{"cam": {"mode": "?"}}', "fault")]
)
async def test_a_device_that_hangs_drips_or_babbles_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch, answer: Any, state: str
) -> None:
    """The event loop ticks on, and after three misses the camera is said to be off or at fault."""
    monkeypatch.setattr(Device, "body", staticmethod(answer) if callable(answer) else answer)
    gaps: list[float] = []

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        while True:
            await asyncio.sleep(0.01)
            gaps.append(loop.time() - before)
            before = loop.time()

    with device() as url:

        async def look() -> None:
            assert (await anext(http_camera(url, timeout_s=0.4).reports())).state == state

        await beside(tick(), until=look())
    assert len(gaps) >= 3
    assert sorted(gaps)[len(gaps) // 2] < 0.2


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"state": 3}', b'{"state": "DANCING"}', b'\xff{"state"', b"[" * 100_000, b'{"state": {}}'],
)
def test_a_status_without_sense_is_unreadable(raw: bytes) -> None:
    """Whatever the bytes: one exception, and never a state made up."""
    with pytest.raises(Unreadable):
        read_status(raw, Paths(), {})


def test_an_odd_member_is_not_told(tmp_path: Path) -> None:
    """A battery of 900 %, a name of the wrong type: left out, so that the message is never refused."""
    raw = b'{"state": 2, "battery_pct": 900, "free_mb": -1, "recording_id": 7, "officer_id": ""}'
    assert read_status(raw, Paths(), {"2": "buffering"}) == CameraReport(state="buffering")
