"""The chance that an incident misses the target: from what has passed, and from whoever gets there first. Pure.

Chances are 0 to 1, times seconds. What is known of an incident decides the question: it was reached; somebody is on the
way; somebody could go; nobody could. A chance rests on an ETA with its spread (dispatch.roads.eta_spread), both with
the doubts about the unit: a stale position, a link that is down (dispatch.domain.judging).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

NEGLIGIBLE: Final = 0.01
"""A smaller chance is none: the spreads are no better known. Above it a longer ETA never means a smaller chance; below
it a lognormal time with a wide spread that does not shrink with the way may say so."""
BY_HAND_S: Final = 30.0
"""Expected time until a dispatcher sends somebody, however long nobody did: a prior, to be set anew once enough orders
by hand are recorded beside their calls."""
CALM: Final = 0.1
"""What an incident counts that will be reached in time: among those, priority decides the order."""
UNSENT: Final = 0.2
"""What it counts more while nobody is sent: there an act now changes most."""
UNKNOWN: Final = 0.5
"""Stands in the order of the queue for a chance that nobody can tell."""


class Basis(StrEnum):
    """What the chance rests on."""

    REACHED = "reached"
    UNDER_WAY = "under_way"
    CANDIDATE = "candidate"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Way:
    """How long a unit will take from now, doubts included, and the standard deviation of that; seconds."""

    unit_id: Hashable
    eta_s: float
    spread_s: float


@dataclass(frozen=True, slots=True)
class Lateness:
    """`chance` is None where nobody can tell; `expected_s`: from now until the first unit is there."""

    basis: Basis
    chance: float | None
    expected_s: float | None = None
    unit_id: Hashable = None


def chance_later_than(eta_s: ArrayLike, deviation_s: ArrayLike, limit_s: ArrayLike) -> NDArray[np.floating[Any]]:
    """Chance that the way takes longer than the limit, of a lognormal time with this mean and standard deviation.

    0 or 1 where there is no deviation. Negative limits are always exceeded.
    """
    mean, deviation, limit = (np.asarray(value, dtype=np.float64) for value in (eta_s, deviation_s, limit_s))
    mean, deviation, limit = np.broadcast_arrays(mean, deviation, limit)
    spread = (mean > 0) & (deviation > 0) & (limit > 0)
    chance = np.where(mean > limit, 1.0, 0.0)
    of, by, to = mean[spread], deviation[spread], limit[spread]
    variance = np.logaddexp(0.0, 2 * (np.log(by) - np.log(of)))
    chance[spread] = ndtr((np.log(of) - variance / 2 - np.log(to)) / np.sqrt(variance))
    return np.asarray(chance)


def reached(after_s: float, target_s: float) -> Lateness:
    """The first unit arrived so long after the call: it is decided."""
    return Lateness(Basis.REACHED, 1.0 if after_s > target_s else 0.0)


def under_way(waited_s: float, ways: Sequence[Way], target_s: float) -> Lateness:
    """Units are sent; `ways` are those whose way is known. Whoever is most likely to be in time counts, alone.

    Several of them are not taken as independent: the same jam holds them up.
    """
    if not ways:
        return Lateness(Basis.UNDER_WAY, 1.0 if waited_s >= target_s else None)
    by_chance = [(_chance(way, waited_s, target_s), way.eta_s, place) for place, way in enumerate(ways)]
    chance, eta_s, place = min(by_chance)
    return Lateness(Basis.UNDER_WAY, chance, eta_s, ways[place].unit_id)


def waiting(waited_s: float, best: Way | None, sent_after_s: float, target_s: float) -> Lateness:
    """Nobody is sent. `best`: the unit that would go; `sent_after_s`: the expected time until somebody sends it.

    That time is taken as exponential. Where nobody could go, nobody gets there as things stand: the chance is 1.
    """
    if best is None:
        return Lateness(Basis.NOBODY, 1.0)
    way = Way(best.unit_id, best.eta_s + sent_after_s, math.hypot(best.spread_s, sent_after_s))
    return Lateness(Basis.CANDIDATE, _chance(way, waited_s, target_s), way.eta_s, way.unit_id)


def attention(lateness: Lateness, weight: float) -> float:
    """The order of the queue, the highest first: what the risk weighs. `weight`: what priority counts in decisions.

    The expected harm of being late, weighed as decisions weigh it (8, 3, 1, 0.5): a priority 1 with a chance of one in
    ten stands above a priority 4 that is late for sure, and a priority 3 that will be late above a priority 2 that will
    not. One that somebody has reached asks for nothing: 0.
    """
    if lateness.basis is Basis.REACHED:
        return 0.0
    chance = UNKNOWN if lateness.chance is None else lateness.chance
    unsent = 0.0 if lateness.basis is Basis.UNDER_WAY else UNSENT
    return weight * (chance + CALM + unsent)


def _chance(way: Way, waited_s: float, target_s: float) -> float:
    left_s = target_s - waited_s
    if left_s <= 0:
        return 1.0
    chance = float(chance_later_than(way.eta_s, way.spread_s, left_s))
    return chance if chance >= NEGLIGIBLE else 0.0
