"""Ledger lines as columns: what a day's sheet holds, and what questions of any size are answered from. Pure.

A column says the same as the member of the line that it is named after. Times are whole microseconds, so that nothing
is lost: what is computed from columns equals what is computed from the lines (tests/property/test_kpi_columns.py).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.incident import Category
from dispatch.domain.kpi import TAIPEI, Clock, Exclusion, IncidentRecord, Verdict, verdict
from dispatch.domain.kpi_line import MARKS, Figures, LedgerLine
from dispatch.domain.parts import PARTS

CATEGORIES: Final = tuple(Category)
EXCLUSIONS: Final = tuple(Exclusion)
NOT_REACHED: Final = -1
STILL_OPEN: Final = -2
EXCLUDED: Final = -10
"""An exclusion is this minus its place in EXCLUSIONS."""
NEVER: Final = np.iinfo(np.int64).min
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_US_IN_S: Final = 1_000_000
CLOCKS: Final[tuple[Clock, ...]] = ("received", "dispatched")
FIGURES: Final[tuple[Figures, ...]] = ("reviewed", "recorded")

LAYOUT: Final = np.dtype(
    [
        ("incident_id", "u1", 16),
        ("received_us", "<i8"),
        ("dispatched_us_reviewed", "<i8"),
        ("dispatched_us_recorded", "<i8"),
        *((f"{clock}_{figures}", "<i8") for clock in CLOCKS for figures in FIGURES),
        ("day", "<i4"),
        ("hour", "i1"),
        ("weekday", "i1"),
        ("priority", "i1"),
        ("category", "i1"),
        ("marks", "i1"),
        ("place", "<i2"),
        ("unit_type", "<i2"),
        ("late_reason", "<i2"),
        ("cell", "<i2"),
        *((f"{part}_us", "<i8") for part in PARTS),
        ("eta_s", "<f4"),
        ("nearest_free_s", "<f4"),
    ]
)
"""A row of a sheet, packed. `place` and the three after it are numbers in the sheet's own lists of names."""

Columns = dict[str, NDArray[Any]]
KnownNames = Mapping[str, tuple[Hashable, ...]]
NAMED: Final = ("place", "unit_type", "late_reason", "cell")


def to_us(moment: datetime) -> int:
    """Whole microseconds since the epoch."""
    return (moment - _EPOCH) // _US


def code_of(record: IncidentRecord, clock: Clock) -> int:
    """The verdict as a number: microseconds of the response from 0 on, else one of the negative codes."""
    said = verdict(record, clock)
    if isinstance(said, timedelta):
        return said // _US
    if isinstance(said, Exclusion):
        return EXCLUDED - EXCLUSIONS.index(said)
    return STILL_OPEN if said is Verdict.STILL_OPEN else NOT_REACHED


@dataclass(frozen=True, slots=True)
class Sheet:
    """Some lines as packed rows, with the names that their numbers stand for; None is a name too."""

    rows: NDArray[Any]
    places: tuple[Hashable, ...]
    unit_types: tuple[Hashable, ...]
    late_reasons: tuple[Hashable, ...]
    cells: tuple[Hashable, ...]

    def names(self, column: str) -> tuple[Hashable, ...]:
        """What the numbers in a column of NAMED stand for."""
        found: tuple[Hashable, ...] = getattr(self, f"{column}s")
        return found


def sheet_of(lines: Sequence[LedgerLine], places: Sequence[Hashable]) -> Sheet:
    """The sheet of these lines, in their order; `places`: where each belongs (a station's id, None for no station)."""
    rows = np.zeros(len(lines), LAYOUT)
    rows["incident_id"] = [list(line.recorded.incident_id.bytes) for line in lines] or np.zeros((0, 16), np.uint8)
    rows["received_us"] = [to_us(line.recorded.received_at) for line in lines]
    for figures in FIGURES:
        records: list[IncidentRecord] = [getattr(line, figures) for line in lines]
        rows[f"dispatched_us_{figures}"] = [
            NEVER if record.dispatched_at is None else to_us(record.dispatched_at) for record in records
        ]
        for clock in CLOCKS:
            rows[f"{clock}_{figures}"] = [code_of(record, clock) for record in records]
    local = [line.recorded.received_at.astimezone(TAIPEI) for line in lines]
    rows["day"] = [at.toordinal() for at in local]
    rows["hour"] = [at.hour for at in local]
    rows["weekday"] = [at.isoweekday() for at in local]
    rows["priority"] = [line.recorded.priority for line in lines]
    rows["category"] = [CATEGORIES.index(line.recorded.category) for line in lines]
    rows["marks"] = [sum(1 << number for number, mark in enumerate(MARKS) if mark in line.marks) for line in lines]
    for part in PARTS:
        rows[f"{part}_us"] = [NEVER if (s := line.parts.get(part)) is None else round(s * _US_IN_S) for line in lines]
    rows["eta_s"] = [_number(line.eta_s) for line in lines]
    rows["nearest_free_s"] = [_number(line.nearest_free_s) for line in lines]
    lists = []
    for column, names in (
        ("place", list(places)),
        ("unit_type", [line.reviewed.unit_type for line in lines]),
        ("late_reason", [line.reviewed.late_reason for line in lines]),
        ("cell", [line.reviewed.cell for line in lines]),
    ):
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        rows[column] = [numbers[name] for name in names]
        lists.append(tuple(numbers))
    return Sheet(rows, *lists)


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def incident_ids(columns: Columns, chosen: NDArray[np.intp]) -> list[UUID]:
    """The incidents of these rows, in their order."""
    return [UUID(bytes=bytes(row)) for row in columns["incident_id"][chosen]]


class Names:
    """One numbering of names for many sheets: places, kinds of units, reasons, hexagons."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[Hashable, int]] = {column: {} for column in NAMED}

    def known(self) -> KnownNames:
        """All names of each column so far, in the order of their numbers: a picture that no later sheet changes."""
        return {column: tuple(numbers) for column, numbers in self._numbers.items()}

    def _numbered(self, column: str, names: Sequence[Hashable]) -> NDArray[np.int32]:
        known = self._numbers[column]
        return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int32)

    def joined(self, sheets: Sequence[Sheet]) -> Columns:
        """The sheets one after the other as contiguous columns, their names in this numbering."""
        rows = np.concatenate([sheet.rows for sheet in sheets]) if sheets else np.zeros(0, LAYOUT)
        columns = {name: np.ascontiguousarray(rows[name]) for name in LAYOUT.names or () if name not in NAMED}
        for name in NAMED:
            parts = [self._numbered(name, sheet.names(name))[sheet.rows[name]] for sheet in sheets]
            columns[name] = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return columns
