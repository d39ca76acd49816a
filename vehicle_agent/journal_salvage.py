"""A damaged journal: what can still be read out of it goes into a new file, which then takes its place.

The new file is complete before the old one is moved, and an exchange that a power cut interrupted is finished at the
next opening: there is no moment at which what was saved stands nowhere.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog

from gateway.protocol import SEQ_MAX
from vehicle_agent.errors import JournalDiskError
from vehicle_agent.journal_file import (
    Row,
    Transaction,
    as_text,
    intact,
    is_damage,
    make_schema,
    note_given,
    open_sound,
    put_notes,
    put_rows,
    unusable,
)

BOOT: Final = "boot"
_KEPT_ASIDE: Final = 2
_BESIDE: Final = ("-wal", "-shm", "-journal")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Salvaged:
    """What can be read out of a journal: sound messages, the agent's notes without the boot's name (numbers of it may
    be lost), the highest number known to be given, and how many messages were there but no more readable."""

    rows: list[Row] = field(default_factory=list)
    notes: dict[str, bytes] = field(default_factory=dict)
    given: int = 0
    unreadable: int = 0

    def put_into(self, database: sqlite3.Connection) -> None:
        """Into an empty journal. Raises sqlite3 errors."""
        with Transaction(database):
            put_rows(database, self.rows)
            put_notes(database, self.notes)
            note_given(database, self.given)

    def __str__(self) -> str:
        lost = f", {self.unreadable} unreadable" if self.unreadable else ""
        return f"{len(self.rows)} messages saved{lost}"


@dataclass(frozen=True)
class Opened:
    """An open journal; where it was damaged, where the old file lies now, and how much was saved out of it."""

    database: sqlite3.Connection
    set_aside: str | None = None


def open_file(path: Path, limit_bytes: int, damage: str | None = None) -> Opened:
    """The journal at `path`, made if absent; a damaged one is set aside first. `damage`: it is known to be.

    Raises `JournalInUseError` where another agent holds it, `JournalDiskError` where the disk takes nothing, and
    `JournalError` where it can't be opened at all.
    """
    try:
        aside = _exchange(path) if new_name(path).exists() else None
        if damage is None:
            try:
                return Opened(open_sound(path, limit_bytes), None if aside is None else f"set aside as {aside.name}")
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                damage = str(error)
        said = _set_aside(path, damage)
        return Opened(open_sound(path, limit_bytes), said)
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error


def new_name(path: Path) -> Path:
    """Where the new file stands, complete, until it has the old one's place."""
    return path.with_name(f"{path.name}.new")


def _set_aside(path: Path, reason: str) -> str:
    saved = salvage(path)
    building = path.with_name(f"{path.name}.building")
    try:
        _remove(building)
        database = sqlite3.connect(building, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = FULL")
            make_schema(database)
            saved.put_into(database)
        finally:
            database.close()
        building.rename(new_name(path))
    except (OSError, sqlite3.Error) as error:
        _remove(building)
        raise JournalDiskError(f"cannot make a new journal beside the damaged {path}: {error}") from error
    aside = _exchange(path)
    _log.error("journal_damaged", reason=reason, set_aside=str(aside), saved=len(saved.rows), lost=saved.unreadable)
    return f"set aside as {aside.name}, {saved}"


def _exchange(path: Path) -> Path:
    """The old file's log goes first: left beside the new file, it would be taken for that one's.

    The name has the date by the computer's clock, which may be wrong, and a random end, which may not repeat.
    """
    date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{date}-{uuid.uuid4().hex[:4]}")
    try:
        for suffix in (*_BESIDE, ""):
            old = path.with_name(path.name + suffix)
            if old.exists():
                old.rename(aside.with_name(aside.name + suffix))
        new_name(path).rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise JournalDiskError(f"cannot set the damaged journal {path} aside: {error.strerror}") from error
    _thin_out(path, aside)
    return aside


def _thin_out(path: Path, newest: Path) -> None:
    """The newest two damaged ones are kept: a card that rots must not fill the disk with them."""
    try:
        found = [p for p in path.parent.glob(f"{path.name}.damaged-*") if not p.name.endswith(_BESIDE) and p != newest]
        for old in sorted(found, key=lambda p: p.stat().st_ctime_ns, reverse=True)[_KEPT_ASIDE - 1 :]:
            _remove(old)
            _log.info("damaged_journal_removed", path=str(old))
    except OSError as error:
        _log.warning("damaged_journals_not_removed", reason=str(error))


def _remove(path: Path) -> None:
    for suffix in ("", *_BESIDE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def salvage(path: Path) -> Salvaged:
    """What can be read out of the journal at `path`, from both ends; never raises."""
    rows: dict[int, Row] = {}
    notes: dict[str, bytes] = {}
    strange: set[int] = set()
    for order in ("ASC", "DESC"):
        for seq, kind, body in _read(path, f"SELECT seq, kind, body FROM messages ORDER BY seq {order}"):  # noqa: S608
            if isinstance(seq, int) and isinstance(kind, str) and isinstance(body, bytes):
                row = Row(seq, kind, body)
                if intact(row):
                    rows[seq] = row
                else:
                    strange.add(seq)
        for key, value in _read(path, f"SELECT key, value FROM notes ORDER BY key {order}"):  # noqa: S608
            if isinstance(key, str) and isinstance(value, bytes) and key != BOOT:
                notes[key] = value
    noted = [seq for (seq,) in _read(path, "SELECT seq FROM sqlite_sequence WHERE name = 'messages'")]
    given = [seq for seq in noted if isinstance(seq, int) and 0 <= seq < SEQ_MAX // 2]
    return Salvaged([rows[seq] for seq in sorted(rows)], notes, max([0, *given, *rows]), len(strange - rows.keys()))


def _read(path: Path, query: str) -> Iterator[tuple[Any, ...]]:
    try:
        database = sqlite3.connect(path, timeout=0, isolation_level=None)
    except sqlite3.Error:
        return
    try:
        database.text_factory = as_text
        yield from database.execute(query)
    except sqlite3.Error as error:
        # Expected: reading stops at the damage; from the other end there may be more.
        _log.debug("journal_salvage_stopped", reason=str(error))
    finally:
        database.close()
