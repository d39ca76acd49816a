"""Many names, found by a piece of one: whole, beginning, a word in it, anywhere in it, or at last by likeness. Pure.

An index in memory, because the database that the wheels bring has no pg_trgm (docs/decisions/0027).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.places_text import bigrams, has_han

WHOLE: Final = 1.0
BEGINS: Final = 0.85
WORD: Final = 0.7
INSIDE: Final = 0.55
WORDS: Final = 0.5
"""All words occur, apart from each other."""
LIKE_LIMIT: Final = 0.5
"""A likeness (Dice's coefficient of letter pairs) below this is chance."""
_LENGTH_SHARE: Final = 0.1
_CUT: Final = "\n"


class NameIndex:
    """Names in their one form, each the name of an item; an item may have several."""

    def __init__(self, names: Sequence[tuple[str, int]]) -> None:
        self._item = [item for _, item in names]
        self._text = _CUT + _CUT.join(name for name, _ in names) + _CUT
        lengths = np.array([len(name) + 1 for name, _ in names], dtype=np.int64)
        self._starts: list[int] = (np.concatenate(([0], np.cumsum(lengths)))[:-1] + 1).tolist() if names else []
        self._names = [name for name, _ in names]
        self._names_of: dict[int, list[str]] = {}
        for name, item in names:
            self._names_of.setdefault(item, []).append(name)
        self._pairs = self._pair_index()

    def find(self, piece: str) -> dict[int, float]:
        """Items whose names hold this, each with how well it fits: above 0, at most 1."""
        found: dict[int, float] = {}
        if not piece:
            return found
        at = self._text.find(piece)
        while at >= 0:
            entry = bisect_right(self._starts, at) - 1
            self._keep(found, entry, self._fit(entry, at, len(piece)))
            at = self._text.find(piece, self._text.find(_CUT, at))
        words = piece.split(" ")
        if not found and len(words) > 1:
            self._find_words(found, words)
        return found

    def alike(self, piece: str) -> dict[int, float]:
        """Items whose names look like this one: for a slip of a key or a character that sounds the same."""
        asked = set(bigrams(piece))
        common = np.zeros(len(self._names), dtype=np.int64)
        for pair in asked:
            entries = self._pairs.get(pair)
            if entries is not None:
                common[entries] += 1
        found: dict[int, float] = {}
        for entry in np.flatnonzero(common).tolist():
            likeness = 2 * int(common[entry]) / (len(asked) + len(set(bigrams(self._names[entry]))))
            if likeness >= LIKE_LIMIT:
                self._keep(found, entry, likeness * INSIDE)
        return found

    def _fit(self, entry: int, at: int, length: int) -> float:
        start, name = self._starts[entry], self._names[entry]
        if at == start:
            kind = WHOLE if length == len(name) else BEGINS
        elif self._text[at - 1] == " ":
            kind = WORD
        else:
            kind = INSIDE if has_han(name) or length > 2 else 0.0
        return kind - _LENGTH_SHARE * (1 - length / len(name)) if kind else 0.0

    def _find_words(self, found: dict[int, float], words: list[str]) -> None:
        for item, fit in self.find(max(words, key=len)).items():
            if any(all(word in name for word in words) for name in self._names_of[item]):
                found[item] = WORDS * fit

    def _keep(self, found: dict[int, float], entry: int, fit: float) -> None:
        item = self._item[entry]
        if fit > found.get(item, 0.0):
            found[item] = fit

    def _pair_index(self) -> dict[str, NDArray[np.int64]]:
        entries: dict[str, list[int]] = {}
        for entry, name in enumerate(self._names):
            for pair in set(bigrams(name)):
                entries.setdefault(pair, []).append(entry)
        return {pair: np.array(held, dtype=np.int64) for pair, held in entries.items()}
