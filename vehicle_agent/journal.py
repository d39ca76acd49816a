"""The car's journal: every message stands here, numbered and on disk, before it is sent, until it is acknowledged.

Called straight from the event loop: one small synced write a second is nothing to a car, and order needs no thought.
When the disk refuses (full, read-only, failing) messages wait in memory, already numbered, are sent all the same, and
are written when the disk takes them again: an officer's SOS must not wait for a disk. Should the process die in that
state, the gateway holds numbers that this file never gave, and the next connection begins a new `boot` (session.py).
The crew is told (troubles.py).
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
from vehicle_agent.journal_disk import JournalDisk
from vehicle_agent.journal_file import Row, Transaction, chunk_rows, intact, is_damage
from vehicle_agent.thinning import halved, thin
from vehicle_agent.troubles import TroubleCode, Troubles

_CHECK_SIZE_EVERY: Final = 64
_MEMORY_LIMIT_ROWS: Final = 20_000
_BOOT: Final = "boot"

_log = structlog.get_logger(__name__)


class Journal(JournalDisk):
    """Messages in the order of their numbers, and the agent's notes to itself. One process at a time."""

    def __init__(self, path: Path, limit_bytes: int, troubles: Troubles | None = None) -> None:
        """Open or make the journal; go on in memory where the disk takes nothing.

        Raises `JournalInUseError`, or `JournalError` for a file or folder that can't be meant.
        """
        super().__init__(path, limit_bytes, troubles or Troubles())
        self.mark: Callable[[JournalledMessage], JournalledMessage] = lambda message: message
        """Called with each message before it is written; gives what is written in its place."""
        self._unwritten: list[Row] = []
        self._forgotten = 0
        self._over_limit = False
        self._unchecked = 0
        self.boot = ""
        self._written = self.last_seq = 0
        self.handed_out: int = 0
        """The highest number that may have left the car: given before this run, or handed out for sending in it."""
        saved = self._open()
        try:
            self._stand()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise JournalError(f"cannot read the journal {path} ({error})") from error
            self._start_over(str(error))
        if saved:
            self._take_over(saved)

    def _stand(self) -> None:
        self.boot = self._read_boot()
        highest, given = self._database.execute(
            "SELECT coalesce(max(seq), 0), (SELECT seq FROM sqlite_sequence WHERE name = 'messages') FROM messages"
        ).fetchone()
        if self._written == 0:
            (self._written,) = self._database.execute("SELECT count(*) FROM messages").fetchone()
        self.last_seq = self.handed_out = max(highest, given or 0)

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
        message = self.mark(make(seq))
        row = Row(seq, str(message.__struct_config__.tag), encode(message).encode())
        self.last_seq = seq
        self._unwritten.append(row)
        self.write_waiting()
        return seq

    def write_waiting(self) -> None:
        """Put on disk what the disk has refused so far, if anything; never raises for the disk's sake."""
        if not self._unwritten and self._refused is None:
            return
        try:
            self._write()
            self._catch_up()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                self._say_refused(str(error))
            return
        self._say_accepted()
        self._keep_within_limit()

    def mend(self) -> None:
        """What the disk refused, tried again; to be called every few seconds. Never raises for the disk's sake."""
        if self._homeless:
            if not self._go_home():
                return
            self._recount()
        self.write_waiting()

    def _catch_up(self) -> None:
        self._keep_notes()
        if self._refused is not None and self._forgotten:
            self._delete(self._forgotten)
            self._recount()

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

    def _start_over(self, reason: str) -> None:
        saved = self._set_aside(reason)
        more = self._open()
        self._recount()
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
                "SELECT seq, kind, body FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
                (max(seq, self._forgotten), limit),
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
        self._forgotten = max(self._forgotten, min(upto_seq, self.last_seq))
        self._unwritten = [row for row in self._unwritten if row.seq > upto_seq]
        try:
            self._delete(upto_seq)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                self._say_refused(str(error))
            self._recount()
        if self.waiting() == 0:
            self.troubles.clear(TroubleCode.JOURNAL_THINNED)

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

    def _recount(self) -> None:
        told = self._read("SELECT count(*), '', x'' FROM messages WHERE seq > ?", (self._forgotten,))
        self._written = told[0][0] if told else 0

    def amend(self, seq: int, change: Callable[[bytes], bytes]) -> bool:
        """Change a message that never left the car; False where it is not there, or the disk refuses."""
        for index, row in enumerate(self._unwritten):
            if row.seq == seq:
                self._unwritten[index] = Row(seq, row.kind, change(row.body))
                return True
        told = self._read("SELECT seq, kind, body FROM messages WHERE seq = ?", (seq,))
        try:
            for _, _, body in told:
                self._database.execute("UPDATE messages SET body = ? WHERE seq = ?", (change(body), seq))
        except sqlite3.DatabaseError as error:
            _log.error("journal_amend_failed", seq=seq, reason=str(error))
            return False
        return bool(told)

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

    def close(self) -> None:
        """Write what can be written, and let go of the file."""
        self.mend()
        self._close(self._written)
