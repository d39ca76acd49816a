"""A camera that does what it is told, for demonstrations and tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from msgspec.structs import replace

from vehicle_agent.cameras.source import CameraReport, ClosedFile


class SimulatedCamera:
    """`obedient` False: it hears the request to record, and does not."""

    def __init__(self, camera_id: str, *, obedient: bool = True) -> None:
        self.camera_id = camera_id
        self.asked = 0
        self._obedient = obedient
        self._changes: asyncio.Queue[CameraReport] = asyncio.Queue()
        self._last = CameraReport(state="standby", battery_pct=100.0)
        self.change(self._last)

    def change(self, report: CameraReport) -> None:
        """Go over to another state."""
        self._last = report
        self._changes.put_nowait(report)

    async def reports(self) -> AsyncIterator[CameraReport]:
        """See `CameraSource`."""
        while True:
            yield await self._changes.get()

    async def closed_files(self) -> AsyncIterator[ClosedFile]:
        """None ever."""
        await asyncio.Event().wait()
        yield  # type: ignore[misc] # makes it a generator

    async def ask_to_record(self) -> bool:
        """See `CameraSource`."""
        self.asked += 1
        if self._obedient:
            self.change(replace(self._last, state="recording"))
        return True
