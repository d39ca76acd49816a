"""Travel times and distances between all pairs of some junctions: for the simulator and for standby posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from dispatch.roads.chains import Steps, without_chains
from dispatch.roads.conditions import USUAL, Conditions, arc_times_s
from dispatch.roads.metric import Floats
from dispatch.roads.search import Rows, StreetGraph
from dispatch.roads.street_map import Ints, StreetMap
from dispatch.roads.turns import JunctionStates

_CHUNK_CELLS: Final = 4_000_000
"""Distances and predecessors of a chunk of searches take some 50 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class TravelTable:
    """Row: from the junction nodes[i]; column: to nodes[j]. A car without lights, along the fastest way."""

    nodes: Ints
    time_s: NDArray[np.float32]
    """Seconds; infinite where there is no way."""
    distance_m: NDArray[np.float32]
    """Metres along that way; infinite too."""


def travel_table(
    street_map: StreetMap, nodes: Sequence[int] | NDArray[np.integer], conditions: Conditions = USUAL
) -> TravelTable:
    """All pairs of the given junctions of the map, by one search from each; 4,300 of 16,800 take about five seconds.

    Raises ValueError for a junction that the map has not.
    """
    asked = np.asarray(nodes, dtype=np.int32)
    if len(asked) and not (asked.min() >= 0 and asked.max() < street_map.nodes):
        raise ValueError(f"the map has junctions 0 to {street_map.nodes - 1}")
    states = JunctionStates(street_map)
    whole = StreetGraph(street_map, states, arc_times_s(street_map, conditions)).rows_out()
    rows, new = _needed(whole, np.isin(states.node, asked))
    # a junction is left from its plain state, and reached in any: groups of columns, of which the best counts
    at_asked = np.flatnonzero(np.isin(states.node, asked))
    distinct, group = np.unique(states.node[at_asked], return_inverse=True)
    order = np.argsort(group, kind="stable")
    columns, begin = new[at_asked[order]], np.searchsorted(group[order], np.arange(len(distinct)))
    column_of = np.searchsorted(distinct, asked)

    graph, count = rows.matrix(), len(rows.start) - 1
    time_s = np.empty((len(asked), len(asked)), dtype=np.float32)
    distance_m = np.empty_like(time_s)
    chunk = max(_CHUNK_CELLS // max(count, 1), 1)
    for first in range(0, len(asked), chunk):
        sources = new[asked[first : first + chunk]]
        seconds, before = dijkstra(graph, indices=sources, return_predecessors=True)
        for row, (took_s, came_from) in enumerate(zip(seconds, before, strict=True), first):
            metres = _metres(came_from, rows)
            if len(columns) == len(distinct):
                time_s[row], distance_m[row] = took_s[columns][column_of], metres[columns][column_of]
                continue
            best = np.minimum.reduceat(took_s[columns], begin)
            as_fast = took_s[columns] == np.repeat(best, np.diff(begin, append=len(columns)))
            metres_as_fast = np.where(as_fast, metres[columns], np.inf)
            time_s[row] = best[column_of]
            distance_m[row] = np.minimum.reduceat(metres_as_fast, begin)[column_of]
    distance_m[~np.isfinite(time_s)] = np.inf
    return TravelTable(asked, time_s, distance_m)


def _needed(whole: Rows, keep: NDArray[np.bool_]) -> tuple[Rows, Ints]:
    """The steps without chains, over the states that remain; and the new number of each old state."""
    steps = without_chains(Steps(whole.row, whole.column, whole.time_s, whole.length_m), keep)
    keep = keep.copy()
    keep[steps.tail] = keep[steps.head] = True
    new = (np.cumsum(keep) - 1).astype(np.int32)
    number = np.arange(len(steps.tail), dtype=np.int32)
    rows = Rows(new[steps.tail], new[steps.head], steps.time_s, steps.length_m, number, int(keep.sum()))
    return rows, new


def _metres(came_from: Ints, rows: Rows) -> Floats:
    """Metres from the root of a tree to each state, by doubling the stride until all have arrived there."""
    taken = came_from[rows.column] == rows.row
    total, stride = np.zeros(len(came_from)), np.arange(len(came_from), dtype=np.int32)
    total[rows.column[taken]] = rows.length_m[taken]
    stride[rows.column[taken]] = rows.row[taken]
    while not np.array_equal(after := stride[stride], stride):
        total = total + total[stride]
        stride = after
    return total
