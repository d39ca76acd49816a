"""Ledger lines as columns: what a day's sheet holds, and what questions of any size are answered from. Pure.

A column says the same as the member of the line that it is named after. Times are whole microseconds, so that nothing
is lost: what is computed from columns equals what is computed from the lines (tests/property/test_kpi_columns.py).
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.incident import Category
from dispatch.domain.kpi import TAIPEI, Clock, Exclusion, IncidentRecord, Verdict, verdict
from dispatch.domain.kpi_line import MARKS, Figures, LedgerLine
from dispatch.domain.parts import PARTS
from dispatch.domain.review_state import ReviewState

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
REVIEWS: Final[tuple[ReviewState | None, ...]] = (None, "open", "done")
FIGURES: Final[tuple[Figures, ...]] = ("reviewed", "recorded")

LAYOUT: Final = np.dtype(
    [
        ("incident_id", "u1", 16),
        ("received_us", "<i8"),
        ("dispatched_us_reviewed", "<i8"),
        ("dispatched_us_recorded", "<i8"),
        *((f"{clock}_{figures}", "<i8") for clock in CLOCKS for figures in FIGURES),
        *((f"{part}_us_{figures}", "<i8") for part in PARTS for figures in FIGURES),
        *((f"nearest_free_s_{clock}_{figures}", "<f4") for clock in CLOCKS for figures in FIGURES),
        ("day", "<i4"),
        ("hour", "i1"),
        ("weekday", "i1"),
        ("priority", "i1"),
        ("category", "i1"),
        ("marks", "i1"),
        ("review", "i1"),
        ("place", "<i2"),
        ("cell", "<i2"),
        *((f"unit_type_{figures}", "<i2") for figures in FIGURES),
        *((f"late_reason_{clock}_{figures}", "<i2") for clock in CLOCKS for figures in FIGURES),
    ]
)
"""A row of a sheet, packed. `place` and those after it are numbers in the sheet's own lists of names.

`marks` has a bit for each of MARKS: the seven that a signed byte holds.
"""

Columns = dict[str, NDArray[Any]]
KnownNames = Mapping[str, tuple[Hashable, ...]]
NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "place": ("place",),
    "cell": ("cell",),
    "unit_type": tuple(f"unit_type_{figures}" for figures in FIGURES),
    "late_reason": tuple(f"late_reason_{clock}_{figures}" for clock in CLOCKS for figures in FIGURES),
}
"""Of each list of names the columns whose numbers are places in it."""


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

    def names(self, kind: str) -> tuple[Hashable, ...]:
        """What the numbers in the columns of this kind (NAMED) stand for."""
        found: tuple[Hashable, ...] = getattr(self, f"{kind}s")
        return found


def sheet_of(lines: Sequence[LedgerLine], places: Sequence[Hashable]) -> Sheet:
    """The sheet of these lines, in their order; `places`: where each belongs (a station's id, None for no station)."""
    rows = np.zeros(len(lines), LAYOUT)
    rows["incident_id"] = [list(line.recorded.incident_id.bytes) for line in lines] or np.zeros((0, 16), np.uint8)
    rows["received_us"] = [to_us(line.recorded.received_at) for line in lines]
    for figures in FIGURES:
        records = [line.of(figures)[0] for line in lines]
        rows[f"dispatched_us_{figures}"] = [
            NEVER if record.dispatched_at is None else to_us(record.dispatched_at) for record in records
        ]
        courses = [line.of(figures)[1] for line in lines]
        for clock in CLOCKS:
            rows[f"{clock}_{figures}"] = [code_of(record, clock) for record in records]
            free_s = [course.nearest_free_s(clock) for course in courses]
            rows[f"nearest_free_s_{clock}_{figures}"] = [np.nan if one is None else one for one in free_s]
        for part in PARTS:
            rows[f"{part}_us_{figures}"] = [_us(course.parts.get(part)) for course in courses]
    local = [line.recorded.received_at.astimezone(TAIPEI) for line in lines]
    rows["day"] = [at.toordinal() for at in local]
    rows["hour"] = [at.hour for at in local]
    rows["weekday"] = [at.isoweekday() for at in local]
    rows["priority"] = [line.recorded.priority for line in lines]
    rows["category"] = [CATEGORIES.index(line.recorded.category) for line in lines]
    rows["marks"] = [sum(1 << number for number, mark in enumerate(MARKS) if mark in line.marks) for line in lines]
    rows["review"] = [REVIEWS.index(line.review) for line in lines]
    named: dict[str, Sequence[Hashable]] = {"place": places, "cell": [line.recorded.cell for line in lines]}
    for figures in FIGURES:
        named[f"unit_type_{figures}"] = [line.of(figures)[0].unit_type for line in lines]
        for clock in CLOCKS:
            named[f"late_reason_{clock}_{figures}"] = [line.of(figures)[0].late_reason(clock) for line in lines]
    lists = {}
    for kind, columns in NAMED.items():
        numbers = {name: number for number, name in enumerate(dict.fromkeys(chain(*(named[one] for one in columns))))}
        for column in columns:
            rows[column] = [numbers[name] for name in named[column]]
        lists[f"{kind}s"] = tuple(numbers)
    return Sheet(rows, **lists)


def _us(seconds: float | None) -> int:
    return NEVER if seconds is None else round(seconds * _US_IN_S)


def incident_ids(columns: Columns, chosen: NDArray[np.intp]) -> list[UUID]:
    """The incidents of these rows, in their order."""
    return [UUID(bytes=bytes(row)) for row in columns["incident_id"][chosen]]


class Names:
    """One numbering of names for many sheets: places, kinds of units, reasons, hexagons."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[Hashable, int]] = {kind: {} for kind in NAMED}

    def known(self) -> KnownNames:
        """All names of each kind so far, in the order of their numbers: a picture that no later sheet changes."""
        return {kind: tuple(numbers) for kind, numbers in self._numbers.items()}

    def _numbered(self, kind: str, names: Sequence[Hashable]) -> NDArray[np.int32]:
        known = self._numbers[kind]
        return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int32)

    def joined(self, sheets: Sequence[Sheet]) -> Columns:
        """The sheets one after the other as contiguous columns, their names in this numbering."""
        rows = np.concatenate([sheet.rows for sheet in sheets]) if sheets else np.zeros(0, LAYOUT)
        columns = {name: np.ascontiguousarray(rows[name]) for name in LAYOUT.names or ()}
        for kind, named in NAMED.items():
            numbers = [self._numbered(kind, sheet.names(kind)) for sheet in sheets]
            for name in named:
                parts = [table[sheet.rows[name]] for table, sheet in zip(numbers, sheets, strict=True)]
                columns[name] = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return columns


def amended(sheet: Sheet, gone: Container[UUID], more: Sheet) -> Sheet:
    """The sheet without these incidents and with those of the other, in the order of receipt."""
    ids = incident_ids({"incident_id": sheet.rows["incident_id"]}, np.arange(len(sheet.rows)))
    stay = sheet.rows[[incident_id not in gone for incident_id in ids]]
    come, lists = more.rows.copy(), {}
    for kind, columns in NAMED.items():
        numbers = {name: number for number, name in enumerate(dict.fromkeys(sheet.names(kind) + more.names(kind)))}
        table = np.array([numbers[name] for name in more.names(kind)], np.int16)
        for column in columns:
            come[column] = table[more.rows[column]]
        lists[f"{kind}s"] = tuple(numbers)
    rows = np.concatenate([stay, come])
    order = sorted(range(len(rows)), key=lambda row: (rows["received_us"][row], bytes(rows["incident_id"][row])))
    return Sheet(rows[order], **lists)
