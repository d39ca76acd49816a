"""A row of a file of past calls, checked: what it says of a call and of a unit, or what is wrong with it. Pure.

What a file may leave out stays unknown; no time and no place is ever made up. Rows of one call are held against each
other, and against what is known already, where they are together (dispatch.store.imports).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dispatch.domain.incident import Category, Priority
from dispatch.domain.kpi import Exclusion
from dispatch.domain.past_time import NoTime, NoZone, read_time
from dispatch.domain.review import MAY_BE_GIVEN

TIMES: Final = (
    "received_at",
    "created_at",
    "dispatched_at",
    "acknowledged_at",
    "en_route_at",
    "on_scene_at",
    "cleared_at",
)
FIELDS: Final = (
    *("incident", "unit", "unit_type", "category", "priority", *TIMES),
    *("lat", "lon", "address", "disposition", "exclusion"),
)
NEEDED: Final = ("incident", "received_at")
LIMITS: Final = {"incident": 64, "unit": 200, "category": 200, "address": 4000, "disposition": 200}
"""Characters; those of the same members elsewhere."""
ONE_LINE: Final = ("incident", "unit", "category")
UNIT_TYPES: Final = ("car", "motorcycle", "other")
EXCLUDED_AS: Final = (Exclusion.CANCELLED, *MAY_BE_GIVEN)
"""What a word of the file may stand for; the clock's other exclusions are found and never given."""
NOT_EXCLUDED: Final = "counted"
"""What a row says with any other word: it excludes nothing. A row without a word says nothing."""
_UNSEEN: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Printable by Unicode, and shown as nothing (Default_Ignorable_Code_Point): two numbers would look the same."""
_STEPS: Final = ("dispatched_at", "acknowledged_at", "en_route_at", "on_scene_at")
"""Each at or after those before it that are known. Clearing is apart: see `_check_cleared`."""


class PastRow(NamedTuple):
    """Times in UTC, degrees WGS 84; None: the file doesn't say. A tuple, since a file has hundreds of thousands."""

    line: int
    incident: str
    unit: str | None
    unit_type: str | None
    category: str | None
    priority: int | None
    description: str | None
    """The file's own word, where it stands for no category of ours."""
    received_at: datetime
    created_at: datetime | None
    dispatched_at: datetime | None
    acknowledged_at: datetime | None
    en_route_at: datetime | None
    on_scene_at: datetime | None
    cleared_at: datetime | None
    lat: float | None
    lon: float | None
    address: str | None
    disposition: str | None
    exclusion: str | None
    """The reason, or NOT_EXCLUDED."""

    @property
    def cleared_early(self) -> bool:
        """It was cleared before a later step than its dispatch: two presses crossed."""
        steps = (self.acknowledged_at, self.en_route_at, self.on_scene_at)
        return self.cleared_at is not None and any(at is not None and at > self.cleared_at for at in steps)


class RowError(NamedTuple):
    """What is wrong in one place of the file. `line` counts from 1, the header's being the first."""

    line: int
    field: str
    column: str
    """As the file's header has it; empty where the whole row is meant."""
    said: str

    def __str__(self) -> str:
        if not self.column:
            return f"line {self.line}: {self.said}"
        of = "" if self.column == self.field else f" ({self.field})"
        return f"line {self.line}, column {self.column}{of}: {self.said}"


@dataclass(frozen=True, slots=True)
class Words:
    """What the file's own words stand for. Our own names and 1 to 4 stand for themselves."""

    categories: Mapping[str, Category] = field(default_factory=dict)
    priorities: Mapping[str, Priority] = field(default_factory=dict)
    other_category: Category | None = Category.OTHER
    """For a word that nothing above names, and where none stands; None: such a row is refused."""
    exclusions: Mapping[str, Exclusion] = field(default_factory=dict)
    """By the file's word as `one_line` gives it. Nothing stands for itself here: who excludes says what."""


def one_line(text: str) -> str:
    """Without line ends and double blanks: a free text as it is kept, a word of one as it is looked up."""
    return " ".join(text.split())


class RowRules:
    """How the rows of one file are read."""

    def __init__(self, columns: Mapping[str, str], words: Words, zone: ZoneInfo | None, now: datetime) -> None:
        self._columns, self._words, self._zone, self._now = columns, words, zone, now
        self._known: dict[str, tuple[str, str | None]] = {}

    def error(self, line: int, name: str, said: str) -> RowError:
        """What is wrong with a field."""
        return RowError(line, name, self._columns.get(name, name), said)

    def read(self, line: int, cells: Mapping[str, str]) -> PastRow | list[RowError]:
        """`cells`: by field, without blanks around; empty: not said. Raises NoZone where none is declared."""
        row = _Row(self, line, cells)
        received_at, times = row.time("received_at"), {name: row.time(name) for name in TIMES[1:]}
        for name in NEEDED:
            if not cells.get(name):
                row.wrong(name, "is empty; every row needs it")
        texts = {name: row.text(name) for name in LIMITS}
        category, description = row.category(texts["category"])
        priority, unit_type = row.priority(), row.unit_type()
        lat, lon = row.place()
        if received_at is not None:
            row.check_times({"received_at": received_at, **times}, self._now)
        if row.errors or received_at is None:
            return row.errors
        return PastRow(
            line,
            texts["incident"] or "",
            texts["unit"],
            unit_type,
            category,
            priority,
            description,
            received_at,
            times["created_at"],
            times["dispatched_at"],
            times["acknowledged_at"],
            times["en_route_at"],
            times["on_scene_at"],
            times["cleared_at"],
            lat,
            lon,
            texts["address"],
            texts["disposition"],
            row.exclusion(),
        )

    @property
    def words(self) -> Words:
        """Of this file."""
        return self._words

    @property
    def zone(self) -> ZoneInfo | None:
        """Of its wall clocks."""
        return self._zone


class _Row:
    def __init__(self, rules: RowRules, line: int, cells: Mapping[str, str]) -> None:
        self._rules, self._line, self._cells = rules, line, cells
        self.errors: list[RowError] = []

    def wrong(self, name: str, said: str) -> None:
        self.errors.append(self._rules.error(self._line, name, said))

    def time(self, name: str) -> datetime | None:
        said = self._cells.get(name)
        try:
            return read_time(said, self._rules.zone) if said else None
        except NoZone as error:  # the same in every row: once is enough
            raise NoZone(str(self._rules.error(self._line, name, str(error)))) from error
        except NoTime as error:
            self.wrong(name, str(error))
            return None

    def text(self, name: str) -> str | None:
        said = self._cells.get(name, "")
        if name not in ONE_LINE:
            said = one_line(said)
        if len(said) > LIMITS[name]:
            self.wrong(name, f"has {len(said)} characters; {LIMITS[name]} is the most")
        elif not said.isprintable() or (name == "incident" and _UNSEEN.search(said)):
            unseen = next(sign for sign in said if not sign.isprintable() or _UNSEEN.match(sign))
            self.wrong(name, f"{said!r} holds U+{ord(unseen):04X}, which cannot be seen")
        return said or None

    def category(self, said: str | None) -> tuple[str | None, str | None]:
        words = self._rules.words
        if said is None:
            if words.other_category is None:
                self.wrong("category", "is empty")
            return None, None
        if said in words.categories:
            return str(words.categories[said]), None
        if said.lower() in set(Category):
            return said.lower(), None
        if words.other_category is None:
            self.wrong("category", f"{said!r} is no category of ours; say which it is: --category '{said}=…'")
            return None, None
        return str(words.other_category), said

    def priority(self) -> int | None:
        said = self._cells.get("priority")
        if not said:
            return None
        known = self._rules.words.priorities.get(said)
        if known is None and said not in {"1", "2", "3", "4"}:
            self.wrong("priority", f"{said!r} is none of 1 (highest) to 4; say which it is: --priority '{said}=…'")
            return None
        return int(said) if known is None else int(known)

    def unit_type(self) -> str | None:
        said = self._cells.get("unit_type", "")
        if said and said.lower() not in UNIT_TYPES:
            self.wrong("unit_type", f"{said!r} is none of {', '.join(UNIT_TYPES)}")
        return said.lower() or None

    def exclusion(self) -> str | None:
        said = one_line(self._cells.get("exclusion", ""))
        return str(self._rules.words.exclusions.get(said, NOT_EXCLUDED)) if said else None

    def place(self) -> tuple[float | None, float | None]:
        """Both or none; 0, 0 in the Gulf of Guinea is what programs write for none."""
        lat, lon = self._degrees("lat", 90), self._degrees("lon", 180)
        if (not self._cells.get("lat")) != (not self._cells.get("lon")):
            empty = "lon" if self._cells.get("lat") else "lat"
            self.wrong(empty, "is empty, though the other half of the position is there")
        return (None, None) if (lat, lon) == (0, 0) else (lat, lon)

    def _degrees(self, name: str, limit: int) -> float | None:
        said = self._cells.get(name)
        if not said:
            return None
        try:
            value = float(said)
        except ValueError:
            value = float("nan")
        if not -limit <= value <= limit:
            self.wrong(name, f"{said!r} is no number of degrees from -{limit} to {limit}")
            return None
        return value

    def check_times(self, times: Mapping[str, datetime | None], now: datetime) -> None:
        """Nothing happens before what it follows from, nor after this moment."""
        self._check_order(times, ("received_at", "created_at"))
        self._check_order(times, ("received_at", *_STEPS))
        self._check_cleared(times)
        for name, at in times.items():
            if at is not None and at > now:
                self.wrong(name, f"{self._cells[name]} lies in the future")

    def _check_order(self, times: Mapping[str, datetime | None], names: Sequence[str]) -> None:
        known = [(name, at) for name in names if (at := times[name]) is not None]
        latest, latest_at = known[0]
        for name, at in known[1:]:
            if at < latest_at:
                self._before(name, latest)
            else:
                latest, latest_at = name, at

    def _check_cleared(self, times: Mapping[str, datetime | None]) -> None:
        """Never before the call or the dispatch. Before a step on the way it is kept: no response rests on it."""
        cleared_at = times["cleared_at"]
        for name in ("dispatched_at", "received_at"):
            at = times[name]
            if cleared_at is not None and at is not None and cleared_at < at:
                self._before("cleared_at", name)
                return

    def _before(self, name: str, other: str) -> None:
        self.wrong(name, f"{self._cells[name]} lies before {other} {self._cells[other]}")
