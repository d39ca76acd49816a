"""The chance that an incident misses the target, and the order of the queue that comes of it."""

from __future__ import annotations

import math

import pytest

from dispatch.domain.lateness import (
    CALM,
    NEGLIGIBLE,
    UNKNOWN,
    UNSENT,
    Basis,
    Lateness,
    Way,
    attention,
    chance_later_than,
    reached,
    under_way,
    waiting,
)

TARGET_S = 600.0


def test_what_was_reached_is_decided() -> None:
    """In time up to the target and on it, late beyond: the chance is 0 or 1 and never moves again."""
    assert [reached(after_s, TARGET_S).chance for after_s in (0, 600, 600.1)] == [0.0, 0.0, 1.0]
    assert reached(30, TARGET_S) == Lateness(Basis.REACHED, 0.0)


def test_the_way_that_is_left_decides() -> None:
    """200 s gone and 300 s to drive, 60 s more or less: the lognormal's tail beyond the 400 s that are left."""
    variance = math.log1p((60 / 300) ** 2)
    z = (math.log(300) - variance / 2 - math.log(400)) / math.sqrt(variance)
    found = under_way(200, [Way("u", 300, 60)], TARGET_S)
    assert found.chance == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)))
    assert (found.basis, found.expected_s, found.unit_id) == (Basis.UNDER_WAY, 300, "u")


def test_whoever_is_most_likely_in_time_counts() -> None:
    """A sure unit before a faster one of which nobody knows where it is; of equals the nearer one."""
    unsure, sure = Way("unsure", 250, 400), Way("sure", 300, 60)
    assert under_way(200, [unsure, sure], TARGET_S).unit_id == "sure"
    assert under_way(0, [Way("far", 200, 30), Way("near", 100, 30)], TARGET_S).unit_id == "near"


def test_a_negligible_chance_is_none() -> None:
    """Less than one in a hundred says nothing about the incident, as the spreads are no better known."""
    way = Way("u", 300, 60)
    assert 0 < float(chance_later_than(300, 60, 590)) < NEGLIGIBLE
    assert under_way(10, [way], TARGET_S).chance == 0.0


def test_past_the_target_it_is_late_whoever_comes() -> None:
    """At 600 s without anybody there the chance is 1: on the way at the door, unknown where, or nobody sent."""
    near = Way("u", 1, 10)
    assert under_way(600, [near], TARGET_S).chance == 1.0
    assert under_way(600, [], TARGET_S).chance == 1.0
    assert waiting(600, near, 10, TARGET_S).chance == 1.0


def test_a_unit_of_which_nobody_knows_where_it_is_gives_no_chance() -> None:
    """It is on the way, and nobody can tell: no figure is made up."""
    assert under_way(100, [], TARGET_S) == Lateness(Basis.UNDER_WAY, None)


def test_where_nobody_is_sent_the_time_until_somebody_goes_counts_as_well() -> None:
    """The best candidate's ETA and the wait for the order, as independent."""
    sent, unsent = under_way(200, [Way("u", 330, 60)], TARGET_S), waiting(200, Way("u", 300, 52), 30, TARGET_S)
    assert unsent.chance == pytest.approx(sent.chance, rel=0.01)
    assert (unsent.basis, unsent.expected_s, unsent.unit_id) == (Basis.CANDIDATE, 330, "u")


def test_with_nobody_to_send_it_is_late_as_things_stand() -> None:
    """Nobody is idle: however early it is, somebody has to do something."""
    assert waiting(5, None, 30, TARGET_S) == Lateness(Basis.NOBODY, 1.0)


def test_without_a_spread_the_eta_alone_decides() -> None:
    """A way of known length is in time or not."""
    assert chance_later_than([100, 100], 0, [99, 101]).tolist() == [1.0, 0.0]


def test_priority_weighs_the_risk_and_decides_where_there_is_none() -> None:
    """Among those that will be in time the more urgent comes first; nobody sent before somebody; reached ones last."""
    safe, late = Lateness(Basis.UNDER_WAY, 0.0), Lateness(Basis.UNDER_WAY, 1.0)
    weights = dict(enumerate((8.0, 3.0, 1.0, 0.5), 1))
    queue = {
        "P1, one in ten": attention(Lateness(Basis.UNDER_WAY, 0.1), weights[1]),
        "P3 late": attention(late, weights[3]),
        "P1 safe": attention(safe, weights[1]),
        "P4 late": attention(late, weights[4]),
        "P2 safe": attention(safe, weights[2]),
        "P3 safe": attention(safe, weights[3]),
        "P1 reached": attention(reached(700, TARGET_S), weights[1]),
    }
    assert sorted(queue, key=lambda name: -queue[name]) == list(queue)
    assert attention(Lateness(Basis.CANDIDATE, 0.2), 1.0) == pytest.approx(0.2 + CALM + UNSENT)
    assert attention(Lateness(Basis.UNDER_WAY, None), 1.0) == pytest.approx(UNKNOWN + CALM)
