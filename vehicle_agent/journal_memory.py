"""The journal without its file, where the disk takes nothing: in memory, and home again when it can.

What the file holds is read from a copy (a read-only disk lets SQLite neither lock it nor replay its log), so numbering,
the name of the boot and all that waits go on as if nothing had happened. Only a power cut would show the difference.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog

from vehicle_agent.journal_file import (
    Row,
    Transaction,
    intact,
    is_damage,
    last_given,
    make_schema,
    note_given,
    put_notes,
    put_rows,
)
from vehicle_agent.journal_salvage import BOOT, Opened, new_name, open_file, salvage

_RAM: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class InMemory:
    """A journal in memory.

    `has_file`: all that can be read of the file is in it; else the file, if there is one, holds messages that this
    journal does not know. `damage`: what was saved, where the file was found damaged.
    """

    database: sqlite3.Connection
    has_file: bool
    damage: str | None = None


def open_memory(path: Path) -> InMemory:
    """With the content of the file at `path`, as far as that can be read. Never raises."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    make_schema(database)
    try:
        with tempfile.TemporaryDirectory(dir=_RAM if _RAM.is_dir() else None) as folder:
            return _fill(database, path, Path(folder) / "journal")
    except (OSError, sqlite3.Error) as error:
        _log.warning("journal_unread", path=str(path), reason=str(error))
    return InMemory(database, has_file=False)


def _fill(database: sqlite3.Connection, path: Path, copy: Path) -> InMemory:
    if new_name(path).exists():  # complete, and saved out of the one at `path`
        shutil.copy(new_name(path), copy)
    else:
        shutil.copy(path, copy)
        wal = path.with_name(f"{path.name}-wal")
        if wal.exists():
            shutil.copy(wal, copy.with_name("journal-wal"))
    source = sqlite3.connect(copy, isolation_level=None)
    try:
        with Transaction(database):
            _replace(source, database)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        saved = salvage(copy)
        saved.put_into(database)
        return InMemory(database, has_file=True, damage=str(saved))
    finally:
        source.close()
    return InMemory(database, has_file=True)


def _replace(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Everything of `source` in place of everything in `target`, but for notes that `source` has not."""
    target.execute("DELETE FROM messages")
    target.executemany(
        "INSERT INTO messages (seq, kind, body) VALUES (?, ?, ?)",
        source.execute("SELECT seq, kind, body FROM messages ORDER BY seq"),
    )
    put_notes(target, dict(source.execute("SELECT key, value FROM notes")))
    note_given(target, last_given(source))


def go_home(memory: InMemory, path: Path, limit_bytes: int) -> Opened:
    """The journal in its file again, with what is in memory. Raises `JournalError` or sqlite3 errors: not yet.

    One transaction on the file; memory stays as it is. Messages of the file that could not be read at the start (its
    boot is another one) go on behind those of memory, under new numbers.
    """
    opened = open_file(path, limit_bytes)
    file = opened.database
    try:
        with Transaction(file):
            left = [] if memory.has_file else _left(file, memory.database)
            _replace(memory.database, file)
            last = last_given(file)
            put_rows(file, [_numbered(row, last + place) for place, row in enumerate(left, start=1)])
            note_given(file, last + len(left))
    except BaseException:
        file.close()
        raise
    return opened


def _left(file: sqlite3.Connection, memory: sqlite3.Connection) -> list[Row]:
    # The same boot: a commit of before that was taken for failed.
    known = last_given(memory) if _boot(file) == _boot(memory) else 0
    told = file.execute("SELECT seq, kind, body FROM messages WHERE seq > ? ORDER BY seq", (known,))
    return [row for row in (Row(*one) for one in told) if intact(row)]


def _boot(database: sqlite3.Connection) -> bytes | None:
    noted = database.execute("SELECT value FROM notes WHERE key = ?", (BOOT,)).fetchone()
    return None if noted is None else bytes(noted[0])


def _numbered(row: Row, seq: int) -> Row:
    return Row(seq, row.kind, msgspec.json.encode(msgspec.json.decode(row.body) | {"seq": seq}))
