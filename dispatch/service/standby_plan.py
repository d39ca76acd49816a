"""Which suggestions stand and which are new: what was asked stays while it is worth it. Pure arrays.

A dispatcher who reads a line must find it there a moment later, so a new plan takes the place of the standing one only
where it brings clearly more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.coverage import Coverage, Floats, Goal, coverage
from dispatch.domain.posts_moves import MoveRules, Suggestion, relocations

CLEARLY_MORE: Final = 1.25
STILL_WORTH: Final = 0.5
"""A standing suggestion stays while it brings this part of the least gain that a new one must bring."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """The idle units (rows) and posts as `relocations` takes them."""

    weights: Floats
    unit_s: Floats
    """From where each idle unit stands, or is bound for."""
    post_s: Floats
    drive_s: Floats
    movable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Plan:
    """`stands`: units (rows) whose standing suggestion is kept. `moves`: new ones, best first."""

    stands: frozenset[int]
    moves: tuple[Suggestion, ...]


def plan(setting: Setting, asked: Mapping[int, int], goal: Goal, rules: MoveRules) -> Plan:
    """`asked`: the post of each unit that has an open suggestion, oldest first; others are dropped."""
    start = coverage(setting.weights, setting.unit_s, goal)
    standing_s, movable = setting.unit_s.copy(), setting.movable.copy()
    stands: list[int] = []
    for unit, post in asked.items():
        now = coverage(setting.weights, standing_s, goal)
        moved_s = standing_s.copy()
        moved_s[unit] = setting.post_s[post]
        then = coverage(setting.weights, moved_s, goal)
        worth = _worth(now, then, rules)
        if setting.movable[unit] and len(stands) < rules.moves_max and worth >= STILL_WORTH:
            standing_s, movable[unit] = moved_s, False
            stands.append(unit)
    more = _moves(setting, standing_s, movable, goal, replace(rules, moves_max=rules.moves_max - len(stands)))
    if not stands:
        return Plan(frozenset(), tuple(more))
    fresh = _moves(setting, setting.unit_s, setting.movable, goal, rules)
    held = coverage(setting.weights, _after(standing_s, setting, more), goal)
    better = coverage(setting.weights, _after(setting.unit_s, setting, fresh), goal)
    if _worth(start, better, rules) <= CLEARLY_MORE * _worth(start, held, rules):
        return Plan(frozenset(stands), tuple(more))
    kept = frozenset(move.unit for move in fresh if asked.get(move.unit) == move.place)
    return Plan(kept, tuple(move for move in fresh if move.unit not in kept))


def _moves(
    setting: Setting, standing_s: Floats, movable: NDArray[np.bool_], goal: Goal, rules: MoveRules
) -> list[Suggestion]:
    return relocations(setting.weights, standing_s, setting.post_s, setting.drive_s, movable, goal, rules)


def _after(standing_s: Floats, setting: Setting, moves: list[Suggestion]) -> Floats:
    after_s = standing_s.copy()
    for move in moves:
        after_s[move.unit] = setting.post_s[move.place]
    return after_s


def _worth(before: Coverage, after: Coverage, rules: MoveRules) -> float:
    """How many times the least gain that is worth asking for, both aims together."""
    by_share = (after.share - before.share) / rules.gain_share_min
    by_response = (before.response_s - after.response_s) / (max(before.response_s, 1.0) * rules.gain_response_min)
    return by_share + by_response
