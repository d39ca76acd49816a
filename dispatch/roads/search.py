"""Search over the streets under given arc times: to one place from everywhere, and from some places to everywhere.

Seconds and metres. Nodes of the search are the states of turns.JunctionStates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatch.roads.metric import Floats
from dispatch.roads.street_map import Ints, StreetMap
from dispatch.roads.turns import JunctionStates


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """The states next to a place: equal lengths; of a state that stands here twice the cheaper entry counts."""

    state: Ints
    time_s: Floats
    """What is left to go to the place, or has been gone from it."""
    distance_m: Floats
    begin_m: Floats
    """Where on the place's edge the last leg begins."""

    def distinct(self) -> Seeds:
        """The cheapest entry of each state."""
        order = np.lexsort((self.time_s, self.state))
        state, first = np.unique(self.state[order], return_index=True)
        chosen = order[first]
        return Seeds(state, self.time_s[chosen], self.distance_m[chosen], self.begin_m[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class ReachTree:
    """The fastest ways from every state to the place that was searched for."""

    time_s: Floats
    """Infinite for a state without a way, or beyond the limit of the search."""
    distance_m: Floats
    """Along the same fastest way."""
    next_state: Ints
    """The next state on the way; the count of states where the place itself is next, or where there is no way."""
    next_arc: Ints
    """The arc to the next state, or -1 where there is none."""
    seeds: Seeds


class StreetGraph:
    """The steps between junctions as rows for the search. Built once per set of arc times; safe between threads."""

    def __init__(self, street_map: StreetMap, states: JunctionStates, arc_time_s: Floats) -> None:
        step_s, step_m = arc_time_s[states.arc], street_map.arcs.length_m[states.arc]
        self.arc_time_s = arc_time_s
        self.states = states
        self._into = Rows(states.head, states.tail, step_s, step_m, states.arc, states.count)
        self._out = Rows(states.tail, states.head, step_s, step_m, states.arc, states.count)

    def search_to(self, seeds: Seeds, limit_s: float = np.inf) -> ReachTree:
        """One search backwards from the place that the seeds lead to."""
        rows, seeds = self._into, seeds.distinct()
        root = self.states.count
        time_s, after = dijkstra(
            rows.with_root(seeds.state, seeds.time_s), indices=root, return_predecessors=True, limit=limit_s
        )
        time_s, after = time_s[:root], after[:root]
        taken = after[rows.column] == rows.row
        tail = rows.column[taken]
        step_m, arc = np.full(root + 1, np.inf), np.full(root, -1, dtype=np.int32)
        step_m[tail], arc[tail] = rows.length_m[taken], rows.arc[taken]
        last = after[seeds.state] == root
        step_m[seeds.state[last]] = seeds.distance_m[last]
        step_m[root] = 0.0
        next_state = np.where(after >= 0, after, root).astype(np.int32)
        return ReachTree(time_s, _sums(next_state, step_m), next_state, arc, seeds)

    def search_from(self, state: Ints, time_s: Floats) -> Floats:
        """Seconds to every state from the nearest of the given ones, at which that many seconds have gone already."""
        root = self.states.count
        order = np.lexsort((time_s, state))
        state, first = np.unique(state[order], return_index=True)
        time_s = time_s[order][first]
        return np.asarray(dijkstra(self._out.with_root(state, time_s), indices=root)[:root])

    def rows_out(self) -> Rows:
        """The steps from state to state."""
        return self._out


class Rows:
    """A sparse matrix of seconds by row; of parallel steps the fastest, since a matrix would add them up.

    Sorted by row, then column; `arc` is what belongs to each step beside its seconds and metres.
    """

    def __init__(self, row: Ints, column: Ints, time_s: Floats, length_m: Floats, arc: Ints, count: int) -> None:
        order = np.lexsort((length_m, time_s, column, row))
        least = np.ones(len(order), dtype=bool)
        least[1:] = np.any(np.diff(np.stack((row[order], column[order])), axis=1) != 0, axis=0)
        order = order[least]
        self.row, self.column, self.arc = row[order], column[order], arc[order]
        self.time_s, self.length_m = time_s[order], length_m[order]
        self._count = count
        self.start = np.searchsorted(self.row, np.arange(count + 1)).astype(np.int32)

    def matrix(self) -> csr_array:
        """The rows alone."""
        return csr_array((self.time_s, self.column, self.start), shape=(self._count, self._count))

    def with_root(self, column: Ints, time_s: Floats) -> csr_array:
        """The rows and one more: the place itself, with steps to the given columns.

        In the last row, so nothing of the graph has to be built anew. Steps of no length stay in the matrix, because
        its members are given explicitly.
        """
        return csr_array(
            (
                np.concatenate((self.time_s, time_s)),
                np.concatenate((self.column, column.astype(np.int32))),
                np.append(self.start, self.start[-1] + np.int32(len(column))),
            ),
            shape=(self._count + 1, self._count + 1),
        )


def _sums(next_state: Ints, step_m: Floats) -> Floats:
    """The sum of the steps from each state to the root, by doubling the stride until every state has arrived there."""
    root = len(next_state)
    stride, total = np.append(next_state, np.int32(root)), step_m
    while not np.all(stride == root):
        total = total + total[stride]
        stride = stride[stride]
    return total[:root]
