"""Where units stand on the streets and how each may set out, as arrays; and the last stretch to a place.

One edge at the beginning, one at the end: between them lies the search. Seconds, metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geometry import Position
from dispatch.roads.metric import Floats
from dispatch.roads.search import Seeds
from dispatch.roads.snapping import NOWHERE, Snaps
from dispatch.roads.street_map import NO_ARC, Ints, StreetMap
from dispatch.roads.turns import JunctionStates

AT_JUNCTION_M: Final = 0.01
"""This near to the end of an edge a place is at the junction, and may be reached or left by every street there."""

U_TURN_S: Final = 15.0
"""What turning round on a street costs a car that drives the other way: braking, a gap, three points. A prior."""


@dataclass(frozen=True, slots=True, eq=False)
class Stands:
    """Units on the streets of one map, in the order they were given. Arrays of equal length."""

    positions: Sequence[Position]
    motorcycle: NDArray[np.bool_]
    snaps: Snaps
    onward_share: Floats
    """Of the edge's time, until its end is reached."""
    onward_state: Ints
    """In which state the unit then is."""
    back_arc: Ints
    """The arc that leads back; NO_ARC on a one-way edge."""
    back_share: Floats
    back_state: Ints
    """The same for the way back; meaningless where `may_go_back` is false."""
    may_go_back: NDArray[np.bool_]

    @classmethod
    def nowhere(cls, positions: Sequence[Position], motorcycle: NDArray[np.bool_]) -> Stands:
        """Units of which no street is known."""
        count = len(positions)
        zeros, states = np.zeros(count), np.zeros(count, dtype=np.int32)
        edges = np.full(count, NOWHERE, dtype=np.int32)
        snaps = Snaps(edges, zeros, np.full(count, np.inf), np.zeros(count, dtype=np.int8))
        return cls(positions, motorcycle, snaps, zeros, states, states - 1, zeros, states, motorcycle & False)

    def __len__(self) -> int:
        return len(self.positions)

    def of_kind(self, *, motorcycle: bool) -> NDArray[np.intp]:
        """Which of them are motorcycles, or are not."""
        return np.flatnonzero(self.motorcycle == motorcycle)

    def take(self, which: NDArray[np.intp]) -> Stands:
        """Some of them."""
        return Stands(
            [self.positions[number] for number in which.tolist()],
            self.motorcycle[which],
            self.snaps.take(which),
            self.onward_share[which],
            self.onward_state[which],
            self.back_arc[which],
            self.back_share[which],
            self.back_state[which],
            self.may_go_back[which],
        )

    def onward_s(self, arc_time_s: Floats) -> Floats:
        """Seconds until the end of the edge is reached; a car on its way back must turn round first."""
        return self.onward_share * arc_time_s[self.snaps.edge] + np.where(self.snaps.along < 0, U_TURN_S, 0.0)

    def back_s(self, arc_time_s: Floats) -> Floats:
        """The same for its beginning; infinite where it must not be driven back."""
        seconds = np.where(self.back_arc == NO_ARC, 0.0, self.back_share * arc_time_s[self.back_arc])
        return np.where(self.may_go_back, seconds + np.where(self.snaps.along > 0, U_TURN_S, 0.0), np.inf)


def stand(
    street_map: StreetMap,
    states: JunctionStates,
    positions: Sequence[Position],
    snaps: Snaps,
    motorcycle: NDArray[np.bool_],
) -> Stands:
    """How each snapped unit may set out."""
    arcs = street_map.arcs
    edge, offset = snaps.edge, snaps.offset_m
    length = street_map.edge_length_m[edge]
    rest = length - offset
    back_arc = arcs.back_of_edge[edge]
    # who stands on a junction may leave it by every street there, also from the very beginning of a one-way edge
    at_first, at_last = offset <= AT_JUNCTION_M, rest <= AT_JUNCTION_M
    return Stands(
        positions=positions,
        motorcycle=motorcycle,
        snaps=snaps,
        onward_share=share(rest, length),
        onward_state=np.where(at_last, street_map.edge_to[edge], states.end[edge]),
        back_arc=back_arc,
        back_share=share(offset, length),
        back_state=np.where(at_first | (back_arc == NO_ARC), street_map.edge_from[edge], states.end[back_arc]),
        may_go_back=(back_arc != NO_ARC) | at_first,
    )


def last_legs(street_map: StreetMap, states: JunctionStates, arc_time_s: Floats, edge: int, offset_m: float) -> Seeds:
    """The states from which a place on an edge is entered, each with what is left to go from it."""
    first, last = int(street_map.edge_from[edge]), int(street_map.edge_to[edge])
    length_m = float(street_map.edge_length_m[edge])
    back_arc = int(street_map.arcs.back_of_edge[edge])
    done = offset_m / length_m if length_m else 0.0
    rest_m = length_m - offset_m
    along_s = done * float(arc_time_s[edge])
    # whoever has come to the junction is there, over whichever street
    from_first = states.at(first) if offset_m <= AT_JUNCTION_M else states.starts(edge, first)
    if back_arc != NO_ARC:
        against_s = (1 - done) * float(arc_time_s[back_arc])
        from_last = states.at(last) if rest_m <= AT_JUNCTION_M else states.starts(back_arc, last)
    else:
        against_s = 0.0
        from_last = states.at(last) if rest_m <= AT_JUNCTION_M else np.zeros(0, dtype=np.int32)
    sizes = [len(from_first), len(from_last)]
    return Seeds(
        state=np.concatenate((from_first, from_last)),
        time_s=np.repeat([along_s, against_s], sizes),
        distance_m=np.repeat([offset_m, rest_m], sizes),
        begin_m=np.repeat([0.0, length_m], sizes),
    )


def share(part: Floats, whole: Floats) -> Floats:
    """Part of the whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
