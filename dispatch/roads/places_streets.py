"""Streets by name, and where two of them cross, out of the street graph. One name in two villages is two streets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.domain.geometry import distances_m
from dispatch.roads.street_map import METRES_PER_DEGREE, StreetMap

SAME_STREET_M: Final = 600.0
"""Parts of one name with a gap up to this are one street: carriageways, a square between."""
ONE_CROSSING_M: Final = 90.0
"""Junctions of the same two streets within this are one crossing: of divided streets there are four."""


@dataclass(frozen=True, slots=True)
class Street:
    """A street that people would call one; its position is a junction near its middle, degrees."""

    name: str
    lat: float
    lon: float
    nodes: NDArray[np.int64]
    south_west: tuple[float, float]
    north_east: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where two streets meet; degrees."""

    lat: float
    lon: float


class NamedStreets:
    """All named streets of one map, and who crosses whom."""

    def __init__(self, street_map: StreetMap) -> None:
        self._lat, self._lon = street_map.node_lat, street_map.node_lon
        self.streets = _streets(street_map)
        self._at: dict[int, list[int]] = defaultdict(list)
        for number, street in enumerate(self.streets):
            for node in street.nodes.tolist():
                self._at[node].append(number)

    def neighbours(self, street: int) -> dict[int, list[int]]:
        """The streets that cross this one, each with the junctions where they do."""
        found: dict[int, list[int]] = defaultdict(list)
        for node in self.streets[street].nodes.tolist():
            for other in self._at[node]:
                if other != street and self.streets[other].name != self.streets[street].name:
                    found[other].append(node)
        return found

    def crossings(self, nodes: list[int]) -> list[Crossing]:
        """These junctions of two streets as crossings: those close together are one, in its middle."""
        left, found = list(nodes), []
        while left:
            first = left[0]
            away_m = distances_m(float(self._lat[first]), float(self._lon[first]), self._lat[left], self._lon[left])
            here = [node for node, away in zip(left, away_m, strict=True) if away <= ONE_CROSSING_M]
            left = [node for node in left if node not in here]
            found.append(Crossing(float(self._lat[here].mean()), float(self._lon[here].mean())))
        return found

    def nearest_crossing(self, lat: float, lon: float) -> tuple[list[str], Crossing, float] | None:
        """The named streets of the nearest junction where two meet, its place, and metres to it."""
        nodes = self._meeting
        if not len(nodes):
            return None
        away_m = distances_m(lat, lon, self._lat[nodes], self._lon[nodes])
        best = int(np.argmin(away_m))
        node = int(nodes[best])
        names = list(dict.fromkeys(self.streets[number].name for number in self._at[node]))
        return names[:2], Crossing(float(self._lat[node]), float(self._lon[node])), float(away_m[best])

    @cached_property
    def _meeting(self) -> NDArray[np.int64]:
        names = {node: {self.streets[number].name for number in numbers} for node, numbers in self._at.items()}
        return np.array([node for node, here in names.items() if len(here) > 1], dtype=np.int64)


def _streets(street_map: StreetMap) -> list[Street]:
    named = np.flatnonzero(street_map.edge_name != 0)
    if not len(named):
        return []
    count = street_map.nodes
    name = street_map.edge_name[named].astype(np.int64)
    ends = np.concatenate((name * count + street_map.edge_from[named], name * count + street_map.edge_to[named]))
    keys, at = np.unique(ends, return_inverse=True)
    links = coo_array(
        (np.ones(len(named), dtype=np.int8), (at[: len(named)], at[len(named) :])), shape=(len(keys), len(keys))
    )
    parts, part = connected_components(links.tocsr(), directed=False)
    node, name_of = keys % count, keys // count
    lat, lon = street_map.node_lat[node], street_map.node_lon[node]
    boxes = np.stack([_by_part(np.minimum, lat, part, parts), _by_part(np.minimum, lon, part, parts)])
    far = np.stack([_by_part(np.maximum, lat, part, parts), _by_part(np.maximum, lon, part, parts)])
    name_of_part = np.zeros(parts, dtype=np.int64)
    name_of_part[part] = name_of
    street_of_part = _joined(name_of_part, boxes, far)
    street_of = street_of_part[part]
    order = np.argsort(street_of, kind="stable")
    found = []
    for rows in np.split(order, np.flatnonzero(np.diff(street_of[order])) + 1):
        middle_lat, middle_lon = float(lat[rows].mean()), float(lon[rows].mean())
        middle = rows[int(np.argmin(distances_m(middle_lat, middle_lon, lat[rows], lon[rows])))]
        found.append(
            Street(
                name=street_map.names[int(name_of[rows[0]])],
                lat=float(lat[middle]),
                lon=float(lon[middle]),
                nodes=node[rows],
                south_west=(float(lat[rows].min()), float(lon[rows].min())),
                north_east=(float(lat[rows].max()), float(lon[rows].max())),
            )
        )
    return found


def _by_part(extreme: np.ufunc, values: np.ndarray, part: np.ndarray, parts: int) -> np.ndarray:
    found = np.full(parts, -np.inf if extreme is np.maximum else np.inf)
    extreme.at(found, part, values)
    return found


def _joined(name: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Parts of one name whose boxes lie within SAME_STREET_M of each other become one street; its number, by part."""
    order = np.argsort(name, kind="stable")
    pairs: list[tuple[int, int]] = []
    for group in np.split(order, np.flatnonzero(np.diff(name[order])) + 1):
        if len(group) == 1:
            continue
        gap_deg = np.maximum(low[:, group][:, :, None] - high[:, group][:, None, :], 0)
        gap_deg = np.maximum(gap_deg, np.maximum(low[:, group][:, None, :] - high[:, group][:, :, None], 0))
        east = np.cos(np.radians(low[0, group].mean()))
        near = np.hypot(gap_deg[0], gap_deg[1] * east) * METRES_PER_DEGREE <= SAME_STREET_M
        one, other = np.nonzero(np.triu(near, 1))
        pairs.extend(zip(group[one].tolist(), group[other].tolist(), strict=True))
    rows, columns = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    links = coo_array((np.ones(len(pairs), dtype=np.int8), (rows, columns)), shape=(len(name), len(name)))
    _, street = connected_components(links.tocsr(), directed=False)
    return np.asarray(street)
