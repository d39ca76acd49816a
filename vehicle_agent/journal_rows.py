"""The messages of one journal as they stand on disk, and those that the disk has yet to take.

Numbering, and what happens when the file is broken, is journal.py's matter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from vehicle_agent.journal_disk import JournalDisk
from vehicle_agent.journal_file import Row, Transaction, chunk_rows, intact, is_damage, put_rows
from vehicle_agent.thinning import halved, thin
from vehicle_agent.troubles import TroubleCode, Troubles

_CHECK_SIZE_EVERY: Final = 64
_MEMORY_LIMIT_ROWS: Final = 20_000

_log = structlog.get_logger(__name__)


class JournalRows(JournalDisk):
    """What waits: on disk, or still refused by it."""

    def __init__(self, path: Path, limit_bytes: int, troubles: Troubles) -> None:
        super().__init__(path, limit_bytes, troubles)
        self._unwritten: list[Row] = []
        self._amended: dict[int, bytes] = {}
        """Bodies that were changed, and that the disk has not taken yet."""
        self._unreadable: set[int] = set()
        self._written = self._forgotten = 0
        self._over_limit = False
        self._unchecked = 0

    def _write(self, count: int) -> None:
        rows = self._unwritten[:count]
        with Transaction(self._database):
            put_rows(self._database, rows)
        self._unwritten = self._unwritten[count:]
        self._written += len(rows)
        self._unchecked += len(rows)

    def _say_refused(self, reason: str) -> None:
        super()._say_refused(reason)
        if len(self._unwritten) > _MEMORY_LIMIT_ROWS:
            before = len(self._unwritten)
            self._unwritten = halved(self._unwritten)
            self._say_thinned(before - len(self._unwritten))

    def _say_thinned(self, removed: int) -> None:
        _log.warning("journal_thinned", removed=removed, waiting=self.waiting())
        self.troubles.report(TroubleCode.JOURNAL_THINNED, "no room for every position; a coarser track is kept")

    def _keep_within_limit(self) -> None:
        if self._unchecked < _CHECK_SIZE_EVERY:
            return
        self._unchecked = 0
        try:
            removed, fits = thin(self._database, self._limit_bytes)
        except sqlite3.DatabaseError as error:
            _log.error("journal_thinning_failed", reason=str(error))
            return
        self._written -= removed
        if removed:
            self._say_thinned(removed)
        if not fits and not self._over_limit:
            _log.error("journal_over_limit", limit_bytes=self._limit_bytes, waiting=self.waiting())
        self._over_limit = not fits

    def _held(self, seq: int, limit: int) -> list[Row]:
        query = "SELECT seq, kind, body FROM messages WHERE seq > ? ORDER BY seq LIMIT ?"
        told = self._read(query, (max(seq, self._forgotten), limit))
        found = [Row(number, kind, self._amended.get(number, body)) for number, kind, body in told]
        return found + [row for row in self._unwritten if row.seq > seq][: limit - len(found)]

    def _say_unreadable(self, numbers: set[int]) -> None:
        if numbers <= self._unreadable:
            return
        self._unreadable |= numbers
        _log.error("journal_rows_unreadable", rows=len(numbers))
        self._say_damaged(f"{len(self._unreadable)} messages unreadable")

    def _read(self, query: str, parameters: tuple[object, ...]) -> list[tuple[int, str, bytes]]:
        try:
            return self._database.execute(query, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                _log.error("journal_read_failed", reason=str(error))
            return []

    def _delete(self, upto_seq: int) -> None:
        # A forgetting that a power cut undoes costs one repetition; it is not worth a sync.
        self._database.execute("PRAGMA synchronous = NORMAL")
        try:
            while (gone := self._delete_some(upto_seq)) > 0:
                self._written -= gone
        finally:
            self._database.execute("PRAGMA synchronous = FULL")

    def _delete_some(self, upto_seq: int) -> int:
        return self._database.execute(
            "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE seq <= ? ORDER BY seq LIMIT ?)",
            (upto_seq, chunk_rows(self._limit_bytes)),
        ).rowcount

    def amend(self, changes: Mapping[int, Callable[[bytes], bytes]]) -> bool:
        """Change messages that never left the car, all at once; False where the disk has yet to take it.

        From here on they are handed out as changed, whatever the disk does.
        """
        for index, row in enumerate(self._unwritten):
            if row.seq in changes:
                self._unwritten[index] = Row(row.seq, row.kind, changes[row.seq](row.body))
        for seq, change in changes.items():
            for _, _, body in self._read("SELECT seq, kind, body FROM messages WHERE seq = ?", (seq,)):
                before = self._amended.get(seq, body)
                after = change(before)
                if after != before:
                    self._amended[seq] = after
        try:
            self._write_amended()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                self._say_refused(str(error))
        return self._refused is None and not self._amended

    def _write_amended(self) -> None:
        if self._amended:
            with Transaction(self._database):
                changed = [(body, seq) for seq, body in self._amended.items()]
                self._database.executemany("UPDATE messages SET body = ? WHERE seq = ?", changed)
            self._amended = {}

    def drop(self, seq: int) -> Row | None:
        """Let go of one message that is refused for good; gives it back for whoever wants to tell the crew."""
        found = next((row for row in self._held(seq - 1, 1) if row.seq == seq and intact(row)), None)
        self._unwritten = [row for row in self._unwritten if row.seq != seq]
        try:
            self._written -= self._database.execute("DELETE FROM messages WHERE seq = ?", (seq,)).rowcount
        except sqlite3.DatabaseError as error:
            _log.error("journal_forget_failed", reason=str(error))
        return found

    @property
    def acknowledged(self) -> int:
        """Everything up to this number is known to be at the server; 0 before the first word of this run."""
        return self._forgotten

    def waiting(self) -> int:
        """How many messages are not yet acknowledged."""
        return self._written + len(self._unwritten)
