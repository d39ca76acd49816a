"""Which moves are suggested, to whom, and what they are said to bring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatch.domain.coverage import Goal, coverage, gain_of_move
from dispatch.domain.posts_moves import (
    Dismissal,
    MoveRules,
    Suggestion,
    Waiting,
    dismissed_moves,
    relocations,
    why_not_moved,
)
from dispatch.domain.unit import UnitStatus

Floats = NDArray[np.float64]
FREE = Waiting(UnitStatus.AVAILABLE, position_age_s=5.0)
GOAL = Goal(busy=0.3, depth=2)


class City:
    """Units at one end of a plane, candidate posts and places all over it."""

    def __init__(self, seed: int, units: int = 6, candidates: int = 12, places: int = 40) -> None:
        rng = np.random.default_rng(seed)
        post, place = rng.uniform(0, 5000, (candidates, 2)), rng.uniform(0, 5000, (places, 2))
        unit = rng.uniform(0, 1500, (units, 2))
        self.weights = rng.gamma(0.7, 1.0, places)
        self.unit_s, self.post_s, self.drive_s = _seconds(unit, place), _seconds(post, place), _seconds(unit, post)
        self.between_s = _seconds(post, post)

    def moves(
        self, rules: MoveRules, movable: list[bool] | None = None, forbidden: NDArray[np.bool_] | None = None
    ) -> list[Suggestion]:
        """What is suggested here."""
        may = [True] * len(self.unit_s) if movable is None else movable
        return relocations(self.weights, self.unit_s, self.post_s, self.drive_s, may, GOAL, rules, forbidden)


def _seconds(of: Floats, to: Floats) -> Floats:
    return np.asarray(np.abs(of[:, None] - to[None]).sum(axis=2) / 7)


@pytest.mark.parametrize("seed", range(5))
def test_the_first_move_is_the_best_of_all_moves(seed: int) -> None:
    """No other move is worth more, by the rules' own measure, tried one by one; and it brings what is said."""
    city, rules = City(seed), MoveRules(moves_max=1)
    (move,) = city.moves(rules)
    before_s = coverage(city.weights, city.unit_s, GOAL).response_s
    worth = {}
    for unit in range(6):
        for place in range(12):
            gain = gain_of_move(city.weights, city.unit_s, unit, city.post_s[place], GOAL)
            drive_s = city.drive_s[unit, place]
            if drive_s <= rules.drive_max_s:
                both = gain.share / 0.02 + gain.response_s / before_s / 0.05
                worth[unit, place] = both * (1 - drive_s / rules.horizon_s)
    assert worth[move.unit, move.place] == pytest.approx(max(worth.values()))
    gain = gain_of_move(city.weights, city.unit_s, move.unit, city.post_s[move.place], GOAL)
    assert (move.gain_share, move.gain_s) == pytest.approx((gain.share, gain.response_s))
    assert move.drive_s == city.drive_s[move.unit, move.place]


def test_moves_build_on_each_other() -> None:
    """The second move's share begins where the first ends; units are different; all of it adds up to the new whole."""
    city = City(1)
    moves = city.moves(MoveRules(moves_max=4, gain_share_min=0.005))
    moved_s = city.unit_s.copy()
    share = coverage(city.weights, moved_s, GOAL).share
    for move in moves:
        assert move.share_before == pytest.approx(share)
        moved_s[move.unit] = city.post_s[move.place]
        share = coverage(city.weights, moved_s, GOAL).share
        assert move.share_after == pytest.approx(share)
        assert move.share_after - move.share_before == pytest.approx(move.gain_share)
    assert len({move.unit for move in moves}) == len(moves) == 4


def test_few_moves_are_asked_for() -> None:
    """At most two by default, none where none are wanted, and none where all stands well."""
    city = City(2)
    assert len(city.moves(MoveRules())) == 2
    assert city.moves(MoveRules(moves_max=0)) == []
    assert city.moves(MoveRules(gain_share_min=0.9, gain_response_min=0.9)) == []


def test_nobody_is_moved_who_must_not_be() -> None:
    """Not movable, too far, or dismissed: the next best is suggested, or nothing."""
    city, rules = City(3), MoveRules(moves_max=1)
    (move,) = city.moves(rules)
    others = [unit != move.unit for unit in range(6)]
    assert city.moves(rules, others)[0].unit != move.unit
    assert city.moves(rules, [False] * 6) == []
    nearer = city.moves(replace(rules, drive_max_s=move.drive_s - 1))
    assert all(other.drive_s < move.drive_s for other in nearer)
    forbidden = dismissed_moves([Dismissal(move.unit, move.place, ago_s=60)], 6, city.between_s)
    (other,) = city.moves(rules, forbidden=forbidden)
    assert (other.unit, other.place) != (move.unit, move.place)


def test_no_idle_units_no_moves() -> None:
    """At the busiest hour nobody is idle."""
    none = np.empty((0, 3))
    assert relocations([1, 1, 1], none, np.ones((2, 3)), np.empty((0, 2)), [], GOAL) == []


def test_a_gain_in_one_aim_must_not_cost_as_much_of_the_other() -> None:
    """A move that brings more within the limit but a far worse response is not asked for."""
    weights, goal = np.array([0.97, 0.03]), Goal(busy=0.0)
    unit_s, post_s = np.array([[10.0, 310.0]]), np.array([[299.0, 290.0]])
    rules = MoveRules(gain_share_min=0.02, gain_response_min=0.05)
    assert relocations(weights, unit_s, post_s, [[250.0]], [True], goal, rules) == []
    cheap_s = np.array([[10.0, 299.0]])
    (move,) = relocations(weights, unit_s, cheap_s, [[250.0]], [True], goal, rules)
    assert move.gain_share == pytest.approx(0.03)


def test_of_equal_moves_the_nearer_then_the_first() -> None:
    """Two units at one spot: the one with the shorter drive goes; all alike: the lower index."""
    weights, goal = np.ones(2), Goal(busy=0.0)
    unit_s = np.array([[0.0, 900.0], [0.0, 900.0]])
    post_s = np.array([[900.0, 0.0], [900.0, 0.0]])
    for drive_s, expected in (([[300.0, 300.0], [200.0, 300.0]], (1, 0)), ([[300.0] * 2] * 2, (0, 0))):
        (move,) = relocations(weights, unit_s, post_s, drive_s, [True, True], goal)
        assert (move.unit, move.place) == expected


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        (FREE, None),
        (replace(FREE, shift_ends_in_s=7200.0, moved_ago_s=7200.0), None),
        (replace(FREE, status=UnitStatus.OUT_OF_SERVICE), "out_of_service"),
        (replace(FREE, status=UnitStatus.DISPATCHED), "busy"),
        (replace(FREE, status=UnitStatus.EN_ROUTE), "busy"),
        (replace(FREE, status=UnitStatus.ON_SCENE), "busy"),
        (replace(FREE, position_age_s=None), "no_position"),
        (replace(FREE, position_age_s=301.0), "no_position"),
        (replace(FREE, shift_ends_in_s=600.0), "shift_ends"),
        (replace(FREE, moved_ago_s=60.0), "moved_lately"),
    ],
)
def test_who_is_never_asked(unit: Waiting, why: str | None) -> None:
    """On a job, on a break, going home soon, out of sight, or moved a moment ago."""
    assert why_not_moved(unit) == why


def test_dismissed_moves_rest_with_their_neighbours() -> None:
    """The unit is not asked to the same post nor to one beside it; others are, and so is it after a while."""
    between_s = [[0.0, 100.0, 600.0], [100.0, 0.0, 600.0], [600.0, 600.0, np.inf]]
    forbidden = dismissed_moves([Dismissal(1, 0, 60), Dismissal(0, 2, 60), Dismissal(2, 1, 1800)], 3, between_s)
    assert forbidden.tolist() == [[False, False, True], [True, True, False], [False, False, False]]


def test_rules_that_are_none() -> None:
    """A least gain of nothing would ask for moves for nothing."""
    for wrong in ({"gain_share_min": 0.0}, {"gain_response_min": -1.0}, {"horizon_s": 0.0}, {"moves_max": -1}):
        with pytest.raises(ValueError, match="no such rules"):
            MoveRules(**wrong)
