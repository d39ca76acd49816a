"""The files of recordings: incoming, kept by year and month, quarantined. Each 0600, each step synced to disk.

An incoming file is truncated to the offset that the database holds before it grows: what was written and not noted
(a kill, a cut wire) is written again. The lock lives with the open file, so that a killed server leaves none behind.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from dispatch.domain.recording import safe_name

CHUNK_BYTES: Final = 1024 * 1024
RESERVE_BYTES: Final = 64 * 1024 * 1024
"""What an upload leaves free on the disk: databases stop badly on a full one."""


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
        """Behind what is there; not yet sure."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self._fd, view, self._end)
            self._end += written
            view = view[written:]

    @property
    def written(self) -> int:
        """Bytes since the last `commit`."""
        return self._end - self.offset

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
        free = os.statvfs(self.root)
        return free.f_bavail * free.f_frsize >= size_bytes + RESERVE_BYTES

    def create(self, upload_id: UUID) -> None:
        """An empty incoming file that survives a power cut."""
        Incoming(self.incoming(upload_id)).close()
        _sync(self.root / "incoming")

    def place_of(self, recording_id: UUID, started_at: datetime, name: str) -> str:
        """Where a verified recording is kept, below the folder: YYYY/MM (UTC) of its begin."""
        suffix = Path(safe_name(name)).suffix
        return f"{started_at:%Y/%m}/{recording_id}{suffix}"

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

    def remove(self, place: str) -> None:
        """Gone, also where it was already."""
        (self.root / place).unlink(missing_ok=True)
        if (self.root / place).parent.is_dir():
            _sync((self.root / place).parent)


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
