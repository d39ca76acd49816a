"""Closed files enter the book with their SHA-256, and are told to dispatch. Hashing is done in a thread, by pieces."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog

from gateway.protocol import Recording
from vehicle_agent.cameras.source import CameraSource, ClosedFile
from vehicle_agent.cameras.watching import Watch, officer_of, open_order
from vehicle_agent.car import Car
from vehicle_agent.recording_book import HASHED, TOLD, Entry, RecordingBook, name_of

PIECE_BYTES: Final = 1024 * 1024

_log = structlog.get_logger(__name__)


class Indexing:
    """Of all cameras of one car. Raises sqlite3.Error where the disk refuses the book."""

    def __init__(self, book: RecordingBook, car: Car, watch: Watch, clock_ms: Callable[[], int]) -> None:
        self._book = book
        self._car = car
        self._watch = watch
        self._clock_ms = clock_ms
        self._one = asyncio.Lock()

    async def follow(self, camera: CameraSource) -> None:
        """Until cancelled; what was hashed and not told before a restart goes first."""
        self.tell_waiting()
        async for file in camera.closed_files():
            await self._take(camera.camera_id, file)

    async def _take(self, camera_id: str, file: ClosedFile) -> None:
        async with self._one:  # one at a time: the card and the processor have other work too
            if self._book.knows(file):
                return
            try:
                sha256 = await _in_thread(file.path)
            except OSError as error:
                _log.warning("recording_unreadable", camera_id=camera_id, reason=error.strerror)
                return
            if not unchanged(file):
                return  # it grew after all; the camera gives it again when it rests
            index = self._index(camera_id, file, sha256)
            self._book.add(file, index, self._clock_ms())
        _log.info("recording_closed", camera_id=camera_id, recording_id=index["recording_id"], bytes=file.size_bytes)
        self.tell_waiting()

    def _index(self, camera_id: str, file: ClosedFile, sha256: str) -> dict[str, Any]:
        optional = {
            "officer_id": file.officer_id or officer_of(self._watch.last, camera_id),
            "assignment_id": open_order(self._car.state),
            "media_type": file.media_type,
        }
        return {
            "recording_id": name_of(camera_id, file, sha256),
            "camera_id": camera_id,
            "started_ms": file.started_ms,
            "ended_ms": file.ended_ms,
            "size_bytes": file.size_bytes,
            "sha256": sha256,
            "name": file.path.name[-200:],
            **{name: value for name, value in optional.items() if value is not None},
        }

    def tell_waiting(self) -> None:
        """Journals the index of each that is not told. A crash in between tells it twice, which changes nothing."""
        for entry in self._book.in_state(HASHED):
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        self._car.report_recording(lambda seq, time_ms: Recording(seq=seq, time_ms=time_ms, **entry.index))
        self._book.set_state(entry.recording_id, TOLD, self._clock_ms())


def unchanged(file: ClosedFile | Entry) -> bool:
    """Whether it still has the size and the time with which it was hashed."""
    try:
        stat = file.path.lstat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (file.size_bytes, file.mtime_ns)


async def _in_thread(path: Path) -> str:
    stop = threading.Event()
    try:
        return await asyncio.to_thread(sha256_of, path, stop)
    finally:
        stop.set()


def sha256_of(path: Path, stop: threading.Event | None = None) -> str:
    """Hex. Raises OSError; stops early, with a hash of nothing much, when told to."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while (piece := file.read(PIECE_BYTES)) and not (stop is not None and stop.is_set()):
            digest.update(piece)
    return digest.hexdigest()
