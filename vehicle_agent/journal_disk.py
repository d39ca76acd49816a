"""Where the journal is kept: in its file, or in memory while the disk takes nothing; the agent's notes; what is said.

The messages in it are journal.py's matter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import structlog

from vehicle_agent.errors import JournalDiskError, JournalError
from vehicle_agent.journal_file import Transaction, is_damage, put_notes, trouble_of
from vehicle_agent.journal_memory import InMemory, go_home, open_memory
from vehicle_agent.journal_salvage import open_file
from vehicle_agent.troubles import TroubleCode, Troubles

_TRIES_SKIPPED_LIMIT: Final = 11  # of one every five seconds: once a minute

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class JournalDisk:
    """The database under one journal, and the notes in it."""

    def __init__(self, path: Path, limit_bytes: int, troubles: Troubles) -> None:
        self.troubles = troubles
        self._path = path
        self._limit_bytes = limit_bytes
        self._unkept: dict[str, bytes] = {}
        self._noted: dict[str, bytes] = {}
        """Every note that was kept or recalled in this run."""
        self._refused: str | None = None
        self._memory: InMemory | None = None
        self._in_vain = self._skip = 0
        self._damages: list[str] = []
        self._database: sqlite3.Connection

    def _open(self, damage: str | None = None) -> None:
        self._memory = None
        try:
            opened = open_file(self._path, self._limit_bytes, damage)
        except JournalDiskError as error:
            # Neither the old file nor a new one: go on in memory, on a database that needs no file.
            self._stay_in_memory(str(error))
            return
        self._database = opened.database
        self._say_damaged(opened.set_aside)

    def _stay_in_memory(self, reason: str) -> None:
        self._memory = open_memory(self._path)
        self._database = self._memory.database
        self._in_vain = self._skip = 0
        self._say_damaged(self._memory.damage)
        self._say_refused(reason)

    def _say_damaged(self, what: str | None) -> None:
        if what is not None:
            self._damages = [*self._damages, what][-3:]
            self.troubles.report(TroubleCode.JOURNAL_DAMAGED, "; ".join(self._damages))

    def _go_home(self, at_once: bool) -> bool:
        """From memory into the file, if that is possible now. A file that is only read again and again to no end is
        tried ever more rarely."""
        if self._memory is None:
            return True
        if self._skip > 0 and not at_once:
            self._skip -= 1
            return False
        try:
            opened = go_home(self._memory, self._path, self._limit_bytes)
        except (JournalError, sqlite3.DatabaseError) as error:
            _log.debug("journal_still_in_memory", reason=str(error))
            self._in_vain += 1
            self._skip = min(2 ** (self._in_vain - 1) - 1, _TRIES_SKIPPED_LIMIT)
            return False
        self._database.close()
        self._database, self._memory = opened.database, None
        self._say_damaged(opened.set_aside)
        return True

    def _say_refused(self, reason: str) -> None:
        if self._refused is None:
            _log.error("journal_disk_refuses", reason=reason, kept="in memory")
        self._refused = reason
        self.troubles.report(trouble_of(self._path), reason)

    def _say_accepted(self) -> None:
        if self._refused is None or self._memory is not None:
            return
        _log.info("journal_disk_takes_again")
        self._refused = None
        self.troubles.clear(TroubleCode.JOURNAL_MEMORY)
        self.troubles.clear(TroubleCode.JOURNAL_READONLY)

    def _start_over(self, reason: str) -> None:
        """Begin again in a new file, with what can be saved of this one."""
        raise NotImplementedError

    def remember(self, key: str, value: bytes) -> None:
        """Keep a note over restarts. Where the disk refuses, it is kept in memory until the disk takes it."""
        self.remember_all({key: value})

    def remember_all(self, notes: Mapping[str, bytes]) -> None:
        """Several at once: after a kill all of them are there, or none."""
        self._noted |= notes
        try:
            with Transaction(self._database):
                put_notes(self._database, notes)
        except sqlite3.DatabaseError as error:
            self._unkept |= notes
            if is_damage(error):
                self._start_over(str(error))
            else:
                self._say_refused(str(error))
            return
        for key in notes:
            self._unkept.pop(key, None)

    def recall(self, key: str) -> bytes | None:
        """The note kept under this key; None where there is none, or none that can be read."""
        if key in self._noted:
            return self._noted[key]
        for _ in range(2):
            try:
                told = self._database.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
            except sqlite3.DatabaseError as error:
                _log.error("journal_note_unreadable", note=key, reason=str(error))
                if not is_damage(error):
                    return None
                self._start_over(str(error))  # what was saved may hold it
                continue
            if told is None or not isinstance(told[0], bytes):
                return None
            self._noted[key] = told[0]
            return self._noted[key]
        return None

    def recall_as(self, key: str, kind: type[T]) -> T | None:
        """The same, read as JSON of this type; None, and a line in the log, where it isn't."""
        noted = self.recall(key)
        try:
            return None if noted is None else msgspec.json.decode(noted, type=kind)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            _log.error("journal_note_unreadable", note=key, reason=str(error))
            return None

    def _keep_notes(self) -> None:
        if self._unkept:
            with Transaction(self._database):
                put_notes(self._database, self._unkept)
            self._unkept = {}
