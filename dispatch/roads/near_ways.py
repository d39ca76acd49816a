"""The shortest ways between junctions near to each other, kept as sorted arrays: what map matching asks all the time.

Metres, not seconds: which way a car went must not depend on how fast its streets are believed to be.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from dispatch.roads.metric import Floats
from dispatch.roads.search import StreetGraph
from dispatch.roads.street_map import NO_ARC, Ints, StreetMap
from dispatch.roads.turns import JunctionStates

_AT_ONCE_CELLS: Final = 4_000_000
"""Sources times states that one call of SciPy searches: tens of megabytes, for whatever map."""

Longs = NDArray[np.int64]


class NearWays:
    """Ways of at most `limit_m` from the end of an arc to the beginning of another. Grows; not for several threads."""

    def __init__(self, street_map: StreetMap, limit_m: float) -> None:
        self._states = states = JunctionStates(street_map)
        self._limit_m = limit_m
        rows = StreetGraph(street_map, states, street_map.arcs.length_m).rows_out()
        self._matrix = rows.matrix()
        self._step_key = rows.row.astype(np.int64) * states.count + rows.column
        self._step_arc = rows.arc
        self._starts = _starts(street_map, states)
        self._known = np.zeros(states.count, dtype=bool)
        self._key: Longs = np.zeros(0, dtype=np.int64)
        self._metres: Floats = np.zeros(0)
        self._before: Ints = np.zeros(0, dtype=np.int32)
        self._ways: dict[tuple[int, int], tuple[int, ...]] = {}

    def know(self, arcs: Ints) -> None:
        """Searches from the ends of these arcs, those that were not searched yet. To be called before `metres`."""
        new = np.unique(self._states.end[arcs])
        new = new[~self._known[new]]
        if not len(new):
            return
        count, parts = self._states.count, [(self._key, self._metres, self._before)]
        at_once = max(_AT_ONCE_CELLS // count, 1)
        for begin in range(0, len(new), at_once):
            sources = new[begin : begin + at_once]
            metres, before = dijkstra(self._matrix, indices=sources, limit=self._limit_m, return_predecessors=True)
            row, state = np.nonzero(np.isfinite(metres))
            parts.append((sources[row].astype(np.int64) * count + state, metres[row, state], before[row, state]))
        key, metres, before = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(key, kind="stable")
        self._key, self._metres, self._before = key[order], metres[order], before[order]
        self._known[new] = True

    def metres(self, from_arc: Ints, to_arc: Ints) -> Floats:
        """From the end of one arc to the beginning of the other, pair by pair; infinite beyond the limit."""
        best = np.full(from_arc.shape, np.inf)
        for start in np.moveaxis(self._starts[to_arc], -1, 0):
            best = np.minimum(best, self._between(self._states.end[from_arc], start))
        return best

    def way(self, from_arc: int, to_arc: int) -> tuple[int, ...]:
        """The arcs between the two, which `metres` found."""
        source = int(self._states.end[from_arc])
        starts = self._starts[to_arc]
        there = self._between(np.full(len(starts), source), starts)
        return self._arcs(source, int(starts[there.argmin()]))

    def _between(self, source: Ints, target: Ints) -> Floats:
        if not len(self._key):
            return np.full(source.shape, np.inf)
        key = source.astype(np.int64) * self._states.count + target
        at = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
        return np.where((self._key[at] == key) & (target >= 0), self._metres[at], np.inf)

    def _arcs(self, source: int, target: int) -> tuple[int, ...]:
        if (source, target) not in self._ways:
            count, state, found = self._states.count, target, []
            while state != source:
                before = int(self._before[np.searchsorted(self._key, source * count + state)])
                found.append(int(self._step_arc[np.searchsorted(self._step_key, before * count + state)]))
                state = before
            self._ways[source, target] = tuple(reversed(found))
        return self._ways[source, target]


def _starts(street_map: StreetMap, states: JunctionStates) -> Ints:
    """[arc × most] the states from which each arc may be driven, filled up with NO_ARC."""
    order = np.argsort(states.arc, kind="stable")
    arc = states.arc[order]
    number = np.arange(len(arc)) - np.searchsorted(arc, arc)
    starts = np.full((len(street_map.arcs.tail), int(number.max(initial=0)) + 1), NO_ARC, dtype=np.int32)
    starts[arc, number] = states.tail[order]
    return starts
