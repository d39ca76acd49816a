"""Which suggestions stand: what was asked is kept while it is worth it, and gives way to what is clearly better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dispatch.domain.coverage import Goal
from dispatch.domain.posts_moves import MoveRules
from dispatch.service.standby_plan import Plan, Setting, plan

GOAL, RULES = Goal(limit_s=50.0, busy=0.0), MoveRules(moves_max=1)


def line(units_at: list[float], posts_at: list[float], weights: list[float]) -> Setting:
    """A city on a line of places 0, 1, 2 …, a minute apart."""
    places = np.arange(len(weights)) * 60.0

    def far(at: list[float]) -> np.ndarray:
        return np.abs(np.array(at)[:, None] * 60.0 - places[None])

    drive_s = np.abs(np.array(units_at)[:, None] - np.array(posts_at)[None]) * 60.0
    movable = np.ones(len(units_at), dtype=np.bool_)
    return Setting(np.array(weights), far(units_at), far(posts_at), drive_s, movable)


def moves(found: Plan) -> list[tuple[int, int]]:
    return [(move.unit, move.place) for move in found.moves]


def test_with_nothing_asked_it_is_the_best_moves() -> None:
    """Two units on one place, calls on the other: one of them goes there."""
    assert moves(plan(line([0, 0], [0, 4], [1, 0, 0, 0, 1]), {}, GOAL, RULES)) == [(0, 1)]


def test_what_was_asked_stays_though_another_is_a_little_better() -> None:
    """The second unit was asked for the place next to the best one: the line is still there a moment later."""
    setting = line([0, 0], [3, 4], [1, 0, 0, 0.95, 1])
    fresh = plan(setting, {}, GOAL, RULES)
    assert moves(fresh) == [(0, 1)]
    assert plan(setting, {1: 0}, GOAL, RULES) == Plan(frozenset({1}), ())


def test_what_was_asked_gives_way_to_what_is_clearly_better() -> None:
    """Since then the calls are expected elsewhere."""
    found = plan(line([0, 0], [3, 4], [1, 0, 0, 0.2, 2]), {1: 0}, GOAL, RULES)
    assert (found.stands, moves(found)) == (frozenset(), [(0, 1)])


def test_of_a_better_plan_what_is_in_both_is_kept() -> None:
    """Two may move; one of them was asked for the same already."""
    setting = line([0, 0, 0], [4, 5, 8], [1, 0, 0, 0, 1, 0.2, 0, 0, 1])
    found = plan(setting, {0: 0, 1: 1}, GOAL, replace(RULES, moves_max=2))
    assert found.stands == {0}
    assert moves(found) == [(1, 2)]


def test_what_brings_nothing_any_longer_is_dropped() -> None:
    """Another unit stands there now; and a unit that may not move is not asked."""
    setting = line([0, 4], [0, 4], [1, 0, 0, 0, 1])
    assert plan(setting, {0: 1}, GOAL, RULES) == Plan(frozenset(), ())
    setting = line([0, 0], [0, 4], [1, 0, 0, 0, 1])
    setting.movable[:] = False
    assert plan(setting, {0: 1}, GOAL, RULES) == Plan(frozenset(), ())


def test_no_more_stand_than_are_allowed() -> None:
    """The setting was lowered: the oldest stays."""
    setting = line([0, 0, 0], [4, 8], [1, 0, 0, 0, 1, 0, 0, 0, 1])
    assert plan(setting, {1: 0, 2: 1}, GOAL, RULES).stands == {1}
    assert plan(setting, {1: 0, 2: 1}, GOAL, replace(RULES, moves_max=0)) == Plan(frozenset(), ())


@pytest.mark.parametrize("asked", [{}, {0: 1}])
def test_a_second_move_builds_on_the_first(asked: dict[int, int]) -> None:
    """Never two units to one place while another has nobody."""
    setting = line([0, 0, 0], [4, 8], [1, 0, 0, 0, 1, 0, 0, 0, 1])
    found = plan(setting, asked, GOAL, replace(RULES, moves_max=2))
    taken = [asked[unit] for unit in found.stands] + [post for _, post in moves(found)]
    assert sorted(taken) == [0, 1]
