"""Hours, vehicles and lights as factors, and the arc times that follow."""

from __future__ import annotations

import numpy as np
import pytest

from dispatch.roads.conditions import USUAL, Conditions, Slowdown, arc_times_s
from dispatch.roads.speeds import (
    CLASSES,
    HOUR_FACTOR_MAJOR,
    HOUR_FACTOR_MINOR,
    LIGHTS_FACTOR,
    MAJOR,
    MOTORCYCLE_DELAY_SHARE,
    MOTORCYCLE_FACTOR,
    hour_factor,
    time_factor,
    vehicle_factor,
)
from tests.unit.roads.towns import Town


def two_classes() -> Town:
    town = Town()
    town.street(0, 1, (0, 0), (0, 500), street_class="primary")
    town.street(1, 2, (0, 500), (0, 900), street_class="residential")
    return town


def test_the_tables_are_modest_and_whole() -> None:
    """24 hours each; peaks on major streets are higher than on minor ones, nights emptier; nothing beyond a third."""
    for major, minor in zip(HOUR_FACTOR_MAJOR, HOUR_FACTOR_MINOR, strict=True):
        assert 0.85 <= major <= 1.35
        assert abs(minor - 1) <= abs(major - 1)
    assert len(HOUR_FACTOR_MAJOR) == 24
    assert "primary" in MAJOR
    assert "secondary_link" in MAJOR
    assert set(CLASSES) >= MAJOR
    assert not {"tertiary", "residential", "service"} & MAJOR


def test_time_factor_of_all_that_is_known() -> None:
    """Vehicle and lights multiply; of hour and jam a motorcycle feels a share; the usual is the vehicle alone."""
    assert time_factor("primary") == 1.0
    assert time_factor("primary", lights=True) == pytest.approx(LIGHTS_FACTOR)
    assert time_factor("primary", hour=17, slowdown=2.0) == pytest.approx(HOUR_FACTOR_MAJOR[17] * 2)
    delay = HOUR_FACTOR_MINOR[8] * 3 - 1
    assert time_factor("residential", hour=8, slowdown=3.0, motorcycle=True, lights=True) == pytest.approx(
        MOTORCYCLE_FACTOR * LIGHTS_FACTOR * (1 + MOTORCYCLE_DELAY_SHARE * delay)
    )
    assert vehicle_factor(motorcycle=True, lights=True) == pytest.approx(0.576)
    for hour in (-1, 24):
        with pytest.raises(ValueError, match="hour"):
            hour_factor("primary", hour)


def test_the_usual_is_the_map_itself() -> None:
    """Without hour and jam the arc times are the map's own array."""
    street_map = two_classes().street_map()
    assert arc_times_s(street_map, USUAL) is street_map.arcs.time_s
    assert arc_times_s(street_map, Conditions(), motorcycle=True) is street_map.arcs.time_s


def test_hour_by_class_and_jam_by_arc() -> None:
    """Each arc by its class's hour and its own jam; a slowdown of another map is refused."""
    street_map = two_classes().street_map()
    jam = Slowdown(np.array([1.0, 2.0, 1.0, 1.0]), version=7)
    conditions = Conditions(17, jam)
    base = street_map.arcs.time_s
    expected = base * [HOUR_FACTOR_MAJOR[17], HOUR_FACTOR_MINOR[17] * 2, HOUR_FACTOR_MAJOR[17], HOUR_FACTOR_MINOR[17]]
    np.testing.assert_allclose(arc_times_s(street_map, conditions), expected)
    np.testing.assert_allclose(
        arc_times_s(street_map, conditions, motorcycle=True), base + MOTORCYCLE_DELAY_SHARE * (expected - base)
    )
    with pytest.raises(ValueError, match="another map"):
        arc_times_s(street_map, Conditions(slowdown=Slowdown(np.ones(3), version=1)))


def test_conditions_are_equal_by_hour_and_version() -> None:
    """What decides whether a kept search still serves."""
    same = [Conditions(8, Slowdown(np.ones(2), version=4)) for _ in range(2)]
    assert same[0] == same[1]
    assert hash(same[0]) == hash(same[1])
    assert same[0] != Conditions(8, Slowdown(np.ones(2), version=5))
    assert same[0] != Conditions(9, same[0].slowdown)
    assert USUAL.usual
    assert not same[0].usual
