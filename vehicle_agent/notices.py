"""Messages for the crew, and which of them were read; kept over restarts."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from gateway.protocol import Notice
from vehicle_agent.journal import Journal

_KEPT: Final = 50
_NOTE: Final = "notices"

_log = structlog.get_logger(__name__)


class KeptNotice(Struct, kw_only=True):
    """One message as the screen shows it."""

    id: str
    text: str
    level: str
    at_ms: int
    read: bool = False


class Notices:
    """The newest messages of one car."""

    def __init__(self, journal: Journal, clock_ms: Callable[[], int]) -> None:
        self._journal = journal
        self._clock_ms = clock_ms
        self._notices = self._recall()

    def _recall(self) -> list[KeptNotice]:
        noted = self._journal.recall(_NOTE)
        if noted is None:
            return []
        try:
            return msgspec.json.decode(noted, type=list[KeptNotice])
        except msgspec.DecodeError as error:
            _log.error("notices_note_unreadable", reason=str(error))
            return []

    def _keep(self) -> None:
        self._journal.remember(_NOTE, msgspec.json.encode(self._notices))

    def take(self, notice: Notice) -> None:
        """A new one."""
        kept = KeptNotice(id=uuid.uuid4().hex, text=notice.text, level=notice.level, at_ms=self._clock_ms())
        self._notices = [*self._notices, kept][-_KEPT:]
        self._keep()

    def mark_read(self, notice_id: str) -> bool:
        """The crew has read it; False where there is no such notice."""
        found = next((notice for notice in self._notices if notice.id == notice_id), None)
        if found is not None and not found.read:
            found.read = True
            self._keep()
        return found is not None

    def as_json(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return [msgspec.to_builtins(notice) for notice in self._notices]
