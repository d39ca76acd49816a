"""From "from this street over that junction not into that one" to pairs of arcs that must not follow each other.

A rule names streets as the source does; which arcs these are is known only after streets have been cut at junctions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.roads.street_map import NO_ARC, Arcs, Ints, StreetMap

NOT_ON_THE_MAP: Final = "not_on_the_map"
AMBIGUOUS: Final = "ambiguous"
CUTS_OFF: Final = "cuts_off"


@dataclass(frozen=True, slots=True)
class TurnRule:
    """One turn that is banned, or, with `only`, the one that is not."""

    from_way: int
    via: int
    """Key of the place."""
    to_way: int
    only: bool = False
    u_turn: bool = False


def with_turns(
    street_map: StreetMap, edge_way: np.ndarray, node_of_key: Mapping[int, int], rules: Sequence[TurnRule]
) -> StreetMap:
    """The map with the turns that the rules ban, and how many rules ban none, by reason, in its `info`.

    A ban that would cut off a part of the map is a mistake of the source and is lifted: from every arc every other
    stays within reach.
    """
    at = _ArcsAt(street_map.arcs, edge_way)
    left_out = Counter(street_map.info.turn_rules_left_out)
    banned: dict[tuple[int, int], int] = {}
    for number, rule in enumerate(rules):
        node = node_of_key.get(rule.via)
        pairs = NOT_ON_THE_MAP if node is None else _pairs(rule, node, at)
        if isinstance(pairs, str):
            left_out[pairs] += 1
        else:
            banned |= dict.fromkeys(pairs, number)
    pairs_of = np.array(sorted(banned), dtype=np.int32).reshape(-1, 2)
    kept = _harmless(street_map.arcs, pairs_of)
    lifted = {banned[a, b] for a, b in pairs_of[~kept].tolist()}
    if lifted:
        left_out[CUTS_OFF] += len(lifted)
    info = replace(street_map.info, turns_banned=int(kept.sum()), turn_rules_left_out=dict(sorted(left_out.items())))
    return replace(street_map, info=info, turn_in=pairs_of[kept, 0].copy(), turn_out=pairs_of[kept, 1].copy())


class _ArcsAt:
    """The arcs into and out of a junction."""

    def __init__(self, arcs: Arcs, edge_way: np.ndarray) -> None:
        self.arcs, self._way = arcs, edge_way
        self._by_head = np.argsort(arcs.head, kind="stable")
        self._by_tail = np.argsort(arcs.tail, kind="stable")
        self._heads, self._tails = arcs.head[self._by_head], arcs.tail[self._by_tail]

    def into(self, node: int, way: int) -> list[int]:
        return [arc for arc in self._slice(self._by_head, self._heads, node) if self._way[self.arcs.edge[arc]] == way]

    def out(self, node: int) -> list[int]:
        return self._slice(self._by_tail, self._tails, node)

    def out_on(self, node: int, way: int) -> list[int]:
        return [arc for arc in self.out(node) if self._way[self.arcs.edge[arc]] == way]

    def reverse(self, arc: int) -> int:
        edge = int(self.arcs.edge[arc])
        return int(self.arcs.back_of_edge[edge]) if self.arcs.forward[arc] else edge

    @staticmethod
    def _slice(order: np.ndarray, ends: Ints, node: int) -> list[int]:
        first, last = np.searchsorted(ends, [node, node + 1])
        return [int(arc) for arc in order[first:last]]


def _pairs(rule: TurnRule, node: int, at: _ArcsAt) -> list[tuple[int, int]] | str:
    """The pairs of arcs that a rule bans, or why it bans none."""
    into, out = at.into(node, rule.from_way), at.out_on(node, rule.to_way)
    if rule.u_turn and rule.from_way == rule.to_way and not rule.only:
        # of a street that goes on through the junction both directions are meant
        back = [(arc, at.reverse(arc)) for arc in into if at.reverse(arc) != NO_ARC]
        return back or NOT_ON_THE_MAP
    if not into or not out:
        return NOT_ON_THE_MAP
    if len(into) > 1 or len(out) > 1:
        return AMBIGUOUS
    if rule.only:
        return [(into[0], other) for other in at.out(node) if other != out[0]]
    return list(product(into, out))


def _harmless(arcs: Arcs, pairs: Ints) -> np.ndarray:
    """Which bans may stand together so that from each arc each other is still reached.

    Not as many as possible: of several bans round a part that they cut off together, all are lifted.
    """
    count = len(arcs.tail)
    kept = np.ones(len(pairs), dtype=bool)
    if not len(pairs):
        return kept
    order = np.argsort(arcs.tail, kind="stable")
    first, last = (np.searchsorted(arcs.tail[order], arcs.head, side) for side in ("left", "right"))
    ways_on = last - first
    before = np.repeat(np.arange(count), ways_on)
    after = order[np.arange(ways_on.sum()) - np.repeat(np.cumsum(ways_on) - ways_on - first, ways_on)]
    turn = before * count + after
    code = pairs[:, 0].astype(np.int64) * count + pairs[:, 1]
    while True:
        allowed = ~np.isin(turn, code[kept])
        graph = coo_array(
            (np.ones(int(allowed.sum()), dtype=np.int8), (before[allowed], after[allowed])), shape=(count, count)
        )
        _, part = connected_components(graph.tocsr(), directed=True, connection="strong")
        # what a ban cuts off from the rest lies on one side of it; of bans within one part none does
        cutting = kept & (part[pairs[:, 0]] != part[pairs[:, 1]])
        if not cutting.any():
            return kept
        kept &= ~cutting
