"""Brings the cameras of one car together: what runs beside the link, from the settings' file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog

from vehicle_agent.cameras.folder import FolderCamera
from vehicle_agent.cameras.http_json import HttpCamera
from vehicle_agent.cameras.indexing import Indexing
from vehicle_agent.cameras.settings import (
    CameraSettings,
    FolderSettings,
    HttpSettings,
    SimulatedSettings,
    UploadSettings,
)
from vehicle_agent.cameras.simulated import SimulatedCamera
from vehicle_agent.cameras.source import CameraSource
from vehicle_agent.cameras.watching import AskToRecord, Watch
from vehicle_agent.car import Car
from vehicle_agent.duties import Duty
from vehicle_agent.recording_book import RecordingBook
from vehicle_agent.settings import Settings, read_token
from vehicle_agent.tus import TusClient
from vehicle_agent.uploads import Uploads

BOOK_AGAIN_S: Final = 30.0

_log = structlog.get_logger(__name__)


class Cameras:
    """All cameras of one car and their files."""

    def __init__(
        self,
        in_car: CameraSettings,
        settings: Settings,
        car: Car,
        clock_ms: Callable[[], int],
        more: Sequence[CameraSource] = (),
    ) -> None:
        self._in_car = in_car
        self._settings = settings
        self._car = car
        self._clock_ms = clock_ms
        self._cameras = [*(open_camera(camera) for camera in in_car.camera), *more]
        self._watch = Watch(self._cameras, car, clock_ms)

    def duties(self) -> dict[str, Duty]:
        """What runs beside the link, each of which may fail alone; none for a car without cameras."""
        if not self._cameras:
            return {}
        asking = AskToRecord(self._watch, self._car.state, self._in_car.records_within_s)
        watched = {f"camera {camera.camera_id}": partial(self._watch.follow, camera) for camera in self._cameras}
        others: dict[str, Duty] = {
            "orders for cameras": self._watch.note_orders,
            "asking cameras": asking.run,
            "recordings": self._keep_files,
        }
        return watched | others

    async def _keep_files(self) -> None:
        """A disk that refuses the book stops neither the states of the cameras nor the rest of the agent."""
        while True:
            try:
                await self._with_book()
            except* sqlite3.Error as group:
                _log.error("recording_book_failed", reason=str(group.exceptions[0]))
            await asyncio.sleep(BOOK_AGAIN_S)

    async def _with_book(self) -> None:
        journal = self._settings.journal
        book = RecordingBook(journal.with_name(f"{journal.name}.recordings"))
        try:
            indexing = Indexing(book, self._car, self._watch, self._clock_ms)
            async with asyncio.TaskGroup() as group:
                for camera in self._cameras:
                    group.create_task(indexing.follow(camera))
                if self._in_car.uploads is not None:
                    group.create_task(self._uploads(self._in_car.uploads, book, indexing).run())
        finally:
            book.close()

    def _uploads(self, up: UploadSettings, book: RecordingBook, indexing: Indexing) -> Uploads:
        client = TusClient(up.url, lambda: read_token(self._settings.token_file), up.timeout_s, up.ca_file)
        return Uploads(up, book, client, indexing, self._car.state, self._clock_ms)


def open_camera(settings: FolderSettings | HttpSettings | SimulatedSettings) -> CameraSource:
    """The adapter of this kind."""
    if isinstance(settings, FolderSettings):
        return FolderCamera(settings)
    if isinstance(settings, HttpSettings):
        return HttpCamera(settings)
    return SimulatedCamera(settings.id)
