"""The journal's file: SQLite, opened for one agent alone, set aside when it is damaged. What is in it: journal.py.

Every append is synced (WAL, synchronous=FULL), fixes too: a sequence number that a power cut could take back would be
given again with other content, and the gateway would rightly ignore it. At one fix a second this is one small write a
second. Forgetting is not synced: what comes back after a power cut is sent again and acknowledged again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from vehicle_agent.errors import JournalDiskError, JournalError, JournalInUseError
from vehicle_agent.troubles import TroubleCode

_APPLICATION_ID: Final = 0x50415452  # "PATR"
_SCHEMA_VERSION: Final = 1
_LOCK_WAIT_S: Final = 2.0
_PAGE_BYTES: Final = 4096
_WAL_SHARE: Final = 16  # of the limit
_WAL_LEAST_PAGES: Final = 16
_ROWS_PER_WAL_PAGE: Final = 8  # a page holds about twenty messages
_DISK_SAYS_NO: Final = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SCHEMA: Final = f"""
    BEGIN;
    CREATE TABLE messages (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body BLOB NOT NULL);
    CREATE TABLE notes (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    PRAGMA application_id = {_APPLICATION_ID};
    PRAGMA user_version = {_SCHEMA_VERSION};
    COMMIT;
"""

_log = structlog.get_logger(__name__)


class Row(Struct, frozen=True):
    """One journalled message: `body` is its JSON exactly as it goes out, every time."""

    seq: int
    kind: str
    body: bytes


class Transaction:
    """BEGIN … COMMIT, or ROLLBACK on any exception. Raises sqlite3 errors."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._database.execute("COMMIT")
        finally:
            # After some errors (a full disk among them) SQLite has rolled back by itself.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, as against the disk being full or the file being locked."""
    # The low byte is the primary code; the rest says more exactly where.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def trouble_of(path: Path) -> TroubleCode:
    """How the crew should be told that the disk takes nothing."""
    try:
        readonly = bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY) or not os.access(path.parent, os.W_OK)
    except OSError:
        readonly = False
    readonly = readonly or (path.exists() and not os.access(path, os.W_OK))
    return TroubleCode.JOURNAL_READONLY if readonly else TroubleCode.JOURNAL_MEMORY


def wal_pages(limit_bytes: int) -> int:
    """How many pages the write-ahead log may hold before it is folded back."""
    return max(_WAL_LEAST_PAGES, limit_bytes // _WAL_SHARE // _PAGE_BYTES)


def chunk_rows(limit_bytes: int) -> int:
    """How many rows may be deleted at once so that the change fits into the write-ahead log."""
    return wal_pages(limit_bytes) * _ROWS_PER_WAL_PAGE


def unusable(path: Path, error: sqlite3.Error) -> JournalError:
    """What an error at the opening means for whoever runs the agent."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return JournalInUseError(f"another agent uses the journal {path}; give this one its own with --journal FILE")
    kind = JournalDiskError if code in _DISK_SAYS_NO and path.parent.is_dir() and not path.is_dir() else JournalError
    return kind(f"cannot use the journal {path} ({error}); name a writable place with --journal FILE")


def open_sound(path: Path, limit_bytes: int) -> sqlite3.Connection:
    """The journal, read through. Raises sqlite3 errors, and `JournalError`."""
    database = sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None)
    try:
        database.text_factory = as_text
        # Exclusive: the lock lives and dies with the process, so no stale lock file is ever left behind.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA wal_autocheckpoint = {wal_pages(limit_bytes)}")
        database.execute(f"PRAGMA journal_size_limit = {wal_pages(limit_bytes) * _PAGE_BYTES}")
        _check(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection, path: Path) -> None:
    database.execute("BEGIN IMMEDIATE")
    database.execute("COMMIT")
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables == 0:
        make_schema(database)
    elif application != _APPLICATION_ID:
        raise JournalError(f"{path} is a database of something else; name another file with --journal FILE")
    elif version != _SCHEMA_VERSION:
        raise JournalError(f"the journal {path} was written by another version ({version}) of the agent")
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        broken = sqlite3.DatabaseError(verdict)
        broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise broken


def as_text(raw: bytes) -> str:
    """Text as it stands in the file; a flipped bit in one word must not stop the reading of all others."""
    return raw.decode(errors="replace")


def make_schema(database: sqlite3.Connection) -> None:
    """The journal's tables, in an empty database."""
    database.executescript(_SCHEMA)


def put_rows(database: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Into the journal, in place of what has the same number. Raises sqlite3 errors."""
    database.executemany(
        "INSERT OR REPLACE INTO messages (seq, kind, body) VALUES (?, ?, ?)", [(r.seq, r.kind, r.body) for r in rows]
    )


def put_notes(database: sqlite3.Connection, notes: Mapping[str, bytes]) -> None:
    """The agent's notes, each in place of the one before. Raises sqlite3 errors."""
    database.executemany("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", list(notes.items()))


def last_given(database: sqlite3.Connection) -> int:
    """The highest number that this journal ever gave. Raises sqlite3 errors."""
    (highest,) = database.execute("SELECT coalesce(max(seq), 0) FROM messages").fetchone()
    given = database.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'messages'").fetchone()
    return int(max(highest, given[0] or 0))


def note_given(database: sqlite3.Connection, seq: int) -> None:
    """This number counts as given. Raises sqlite3 errors."""
    database.execute("DELETE FROM sqlite_sequence WHERE name = 'messages'")
    database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', ?)", (seq,))


def intact(row: Row) -> bool:
    """Whether the body is still the message of that number; a flipped bit on an old card is found here."""
    try:
        told = msgspec.json.decode(row.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(told, dict) and told.get("seq") == row.seq and told.get("type") == row.kind
