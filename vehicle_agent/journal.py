"""The car's journal: every message stands here, numbered and on disk, before it is sent, until it is acknowledged.

Called straight from the event loop: one small synced write a second is nothing to a car, and order needs no thought.
When the disk refuses (full, failing) messages wait in memory, already numbered, are sent all the same, and are written
when the disk takes them again: an officer's SOS must not wait for a disk. Should the process die in that state, the
gateway holds numbers that this file never gave, and the next connection begins a new `boot` (see session.py).
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from gateway.protocol import JournalledMessage, encode
from vehicle_agent.errors import JournalError
from vehicle_agent.journal_file import Row, Transaction, chunk_rows, intact, is_damage, open_file, set_aside
from vehicle_agent.thinning import halved, thin

_CHECK_SIZE_EVERY: Final = 64
_MEMORY_LIMIT_ROWS: Final = 20_000
_BOOT: Final = "boot"

_log = structlog.get_logger(__name__)


class Journal:
    """Messages in the order of their numbers, and the agent's notes to itself. One process at a time."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        """Open or make the journal. Raises `JournalInUseError` or `JournalError`."""
        self._path = path
        self._limit_bytes = limit_bytes
        self._unwritten: list[Row] = []
        self._refused: str | None = None
        self._over_limit = False
        self._unchecked = 0
        self._database, saved = open_file(path, limit_bytes)
        self.boot = self._read_boot()
        (count, highest, given) = self._database.execute(
            "SELECT count(*), coalesce(max(seq), 0), (SELECT seq FROM sqlite_sequence WHERE name = 'messages')"
            " FROM messages"
        ).fetchone()
        self._written: int = count
        self.last_seq: int = max(highest, given or 0)
        self.handed_out: int = self.last_seq
        """The highest number that may have left the car: given before this run, or handed out for sending in it."""
        if saved:
            self._take_over(saved)

    def _read_boot(self) -> str:
        noted = self.recall(_BOOT)
        if noted is not None:
            return noted.decode()
        return self.start_new_boot()

    def start_new_boot(self) -> str:
        """Number on under another name; what waits goes out again under it. For when the old name can't be trusted."""
        self.boot = str(uuid.uuid4())
        self.remember(_BOOT, self.boot.encode())
        _log.info("journal_boot", boot=self.boot)
        return self.boot

    def append(self, make: Callable[[int], JournalledMessage]) -> int:
        """Number a message, put it on disk, and give its number. `make` builds the message for a number."""
        seq = self.last_seq + 1
        message = make(seq)
        row = Row(seq, str(message.__struct_config__.tag), encode(message).encode())
        self.last_seq = seq
        self._unwritten.append(row)
        self.write_waiting()
        return seq

    def write_waiting(self) -> None:
        """Put on disk what the disk has refused so far, if anything; never raises for the disk's sake."""
        if not self._unwritten:
            return
        try:
            self._write()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                self._say_refused(str(error))
            return
        if self._refused is not None:
            _log.info("journal_disk_takes_again")
            self._refused = None
        self._keep_within_limit()

    def _write(self) -> None:
        rows = self._unwritten
        with Transaction(self._database):
            self._database.executemany(
                "INSERT INTO messages (seq, kind, body) VALUES (?, ?, ?)", [(r.seq, r.kind, r.body) for r in rows]
            )
        self._unwritten = []
        self._written += len(rows)
        self._unchecked += len(rows)

    def _say_refused(self, reason: str) -> None:
        if self._refused is None:
            _log.error("journal_disk_refuses", reason=reason, kept="in memory")
        self._refused = reason
        if len(self._unwritten) > _MEMORY_LIMIT_ROWS:
            self._unwritten = halved(self._unwritten)

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
            _log.warning("journal_thinned", removed=removed, waiting=self.waiting())
        if not fits and not self._over_limit:
            _log.error("journal_over_limit", limit_bytes=self._limit_bytes, waiting=self.waiting())
        self._over_limit = not fits

    def _start_over(self, reason: str) -> None:
        self._database.close()
        try:
            saved = set_aside(self._path, reason)
            self._database, more = open_file(self._path, self._limit_bytes)
        except JournalError as error:
            # Neither the old file nor a new one: go on in memory, on a database that needs no file.
            _log.error("journal_lost", reason=str(error))
            self._database, more = open_file(Path(":memory:"), self._limit_bytes)
            saved = []
        self._written = 0
        self.start_new_boot()
        self._take_over([*saved, *more])

    def _take_over(self, saved: list[Row]) -> None:
        known = {row.seq for row in self._unwritten}
        self._unwritten = [*(row for row in saved if row.seq not in known), *self._unwritten]
        self._unwritten.sort(key=lambda row: row.seq)
        self.last_seq = max([self.last_seq, *(row.seq for row in self._unwritten)])
        self.handed_out = self.last_seq
        try:
            self._write()
        except sqlite3.DatabaseError as error:
            self._say_refused(str(error))

    def after(self, seq: int, limit: int) -> list[Row]:
        """Up to `limit` messages with a higher number, in order, for sending."""
        found = [
            Row(*told)
            for told in self._read(
                "SELECT seq, kind, body FROM messages WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
            )
        ]
        found += [row for row in self._unwritten if row.seq > seq][: limit - len(found)]
        if found:
            self.handed_out = max(self.handed_out, found[-1].seq)
        sound = [row for row in found if intact(row)]
        if len(sound) < len(found):
            _log.error("journal_rows_unreadable", rows=len(found) - len(sound))
            if not sound:
                return self.after(found[-1].seq, limit)
        return sound

    def _read(self, query: str, parameters: tuple[object, ...]) -> list[tuple[int, str, bytes]]:
        try:
            return self._database.execute(query, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                _log.error("journal_read_failed", reason=str(error))
            return []

    def forget(self, upto_seq: int) -> None:
        """Let go of every message up to and including this number: the gateway holds it."""
        self._unwritten = [row for row in self._unwritten if row.seq > upto_seq]
        try:
            # A forgetting that a power cut undoes costs one repetition; it is not worth a sync.
            self._database.execute("PRAGMA synchronous = NORMAL")
            try:
                while (gone := self._forget_some(upto_seq)) > 0:
                    self._written -= gone
            finally:
                self._database.execute("PRAGMA synchronous = FULL")
        except sqlite3.DatabaseError as error:
            _log.error("journal_forget_failed", reason=str(error))

    def _forget_some(self, upto_seq: int) -> int:
        return self._database.execute(
            "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE seq <= ? ORDER BY seq LIMIT ?)",
            (upto_seq, chunk_rows(self._limit_bytes)),
        ).rowcount

    def drop(self, seq: int) -> Row | None:
        """Let go of one message that is refused for good; gives it back for whoever wants to tell the crew."""
        found = next((row for row in self.after(seq - 1, 1) if row.seq == seq), None)
        self._unwritten = [row for row in self._unwritten if row.seq != seq]
        try:
            self._written -= self._database.execute("DELETE FROM messages WHERE seq = ?", (seq,)).rowcount
        except sqlite3.DatabaseError as error:
            _log.error("journal_forget_failed", reason=str(error))
        return found

    def waiting(self) -> int:
        """How many messages are not yet acknowledged."""
        return self._written + len(self._unwritten)

    def remember(self, key: str, value: bytes) -> None:
        """Keep a note over restarts. A disk that refuses is logged; the note is then as old as the last that held."""
        try:
            self._database.execute("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", (key, value))
        except sqlite3.DatabaseError as error:
            _log.error("journal_note_failed", note=key, reason=str(error))

    def recall(self, key: str) -> bytes | None:
        """The note kept under this key."""
        told = self._database.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return None if told is None else bytes(told[0])

    def close(self) -> None:
        """Write what can be written, and let go of the file."""
        self.write_waiting()
        self._database.close()
