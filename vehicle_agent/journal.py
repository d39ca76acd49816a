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

import structlog

from gateway.protocol import JournalledMessage, encode
from vehicle_agent.errors import JournalError
from vehicle_agent.journal_file import Row, intact, is_damage, last_given
from vehicle_agent.journal_rows import JournalRows
from vehicle_agent.journal_salvage import BOOT
from vehicle_agent.troubles import TroubleCode, Troubles

_log = structlog.get_logger(__name__)


class Journal(JournalRows):
    """Messages in the order of their numbers, and the agent's notes to itself. One process at a time."""

    def __init__(self, path: Path, limit_bytes: int, troubles: Troubles | None = None) -> None:
        """Open or make the journal; go on in memory where the disk takes nothing.

        Raises `JournalInUseError`, or `JournalError` for a file or folder that can't be meant.
        """
        super().__init__(path, limit_bytes, troubles or Troubles())
        self.mark: Callable[[JournalledMessage], JournalledMessage] = lambda message: message
        """Called with each message before it is written; gives what is written in its place."""
        self._starting_over = False
        self.boot = ""
        self.last_seq = 0
        self.handed_out: int = 0
        """The highest number that may have left the car: given before this run, or handed out for sending in it."""
        self._open()
        try:
            self._stand()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise JournalError(f"cannot read the journal {path} ({error})") from error
            self._start_over(str(error))
        self.boot = self._read_boot()
        self.handed_out = self.last_seq

    def _stand(self) -> None:
        self.last_seq = max(self.last_seq, last_given(self._database))
        query = "SELECT count(*) FROM messages WHERE seq > ?"
        (self._written,) = self._database.execute(query, (self._forgotten,)).fetchone()

    def _read_boot(self) -> str:
        if self.boot:
            return self.boot
        noted = self.recall(BOOT) or b""
        try:
            boot = noted.decode("ascii")
            if str(uuid.UUID(boot)) == boot:
                return boot
        except ValueError:
            # A flipped bit: the gateway would refuse such a name for ever.
            if noted:
                _log.error("journal_boot_unreadable")
        return self.start_new_boot()

    def start_new_boot(self) -> str:
        """Number on under another name; what waits goes out again under it. For when the old name can't be trusted."""
        self.boot = str(uuid.uuid4())
        self.remember(BOOT, self.boot.encode())
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
        if not self._unwritten and not self._unkept and self._refused is None:
            return
        try:
            if self._refused is not None and len(self._unwritten) > 1:
                self._write(1)  # a disk that still refuses is not to be asked with all that waits
            self._write(len(self._unwritten))
            self._catch_up()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                self._say_refused(str(error))
            return
        self._say_accepted()
        self._keep_within_limit()

    def mend(self, at_once: bool = False) -> None:
        """What the disk refused, tried again; to be called every few seconds. Never raises for the disk's sake.

        `at_once`: now, however often it was in vain.
        """
        if self._memory is not None:
            if not self._go_home(at_once):
                return
            self._count_again()
        self.write_waiting()

    def _catch_up(self) -> None:
        self._keep_notes()
        self._write_amended()
        if self._refused is not None and self._forgotten:
            self._delete(self._forgotten)
            self._count_again()

    def _start_over(self, reason: str) -> None:
        if self._starting_over:
            # The new file is damaged as well: this card takes nothing more.
            self._database.close()
            self._stay_in_memory(reason)
            return
        self._starting_over = True
        try:
            self._database.close()
            self._reopen(reason)
            # What the agent has in its memory is newer and surer than what was saved.
            self._unkept = {**self._noted, **self._unkept}
            self._count_again()
            self.start_new_boot()
            self.handed_out = self.last_seq
            self.write_waiting()
            self._count_again()
        finally:
            self._starting_over = False

    def _reopen(self, reason: str) -> None:
        try:
            self._open(reason)
        except JournalError as error:
            self._stay_in_memory(str(error))

    def _count_again(self) -> None:
        try:
            self._stand()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                _log.error("journal_read_failed", reason=str(error))

    def after(self, seq: int, limit: int) -> list[Row]:
        """Up to `limit` messages with a higher number, in order, for sending."""
        found = self._held(seq, limit)
        if found:
            self.handed_out = max(self.handed_out, found[-1].seq)
        sound = [row for row in found if intact(row)]
        if len(sound) < len(found):
            self._say_unreadable({row.seq for row in found} - {row.seq for row in sound})
            if not sound:
                return self.after(found[-1].seq, limit)
        return sound

    def forget(self, upto_seq: int) -> None:
        """Let go of every message up to and including this number: the gateway holds it."""
        self._forgotten = max(self._forgotten, min(upto_seq, self.last_seq))
        self._unwritten = [row for row in self._unwritten if row.seq > upto_seq]
        self._amended = {seq: body for seq, body in self._amended.items() if seq > upto_seq}
        try:
            self._delete(upto_seq)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_over(str(error))
            else:
                self._say_refused(str(error))
            self._count_again()
        if self.waiting() == 0:
            self.troubles.clear(TroubleCode.JOURNAL_THINNED)

    def close(self) -> None:
        """Write what can be written, and let go of the file."""
        self.mend(at_once=True)
        self._database.close()
