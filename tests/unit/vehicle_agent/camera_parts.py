"""Cameras in tests: a car, a folder that a dock writes into, and waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.unit.vehicle_agent.parts import Parts
from vehicle_agent.cameras.folder import FolderCamera
from vehicle_agent.cameras.settings import FolderSettings
from vehicle_agent.cameras.source import CameraReport

REST_S = 0.3


def camera_of(folder: Path, **members: Any) -> FolderCamera:
    """Quick for tests."""
    return FolderCamera(FolderSettings(id="dash-1", folder=str(folder), rest_s=REST_S, **members), look_s=0.05)


def told(car: Parts, kind: str) -> list[dict[str, Any]]:
    """Messages of this kind in the journal."""
    found = [json.loads(row.body) for row in car.journal.after(0, 1000)]
    return [message for message in found if message["type"] == kind]


async def soon(true: Callable[[], Any]) -> None:
    """Waits for it."""
    async with asyncio.timeout(20):
        while True:
            if true():
                return
            await asyncio.sleep(0.02)


async def first(reports: AsyncIterator[CameraReport], wanted: Callable[[CameraReport], bool]) -> CameraReport:
    """The first report that is what is wanted."""
    async with asyncio.timeout(20):
        async for report in reports:
            if wanted(report):
                return report
    raise AssertionError


async def beside(*works: Awaitable[Any], until: Awaitable[Any]) -> None:
    """Runs these until that is done."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await until
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
