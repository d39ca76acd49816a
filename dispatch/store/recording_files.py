"""The files of recordings: incoming, kept by year and month, quarantined. Each 0600, each step synced to disk.

An incoming file is truncated to the offset that the database holds before it grows: what was written and not noted
(a kill, a cut wire) is written again. The lock lives with the open file, so that a killed server leaves none behind.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

CHUNK_BYTES: Final = 1024 * 1024
RESERVE_BYTES: Final = 64 * 1024 * 1024
"""What an upload leaves free on the disk: databases stop badly on a full one."""
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


class Busy(Exception):
    """Another request writes this file."""


class Incoming:
    """One incoming file while one request has it locked. Raises Busy, and OSError, ENOSPC among them."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self.offset = self._end = 0
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._fd)
            raise Busy from error

    def resume(self, offset: int) -> int:
        """Drops what lies behind the noted offset; the offset from which it goes on, lower where a disk lost some."""
        self.offset = self._end = min(offset, os.fstat(self._fd).st_size)
        os.ftruncate(self._fd, self.offset)
        return self.offset

    def write(self, data: bytes) -> None:
        """Behind what is there; not yet sure. Raises OSError ENOSPC where it would touch the reserve."""
        if not _has_room(os.fstatvfs(self._fd), len(data)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = memoryview(data)
        while view:
            written = os.pwrite(self._fd, view, self._end)
            self._end += written
            view = view[written:]

    def commit(self) -> int:
        """What was written is on the disk; the offset from now on."""
        os.fsync(self._fd)
        self.offset = self._end
        return self.offset

    def undo(self) -> None:
        """As if nothing had been written since the last `commit`."""
        os.ftruncate(self._fd, self.offset)
        self._end = self.offset

    def close(self) -> None:
        """Lets others write it."""
        os.close(self._fd)


class RecordingFiles:
    """The folder of one bureau's recordings."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in (root, root / "incoming", root / "quarantine"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def incoming(self, upload_id: UUID) -> Path:
        """Where an upload's bytes gather."""
        return self.root / "incoming" / str(upload_id)

    def has_room(self, size_bytes: int) -> bool:
        """Whether so many bytes more still leave the reserve free."""
        return _has_room(os.statvfs(self.root), size_bytes)

    def are_here(self) -> bool:
        """False while what is mounted there is something else: the volume with the recordings is away."""
        return (self.root / "incoming").is_dir()

    def create(self, upload_id: UUID) -> None:
        """An empty incoming file that survives a power cut."""
        Incoming(self.incoming(upload_id)).close()
        _sync(self.root / "incoming")

    def place_of(self, recording_id: UUID, started_at: datetime, name: str) -> str:
        """Where a verified recording is kept, below the folder: YYYY/MM (UTC) of its begin."""
        suffix = _SUFFIX.search(name)
        return f"{started_at:%Y/%m}/{recording_id}{suffix.group() if suffix else ''}"

    def move(self, upload_id: UUID, place: str) -> None:
        """From incoming to `place`, which may already be done. Raises FileNotFoundError where neither is there."""
        target = self.root / place
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self.incoming(upload_id).rename(target)
        except FileNotFoundError:
            if not target.is_file():
                raise
        for folder in (target.parent, target.parent.parent, self.root, self.root / "incoming"):
            _sync(folder)

    def forsaken(self, before_s: float) -> list[str]:
        """Places in incoming and quarantine that nothing was written to since then (epoch seconds)."""
        places = []
        for folder in ("incoming", "quarantine"):
            with os.scandir(self.root / folder) as found:
                files = [file for file in found if file.is_file(follow_symlinks=False)]
            places += [f"{folder}/{file.name}" for file in files if file.stat().st_mtime < before_s]
        return places

    def remove(self, place: str) -> None:
        """Gone, also where it was already."""
        (self.root / place).unlink(missing_ok=True)
        if (self.root / place).parent.is_dir():
            _sync((self.root / place).parent)


def _has_room(disk: os.statvfs_result, size_bytes: int) -> bool:
    return disk.f_bavail * disk.f_frsize >= size_bytes + RESERVE_BYTES


def sha256_of(path: Path) -> str:
    """Hex. Raises OSError. Belongs into a thread: a large file takes seconds."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
