"""From search trees to times: every unit to every place in a handful of array operations; and the legs of one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.metric import Floats
from dispatch.roads.route_line import Leg
from dispatch.roads.search import ReachTree
from dispatch.roads.snapping import Snaps
from dispatch.roads.speeds import ACCESS_SPEED_MPS
from dispatch.roads.stands import U_TURN_S, Stands, share
from dispatch.roads.street_map import NO_ARC, StreetMap

ONWARD, BACK, DIRECT = range(3)
"""How a unit sets out: on along its edge, back along it, or straight to the place on the same edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """The fastest way of each unit (column) to each place (row)."""

    time_s: Floats
    """Of a car without lights; infinite where no street answers."""
    distance_m: Floats
    """Meaningless where the time is infinite."""
    choice: NDArray[np.intp]


def fastest(
    street_map: StreetMap, arc_time_s: Floats, places: Snaps, trees: Sequence[ReachTree], stands: Stands
) -> Ways:
    """The ways to the places, all of which are on the streets, each with its tree."""
    snaps = stands.snaps
    edge, offset, along = snaps.edge, snaps.offset_m, snaps.along
    length = street_map.edge_length_m[edge]
    onward_s = np.stack([tree.time_s[stands.onward_state] for tree in trees]) + stands.onward_s(arc_time_s)
    back_s = np.stack([tree.time_s[stands.back_state] for tree in trees]) + stands.back_s(arc_time_s)
    onward_m = np.stack([tree.distance_m[stands.onward_state] for tree in trees]) + (length - offset)
    back_m = np.stack([tree.distance_m[stands.back_state] for tree in trees]) + offset

    gap = places.offset_m[:, None] - offset
    there_s = share(gap, np.broadcast_to(length, gap.shape)) * arc_time_s[edge] + np.where(along < 0, U_TURN_S, 0.0)
    two_way = stands.back_arc != NO_ARC
    back_arc_s = np.where(two_way, arc_time_s[stands.back_arc], np.inf)
    with np.errstate(invalid="ignore"):
        here_s = share(-gap, np.broadcast_to(length, gap.shape)) * back_arc_s + np.where(along > 0, U_TURN_S, 0.0)
    direct_s = np.where(gap > 0, there_s, np.where(gap < 0, here_s, 0.0))
    direct_s[places.edge[:, None] != edge] = np.inf

    times = np.stack((onward_s, back_s, direct_s))
    metres = np.stack((onward_m, back_m, np.abs(gap)))
    # turned round, so that of equal ways the direct one is taken
    choice = DIRECT - np.argmin(times[::-1], axis=0)
    access_m = places.distance_m[:, None] + snaps.distance_m
    time_s = np.take_along_axis(times, choice[None], axis=0)[0] + access_m / ACCESS_SPEED_MPS
    time_s[:, ~snaps.found] = np.inf
    return Ways(time_s, np.take_along_axis(metres, choice[None], axis=0)[0] + access_m, choice)


def legs(street_map: StreetMap, place: Snaps, stands: Stands, choice: int, tree: ReachTree) -> list[Leg]:
    """The stretches of edges from the only stand to the only place, in the order they are driven."""
    arcs = street_map.arcs
    edge, offset = int(stands.snaps.edge[0]), float(stands.snaps.offset_m[0])
    target_edge, target_offset = int(place.edge[0]), float(place.offset_m[0])
    if choice == DIRECT:
        return [(edge, offset, target_offset)]
    onward = choice == ONWARD
    driven = [(edge, offset, float(street_map.edge_length_m[edge]) if onward else 0.0)]
    state = int((stands.onward_state if onward else stands.back_state)[0])
    while (arc := int(tree.next_arc[state])) != NO_ARC:
        whole = float(arcs.length_m[arc])
        driven.append((int(arcs.edge[arc]), 0.0, whole) if arcs.forward[arc] else (int(arcs.edge[arc]), whole, 0.0))
        state = int(tree.next_state[state])
    seeds = tree.seeds
    enters = int(np.flatnonzero(seeds.state == state)[0])
    driven.append((target_edge, float(seeds.begin_m[enters]), target_offset))
    return driven
