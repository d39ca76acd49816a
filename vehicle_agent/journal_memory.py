"""The journal without its file, where the disk takes nothing at the start: in memory, and home again when it can.

What the file holds is read from a copy (a read-only disk lets SQLite neither lock it nor replay its log), so numbering,
the name of the boot and all that waits go on as if nothing had happened. Only a power cut would show the difference.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

import msgspec
import structlog

from vehicle_agent.journal_file import Row, Transaction, intact, make_schema
from vehicle_agent.journal_salvage import open_file

_RAM: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
_BOOT: Final = "boot"

_log = structlog.get_logger(__name__)


def open_memory(path: Path) -> sqlite3.Connection:
    """A journal in memory with the content of the file at `path`, as far as that can be read. Never raises."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    make_schema(database)
    try:
        with tempfile.TemporaryDirectory(dir=_RAM if _RAM.is_dir() else None) as folder:
            copy = Path(folder) / "journal"
            shutil.copy(path, copy)
            wal = path.with_name(path.name + "-wal")
            if wal.exists():
                shutil.copy(wal, copy.with_name("journal-wal"))
            source = sqlite3.connect(copy, isolation_level=None)
            try:
                _carry_over(source, database)
            finally:
                source.close()
    except (OSError, sqlite3.Error) as error:
        _log.warning("journal_unread", path=str(path), reason=str(error))
    return database


def _carry_over(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Everything of `source`, in place of everything in `target`; all or nothing."""
    with Transaction(target):
        target.execute("DELETE FROM messages")
        target.execute("DELETE FROM notes")
        target.executemany(
            "INSERT INTO messages (seq, kind, body) VALUES (?, ?, ?)",
            source.execute("SELECT seq, kind, body FROM messages ORDER BY seq"),
        )
        target.executemany(
            "INSERT INTO notes (key, value) VALUES (?, ?)", source.execute("SELECT key, value FROM notes")
        )
        given = source.execute("SELECT seq FROM sqlite_sequence WHERE name = 'messages'").fetchone()
        target.execute("DELETE FROM sqlite_sequence WHERE name = 'messages'")
        if given is not None:
            target.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', ?)", given)


def go_home(memory: sqlite3.Connection, path: Path, limit_bytes: int) -> sqlite3.Connection:
    """The journal in its file again, with what is in memory. Raises `JournalError` or sqlite3 errors: not yet.

    Messages of the file that could not be read at the start (its boot is another one) go on under new numbers.
    """
    opened = open_file(path, limit_bytes)
    try:
        if _boot(opened.database) not in {None, _boot(memory)}:
            left = opened.database.execute("SELECT seq, kind, body FROM messages ORDER BY seq").fetchall()
            _renumber(memory, [*opened.saved, *(Row(*told) for told in left)])
        elif opened.saved:
            _renumber(memory, opened.saved)
        _carry_over(memory, opened.database)
    except BaseException:
        opened.database.close()
        raise
    memory.close()
    return opened.database


def _boot(database: sqlite3.Connection) -> bytes | None:
    noted = database.execute("SELECT value FROM notes WHERE key = ?", (_BOOT,)).fetchone()
    return None if noted is None else bytes(noted[0])


def _renumber(memory: sqlite3.Connection, rows: list[Row]) -> None:
    (last,) = memory.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'messages'").fetchone()
    for seq, row in enumerate((row for row in rows if intact(row)), start=last + 1):
        body = msgspec.json.encode(msgspec.json.decode(row.body) | {"seq": seq})
        memory.execute("INSERT INTO messages (seq, kind, body) VALUES (?, ?, ?)", (seq, row.kind, body))
