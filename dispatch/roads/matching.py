"""Which streets a track was driven on: a hidden Markov model over its way points, after Newson and Krumm (2009).

Each way point may lie on any street near it, the nearer the likelier; from one to the next the way over the streets
should be about as long as the straight line. The likeliest sequence of streets is found by Viterbi's algorithm. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.metric import Floats
from dispatch.roads.near_ways import NearWays
from dispatch.roads.snapping import StreetIndex
from dispatch.roads.street_map import NO_ARC, Ints, StreetMap
from dispatch.roads.way_points import LEG_MAX_M, WayPoints

REACH_M: Final = 45.0
"""Streets within this distance of a fix may be the one driven."""
ARCS_MAX: Final = 12
"""Of them the nearest, each direction by itself."""
NOISE_M: Final = 8.0
"""Standard deviation of a fix between houses."""
EXCESS_M: Final = 8.0
"""Mean of how much the way over the streets differs from the straight line."""
SLIP_M: Final = 15.0
"""So far a fix may lie behind the one before it on the same street: its error, not a turn."""
STRETCH_MAX: Final = 1.8
STRETCH_ADDED_M: Final = 40.0
"""A way that is longer than so many times the straight line, and this, was not driven: the car turned round, or the
map lacks a street. The track is cut there."""
WAY_MAX_M: Final = STRETCH_MAX * LEG_MAX_M + STRETCH_ADDED_M


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """What of a track was matched: legs with their seconds, each over pieces of arcs, in the order they were driven."""

    leg_s: Floats
    piece_leg: Ints
    """Which leg a piece belongs to."""
    piece_arc: Ints
    piece_m: Floats

    @property
    def seconds(self) -> float:
        return float(self.leg_s.sum())

    @property
    def metres(self) -> float:
        return float(self.piece_m.sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """[way points × most] streets that each way point may lie on; NO_ARC where there are fewer."""

    arc: Ints
    offset_m: Floats
    """From the beginning of the arc, in its direction."""
    score: Floats


class Matcher:
    """Matches tracks to one map. Keeps what it has searched; not for several threads."""

    def __init__(self, street_map: StreetMap, index: StreetIndex | None = None) -> None:
        self._street_map = street_map
        self._index = index or StreetIndex(street_map)
        self._ways = NearWays(street_map, WAY_MAX_M)

    def match(self, tracks: Sequence[WayPoints]) -> list[Driven]:
        """Each track in its turn. The more at once, the better, up to some hundreds."""
        candidates = [self._candidates(track) for track in tracks]
        arcs = [part.arc[part.arc != NO_ARC] for part in candidates]
        if arcs:
            self._ways.know(np.concatenate(arcs))
        return [self._driven(track, part) for track, part in zip(tracks, candidates, strict=True)]

    def _candidates(self, track: WayPoints) -> _Candidates:
        arcs, count = self._street_map.arcs, len(track)
        near = self._index.near(track.lat, track.lon, REACH_M)
        back = arcs.back_of_edge[near.edge]
        two_way = np.flatnonzero(back != NO_ARC)
        asked = np.concatenate((near.asked, near.asked[two_way]))
        arc = np.concatenate((near.edge, back[two_way]))
        offset_m = np.concatenate((near.offset_m, (arcs.length_m[near.edge] - near.offset_m)[two_way]))
        distance_m = np.concatenate((near.distance_m, near.distance_m[two_way]))
        order = np.lexsort((arc, distance_m, asked))
        asked, arc, offset_m, distance_m = asked[order], arc[order], offset_m[order], distance_m[order]
        number = np.arange(len(asked)) - np.searchsorted(asked, asked)
        kept = number < ARCS_MAX
        at = asked[kept], number[kept]
        most = int(number[kept].max(initial=0)) + 1
        found = _Candidates(
            np.full((count, most), NO_ARC, dtype=np.int32), np.zeros((count, most)), np.full((count, most), -np.inf)
        )
        found.arc[at], found.offset_m[at] = arc[kept], offset_m[kept]
        found.score[at] = -0.5 * (distance_m[kept] / NOISE_M) ** 2
        return found

    def _driven(self, track: WayPoints, candidates: _Candidates) -> Driven:
        step_m, score = self._steps(track, candidates)
        leg_s: list[float] = []
        pieces: list[tuple[int, int, float]] = []
        for begin, chosen in _likeliest(candidates.score, score):
            for number in range(len(chosen) - 1):
                at, here, there = begin + number, chosen[number], chosen[number + 1]
                metres = float(step_m[at, here, there])
                pieces.extend(
                    (len(leg_s), arc, part_m) for arc, part_m in self._way(candidates, at, here, there, metres)
                )
                leg_s.append(float(track.at_s[at + 1] - track.at_s[at]))
        piece = np.array(pieces, dtype=np.float64).reshape(-1, 3)
        return Driven(np.array(leg_s), piece[:, 0].astype(np.int32), piece[:, 1].astype(np.int32), piece[:, 2])

    def _steps(self, track: WayPoints, candidates: _Candidates) -> tuple[Floats, Floats]:
        """[legs × from × to] metres over the streets, and how likely each step is; -inf where it was not made."""
        arc, offset_m = candidates.arc, candidates.offset_m
        shape = (max(len(track) - 1, 0), arc.shape[1], arc.shape[1])
        before, after = np.broadcast_to(arc[:-1, :, None], shape), np.broadcast_to(arc[1:, None, :], shape)
        left_m = self._street_map.arcs.length_m[arc] - offset_m
        way_m = left_m[:-1, :, None] + self._ways.metres(before, after) + offset_m[1:, None, :]
        gone_m = offset_m[1:, None, :] - offset_m[:-1, :, None]
        on = (before == after) & (gone_m >= -SLIP_M)
        way_m = np.where(on, np.maximum(gone_m, 0.0), way_m)
        straight_m = track.leg_m[:, None, None]
        made = (before != NO_ARC) & (after != NO_ARC) & (way_m <= STRETCH_MAX * straight_m + STRETCH_ADDED_M)
        made &= ~track.cut_after[:-1, None, None]
        with np.errstate(invalid="ignore"):
            return way_m, np.where(made, -np.abs(way_m - straight_m) / EXCESS_M, -np.inf)

    def _way(
        self, candidates: _Candidates, at: int, here: int, there: int, metres: float
    ) -> Iterator[tuple[int, float]]:
        first, last = int(candidates.arc[at, here]), int(candidates.arc[at + 1, there])
        begin_m, end_m = float(candidates.offset_m[at, here]), float(candidates.offset_m[at + 1, there])
        length_m = self._street_map.arcs.length_m
        if first == last and end_m - begin_m >= -SLIP_M:
            yield first, metres
            return
        yield first, float(length_m[first]) - begin_m
        for arc in self._ways.way(first, last):
            yield arc, float(length_m[arc])
        yield last, end_m


def _likeliest(at: Floats, step: Floats) -> Iterator[tuple[int, list[int]]]:
    """Viterbi: unbroken runs as (first way point, the candidate of each); a run ends where no step leads on."""
    begin, count = 0, len(at)
    while begin < count:
        score, came_from = at[begin], []
        here = begin
        while here + 1 < count:
            onward = score[:, None] + step[here]
            best = onward.argmax(axis=0)
            reached = onward[best, np.arange(len(best))] + at[here + 1]
            if not np.isfinite(reached).any():
                break
            score, here = reached, here + 1
            came_from.append(best)
        if came_from:
            chosen = [int(score.argmax())]
            for best in reversed(came_from):
                chosen.append(int(best[chosen[-1]]))
            yield begin, chosen[::-1]
        begin = here + 1


def joined(arcs: NDArray[np.integer]) -> list[int]:
    """The arcs of a drive in order, each once in a row."""
    return [int(arc) for number, arc in enumerate(arcs) if number == 0 or arc != arcs[number - 1]]
