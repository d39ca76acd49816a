"""The journal's file: SQLite, opened for one agent alone, set aside when it is damaged. What is in it: journal.py.

Every append is synced (WAL, synchronous=FULL), fixes too: a sequence number that a power cut could take back would be
given again with other content, and the gateway would rightly ignore it. At one fix a second this is one small write a
second. Forgetting is not synced: what comes back after a power cut is sent again and acknowledged again.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from vehicle_agent.errors import JournalError, JournalInUseError

_APPLICATION_ID: Final = 0x50415452  # "PATR"
_SCHEMA_VERSION: Final = 1
_LOCK_WAIT_S: Final = 2.0
_PAGE_BYTES: Final = 4096
_WAL_SHARE: Final = 16  # of the limit
_WAL_LEAST_PAGES: Final = 16
_ROWS_PER_WAL_PAGE: Final = 8  # a page holds about twenty messages
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


def wal_pages(limit_bytes: int) -> int:
    """How many pages the write-ahead log may hold before it is folded back."""
    return max(_WAL_LEAST_PAGES, limit_bytes // _WAL_SHARE // _PAGE_BYTES)


def chunk_rows(limit_bytes: int) -> int:
    """How many rows may be deleted at once so that the change fits into the write-ahead log."""
    return wal_pages(limit_bytes) * _ROWS_PER_WAL_PAGE


def open_file(path: Path, limit_bytes: int) -> tuple[sqlite3.Connection, list[Row]]:
    """The journal at `path`, made if absent, and the rows saved out of a damaged one that was set aside.

    Raises `JournalInUseError` where another agent holds it, `JournalError` where it can't be opened at all.
    """
    try:
        return _open(path, limit_bytes), []
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise _unusable(path, error) from error
        reason = str(error)
    saved = set_aside(path, reason)
    try:
        return _open(path, limit_bytes), saved
    except sqlite3.DatabaseError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: sqlite3.Error) -> JournalError:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
        return JournalInUseError(f"another agent uses the journal {path}; give this one its own with --journal FILE")
    return JournalError(f"cannot use the journal {path} ({error}); name a writable place with --journal FILE")


def _open(path: Path, limit_bytes: int) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None)
    try:
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
        database.executescript(_SCHEMA)
    elif application != _APPLICATION_ID:
        raise JournalError(f"{path} is a database of something else; name another file with --journal FILE")
    elif version != _SCHEMA_VERSION:
        raise JournalError(f"the journal {path} was written by another version ({version}) of the agent")
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        broken = sqlite3.DatabaseError(verdict)
        broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise broken


def set_aside(path: Path, reason: str) -> list[Row]:
    """Rename a damaged journal out of the way; the messages that could still be read out of it, in order.

    Raises `JournalError` where it can't be renamed.
    """
    saved = _salvage(path)
    aside = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:8]}")
    try:
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise JournalError(f"cannot set the damaged journal {path} aside: {error.strerror}") from error
    _log.error("journal_damaged", reason=reason, set_aside=str(aside), saved=len(saved))
    return saved


def _salvage(path: Path) -> list[Row]:
    found: dict[int, Row] = {}
    for order in ("ASC", "DESC"):
        try:
            database = sqlite3.connect(path, timeout=0, isolation_level=None)
        except sqlite3.Error:
            return []
        try:
            for row in _rows(database, order):
                found[row.seq] = row
        except sqlite3.Error as error:
            # Expected: reading stops at the damage; from the other end there may be more.
            _log.debug("journal_salvage_stopped", reason=str(error))
        finally:
            database.close()
    return [found[seq] for seq in sorted(found)]


def _rows(database: sqlite3.Connection, order: str) -> Iterator[Row]:
    for seq, kind, body in database.execute(f"SELECT seq, kind, body FROM messages ORDER BY seq {order}"):  # noqa: S608
        if isinstance(seq, int) and isinstance(kind, str) and isinstance(body, bytes):
            row = Row(seq, kind, body)
            if intact(row):
                yield row


def intact(row: Row) -> bool:
    """Whether the body is still the message of that number; a flipped bit on an old card is found here."""
    try:
        told = msgspec.json.decode(row.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(told, dict) and told.get("seq") == row.seq and told.get("type") == row.kind
