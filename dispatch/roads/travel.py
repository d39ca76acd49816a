"""How long a patrol car needs from where it is to where it is wanted, and which way: the question roads/ is for.

Seconds, metres; positions lat, lon. Where no street can answer, the straight line does, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geometry import Position, distances_m
from dispatch.roads import route_line, ways
from dispatch.roads.answers import NO_MAP, NO_WAY, SOURCE_OFF, TARGET_OFF, Basis, Eta, Matrix, Route
from dispatch.roads.conditions import USUAL, Conditions, arc_times_s
from dispatch.roads.eta_spread import spread_s
from dispatch.roads.reach_cache import ReachCache, trees_kept
from dispatch.roads.search import ReachTree, StreetGraph
from dispatch.roads.snapping import Heading, Snaps, StreetIndex
from dispatch.roads.speed_factors import PRIORS, SpeedFactors
from dispatch.roads.speeds import CAR_FACTOR, CLASSES, DETOUR, geodesic_eta_s
from dispatch.roads.stands import Stands, last_legs, stand
from dispatch.roads.street_map import StreetMap
from dispatch.roads.turns import JunctionStates

__all__ = ["NO_MAP", "NO_WAY", "SOURCE_OFF", "TARGET_OFF", "Basis", "Eta", "Matrix", "Route", "TravelTimes"]

_GRAPHS_KEPT: Final = 6
"""Hours and jams change one after the other, for cars and motorcycles; a few of the last are enough."""


class TravelTimes:
    """Answers travel-time questions over one street map, or over none, with one version of the speeds.

    Built once for both; safe between threads. What is kept of searches is its own, so no version sees another's.
    """

    def __init__(self, street_map: StreetMap | None, speeds: SpeedFactors = PRIORS) -> None:
        self.street_map = street_map
        self.speeds = speeds
        self._graphs: ReachCache[StreetGraph] = ReachCache(_GRAPHS_KEPT)
        self._trees: ReachCache[ReachTree] = ReachCache()
        self._places: ReachCache[Snaps] = ReachCache()
        if street_map is not None:
            self._index = StreetIndex(street_map)
            self._states = JunctionStates(street_map)
            self._trees = ReachCache(trees_kept(self._states.count))
            self.graph()

    def with_speeds(self, speeds: SpeedFactors) -> TravelTimes:
        """The same streets with another version of the speeds; takes no time."""
        other = copy(self)
        other.speeds = speeds
        other._graphs = ReachCache(_GRAPHS_KEPT)
        other._trees = ReachCache() if self.street_map is None else ReachCache(trees_kept(self._states.count))
        return other

    def etas(
        self,
        target: Position,
        sources: Sequence[Position],
        factors: Sequence[float] | None = None,
        limit_s: float = np.inf,
        *,
        headings: Sequence[Heading | None] | None = None,
        motorcycles: Sequence[bool] | None = None,
        ages_s: Sequence[float] | None = None,
        conditions: Conditions = USUAL,
    ) -> list[Eta]:
        """How long each source needs to the target, in the order of the sources, by one reverse search.

        A factor multiplies a car's time without lights (speeds.vehicle_factor). Ways that take longer than `limit_s`
        need not be found; such a source gets the straight line's time, but never less than the limit. The ages of the
        positions widen the spread. Raises ValueError for a factor that is not positive, or too few or too many of
        anything.
        """
        factor = np.full(len(sources), CAR_FACTOR) if factors is None else np.asarray(factors, dtype=np.float64)
        if len(factor) != len(sources) or not np.all(factor > 0):
            raise ValueError(f"{len(sources)} sources need as many positive factors, not {factors}")
        age_s = np.zeros(len(sources)) if ages_s is None else np.asarray(ages_s, dtype=np.float64)
        if len(age_s) != len(sources):
            raise ValueError(f"{len(sources)} sources need as many ages, not {len(age_s)}")
        if not len(sources):
            return []
        stands = self.stand(sources, headings, motorcycles)
        matrix = self._matrix([target], stands, limit_s / float(factor.min()), conditions)
        eta_s, on_street = matrix.time_s[0] * factor, matrix.on_street[0]
        reasons = [None if on else self._why_not(target, stands, number) for number, on in enumerate(on_street)]
        if np.isfinite(limit_s):
            beyond = np.array([reason == NO_WAY for reason in reasons])
            eta_s = np.where(beyond, np.maximum(eta_s, limit_s), eta_s)
        spread = spread_s(eta_s, position_age_s=age_s, on_street=on_street)
        return [
            Eta(float(seconds), float(metres), "geodesic" if reason else "street", reason, float(deviation))
            for seconds, metres, reason, deviation in zip(eta_s, matrix.distance_m[0], reasons, spread, strict=True)
        ]

    def route(
        self,
        source: Position,
        target: Position,
        factor: float = CAR_FACTOR,
        *,
        heading: Heading | None = None,
        motorcycle: bool = False,
        conditions: Conditions = USUAL,
    ) -> Route:
        """The fastest way, its time as `etas` gives it. Where there is none: the straight line."""
        stands = self.stand([source], [heading], [motorcycle])
        eta = self.etas(
            target, [source], [factor], headings=[heading], motorcycles=[motorcycle], conditions=conditions
        )[0]
        ends = [(source.lon, source.lat), (target.lon, target.lat)]
        if self.street_map is None or eta.basis != "street":
            return Route(eta.eta_s, eta.distance_m, ends, eta.basis, eta.reason)
        place = self._place(target)
        graph = self.graph(conditions, motorcycle=motorcycle)
        tree = self._tree(place, np.inf, conditions, motorcycle=motorcycle)
        choice = ways.fastest(self.street_map, graph.arc_time_s, place, [tree], stands).choice[0, 0]
        driven = ways.legs(self.street_map, place, stands, int(choice), tree)
        line = route_line.draw(self.street_map, ends[0], driven, ends[1])
        by_class = np.bincount(
            self.street_map.edge_class[[leg[0] for leg in driven]], [abs(leg[2] - leg[1]) for leg in driven]
        )
        return Route(eta.eta_s, eta.distance_m, line, "street", street_class=CLASSES[int(by_class.argmax())])

    def stand(
        self,
        positions: Sequence[Position],
        headings: Sequence[Heading | None] | None = None,
        motorcycles: Sequence[bool] | None = None,
    ) -> Stands:
        """The units on the streets, for as many questions as these positions hold. Raises ValueError for lengths."""
        kind = np.zeros(len(positions), dtype=bool) if motorcycles is None else np.asarray(motorcycles, dtype=bool)
        if len(kind) != len(positions):
            raise ValueError(f"{len(positions)} positions need as many kinds of vehicle, not {len(kind)}")
        if self.street_map is None:
            return Stands.nowhere(positions, kind)
        return stand(self.street_map, self._states, positions, self._index.snap(positions, headings), kind)

    def matrix(
        self,
        targets: Sequence[Position],
        stands: Stands,
        limit_s: float = np.inf,
        conditions: Conditions = USUAL,
        *,
        lights: Sequence[bool] | None = None,
    ) -> Matrix:
        """Every target as every stand sees it. The search of a target is kept: asking again costs next to nothing.

        Where no street answers: the straight line; where none does within `limit_s`, never less than the limit.
        `lights`: to which of the targets units drive with lights, where that differs from what `conditions` say.
        Raises ValueError where they are not as many as the targets.
        """
        matrix = self._matrix(targets, stands, limit_s, conditions, lights)
        if np.isfinite(limit_s) and self.street_map is not None:
            on_map = np.array([self._place(target).found[0] for target in targets], dtype=bool)
            beyond = ~matrix.on_street & on_map[:, None] & stands.snaps.found
            matrix.time_s[beyond] = np.maximum(matrix.time_s[beyond], limit_s)
        return matrix

    def graph(self, conditions: Conditions = USUAL, *, motorcycle: bool = False) -> StreetGraph:
        """The streets under these conditions, kept while they are asked for. Raises ValueError without a map."""
        if self.street_map is None:
            raise ValueError(NO_MAP)
        street_map, speeds, (under, apart) = self.street_map, self.speeds, self._kind(conditions, motorcycle=motorcycle)
        return self._graphs.get(
            (under, apart),
            lambda: StreetGraph(
                street_map, self._states, arc_times_s(street_map, under, motorcycle=apart, speeds=speeds)
            ),
        )

    def _kind(self, conditions: Conditions, *, motorcycle: bool) -> tuple[Conditions, bool]:
        """Which search serves: by the priors one serves with and without lights, and in the usual hour motorcycles."""
        if not self.speeds.are_priors:
            return conditions, motorcycle
        return replace(
            conditions, lights=False
        ) if conditions.lights else conditions, motorcycle and not conditions.usual

    def _matrix(
        self,
        targets: Sequence[Position],
        stands: Stands,
        limit_s: float,
        conditions: Conditions,
        lights: Sequence[bool] | None = None,
    ) -> Matrix:
        lit = np.full(len(targets), conditions.lights) if lights is None else np.asarray(lights, dtype=bool)
        if len(lit) != len(targets):
            raise ValueError(f"{len(targets)} targets need as many words on lights, not {len(lit)}")
        shape = (len(targets), len(stands))
        time_s, distance_m = np.full(shape, np.inf), np.full(shape, np.inf)
        if self.street_map is not None and len(targets) and len(stands):
            places = [self._place(target) for target in targets]
            placed = np.array([row for row, place in enumerate(places) if place.found[0]], dtype=np.intp)
            for under, motorcycle, rows, which in self._parts(conditions, stands, placed, lit):
                part = stands if len(which) == len(stands) else stands.take(which)
                trees = [self._tree(places[row], limit_s, under, motorcycle=motorcycle) for row in rows]
                graph = self.graph(under, motorcycle=motorcycle)
                found = ways.fastest(
                    self.street_map, graph.arc_time_s, Snaps.joined([places[row] for row in rows]), trees, part
                )
                time_s[np.ix_(rows, which)], distance_m[np.ix_(rows, which)] = found.time_s, found.distance_m
        on_street = np.isfinite(time_s)
        for row in np.flatnonzero(~on_street.all(axis=1)).tolist():
            off = np.flatnonzero(~on_street[row])
            units = [stands.positions[number] for number in off.tolist()]
            target = targets[row]
            straight_m = distances_m(target.lat, target.lon, [u.lat for u in units], [u.lon for u in units])
            time_s[row, off], distance_m[row, off] = straight_m * geodesic_eta_s(1.0), straight_m * DETOUR
        return Matrix(time_s, distance_m, on_street)

    def _parts(
        self, conditions: Conditions, stands: Stands, rows: NDArray[np.intp], lit: NDArray[np.bool_]
    ) -> Iterator[tuple[Conditions, bool, NDArray[np.intp], NDArray[np.intp]]]:
        """(conditions, motorcycle, rows, columns) of the parts of a matrix that a search each serves."""
        learned = not self.speeds.are_priors
        by_vehicle = (learned or not conditions.usual) and bool(stands.motorcycle.any())
        for lights in (False, True) if learned else (conditions.lights,):
            under, part = replace(conditions, lights=lights), rows[lit[rows] == lights] if learned else rows
            for motorcycle in ((False, True) if by_vehicle else (False,)) if len(part) else ():
                which = stands.of_kind(motorcycle=motorcycle) if by_vehicle else np.arange(len(stands))
                yield under, motorcycle, part, which

    def _place(self, target: Position) -> Snaps:
        """The target on the streets; a place does not move, so it is looked up once."""
        return self._places.get((target.lat, target.lon), lambda: self._index.snap([target]))

    def _tree(self, place: Snaps, limit_s: float, conditions: Conditions, *, motorcycle: bool) -> ReachTree:
        edge, offset_m = int(place.edge[0]), float(place.offset_m[0])
        graph = self.graph(conditions, motorcycle=motorcycle)

        def search() -> ReachTree:
            assert self.street_map is not None  # noqa: S101 - a graph has a map
            seeds = last_legs(self.street_map, self._states, graph.arc_time_s, edge, offset_m)
            return graph.search_to(seeds, limit_s)

        return self._trees.get((edge, offset_m, limit_s, *self._kind(conditions, motorcycle=motorcycle)), search)

    def _why_not(self, target: Position, stands: Stands, number: int) -> str:
        if self.street_map is None:
            return NO_MAP
        if not self._place(target).found[0]:
            return TARGET_OFF
        return NO_WAY if stands.snaps.found[number] else SOURCE_OFF
