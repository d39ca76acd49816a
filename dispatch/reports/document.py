"""A report before it is a file: headings, sentences, tables. Each writer makes the same of it, and rounds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

NONE: Final = "—"
"""Stands where there is no figure."""


_NEARLY: Final = 1e-9
"""So much may the arithmetic of an interval be off."""


@dataclass(frozen=True, slots=True)
class Percent:
    """A share from 0 to 1, shown in hundredths of a percent: all formats carry just these digits.

    100 % is said of all alone, and 0 % of none: 24,999 of 25,000 are 99.99 %.
    """

    share: float

    @property
    def digits(self) -> str:
        """As a plain number: 0.6667."""
        if _NEARLY < self.share < 1 - _NEARLY:
            return f"{min(max(self.share, 0.0001), 0.9999):.4f}"
        return f"{self.share:.4f}"

    def __str__(self) -> str:
        return f"{float(self.digits) * 100:.2f}%"


@dataclass(frozen=True, slots=True)
class Seconds:
    """A duration, shown in tenths."""

    s: float

    @property
    def digits(self) -> str:
        """As a plain number: 451.5."""
        return f"{self.s:.1f}"

    def __str__(self) -> str:
        return self.digits


Cell = str | int | Percent | Seconds | None


def shown(cell: Cell) -> str:
    """As people read it."""
    return NONE if cell is None else str(cell)


@dataclass(frozen=True, slots=True)
class Table:
    """`over`: headings over several columns, as (words, number of columns), from the left; empty where there are none.

    `name` is short, and differs from those of the document's other tables. `widths`: of the columns, relative.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    over: Sequence[tuple[str, int]] = ()
    widths: Sequence[float] = ()
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        wide = len(self.columns)
        if any(len(row) != wide for row in self.rows) or (self.over and sum(n for _, n in self.over) != wide):
            raise ValueError(f"table {self.name}: its rows have not all {wide} columns")

    def width_of(self, column: int) -> float:
        """Relative."""
        return self.widths[column] if self.widths else 1.0


@dataclass(frozen=True, slots=True)
class Document:
    """`language` is a tag (zh-TW, en); `dated` is the only time in it, whenever it is made."""

    title: str
    subtitle: str
    language: str
    dated: datetime
    facts: Sequence[tuple[str, str]]
    definition_title: str
    definition: Sequence[str]
    tables: Sequence[Table] = field(default_factory=tuple)

    def letters(self) -> str:
        """Every letter that it has, in order, once."""
        texts = [self.title, self.subtitle, self.definition_title, *self.definition, NONE]
        texts += [part for fact in self.facts for part in fact]
        for table in self.tables:
            texts += [table.title, *table.columns, *table.notes, *(words for words, _ in table.over)]
            texts += [shown(cell) for row in table.rows for cell in row]
        return "".join(sorted(set("".join(texts))))
