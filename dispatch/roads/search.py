"""Reverse search: how long and how far from every junction to one place, along the fastest ways. Seconds and metres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatch.roads.metric import Floats
from dispatch.roads.street_map import Ints, StreetMap

Cost = tuple[float, float]  # seconds, metres


@dataclass(frozen=True, slots=True)
class ReachTree:
    """The fastest ways from every junction to the place that was searched for."""

    time_s: Floats
    """Infinite for a junction without a way, or beyond the limit of the search."""
    distance_m: Floats
    """Along the same fastest way."""
    next_node: Ints
    """The next junction on the way; the count of junctions where the place itself is next, or where there is no way."""
    next_edge: Ints
    """The edge to the next junction, or -1 where there is none."""


class ReverseGraph:
    """The arcs of a map turned round, as rows for the search. Built once per map; safe to share between threads."""

    def __init__(self, street_map: StreetMap) -> None:
        arcs = street_map.arcs
        order = np.lexsort((arcs.length_m, arcs.time_s, arcs.tail, arcs.head))
        tail, head = arcs.tail[order], arcs.head[order]
        # of parallel arcs the fastest: a sparse matrix would add them up
        least = np.ones(len(order), dtype=bool)
        least[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        order = order[least]
        self._nodes = street_map.nodes
        self._row, self._column = arcs.head[order], arcs.tail[order]
        self._time_s, self._length_m, self._edge = arcs.time_s[order], arcs.length_m[order], arcs.edge[order]
        self._row_start = np.searchsorted(self._row, np.arange(self._nodes + 1)).astype(np.int32)

    def search(self, seeds: Mapping[int, Cost], limit_s: float = np.inf) -> ReachTree:
        """One search from a place which the `seeds` lead to: junctions, each with what is left to go from it."""
        root = self._nodes
        seed_nodes = np.fromiter(seeds, dtype=np.int32, count=len(seeds))
        # the place itself is one more junction, in the last row, so nothing of the graph has to be built anew;
        # arcs of no length stay in the matrix because its members are given explicitly
        graph = csr_array(
            (
                np.concatenate((self._time_s, [seconds for seconds, _ in seeds.values()])),
                np.concatenate((self._column, seed_nodes)),
                np.append(self._row_start, self._row_start[-1] + len(seeds)),
            ),
            shape=(root + 1, root + 1),
        )
        time_s, after = dijkstra(graph, indices=root, return_predecessors=True, limit=limit_s)
        time_s, after = time_s[:root], after[:root]

        taken = after[self._column] == self._row
        step_m, edge = np.full(root + 1, np.inf), np.full(root, -1, dtype=np.int32)
        step_m[self._column[taken]] = self._length_m[taken]
        edge[self._column[taken]] = self._edge[taken]
        for node in np.flatnonzero(after == root):
            step_m[node] = seeds[int(node)][1]
        step_m[root] = 0.0
        next_node = np.where(after >= 0, after, root).astype(np.int32)
        return ReachTree(time_s, _sums(next_node, step_m), next_node, edge)


def _sums(next_node: Ints, step_m: Floats) -> Floats:
    """The sum of the steps from each node to the root, by doubling the stride until every node has arrived there."""
    root = len(next_node)
    stride, total = np.append(next_node, np.int32(root)), step_m
    while not np.all(stride == root):
        total = total + total[stride]
        stride = stride[stride]
    return total[:root]
