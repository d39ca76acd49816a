"""Reads one table of a scenario file with care: what is missing, wrong or unknown is told by file, key and remedy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeVar

from dispatch.domain.geometry import Position
from dispatch.domain.refusals import Invalid

Word = TypeVar("Word", bound=StrEnum)
LARGEST: Final = 1e9


class Table:
    """A table of the file. Every read says what is allowed; `done` refuses keys that nobody read."""

    def __init__(self, file: str, path: str, values: Mapping[str, Any]) -> None:
        self.file = file
        self._path = path
        self._values = values
        self._known: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> list[str]:
        """The keys that are written, for tables whose keys are names."""
        return list(self._values)

    def refuse(self, key: str, allowed: str) -> NoReturn:
        """Raises Invalid with the file, the key, what it is and what may be there."""
        name = f"{self._path}.{key}" if self._path else key
        said = f"is {self._values[key]!r}" if key in self._values else "is missing"
        raise Invalid(f"{self.file}: {name} {said}; allowed: {allowed}", member=name)

    def done(self) -> None:
        """Raises Invalid where a key is there that means nothing: most likely a slip of the pen."""
        for key in self._values:
            if key not in self._known:
                self.refuse(key, f"no such key here, only {', '.join(sorted(self._known))}")

    def number(
        self, key: str, default: float | None = None, low: float = 0.0, high: float = LARGEST, *, above: bool = False
    ) -> float:
        """A number from `low` (or, where `above`, above it) to `high`."""
        value = self._value(key, default)
        if not _is_number(value) or not (low < value if above else low <= value) or value > high:
            self.refuse(key, f"a number {'above' if above else 'from'} {low:g} to {high:g}")
        return float(value)

    def whole(self, key: str, default: int | None = None, low: int = 0, high: int = 2**53) -> int:
        """A whole number from `low` to `high`."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(key, f"a whole number from {low} to {high}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text that isn't empty."""
        value = self._value(key, default)
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, "a text")
        return value

    def word(self, key: str, words: type[Word], default: Word | None = None) -> Word:
        """One of some words."""
        value = self._value(key, default)
        try:
            return words(value)
        except ValueError:
            self.refuse(key, ", ".join(words))

    def numbers(self, key: str, count: int, default: Sequence[float] | None = None) -> tuple[float, ...]:
        """So many numbers, none below 0, not all 0."""
        value = self._value(key, default)
        good = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == count
        if not good or not all(_is_number(part) and 0 <= part <= LARGEST for part in value) or not any(value):
            self.refuse(key, f"{count} numbers from 0 on, not all of them 0")
        return tuple(float(part) for part in value)

    def box(self, key: str) -> tuple[float, float, float, float] | None:
        """West, south, east, north, degrees; None where the key is not there."""
        value = self._value(key, None)
        if value is None:
            return None
        if not isinstance(value, list | tuple) or len(value) != 4 or not all(_is_number(part) for part in value):
            self.refuse(key, "[west, south, east, north] in degrees")
        west, south, east, north = (float(part) for part in value)
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            self.refuse(key, "[west, south, east, north] in degrees, west < east and south < north")
        return west, south, east, north

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where the key is not there."""
        value = self._value(key, ())
        if not isinstance(value, list | tuple) or not all(isinstance(part, str) and part.strip() for part in value):
            self.refuse(key, "a list of texts")
        return tuple(value)

    def clock_s(self, key: str) -> float:
        """A time of the day, "07:00" to "24:00", as seconds."""
        value = self._value(key, None)
        hour, _, minute = value.partition(":") if isinstance(value, str) else ("", "", "")
        digits = len(hour) in {1, 2} and len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()
        if not digits or int(minute) > 59 or int(hour) * 60 + int(minute) > 24 * 60:
            self.refuse(key, 'a time of the day such as "07:00", to "24:00"')
        return int(hour) * 3600.0 + int(minute) * 60.0

    def position(self) -> Position:
        """`lat` and `lon` of this table, degrees."""
        return Position(self.number("lat", None, -90, 90), self.number("lon", None, -180, 180))

    def table(self, key: str) -> Table:
        """A table within; an empty one where the key is not there."""
        value = self._value(key, {})
        if not isinstance(value, Mapping):
            self.refuse(key, "a table")
        return self._within(key, value)

    def tables(self, key: str) -> list[Table]:
        """The tables of a list; none where the key is not there."""
        value = self._value(key, ())
        if not isinstance(value, list | tuple) or not all(isinstance(part, Mapping) for part in value):
            self.refuse(key, f"tables, each headed [[{key}]]")
        return [self._within(f"{key}[{number}]", part) for number, part in enumerate(value, 1)]

    def check_keys(self, allowed: Iterable[str]) -> None:
        """Raises Invalid for a key that isn't one of these: for tables whose keys are words."""
        self._known.update(str(key) for key in allowed)
        self.done()

    def raw(self, key: str) -> Any:
        """What is written, as it is; None where nothing is."""
        return self._value(key, None)

    def _within(self, key: str, value: Mapping[str, Any]) -> Table:
        return Table(self.file, f"{self._path}.{key}" if self._path else key, value)

    def _value(self, key: str, default: Any) -> Any:
        self._known.add(key)
        return self._values.get(key, default)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
