"""How soon somebody is anywhere: from the units to every junction at once, and which junctions that is in time for.

From the units to the places, so one-way streets and banned turns count in that direction. One search.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.conditions import USUAL, Conditions
from dispatch.roads.metric import Floats
from dispatch.roads.search import StreetGraph
from dispatch.roads.speeds import MOTORCYCLE_FACTOR
from dispatch.roads.stands import Stands
from dispatch.roads.travel import TravelTimes


def coverage(travel: TravelTimes, stands: Stands, conditions: Conditions = USUAL, factor: float = 1.0) -> Floats:
    """Seconds until the first of the units is at each junction of the map; infinite where none ever is.

    `factor` is for lights (speeds.vehicle_factor). Motorcycles are as fast as they are: they are searched for apart
    from the cars. Units off the streets do not count. Raises ValueError without a map.
    """
    nodes = travel.graph(conditions).states.nodes
    best = np.full(nodes, np.inf)
    for motorcycle in (False, True):
        which = stands.of_kind(motorcycle=motorcycle)
        which = which[stands.snaps.found[which]]
        if not len(which):
            continue
        part = stands if len(which) == len(stands) else stands.take(which)
        graph = travel.graph(conditions, motorcycle=motorcycle)
        own = MOTORCYCLE_FACTOR if motorcycle else 1.0
        best = np.minimum(best, _at_junctions(graph, part) * (own * factor))
    return best


def reached(seconds: Floats, within_s: float, at_nodes: NDArray[np.integer] | None = None) -> NDArray[np.bool_]:
    """Which junctions somebody reaches in time: of all, or of the given ones in their order."""
    return np.asarray((seconds if at_nodes is None else seconds[at_nodes]) <= within_s)


def _at_junctions(graph: StreetGraph, stands: Stands) -> Floats:
    onward_s, back_s = stands.onward_s(graph.arc_time_s), stands.back_s(graph.arc_time_s)
    may = stands.may_go_back
    seconds = graph.search_from(
        np.concatenate((stands.onward_state, stands.back_state[may])), np.concatenate((onward_s, back_s[may]))
    )
    states = graph.states
    if states.count == states.nodes:
        return seconds
    at_junction = seconds[: states.nodes].copy()
    np.minimum.at(at_junction, states.node[states.nodes :], seconds[states.nodes :])
    return at_junction
