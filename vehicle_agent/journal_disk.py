"""Where the journal is kept: in its file, or in memory while the disk takes nothing; the agent's notes; what is said.

The messages in it are journal.py's matter.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import structlog

from vehicle_agent.errors import JournalDiskError, JournalError
from vehicle_agent.journal_file import Row, close_in_order, is_damage, trouble_of
from vehicle_agent.journal_memory import go_home, open_memory
from vehicle_agent.journal_salvage import open_file, set_aside
from vehicle_agent.troubles import TroubleCode, Troubles

_log = structlog.get_logger(__name__)


class JournalDisk:
    """The database under one journal, and the notes in it."""

    def __init__(self, path: Path, limit_bytes: int, troubles: Troubles) -> None:
        self.troubles = troubles
        self._path = path
        self._limit_bytes = limit_bytes
        self._unkept: dict[str, bytes] = {}
        self._refused: str | None = None
        self._homeless = False
        self._written = 0

    def _open(self) -> list[Row]:
        self._homeless = False
        try:
            opened = open_file(self._path, self._limit_bytes)
        except JournalDiskError as error:
            # Neither the old file nor a new one: go on in memory, on a database that needs no file.
            self._homeless = True
            self._database = open_memory(self._path)
            self._say_refused(str(error))
            return []
        self._database, self._written = opened.database, opened.waiting
        if opened.set_aside is not None:
            saved = f"{len(opened.saved)} messages saved"
            self.troubles.report(TroubleCode.JOURNAL_DAMAGED, f"set aside as {opened.set_aside.name}, {saved}")
        return opened.saved

    def _go_home(self) -> bool:
        try:
            self._database = go_home(self._database, self._path, self._limit_bytes)
        except (JournalError, sqlite3.DatabaseError) as error:
            _log.debug("journal_still_homeless", reason=str(error))
            return False
        self._homeless = False
        return True

    def _set_aside(self, reason: str) -> list[Row]:
        self._database.close()
        try:
            saved, aside = set_aside(self._path, reason)
        except JournalError as error:
            _log.error("journal_lost", reason=str(error))
            self.troubles.report(TroubleCode.JOURNAL_DAMAGED, str(error))
            return []
        self.troubles.report(TroubleCode.JOURNAL_DAMAGED, f"set aside as {aside.name}, {len(saved)} messages saved")
        return saved

    def _say_refused(self, reason: str) -> None:
        if self._refused is None:
            _log.error("journal_disk_refuses", reason=reason, kept="in memory")
        self._refused = reason
        self.troubles.report(trouble_of(self._path), reason)

    def _say_accepted(self) -> None:
        if self._refused is None or self._homeless:
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
        try:
            self._put_note(key, value)
            self._unkept.pop(key, None)
        except sqlite3.DatabaseError as error:
            self._unkept[key] = value
            if is_damage(error):
                self._start_over(str(error))
            else:
                self._say_refused(str(error))

    def _put_note(self, key: str, value: bytes) -> None:
        self._database.execute("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", (key, value))

    def recall(self, key: str) -> bytes | None:
        """The note kept under this key."""
        if key in self._unkept:
            return self._unkept[key]
        told = self._database.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return None if told is None else bytes(told[0])

    def _keep_notes(self) -> None:
        for key, value in list(self._unkept.items()):
            self._put_note(key, value)
            del self._unkept[key]

    def _close(self, waiting: int) -> None:
        if self._homeless:
            self._database.close()
        else:
            close_in_order(self._database, waiting)
