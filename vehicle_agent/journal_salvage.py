"""A damaged journal: opened, set aside under a dated name, and what can still be read out of it."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from vehicle_agent.errors import JournalDiskError
from vehicle_agent.journal_file import Row, intact, is_damage, open_sound, unusable

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Opened:
    """An open journal; where it was damaged, what could be read out of the old file, and where that file lies now.

    `waiting`: how many messages are in it, where it noted that at its end, else 0.
    """

    database: sqlite3.Connection
    saved: list[Row] = field(default_factory=list)
    set_aside: Path | None = None
    waiting: int = 0


def open_file(path: Path, limit_bytes: int) -> Opened:
    """The journal at `path`, made if absent; a damaged one is set aside first.

    Raises `JournalInUseError` where another agent holds it, `JournalDiskError` where the disk takes nothing, and
    `JournalError` where it can't be opened at all.
    """
    try:
        database, waiting = open_sound(path, limit_bytes)
        return Opened(database, waiting=waiting)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise unusable(path, error) from error
        reason = str(error)
    saved, aside = set_aside(path, reason)
    try:
        return Opened(open_sound(path, limit_bytes)[0], saved, aside)
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error


def set_aside(path: Path, reason: str) -> tuple[list[Row], Path]:
    """Rename a damaged journal out of the way; the messages that could still be read out of it, in order, and its name.

    The name has the date by the computer's clock, which may be wrong, and a random end, which may not repeat. Raises
    `JournalDiskError` where it can't be renamed.
    """
    saved = _salvage(path)
    date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{date}-{uuid.uuid4().hex[:4]}")
    try:
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise JournalDiskError(f"cannot set the damaged journal {path} aside: {error.strerror}") from error
    _log.error("journal_damaged", reason=reason, set_aside=str(aside), saved=len(saved))
    return saved, aside


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
