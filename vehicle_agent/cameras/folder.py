"""A folder into which a dock or a dashcam writes: files that are complete, and what its status file says.

A file is complete when its size and its time rest for `rest_s`, and its name is no unfinished one's. A status file is
read as it comes: half-written it is passed over, and the state of before stands until `stale_s` are over.
"""

from __future__ import annotations

import asyncio
import fnmatch
import mimetypes
import os
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import structlog
from msgspec.structs import replace

from gateway.protocol import TIME_MAX_MS
from vehicle_agent.cameras.settings import FolderSettings
from vehicle_agent.cameras.source import CameraReport, ClosedFile
from vehicle_agent.cameras.status_words import MB, Unreadable, read_status, readable_name

LOOK_S: Final = 1.0
UNFINISHED: Final = (".tmp", ".part", ".partial", ".temp", ".writing")
_STATUS_LIMIT_BYTES: Final = 64 * 1024

_log = structlog.get_logger(__name__)


class FolderCamera:
    """See `CameraSource`."""

    def __init__(self, settings: FolderSettings, look_s: float = LOOK_S) -> None:
        self.camera_id = settings.id
        self._settings = settings
        self._folder = Path(settings.folder)
        self._look_s = min(look_s, settings.rest_s)
        self._resting: dict[Path, tuple[int, int, float]] = {}
        self._status: CameraReport | None = None
        self._read_at_s = time.monotonic()

    async def reports(self) -> AsyncIterator[CameraReport]:
        """Of the status file; without one, "recording" while a file grows."""
        while True:
            yield await asyncio.to_thread(self._report)
            await asyncio.sleep(self._look_s)

    async def closed_files(self) -> AsyncIterator[ClosedFile]:
        """Each once a run, also those that lay there before."""
        given: dict[Path, tuple[int, int]] = {}
        while True:
            for found in await asyncio.to_thread(self._closed, given):
                yield found
            await asyncio.sleep(self._look_s)

    async def ask_to_record(self) -> bool:
        """Writes the request file, where the device has one."""
        if self._settings.request_file is None:
            return False
        return await asyncio.to_thread(self._request, self._folder / self._settings.request_file)

    def _request(self, path: Path) -> bool:
        partial = path.with_name(path.name + ".part")
        try:
            partial.write_bytes(msgspec.json.encode({"record": True, "asked_ms": time.time_ns() // 1_000_000}))
            partial.replace(path)
        except OSError as error:
            _log.warning("camera_request_failed", camera_id=self.camera_id, reason=error.strerror)
            return False
        return True

    # ---- state

    def _report(self) -> CameraReport:
        if not self._folder.is_dir():
            return CameraReport(state="off")
        if self._settings.status_file is None:
            growing = self._is_growing()
            return CameraReport(state="recording" if growing else "standby", free_mb=self._free_mb())
        try:
            with (self._folder / self._settings.status_file).open("rb") as file:
                raw = file.read(_STATUS_LIMIT_BYTES)
            read = read_status(raw, self._settings.paths, self._settings.words)
        except (OSError, Unreadable) as error:
            if self._status is not None and time.monotonic() - self._read_at_s < self._settings.stale_s:
                return self._status
            if self._status is None or self._status.state != "fault":
                _log.warning("camera_status_unreadable", camera_id=self.camera_id, reason=str(error))
            self._status = CameraReport(state="fault", free_mb=self._free_mb())
            return self._status
        self._status = read if read.free_mb is not None else replace(read, free_mb=self._free_mb())
        self._read_at_s = time.monotonic()
        return self._status

    def _is_growing(self) -> bool:
        newest_s = max((stat.st_mtime for _, stat in self._files(unfinished=True)), default=0.0)
        return time.time() - newest_s < self._settings.rest_s

    def _free_mb(self) -> float | None:
        try:
            room = os.statvfs(self._folder)
        except OSError:
            return None
        return room.f_bavail * room.f_frsize / MB

    # ---- files

    def _files(self, *, unfinished: bool = False) -> list[tuple[Path, os.stat_result]]:
        found = []
        for folder, _, names in os.walk(self._folder, onerror=None):
            for name in names:
                plain = name.removesuffix(next((end for end in UNFINISHED if name.lower().endswith(end)), ""))
                if name.startswith(".") or (plain != name and not unfinished):
                    continue
                if any(fnmatch.fnmatchcase(plain, pattern) for pattern in self._settings.files):
                    path = Path(folder) / name
                    try:
                        stat = path.lstat()
                    except OSError:
                        continue
                    if os.path.isfile(path) and not path.is_symlink():
                        found.append((path, stat))
        return found

    def _closed(self, given: dict[Path, tuple[int, int]]) -> list[ClosedFile]:
        now_s = time.monotonic()
        closed, resting = [], {}
        for path, stat in self._files():
            mark = (stat.st_size, stat.st_mtime_ns)
            before = self._resting.get(path)
            since_s = before[2] if before is not None and before[:2] == mark else now_s
            resting[path] = (*mark, since_s)
            if now_s - since_s >= self._settings.rest_s and given.get(path) != mark:
                given[path] = mark
                closed.append(self._describe(path, stat))
        self._resting = resting
        for path in given.keys() - resting.keys():
            del given[path]
        return sorted(closed, key=lambda file: file.started_ms)

    def _describe(self, path: Path, stat: os.stat_result) -> ClosedFile:
        beside = _beside(path)
        ended_ms = _whole(beside.get("ended_ms")) or min(max(stat.st_mtime_ns // 1_000_000, 1), TIME_MAX_MS)
        started_ms = _whole(beside.get("started_ms")) or self._time_in(path.stem) or ended_ms
        officer = beside.get("officer_id")
        return ClosedFile(
            path=path,
            size_bytes=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            started_ms=min(started_ms, ended_ms),
            ended_ms=ended_ms,
            officer_id=readable_name(officer),
            media_type=mimetypes.guess_type(path.name)[0],
            device=stat.st_dev,
        )

    def _time_in(self, stem: str) -> int | None:
        if self._settings.name_time is None:
            return None
        try:
            moment = datetime.strptime(stem, self._settings.name_time).replace(
                tzinfo=ZoneInfo(self._settings.time_zone)
            )
        except ValueError:
            return None
        return _whole(round(moment.timestamp() * 1000))


def _beside(path: Path) -> dict[str, Any]:
    """What the camera wrote of the file in NAME.json; nothing where that is absent or half-written."""
    try:
        with path.with_name(f"{path.name}.json").open("rb") as file:
            told = msgspec.json.decode(file.read(_STATUS_LIMIT_BYTES))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _whole(value: Any) -> int | None:
    return value if type(value) is int and 0 < value <= TIME_MAX_MS else None
