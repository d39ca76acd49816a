"""Messages for the crew, and which of them were read; kept over restarts."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.protocol import Notice
from vehicle_agent.journal import Journal

_KEPT: Final = 50
_NOTE: Final = "notices"
# A gateway that does not know whether a message arrived sends it again right after the next welcome.
_AGAIN_WITHIN_MS: Final = 60_000
_SAME_WITHIN_MS: Final = 600_000


class KeptNotice(Struct, kw_only=True):
    """One message as the screen shows it."""

    id: str
    text: str
    level: str
    at_ms: int
    read: bool = False
    code: str | None = None


class Notices:
    """The newest messages of one car."""

    def __init__(self, journal: Journal, clock_ms: Callable[[], int]) -> None:
        self._journal = journal
        self._clock_ms = clock_ms
        self._notices = self._recall()
        self._repeatable: list[tuple[str, str, str | None]] = []
        self._welcomed_ms = 0

    def _recall(self) -> list[KeptNotice]:
        return self._journal.recall_as(_NOTE, list[KeptNotice]) or []

    def _keep(self) -> None:
        self._journal.remember(_NOTE, msgspec.json.encode(self._notices))

    def welcomed(self) -> None:
        """A new connection: what came on an earlier one may come once more."""
        self._welcomed_ms = self._clock_ms()
        recent = [kept for kept in self._notices if abs(self._welcomed_ms - kept.at_ms) <= _SAME_WITHIN_MS]
        self._repeatable = [(kept.text, kept.level, kept.code) for kept in recent]

    def hear(self, notice: Notice) -> None:
        """One of the gateway's; a repetition after a reconnect is none."""
        what = (notice.text, notice.level, notice.code)
        if what in self._repeatable and abs(self._clock_ms() - self._welcomed_ms) <= _AGAIN_WITHIN_MS:
            self._repeatable.remove(what)
            return
        self.take(notice)

    def take(self, notice: Notice) -> None:
        """A new one."""
        kept = KeptNotice(
            id=uuid.uuid4().hex, text=notice.text, level=notice.level, at_ms=self._clock_ms(), code=notice.code
        )
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
