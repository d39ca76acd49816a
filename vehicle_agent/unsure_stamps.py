"""Which messages were stamped before the server's time was known, noted in the journal's file until that is known.

Noted by pages of fifty, so that each stamp costs the writing of one page and not of the whole list. States of cameras
and of the agent have few pages of their own: they must not push out a press.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from vehicle_agent.journal import Journal

_PAGE_ROWS: Final = 50
_PRESS_PAGES: Final = 40
_MINOR_PAGES: Final = 10


class Unsure(Struct, frozen=True):
    """One stamp. `at_ms`: since the computer's start `start`; `raw_ms`: by its clock; `seq` 0: held back, no number."""

    seq: int
    at_ms: int
    raw_ms: int
    stamped_ms: int
    start: str


class _Pages:
    def __init__(self, journal: Journal, name: str, count: int) -> None:
        self._journal = journal
        self._name = name
        self._pages = [journal.recall_as(self._key(number), list[Unsure]) or [] for number in range(count)]
        self._open = self._next()

    def _key(self, number: int) -> str:
        return f"{self._name}.{number}"

    def _next(self) -> int:
        """An empty page, else the one whose newest entry is the oldest."""
        return min(
            range(len(self._pages)), key=lambda number: max((one.seq for one in self._pages[number]), default=-1)
        )

    def add(self, one: Unsure) -> None:
        if len(self._pages[self._open]) >= _PAGE_ROWS:
            self._open = self._next()
            self._pages[self._open] = []
        page = self._pages[self._open]
        page.append(one)
        self._journal.remember(self._key(self._open), msgspec.json.encode(page))

    def all(self) -> list[Unsure]:
        return [one for page in self._pages for one in page]

    def emptied(self, kept: Sequence[Unsure]) -> dict[str, bytes]:
        written = {self._key(number) for number, page in enumerate(self._pages) if page}
        self._pages = [[] for _ in self._pages]
        self._pages[0], self._open = list(kept), 0
        return dict.fromkeys(written, b"[]") | ({self._key(0): msgspec.json.encode(kept)} if kept else {})


class UnsureStamps:
    """Those of one car."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._presses = _Pages(journal, "unsure", _PRESS_PAGES)
        self._minor = _Pages(journal, "unsure.minor", _MINOR_PAGES)

    def add(self, one: Unsure, minor: bool) -> None:
        """Note it; the oldest go where there are too many."""
        (self._minor if minor else self._presses).add(one)

    def find(self, stamped_ms: int, seq: int) -> Unsure | None:
        """What was noted of a press with this time, under another number than this."""
        return next((one for one in self._presses.all() if one.stamped_ms == stamped_ms and one.seq != seq), None)

    def all(self) -> list[Unsure]:
        """Every one."""
        return [*self._presses.all(), *self._minor.all()]

    def clear(self, kept: Sequence[Unsure]) -> None:
        """They are settled, but for these."""
        self._journal.remember_all(self._presses.emptied(kept) | self._minor.emptied(()))
