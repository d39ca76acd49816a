"""The car's book of recordings, a small SQLite file of its own: hashed, told, on its way, verified.

A file is in the book before it is told, and told before it is sent; each step is on disk before the next. The name of a
recording follows from its camera and content alone, so that neither a lost book nor a file with another name makes a
second recording of the same.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from vehicle_agent.cameras.source import ClosedFile
from vehicle_agent.journal_file import is_damage

_NAMES: Final = uuid.UUID("5b0c1f0e-6d0e-4a57-9a6b-8f2f5f1f7a11")
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS recordings (
        recording_id TEXT PRIMARY KEY, path BLOB NOT NULL, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        device INTEGER, body BLOB NOT NULL, state TEXT NOT NULL, upload TEXT, tries INTEGER NOT NULL DEFAULT 0,
        told_seq INTEGER, told INTEGER NOT NULL DEFAULT 0, since_ms INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS by_file ON recordings (path, size_bytes, mtime_ns);
"""

HASHED: Final = "hashed"
TOLD: Final = "told"
SENT: Final = "sent"
VERIFIED: Final = "verified"
SPOILT: Final = "spoilt"
"""The file in the car no longer has its hash: what was recorded can't be proved any more."""
MISSING: Final = "missing"
"""The camera or somebody took the file away before it was verified."""
LOST: Final = (SPOILT, MISSING)
"""Nothing can be sent; should the file come back whole, it goes on as if nothing had been."""
REFUSED: Final = "refused"
REMOVED: Final = "removed"

_log = structlog.get_logger(__name__)


class Entry(Struct, frozen=True, kw_only=True):
    """One recording of the book. `index` has the members of the message `recording` but `seq` and `time_ms`.

    `device`: st_dev of its disk when it was hashed. `told_seq`: the number of the message that told it, the last of
    `told`. `tries`: how often it was sent again.
    """

    recording_id: str
    path: Path
    size_bytes: int
    mtime_ns: int
    device: int | None
    index: dict[str, Any]
    state: str
    upload: str | None
    tries: int
    told_seq: int | None
    told: int
    since_ms: int


def name_of(camera_id: str, file: ClosedFile, sha256: str) -> str:
    """The recording's id: the same for the same content of the same camera."""
    return str(uuid.uuid5(_NAMES, f"{camera_id}\n{sha256}\n{file.size_bytes}"))


class RecordingBook:
    """Called from the event loop alone; a damaged book is set aside and begun anew. Everything may raise sqlite3.Error,
    where the disk is full or read-only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._database = self._open()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            aside = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:8]}")
            _log.error("recording_book_damaged", reason=str(error), set_aside=str(aside))
            path.rename(aside)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                broken = sqlite3.DatabaseError(verdict)
                broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise broken
            database.executescript(_SCHEMA)
        except BaseException:
            database.close()
            raise
        return database

    def knows(self, file: ClosedFile) -> bool:
        """Whether this file, unchanged, is in the book, and not as one that was lost."""
        found = self._database.execute(
            "SELECT 1 FROM recordings WHERE path = ? AND size_bytes = ? AND mtime_ns = ? AND state NOT IN (?, ?)",
            (os.fsencode(file.path), file.size_bytes, file.mtime_ns, *LOST),
        )
        return found.fetchone() is not None

    def spoilt_name(self, file: ClosedFile) -> str | None:
        """The id as which this file, unchanged by its size and time, stands as spoilt."""
        found = self._database.execute(
            "SELECT recording_id FROM recordings WHERE path = ? AND size_bytes = ? AND mtime_ns = ? AND state = ?",
            (os.fsencode(file.path), file.size_bytes, file.mtime_ns, SPOILT),
        ).fetchone()
        return None if found is None else str(found[0])

    def add(self, file: ClosedFile, index: dict[str, Any], now_ms: int) -> None:
        """A closed file with its hash. The same content again (renamed, touched) only learns its new place; one that
        was lost begins anew, with the index that was told."""
        self._database.execute(
            "INSERT INTO recordings (recording_id, path, size_bytes, mtime_ns, device, body, state, since_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (recording_id) DO UPDATE SET path = excluded.path,"
            " mtime_ns = excluded.mtime_ns, device = excluded.device",
            (
                index["recording_id"],
                os.fsencode(file.path),
                file.size_bytes,
                file.mtime_ns,
                file.device,
                msgspec.json.encode(index),
                HASHED,
                now_ms,
            ),
        )
        self._database.execute(
            "UPDATE recordings SET state = ?, tries = 0, told = 0, since_ms = ?"
            " WHERE recording_id = ? AND state IN (?, ?)",
            (HASHED, now_ms, index["recording_id"], *LOST),
        )

    def in_state(self, *states: str) -> list[Entry]:
        """Oldest first."""
        rows = self._database.execute(
            "SELECT recording_id, path, size_bytes, mtime_ns, device, body, state, upload, tries, told_seq, told,"
            " since_ms FROM recordings WHERE state IN (SELECT value FROM json_each(?)) ORDER BY since_ms, rowid",
            (msgspec.json.encode(states).decode(),),
        )
        return [
            Entry(
                recording_id=row[0],
                path=Path(os.fsdecode(row[1])),
                size_bytes=row[2],
                mtime_ns=row[3],
                device=row[4],
                index=msgspec.json.decode(row[5]),
                state=row[6],
                upload=row[7],
                tries=row[8],
                told_seq=row[9],
                told=row[10],
                since_ms=row[11],
            )
            for row in rows
        ]

    def set_state(self, recording_id: str, state: str, now_ms: int) -> None:
        """It got further."""
        self._database.execute(
            "UPDATE recordings SET state = ?, since_ms = ? WHERE recording_id = ?", (state, now_ms, recording_id)
        )

    def set_told(self, recording_id: str, seq: int, now_ms: int) -> None:
        """Its index is in the journal, under this number."""
        self._database.execute(
            "UPDATE recordings SET state = ?, told_seq = ?, told = told + 1, since_ms = ? WHERE recording_id = ?",
            (TOLD, seq, now_ms, recording_id),
        )

    def set_upload(self, recording_id: str, upload: str | None, *, try_again: bool = False) -> None:
        """Where its upload stands; None: to be begun anew."""
        self._database.execute(
            "UPDATE recordings SET upload = ?, tries = tries + ? WHERE recording_id = ?",
            (upload, int(try_again), recording_id),
        )

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
