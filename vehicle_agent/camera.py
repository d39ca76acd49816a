"""Cameras on the officers and in the car, behind one small interface. Adapters for real makes come beside this one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal, Protocol

from msgspec import Struct

from gateway.protocol import Camera
from vehicle_agent.car import Car

State = Literal["off", "standby", "buffering", "recording", "uploading", "fault"]


class CameraReport(Struct, frozen=True, kw_only=True):
    """What a camera says of itself when its state changes."""

    state: State
    battery_pct: float | None = None
    free_mb: float | None = None
    recording_id: str | None = None
    officer_id: str | None = None


class CameraSource(Protocol):
    """A camera that tells its changes of state."""

    camera_id: str

    def reports(self) -> AsyncIterator[CameraReport]:
        """Each change of state, the present one first."""
        ...


class SimulatedCamera:
    """A camera that does what it is told, for demonstrations and tests."""

    def __init__(self, camera_id: str) -> None:
        self.camera_id = camera_id
        self._changes: asyncio.Queue[CameraReport] = asyncio.Queue()
        self.change(CameraReport(state="standby", battery_pct=100.0))

    def change(self, report: CameraReport) -> None:
        """Go over to another state."""
        self._changes.put_nowait(report)

    async def reports(self) -> AsyncIterator[CameraReport]:
        """See `CameraSource`."""
        while True:
            yield await self._changes.get()


async def watch(camera: CameraSource, car: Car) -> None:
    """Journal every change of state that differs from the one before."""
    before: CameraReport | None = None
    async for report in camera.reports():
        if report == before:
            continue
        before = report

        def message(seq: int, time_ms: int, report: CameraReport = report) -> Camera:
            return Camera(
                seq=seq,
                time_ms=time_ms,
                camera_id=camera.camera_id,
                state=report.state,
                battery_pct=report.battery_pct,
                free_mb=report.free_mb,
                recording_id=report.recording_id,
                officer_id=report.officer_id,
            )

        car.report_camera(message)
