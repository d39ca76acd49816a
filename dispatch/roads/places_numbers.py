"""House numbers along one street, and where one lies that the map does not have. Pure.

Numbers rise along a street, odd ones on one side and even ones on the other (in Taiwan by the Household Registration
offices' numbering of 門牌), so a missing one lies between its neighbours of the same side.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dispatch.domain.geometry import Position, between, distance_m
from dispatch.roads.places_text import leading_number

BETWEEN_M: Final = 400.0
"""Neighbours farther apart than this say little of what lies between; then the nearest number is named instead."""


@dataclass(frozen=True, slots=True)
class House:
    """A known number and its place."""

    number: str
    place: Position


@dataclass(frozen=True, slots=True)
class Located:
    """Where a number is. `near`: the known numbers it was told from; none where the map has the number itself."""

    number: str
    place: Position
    near: tuple[str, ...] = ()
    interpolated: bool = False


class HouseNumbers:
    """The known numbers of one street."""

    def __init__(self, houses: Iterable[House]) -> None:
        self._sides: tuple[list[tuple[int, House]], list[tuple[int, House]]] = ([], [])
        self._known: dict[str, House] = {}
        for house in houses:
            figure = leading_number(house.number)
            if self._known.setdefault(house.number, house) is house:
                self._sides[figure % 2].append((figure, house))
        for side in self._sides:
            side.sort(key=lambda entry: (entry[0], entry[1].number))

    def locate(self, number: str) -> Located | None:
        """The number's place; else between its neighbours of the same side, else at the nearest known number."""
        if (known := self._known.get(number)) is not None:
            return Located(known.number, known.place)
        figure = leading_number(number)
        side = self._sides[figure % 2]
        same = [house for _, house in side[_left(side, figure) : _right(side, figure)]]
        if same:  # 12 for 12-3
            return Located(number, same[0].place, (same[0].number,))
        at = _left(side, figure)
        if 0 < at < len(side):
            (low, before), (high, after) = side[at - 1], side[at]
            if distance_m(before.place, after.place) <= BETWEEN_M:
                place = between(before.place, after.place, (figure - low) / (high - low))
                return Located(number, place, (before.number, after.number), interpolated=True)
        everything = [*self._sides[0], *self._sides[1]]
        if not everything:
            return None
        _, nearest = min(everything, key=lambda entry: (abs(entry[0] - figure), entry[0]))
        return Located(number, nearest.place, (nearest.number,))

    def beginning(self, number: str, limit: int) -> list[House]:
        """Known numbers that begin with these figures, in order: what may be meant while a number is typed."""
        found = [(leading_number(name), house) for name, house in self._known.items() if name.startswith(number)]
        return [house for _, house in sorted(found, key=lambda entry: (entry[0], entry[1].number))[:limit]]

    def all(self) -> Iterable[House]:
        """Every known number."""
        return self._known.values()


def _left(side: list[tuple[int, House]], figure: int) -> int:
    return bisect_left(side, figure, key=lambda entry: entry[0])


def _right(side: list[tuple[int, House]], figure: int) -> int:
    return bisect_right(side, figure, key=lambda entry: entry[0])
