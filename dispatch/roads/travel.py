"""How long a patrol car needs from where it is to where it is wanted, and which way: the question roads/ is for.

Seconds, metres; positions lat, lon. Where no street can answer, the straight line does, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geometry import Position, distances_m
from dispatch.roads import route_line
from dispatch.roads.metric import Floats
from dispatch.roads.search import Cost, ReachTree, ReverseGraph
from dispatch.roads.snapping import SNAP_LIMIT_M, Snaps, StreetIndex
from dispatch.roads.speeds import ACCESS_SPEED_MPS, CAR_FACTOR, DETOUR, geodesic_eta_s
from dispatch.roads.street_map import StreetMap

Basis = Literal["street", "geodesic"]

NO_MAP: Final = "no street map is loaded"
TARGET_OFF: Final = f"the place is farther than {SNAP_LIMIT_M:.0f} m from any street"
SOURCE_OFF: Final = f"the unit is farther than {SNAP_LIMIT_M:.0f} m from any street"
NO_WAY: Final = "no way over the streets within the limit"

_AT_JUNCTION_M: Final = 0.01
"""This near to the end of an edge a place is at the junction, and may be reached or left by every street there."""


@dataclass(frozen=True, slots=True)
class Eta:
    """How long and how far. `reason` says why the basis is not the streets."""

    eta_s: float
    distance_m: float
    basis: Basis
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A way to go, from the unit's position to the place."""

    eta_s: float
    distance_m: float
    line: list[tuple[float, float]]
    """(lon, lat), as GeoJSON wants it; at most `route_line.POINTS_MAX` points, so that an order fits its frame."""
    basis: Basis
    reason: str | None = None

    def geojson(self) -> dict[str, Any]:
        """The line as a GeoJSON LineString."""
        return {"type": "LineString", "coordinates": [list(point) for point in self.line]}


_ONWARD, _BACK, _DIRECT = range(3)
"""How a source sets out: on along its edge, back along it, or straight to the target on the same edge."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """One search: for each source the time of a car without lights (infinite where no street answers) and the way."""

    time_s: Floats
    distance_m: Floats
    reasons: list[str]
    choice: NDArray[np.intp]
    snaps: Snaps
    """Of the target first, then of the sources."""
    tree: ReachTree | None


class TravelTimes:
    """Answers travel-time questions over one street map, or over none. Built once per map; safe between threads."""

    def __init__(self, street_map: StreetMap | None) -> None:
        self.street_map = street_map
        if street_map is not None:
            self._index = StreetIndex(street_map)
            self._graph = ReverseGraph(street_map)

    def etas(
        self,
        target: Position,
        sources: Sequence[Position],
        factors: Sequence[float] | None = None,
        limit_s: float = np.inf,
    ) -> list[Eta]:
        """How long each source needs to the target, in the order of the sources, by one reverse search.

        A factor multiplies a car's time without lights (speeds.vehicle_factor). Ways that take longer than `limit_s`
        need not be found; such a source gets the straight line's time, but never less than the limit. Raises
        ValueError for a factor that is not positive, or too few or too many of them.
        """
        share = np.full(len(sources), CAR_FACTOR) if factors is None else np.asarray(factors, dtype=np.float64)
        if len(share) != len(sources) or not np.all(share > 0):
            raise ValueError(f"{len(sources)} sources need as many positive factors, not {factors}")
        if not len(sources):
            return []
        straight_m = distances_m(target.lat, target.lon, [s.lat for s in sources], [s.lon for s in sources])
        if self.street_map is None:
            return [
                _straight(metres, factor, NO_MAP, limit_s) for metres, factor in zip(straight_m, share, strict=True)
            ]
        answer = self._ask(self.street_map, target, sources, limit_s / float(share.min()))
        return [
            Eta(float(time_s * factor), float(distance_m), "street")
            if np.isfinite(time_s)
            else _straight(metres, factor, reason, limit_s)
            for time_s, distance_m, metres, factor, reason in zip(
                answer.time_s, answer.distance_m, straight_m, share, answer.reasons, strict=True
            )
        ]

    def route(self, source: Position, target: Position, factor: float = CAR_FACTOR) -> Route:
        """The fastest way, its time as `etas` gives it. Where there is none: the straight line."""
        ends = [(source.lon, source.lat), (target.lon, target.lat)]
        answer = None if self.street_map is None else self._ask(self.street_map, target, [source], np.inf)
        if self.street_map is None or answer is None or answer.tree is None or not np.isfinite(answer.time_s[0]):
            eta = self.etas(target, [source], [factor])[0]
            return Route(eta.eta_s, eta.distance_m, ends, eta.basis, eta.reason)
        legs = _legs(self.street_map, answer.snaps, int(answer.choice[0]), answer.tree)
        line = route_line.draw(self.street_map, ends[0], legs, ends[1])
        return Route(float(answer.time_s[0] * factor), float(answer.distance_m[0]), line, "street")

    def _ask(self, street_map: StreetMap, target: Position, sources: Sequence[Position], limit_s: float) -> _Answer:
        snaps = self._index.snap([target, *sources])
        found = snaps.found
        if not found[0]:
            nothing = np.full(len(sources), np.inf)
            choice = np.full(len(sources), _DIRECT)
            return _Answer(nothing, nothing, [TARGET_OFF] * len(sources), choice, snaps, None)
        tree = self._graph.search(_seeds(street_map, snaps), limit_s)
        time_s, distance_m, choice = _from_sources(street_map, snaps, tree)
        reasons = [NO_WAY if on_street else SOURCE_OFF for on_street in found[1:]]
        return _Answer(time_s, distance_m, reasons, choice, snaps, tree)


def _from_sources(street_map: StreetMap, snaps: Snaps, tree: ReachTree) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Seconds, metres and the way to set out for each snap but the first, which is the target."""
    edge, offset = snaps.edge[1:], snaps.offset_m[1:]
    length, forward_s, back_s = (
        street_map.edge_length_m[edge],
        street_map.edge_time_s[edge],
        street_map.edge_back_s[edge],
    )
    two_way = np.isfinite(back_s)
    back_s = np.where(two_way, back_s, 0.0)
    first, last = street_map.edge_from[edge], street_map.edge_to[edge]
    # a car at the very beginning of a one-way edge stands on the junction and may leave it by another street
    may_go_back = two_way | (offset <= _AT_JUNCTION_M)
    onward_s = _share(length - offset, length) * forward_s + tree.time_s[last]
    back_up_s = np.where(may_go_back, _share(offset, length) * back_s + tree.time_s[first], np.inf)

    gap = snaps.offset_m[0] - offset
    direct_s = np.where(gap >= 0, _share(gap, length) * forward_s, -_share(gap, length) * back_s)
    direct_s = np.where((edge == snaps.edge[0]) & ((gap >= 0) | two_way), direct_s, np.inf)

    times = np.stack((onward_s, back_up_s, direct_s))
    metres = np.stack((length - offset + tree.distance_m[last], offset + tree.distance_m[first], np.abs(gap)))
    # turned round, so that of equal ways the direct one is taken
    choice = _DIRECT - np.argmin(times[::-1], axis=0)
    column = np.arange(len(edge))
    access_m = snaps.distance_m[0] + snaps.distance_m[1:]
    time_s = np.where(snaps.found[1:], times[choice, column] + access_m / ACCESS_SPEED_MPS, np.inf)
    return time_s, metres[choice, column] + access_m, choice


def _seeds(street_map: StreetMap, snaps: Snaps) -> dict[int, Cost]:
    """The junctions next to the target (the first snap), each with what is left to go from it."""
    edge = int(snaps.edge[0])
    first, last = int(street_map.edge_from[edge]), int(street_map.edge_to[edge])
    along, against = _last_legs(street_map, snaps)
    seeds = {first: min(along, against)} if first == last else {first: along, last: against}
    return {node: cost for node, cost in seeds.items() if np.isfinite(cost[0])}


def _last_legs(street_map: StreetMap, snaps: Snaps) -> tuple[Cost, Cost]:
    """What is left to go to the target from the first junction of its edge, and from the last."""
    edge, offset_m = int(snaps.edge[0]), float(snaps.offset_m[0])
    length_m, back_s = float(street_map.edge_length_m[edge]), float(street_map.edge_back_s[edge])
    done = offset_m / length_m if length_m else 0.0
    rest_m = length_m - offset_m
    if not np.isfinite(back_s):
        back_s = 0.0 if rest_m <= _AT_JUNCTION_M else np.inf
    against_s = (1 - done) * back_s if done < 1 else 0.0
    return (done * float(street_map.edge_time_s[edge]), offset_m), (against_s, rest_m)


def _legs(street_map: StreetMap, snaps: Snaps, choice: int, tree: ReachTree) -> list[route_line.Leg]:
    """The stretches of edges from the second snap to the first, in the order they are driven."""
    edge, offset = int(snaps.edge[1]), float(snaps.offset_m[1])
    target_edge, target_offset = int(snaps.edge[0]), float(snaps.offset_m[0])
    if choice == _DIRECT:
        return [(edge, offset, target_offset)]
    length = street_map.edge_length_m
    onward = choice == _ONWARD
    legs = [(edge, offset, float(length[edge]) if onward else 0.0)]
    node = int((street_map.edge_to if onward else street_map.edge_from)[edge])
    while (after := int(tree.next_node[node])) < street_map.nodes:
        edge = int(tree.next_edge[node])
        whole = float(length[edge])
        legs.append((edge, 0.0, whole) if int(street_map.edge_from[edge]) == node else (edge, whole, 0.0))
        node = after
    along, against = _last_legs(street_map, snaps)
    enters = [
        (cost, begin_m)
        for cost, begin_m, end in (
            (along, 0.0, street_map.edge_from[target_edge]),
            (against, float(length[target_edge]), street_map.edge_to[target_edge]),
        )
        if end == node
    ]
    legs.append((target_edge, min(enters)[1], target_offset))
    return legs


def _straight(straight_m: float, factor: float, reason: str, limit_s: float) -> Eta:
    eta_s = float(geodesic_eta_s(straight_m) * factor)
    if reason == NO_WAY and np.isfinite(limit_s):
        eta_s = max(eta_s, float(limit_s))
    return Eta(eta_s, float(straight_m * DETOUR), "geodesic", reason)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
