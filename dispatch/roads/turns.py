"""Banned turns as split junctions: who came over an arc with a ban stands in a state of its own at the junction.

States 0 to nodes - 1 are the junctions as they are, every turn allowed; each arc that has a ban behind it leads to one
more state at its head, which has only the permitted arcs on. See docs/decisions/0017-turn-bans-as-split-junctions.md.
"""

from __future__ import annotations

import numpy as np

from dispatch.roads.street_map import Ints, StreetMap


class JunctionStates:
    """The states of a map's junctions and the arcs between them. Built once per map; safe to share between threads."""

    def __init__(self, street_map: StreetMap) -> None:
        arcs = street_map.arcs
        split = np.unique(street_map.turn_in).astype(np.int32)
        at = arcs.head[split]
        self.nodes = street_map.nodes
        self.count = self.nodes + len(split)
        self.node = np.concatenate((np.arange(self.nodes, dtype=np.int32), at))
        """The junction of each state."""
        self.end = arcs.head.copy()
        """The state in which each arc leaves a car at its head."""
        self.end[split] = np.arange(self.nodes, self.count, dtype=np.int32)

        order = np.argsort(arcs.tail, kind="stable").astype(np.int32)
        first, last = (np.searchsorted(arcs.tail[order], at, side) for side in ("left", "right"))
        ways_on = last - first
        came_by = np.repeat(np.arange(len(split)), ways_on)
        on = order[np.arange(ways_on.sum()) - np.repeat(np.cumsum(ways_on) - ways_on - first, ways_on)]
        count = len(arcs.tail)
        banned = street_map.turn_in.astype(np.int64) * count + street_map.turn_out
        allowed = ~np.isin(split[came_by].astype(np.int64) * count + on, banned)
        self.tail = np.concatenate((arcs.tail, self.nodes + came_by[allowed])).astype(np.int32)
        """The state in which each step begins; a step is an arc driven from one state."""
        self.arc = np.concatenate((np.arange(count), on[allowed])).astype(np.int32)
        """The arc of each step."""
        self.head = self.end[self.arc]
        """The state in which each step ends."""
        self._split_steps = slice(count, None)

    def starts(self, arc: int, tail: int) -> Ints:
        """The states at the arc's tail from which it may be driven."""
        split = self.tail[self._split_steps][self.arc[self._split_steps] == arc]
        return np.append(split, np.int32(tail))

    def at(self, node: int) -> Ints:
        """All states of a junction."""
        return np.append(np.flatnonzero(self.node[self.nodes :] == node) + self.nodes, node).astype(np.int32)
