"""Everything of one map that has a name, in memory: streets, house numbers, landmarks, localities."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from dispatch.domain.geometry import Position, distance_m, distances_m
from dispatch.roads.places import Place, PlaceKind
from dispatch.roads.places_names import NameIndex
from dispatch.roads.places_numbers import House, HouseNumbers
from dispatch.roads.places_streets import NamedStreets, Street
from dispatch.roads.places_text import Address, address_in, has_han, plain
from dispatch.roads.street_map import StreetMap

AREA_WITHIN_M: Final = 5000.0
"""A locality farther away than this says nothing of where a place is."""
_BARE_NUMBER: Final = re.compile(r"^(\d+)號?$", re.ASCII)
_HALT_ENDINGS: Final = ("車站", "火車站")


class PlaceIndex:
    """Built once per map; safe to share between threads."""

    def __init__(self, street_map: StreetMap, places: Sequence[Place]) -> None:
        self.named = NamedStreets(street_map)
        self.streets = self.named.streets
        self.street_of: dict[str, list[int]] = defaultdict(list)
        names: list[tuple[str, int]] = []
        for number, street in enumerate(self.streets):
            for name in street.name.split(";"):
                if (form := plain(name)) and number not in self.street_of[form]:
                    self.street_of[form].append(number)
                    names.append((form, number))
        self.street_names = NameIndex(names)
        self.landmarks = [place for place in places if place.kind is not PlaceKind.ADDRESS]
        self.landmark_names = NameIndex(
            [(form, item) for item, place in enumerate(self.landmarks) for form in _forms(place)]
        )
        self.numbers_of_street: dict[int, HouseNumbers] = {}
        self.numbers_elsewhere: dict[str, tuple[str, HouseNumbers]] = {}
        """Of streets that the map's graph does not have: lanes on foot, villages without street names."""
        self._number(place for place in places if place.kind is PlaceKind.ADDRESS)
        elsewhere = list(self.numbers_elsewhere)
        self.elsewhere_names = NameIndex([(form, item) for item, form in enumerate(elsewhere)])
        self.elsewhere = elsewhere
        self._localities = [place for place in self.landmarks if place.kind is PlaceKind.LOCALITY]
        self._locality_lat = np.array([place.lat for place in self._localities])
        self._locality_lon = np.array([place.lon for place in self._localities])
        self._houses = self._all_houses()

    def area_of(self, lat: float, lon: float) -> str | None:
        """The nearest locality's name; None where none is near."""
        if not self._localities:
            return None
        away_m = distances_m(lat, lon, self._locality_lat, self._locality_lon)
        best = int(np.argmin(away_m))
        return self._localities[best].name if away_m[best] <= AREA_WITHIN_M else None

    def nearest_house(self, lat: float, lon: float) -> tuple[str, Position, float] | None:
        """The nearest known address: its label, place, and metres to it."""
        labels, lats, lons = self._houses
        if not labels:
            return None
        # in the plane, as there may be hundreds of thousands; then the one exactly
        east = np.cos(np.radians(lat))
        best = int(np.argmin(np.square(lats - lat) + np.square((lons - lon) * east)))
        place = Position(float(lats[best]), float(lons[best]))
        return labels[best], place, distance_m(Position(lat, lon), place)

    def _number(self, addresses: Iterable[Place]) -> None:
        houses: dict[int, list[House]] = defaultdict(list)
        elsewhere: dict[str, tuple[str, list[House]]] = {}
        for place in addresses:
            address = written_address(place)
            if address is None:
                continue
            house = House(address.number, Position(place.lat, place.lon))
            street = self._nearest_of(self.street_of.get(address.street, ()), place)
            if street is not None:
                houses[street].append(house)
            else:
                elsewhere.setdefault(address.street, (_street_label(place, address), []))[1].append(house)
        self.numbers_of_street = {street: HouseNumbers(held) for street, held in houses.items()}
        self.numbers_elsewhere = {form: (label, HouseNumbers(held)) for form, (label, held) in elsewhere.items()}

    def _nearest_of(self, streets: Sequence[int], place: Place) -> int | None:
        if len(streets) < 2:
            return streets[0] if streets else None
        return min(streets, key=lambda number: _box_gap(self.streets[number], place))

    def _all_houses(self) -> tuple[list[str], np.ndarray, np.ndarray]:
        found = [
            (address_label(name, house.number), house.place)
            for name, numbers in (
                *((self.streets[street].name, numbers) for street, numbers in self.numbers_of_street.items()),
                *self.numbers_elsewhere.values(),
            )
            for house in numbers.all()
        ]
        lats, lons = (np.array([getattr(place, side) for _, place in found]) for side in ("lat", "lon"))
        return [label for label, _ in found], lats, lons


def written_address(place: Place) -> Address | None:
    """The address that the map has, taken apart: lane and alley belong to the street, however the map splits them."""
    if (bare := _BARE_NUMBER.match(place.number)) is not None:
        return Address(_form_of(place.name), bare[1])
    joint = "" if has_han(place.name) else " "
    return address_in(plain(f"{place.name}{joint}{place.number}"))


@lru_cache(maxsize=4096)
def _form_of(street: str) -> str:
    """Of hundreds of thousands of houses that stand on a few thousand streets."""
    return plain(street)


def address_label(street: str, number: str) -> str:
    """As people of the place write it."""
    return f"{street}{number}號" if has_han(street) else f"{street} {number}"


def _street_label(place: Place, address: Address) -> str:
    """The street as the map writes it; with lane and alley from the number, in the one form."""
    return place.name if _form_of(place.name) == address.street else address.street


def _box_gap(street: Street, place: Place) -> float:
    """Degrees between a place and a street's box, weighed alike in both directions: good enough to choose by."""
    (south, west), (north, east) = street.south_west, street.north_east
    return max(south - place.lat, place.lat - north, 0.0) + max(west - place.lon, place.lon - east, 0.0)


def _forms(place: Place) -> list[str]:
    names = [place.name, *place.aliases]
    if place.sort in {"station", "halt"}:
        names += [f"{place.name}{ending}" for ending in _HALT_ENDINGS] if has_han(place.name) else []
    return list(dict.fromkeys(form for name in names if (form := plain(name))))
