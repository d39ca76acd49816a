"""Past calls from a CSV file with one line a call, or one line a call and unit."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn
from zoneinfo import ZoneInfo

from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.refusals import Invalid
from dispatch.simulator.demand_kinds import CsvDemand
from dispatch.simulator.recorded_calls import RecordedCall, RecordedCalls, gather

JOIN: Final = "+"
"""Between two columns, the date's and the time's."""
NO_PLACE: Final = "no_place"


def read_recorded_calls(demand: CsvDemand, folder: Path) -> RecordedCalls:
    """The calls of the file, which is sought from `folder`. Raises Invalid with file and line; OSError unopened."""
    path = folder / demand.file
    calls: dict[str, RecordedCall] = {}
    left_out: Counter[str] = Counter()
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        try:
            _check_columns(path, demand, reader.fieldnames or ())
            for row in reader:
                line = _Line(path.name, reader.line_num, demand, row)
                call = line.call()
                if call is None:
                    left_out[NO_PLACE] += 1
                    continue
                key = line.field("incident") or f"line {reader.line_num}"
                calls[key] = _first_there(calls.get(key), call)
        except (csv.Error, UnicodeDecodeError) as defect:
            raise Invalid(f"{path.name}: this is no CSV in UTF-8 ({defect})", member="demand.file") from defect
    try:
        return gather(calls.values(), zone=ZoneInfo(demand.zone), left_out=left_out)
    except Invalid as refusal:
        raise Invalid(f"{path.name}: {refusal}", member="demand.file") from refusal


def _check_columns(path: Path, demand: CsvDemand, header: Sequence[str]) -> None:
    for field, column in demand.columns:
        for part in column.split(JOIN) if column not in header else ():
            if part not in header:
                said = f"{path.name}: there is no column {part} for {field}; allowed: {', '.join(header) or 'none'}"
                raise Invalid(said, member=f"demand.columns.{field}")


def _first_there(known: RecordedCall | None, call: RecordedCall) -> RecordedCall:
    """Of the lines of one incident the one whose unit came first; those that never came count for nothing."""
    if known is None or known.on_scene_at is None:
        return call if known is None or call.on_scene_at is not None else known
    return call if call.on_scene_at is not None and call.on_scene_at < known.on_scene_at else known


@dataclass(frozen=True, slots=True)
class _Line:
    file: str
    number: int
    demand: CsvDemand
    row: Mapping[str, str | None]

    def call(self) -> RecordedCall | None:
        """The call of the line; None where it says no place."""
        received_at = self.time("received_at")
        if received_at is None:
            self.refuse("received_at", "a time such as 2026-11-23T14:05:00")
        if not self.field("lat") or not self.field("lon"):
            return None
        return RecordedCall(
            received_at=received_at,
            lat=self.degrees("lat", 90),
            lon=self.degrees("lon", 180),
            category=self.category(),
            priority=self.priority(),
            accident_class=self.accident_class(),
            on_scene_at=self.time("on_scene_at"),
            cleared_at=self.time("cleared_at"),
        )

    def field(self, name: str) -> str:
        """What stands in the field's column; two columns are joined by a T, as date and time are."""
        column = dict(self.demand.columns).get(name)
        if column is None:
            return ""
        if column in self.row:
            return (self.row[column] or "").strip()
        parts = [(self.row[part] or "").strip() for part in column.split(JOIN)]
        return "T".join(parts) if all(parts) else ""

    def time(self, name: str) -> datetime | None:
        said = self.field(name)
        try:
            return datetime.fromisoformat(said) if said else None
        except ValueError:
            self.refuse(name, "a time such as 2026-11-23T14:05:00")

    def degrees(self, name: str, limit: float) -> float:
        try:
            value = float(self.field(name))
        except ValueError:
            value = float("nan")
        if not -limit <= value <= limit:
            self.refuse(name, f"degrees from {-limit} to {limit}")
        return value

    def category(self) -> Category | None:
        said = self.field("category")
        if not said:
            return None
        known = dict(self.demand.category_words).get(said)
        if known is not None:
            return known
        return Category(said) if said in set(Category) else Category.OTHER

    def priority(self) -> int | None:
        said = self.field("priority")
        known = dict(self.demand.priority_words).get(said)
        if known is not None:
            return known
        return int(said) if said in {"1", "2", "3", "4"} else None

    def accident_class(self) -> AccidentClass | None:
        said = self.field("accident_class")
        return AccidentClass(said) if said in set(AccidentClass) else None

    def refuse(self, name: str, allowed: str) -> NoReturn:
        said = f"{self.file}: line {self.number}: {name} is {self.field(name)!r}; allowed: {allowed}"
        raise Invalid(said, member=f"demand.columns.{name}")
