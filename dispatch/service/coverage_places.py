"""A street map in few places: where calls are counted, where coverage is judged, and where units may wait.

Along a curve through all junctions the streets are cut into pieces of equal length; each piece has one junction that
stands for it. So what is even over these places is even over the streets, and dense quarters have more of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.domain.demand import kernel_by_time
from dispatch.domain.geometry import Position
from dispatch.domain.posts_greedy import aggregate
from dispatch.roads.conditions import USUAL, Conditions
from dispatch.roads.coverage import coverage
from dispatch.roads.street_map import METRES_PER_DEGREE, StreetMap
from dispatch.roads.travel import TravelTimes
from dispatch.service.coverage_names import PlaceNames, Station

Ints = NDArray[np.int64]
Times = NDArray[np.float32]

SITES: Final = 1000
"""Calls are counted at so many places: about the width of a block in a small city."""
PLACES: Final = 300
POSTS: Final = 100
NEIGHBOURHOOD_S: Final = 60.0
"""Calls speak for what lies so far around them, as the scale of a Gaussian of driving seconds."""
STATION_M: Final = 300.0
"""A station this near to a junction can be waited at."""
_CURVE_ORDER: Final = 12


@dataclass(frozen=True, slots=True)
class Post:
    """Where a unit may wait."""

    node: int
    position: Position
    name: str


@dataclass(frozen=True, eq=False)
class MapPlaces:
    """All of one map; made once for it. Seconds are those of a car without lights."""

    map_id: int
    travel: TravelTimes
    sites: Ints
    """Junctions of the map; calls are counted at the nearest of them."""
    near: Any
    """The neighbourhood of sites, a sparse kernel."""
    group: Ints
    """Which place each site belongs to."""
    places: Ints
    """Junctions of the places, which stand for the sites of their groups."""
    between_s: Times
    """[places × places] in the hour that the class speeds stand for."""
    posts: tuple[Post, ...]
    names: PlaceNames
    _from_posts_s: dict[int, Times] = field(default_factory=dict)

    def site_of(self, lat: Sequence[float] | NDArray[np.float64], lon: Sequence[float] | NDArray[np.float64]) -> Ints:
        """The nearest site of each position, as an index."""
        street_map = self.names.street_map
        tree = cKDTree(_plane(street_map, street_map.node_lat[self.sites], street_map.node_lon[self.sites]))
        _, found = tree.query(_plane(street_map, np.asarray(lat), np.asarray(lon)))
        return np.asarray(found, dtype=np.int64)

    def position(self, place: int) -> Position:
        """Where the junction of a place lies."""
        return _positions(self.names.street_map, self.places[[place]])[0]

    def from_posts_s(self, hour: int) -> Times:
        """[posts × places] seconds in an hour of the local day; computed once for each."""
        if hour not in self._from_posts_s:
            positions = [post.position for post in self.posts]
            self._from_posts_s[hour] = seconds_from(self.travel, positions, self.places, Conditions(hour=hour))
        return self._from_posts_s[hour]

    def from_units_s(self, positions: Sequence[Position], hour: int) -> tuple[Times, Times]:
        """[units × places] and [units × posts] seconds; infinite from where no street is."""
        at = np.concatenate((self.places, np.array([post.node for post in self.posts], dtype=np.int64)))
        seconds = seconds_from(self.travel, positions, at, Conditions(hour=hour))
        return seconds[:, : len(self.places)], seconds[:, len(self.places) :]


def places_of(
    map_id: int, travel: TravelTimes, stations: Sequence[Station], *, sites: int = SITES, places: int = PLACES
) -> MapPlaces:
    """Some seconds of one core for a city; for a thread of its own. Raises ValueError without a map."""
    street_map = travel.street_map
    if street_map is None:
        raise ValueError("there are no places without streets")
    chosen = _middles(street_map, _pieces(street_map, min(sites, street_map.nodes)))
    apart_s = seconds_from(travel, _positions(street_map, chosen), chosen)
    few = aggregate(np.ones(len(chosen)), apart_s, min(places, len(chosen)))
    names = PlaceNames(street_map, tuple(stations))
    return MapPlaces(
        map_id=map_id,
        travel=travel,
        sites=chosen,
        near=kernel_by_time(apart_s, NEIGHBOURHOOD_S),
        group=few.group,
        places=chosen[few.places],
        between_s=apart_s[np.ix_(few.places, few.places)],
        posts=_posts(street_map, names),
        names=names,
    )


def seconds_from(
    travel: TravelTimes, positions: Sequence[Position], at_nodes: Ints, conditions: Conditions = USUAL
) -> Times:
    """[positions × junctions] seconds, one search each.

    Not all in one call of SciPy: that would hold the interpreter for a quarter of a second, and a call on the line.
    """
    stands = travel.stand(positions)
    rows = np.full((len(positions), len(at_nodes)), np.inf, dtype=np.float32)
    for number in range(len(positions)):
        rows[number] = coverage(travel, stands.take(np.array([number])), conditions)[at_nodes]
    return rows


def _posts(street_map: StreetMap, names: PlaceNames) -> tuple[Post, ...]:
    """The stations, and in each piece of the streets the junction of the largest ones."""
    found: dict[int, str] = {}
    nodes = cKDTree(_plane(street_map, street_map.node_lat, street_map.node_lon))
    for station in names.stations:
        away_m, node = nodes.query(_plane(street_map, np.array([station.lat]), np.array([station.lon]))[0])
        if away_m <= STATION_M:
            found.setdefault(int(node), station.name)
    piece = _pieces(street_map, min(max(POSTS - len(found), 1), street_map.nodes))
    order = np.lexsort((-names.size_of_junctions(), piece))
    first = np.append(True, piece[order][1:] != piece[order][:-1])
    for node in order[first].tolist():
        found.setdefault(node, names.of(node))
    return tuple(
        Post(node, Position(float(street_map.node_lat[node]), float(street_map.node_lon[node])), name)
        for node, name in found.items()
    )


def _pieces(street_map: StreetMap, count: int) -> Ints:
    """Which of `count` equally long pieces of the streets each junction lies in; a piece may be empty."""
    half_m = np.concatenate((street_map.edge_length_m, street_map.edge_length_m)) / 2
    length_m = np.bincount(
        np.concatenate((street_map.edge_from, street_map.edge_to)), weights=half_m, minlength=street_map.nodes
    )
    order = np.argsort(_along_curve(street_map), kind="stable")
    passed_m = np.cumsum(length_m[order]) - length_m[order] / 2
    piece = np.empty(street_map.nodes, dtype=np.int64)
    piece[order] = np.minimum(passed_m / max(length_m.sum(), 1e-9) * count, count - 1).astype(np.int64)
    return piece


def _middles(street_map: StreetMap, piece: Ints) -> Ints:
    """In each piece the junction nearest to the middle of its junctions."""
    at = _plane(street_map, street_map.node_lat, street_map.node_lon)
    order = np.argsort(piece, kind="stable")
    bounds = [*np.flatnonzero(np.append(True, np.diff(piece[order]) > 0)).tolist(), len(order)]
    middles = []
    for first, last in pairwise(bounds):
        members = order[first:last]
        middles.append(int(members[((at[members] - at[members].mean(axis=0)) ** 2).sum(axis=1).argmin()]))
    return np.array(middles, dtype=np.int64)


def _along_curve(street_map: StreetMap) -> Ints:
    """The place of each junction on a Hilbert curve through the map: neighbours on it are neighbours in the city.

    D. Hilbert, "Über die stetige Abbildung einer Linie auf ein Flächenstück", Mathematische Annalen 38 (1891).
    """
    at = _plane(street_map, street_map.node_lat, street_map.node_lon)
    spread = max(float((at.max(axis=0) - at.min(axis=0)).max()), 1e-9)
    x, y = ((at - at.min(axis=0)) / spread * (2**_CURVE_ORDER - 1)).astype(np.int64).T
    along = np.zeros(len(at), dtype=np.int64)
    for level in range(_CURVE_ORDER - 1, -1, -1):
        side = 1 << level
        right, upper = (x & side) > 0, (y & side) > 0
        along += side * side * ((3 * right) ^ upper)
        flipped = ~upper & right
        x, y = np.where(flipped, side - 1 - x, x), np.where(flipped, side - 1 - y, y)
        x, y = np.where(upper, x, y), np.where(upper, y, x)
        x, y = x & (side - 1), y & (side - 1)
    return along


def _plane(street_map: StreetMap, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres north and east of the equator's and Greenwich's crossing, true to scale at the map's south."""
    return np.column_stack((lat, lon * np.cos(np.radians(street_map.extent.south)))) * METRES_PER_DEGREE


def _positions(street_map: StreetMap, nodes: Ints) -> list[Position]:
    return [
        Position(lat, lon)
        for lat, lon in zip(street_map.node_lat[nodes].tolist(), street_map.node_lon[nodes].tolist(), strict=True)
    ]
