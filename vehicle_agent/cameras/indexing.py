"""Closed files enter the book with their SHA-256, and are told to dispatch. Hashing is done in a thread, by pieces."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import structlog

from gateway.protocol import Recording
from vehicle_agent.cameras.source import CameraSource, ClosedFile
from vehicle_agent.cameras.watching import Watch
from vehicle_agent.car import Car
from vehicle_agent.recording_book import HASHED, Entry, RecordingBook, name_of

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
            try:
                await self._take(camera.camera_id, file)
            except sqlite3.Error:
                raise
            except Exception as error:  # noqa: BLE001 - whatever is odd about one file, the next is not to wait for it
                _log.error("recording_not_indexed", camera_id=camera.camera_id, exc_info=error)

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
            if self._book.spoilt_name(file) not in {None, index["recording_id"]}:
                _log.error("recording_still_spoilt", camera_id=camera_id, recording_id=index["recording_id"])
                return  # another hash, and nobody wrote it: this is no recording of its own
            self._book.add(file, index, self._clock_ms())
        _log.info("recording_closed", camera_id=camera_id, recording_id=index["recording_id"], bytes=file.size_bytes)
        self.tell_waiting()

    def _index(self, camera_id: str, file: ClosedFile, sha256: str) -> dict[str, Any]:
        times = file.started_ms, file.ended_ms
        optional = {
            "officer_id": file.officer_id or self._watch.officer_during(camera_id, *times),
            "assignment_id": self._watch.orders.during(*times),
            "media_type": file.media_type,
        }
        return {
            "recording_id": name_of(camera_id, file, sha256),
            "camera_id": camera_id,
            "started_ms": file.started_ms,
            "ended_ms": file.ended_ms,
            "size_bytes": file.size_bytes,
            "sha256": sha256,
            "name": _readable(file.path),
            **{name: value for name, value in optional.items() if value is not None},
        }

    def tell_waiting(self) -> None:
        """Journals the index of each that is not told. A crash in between tells it twice, which changes nothing."""
        for entry in self._book.in_state(HASHED):
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        seq = self._car.report_recording(lambda seq, time_ms: Recording(seq=seq, time_ms=time_ms, **entry.index))
        self._book.set_told(entry.recording_id, seq, self._clock_ms())

    def tell_lost(self, entry: Entry, lost: Literal["spoilt", "missing"]) -> None:
        """The car can't send it: dispatch is not to wait for it."""
        self._car.report_recording(lambda seq, time_ms: Recording(seq=seq, time_ms=time_ms, lost=lost, **entry.index))

    def was_heard(self, entry: Entry) -> bool:
        """Whether the gateway has, or can no longer get, the message that told it."""
        return self._car.was_heard(entry.told_seq or 0)


def _readable(path: Path) -> str:
    """Its name, as the link carries it: cameras write names in whatever coding."""
    return os.fsencode(path.name).decode(errors="replace")[-200:]


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
