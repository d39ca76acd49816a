"""Which idle unit should move, and what that brings: few moves, each worth its drive. Pure; only suggestions.

Not a whole new plan: that brings more, but sends nearly every unit round each time something changes. Of all single
moves, evaluated exactly, the best is taken, then the best after it, and so on up to `moves_max`. A move is worth asking
for if it brings enough of one aim (share within the limit, expected response) without losing as much of the other, and
its worth shrinks by the part of the time ahead that is spent on the drive.

Never asked: a unit on a job or on a break, one whose shift is about to end, whose position is not known, that moved a
short while ago, or for which the same was dismissed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dispatch.domain.coverage import DEFAULT_GOAL, Coverage, Floats, Goal, coverage, normed
from dispatch.domain.posts_swaps import swaps
from dispatch.domain.unit import UnitStatus

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MoveRules:
    """When a move is worth asking for, and whom to ask. Raises ValueError for figures that mean nothing."""

    moves_max: int = 2
    gain_share_min: float = 0.02
    """Of all expected calls, so many more within the limit (parts of 1); or …"""
    gain_response_min: float = 0.05
    """… so much off the expected response, as a part of it."""
    drive_max_s: float = 900.0
    horizon_s: float = 3600.0
    """How long a unit is likely to stay; a drive of half of it halves the worth of a move."""
    cooldown_s: float = 1800.0
    dismissed_s: float = 1800.0
    dismissed_near_s: float = 120.0
    """Posts this near to the dismissed one count as the same."""
    shift_end_s: float = 2700.0
    position_age_max_s: float = 300.0

    def __post_init__(self) -> None:
        if min(self.gain_share_min, self.gain_response_min, self.horizon_s) <= 0 or self.moves_max < 0:
            raise ValueError(f"no such rules: {self}")


DEFAULT_RULES: Final = MoveRules()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One move: a unit (row) to a candidate post (`place`: its row), what it brings, and the drive that it costs.

    Shares in parts of 1, of the expected calls within the limit; in a list each builds on those before it.
    """

    unit: int
    place: int
    gain_share: float
    gain_s: float
    """So many seconds off the expected response."""
    drive_s: float
    share_before: float
    share_after: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A unit as these suggestions see it; ages in seconds before now, None where it never was or is not known."""

    status: UnitStatus
    position_age_s: float | None
    shift_ends_in_s: float | None = None
    """None: no end is known."""
    moved_ago_s: float | None = None


def why_not_moved(unit: Waiting, rules: MoveRules = DEFAULT_RULES) -> str | None:
    """Why a unit is not asked to move; None if it may be."""
    if unit.status is UnitStatus.OUT_OF_SERVICE:
        return "out_of_service"
    if unit.status is not UnitStatus.AVAILABLE:
        return "busy"
    if unit.position_age_s is None or unit.position_age_s > rules.position_age_max_s:
        return "no_position"
    if unit.shift_ends_in_s is not None and unit.shift_ends_in_s < rules.shift_end_s:
        return "shift_ends"
    if unit.moved_ago_s is not None and unit.moved_ago_s < rules.cooldown_s:
        return "moved_lately"
    return None


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A suggestion that somebody dismissed, so many seconds ago."""

    unit: int
    place: int
    ago_s: float


def dismissed_moves(
    dismissals: Iterable[Dismissal], units: int, between_s: ArrayLike, rules: MoveRules = DEFAULT_RULES
) -> Bools:
    """[units × candidates] moves not to be suggested again yet. `between_s`: [candidates × candidates] seconds."""
    near = np.asarray(between_s) <= rules.dismissed_near_s
    forbidden = np.zeros((units, len(near)), dtype=np.bool_)
    for dismissal in dismissals:
        if dismissal.ago_s < rules.dismissed_s:
            forbidden[dismissal.unit] |= near[dismissal.place]
            forbidden[dismissal.unit, dismissal.place] = True
    return forbidden


def relocations(
    weights: ArrayLike,
    unit_s: ArrayLike,
    candidate_s: ArrayLike,
    drive_s: ArrayLike,
    movable: ArrayLike,
    goal: Goal = DEFAULT_GOAL,
    rules: MoveRules = DEFAULT_RULES,
    forbidden: ArrayLike | None = None,
) -> list[Suggestion]:
    """The moves worth asking for, best first, each building on those before it; at most one a unit.

    `unit_s`: [units × places] seconds from where each idle unit stands, or is bound for; `candidate_s`: [candidates ×
    places]; `drive_s`: [units × candidates]; `movable`: [units]; `forbidden`: [units × candidates]. Every idle unit
    has a row, whether movable or not, for all of them cover. Deterministic: of equal moves the lower unit, then post.
    """
    weight = normed(weights)
    standing_s = np.minimum(np.asarray(unit_s, dtype=np.float64), goal.beyond_s)
    post_s = np.minimum(np.asarray(candidate_s, dtype=np.float64), goal.beyond_s)
    drive = np.asarray(drive_s, dtype=np.float64)
    allowed = (drive <= rules.drive_max_s) & np.asarray(movable, dtype=np.bool_)[:, None]
    if forbidden is not None:
        allowed &= ~np.asarray(forbidden, dtype=np.bool_)
    discount = 1 - np.minimum(drive / rules.horizon_s, 1.0)
    moves: list[Suggestion] = []
    now = coverage(weight, standing_s, goal)
    while len(moves) < rules.moves_max and allowed.any():
        outcome = swaps(weight, standing_s, post_s, goal)
        gain_share, gain_s = (1 - outcome.missed) - now.share, now.response_s - outcome.response_s
        worth = _worth(gain_share, gain_s, now.response_s, rules)
        worth = np.where(allowed, worth * discount, 0.0)
        unit, place = divmod(int(worth.argmax()), worth.shape[1])
        if worth[unit, place] <= 0:
            break
        after = Coverage(float(1 - outcome.missed[unit, place]), float(outcome.response_s[unit, place]))
        moves.append(
            Suggestion(
                unit=unit,
                place=place,
                gain_share=after.share - now.share,
                gain_s=now.response_s - after.response_s,
                drive_s=float(drive[unit, place]),
                share_before=now.share,
                share_after=after.share,
            )
        )
        standing_s[unit] = post_s[place]
        allowed[unit] = False
        now = after
    return moves


def _worth(gain_share: Floats, gain_s: Floats, response_s: float, rules: MoveRules) -> Floats:
    """How many times the least gain each move brings, both aims together; 0 where it is not worth asking for."""
    by_share = gain_share / rules.gain_share_min
    by_response = gain_s / (max(response_s, 1.0) * rules.gain_response_min)
    both = by_share + by_response
    enough = (np.maximum(by_share, by_response) >= 1) & (both >= 1)
    return np.where(enough, both, 0.0)
